//! What Geophone's parsers find in a conversation.

use anyhow::{Context as _, Result, ensure};
use geophone_proto_parse::{Connection, Exchange, Limits};

use super::{
    dialect::{Dialect, Seen},
    findings::Findings,
};
use crate::script::{Event, Script};

pub(super) fn find(script: &Script, dialect: &Dialect) -> Result<Findings> {
    let name = dialect.protocol.name();
    let connection = dialect.protocol.connection(&Limits::default(), script.joined_late);
    let mut connection = connection.with_context(|| format!("{name} is not compiled in"))?;
    let (mut found, mut exchange, mut last_ns) = (Findings::default(), Exchange::default(), 0);
    for event in &script.events {
        match event {
            Event::Bytes { direction, now_ns, data } => {
                last_ns = last_ns.max(*now_ns);
                connection.bytes(*direction, *now_ns, data);
            }
            Event::Gap { direction, now_ns, len } => connection.gap(*direction, *now_ns, *len),
            Event::End { direction, now_ns, how } => connection.end(*direction, *now_ns, *how),
            Event::Close { now_ns } => connection.close(*now_ns),
            Event::Abandon => {}
        }
        collect(connection.as_mut(), &mut exchange, dialect, &mut found);
    }
    // What waits is told when the connection ends. A second end does nothing.
    connection.close(last_ns);
    collect(connection.as_mut(), &mut exchange, dialect, &mut found);
    ensure!(connection.counters().balances(), "the books do not balance: {:?}", connection.counters());
    Ok(found)
}

fn collect(connection: &mut dyn Connection, exchange: &mut Exchange, dialect: &Dialect, found: &mut Findings) {
    while connection.poll(exchange) {
        let Some(Seen { request: (request_ns, operation), response }) = (dialect.seen)(exchange) else { continue };
        if let Some((response_ns, code)) = response {
            found.pairs.push(((request_ns, response_ns), format!("{operation} → {code}")));
            found.responses.push((response_ns, code));
        }
        found.requests.push((request_ns, operation));
    }
}
