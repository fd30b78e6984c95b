//! Entry of the fuzz targets for connections.

use alloc::vec::Vec;

use super::{MAX_HELD_BYTES, limits};
use crate::{Connection, Counters, Direction, End, Exchange, Protocol, Want};

/// A connection: a script of bytes, gaps and skips in both directions gives the same exchanges when every byte comes on
/// its own, the ledger balances after every step, and nothing is open at the end.
///
/// The script: a byte for what happens (bit 0: direction; bits 1 to 3: 0 to 4 bytes, 5 a gap, 6 a skip if the parser
/// allows it, 7 an end; bits 4 to 6: time passed; bit 7: time goes back by that instead, as at a retransmission), a byte
/// for the length, and for 0 to 4 that many bytes. The first byte of all says, in bit 0, whether the connection was joined
/// late.
pub fn connection(protocol: Protocol, script: &[u8]) {
    let Some((&options, script)) = script.split_first() else { return };
    let joined_late = options & 1 == 1;
    let whole = run(protocol, joined_late, script, usize::MAX);
    let bytewise = run(protocol, joined_late, script, 1);
    assert_eq!(whole, bytewise);
}

/// What [`connection`] takes, for bytes that come in these pieces.
#[must_use]
pub fn script(joined_late: bool, pieces: &[(Direction, &[u8])]) -> Vec<u8> {
    let mut script = Vec::from([u8::from(joined_late)]);
    for (direction, data) in pieces {
        for data in data.chunks(usize::from(u8::MAX)) {
            script.push(0x10 | u8::from(*direction == Direction::ToClient));
            script.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
            script.extend_from_slice(data);
        }
    }
    script
}

fn run(protocol: Protocol, joined_late: bool, script: &[u8], piece: usize) -> (Vec<Exchange>, Counters) {
    let Some(mut connection) = protocol.connection(&limits(), joined_late) else { return Default::default() };
    let connection = &mut *connection;
    let mut exchanges = Vec::new();
    let mut now_ns = 0_u64;
    let mut rest = script;
    while let [op, len, after @ ..] = rest {
        rest = after;
        let passed_ns = u64::from(op >> 4 & 7);
        now_ns = if op >> 7 == 0 { now_ns.saturating_add(passed_ns) } else { now_ns.saturating_sub(passed_ns) };
        let direction = if op & 1 == 0 { Direction::ToServer } else { Direction::ToClient };
        match op >> 1 & 7 {
            5 => connection.gap(direction, now_ns, u64::from(*len)),
            6 => skip(connection, direction, now_ns, u64::from(*len), piece),
            7 => match len & 7 {
                0 => connection.end(direction, now_ns, End::Fin),
                1 => connection.end(direction, now_ns, End::Reset),
                2 => connection.end(direction, now_ns, End::Unknown),
                3 => connection.close(now_ns),
                4 => connection.abandon(),
                _ => {}
            },
            _ => {
                let data = rest.get(..usize::from(*len)).unwrap_or(rest);
                rest = rest.get(data.len()..).unwrap_or_default();
                data.chunks(piece).for_each(|data| connection.bytes(direction, now_ns, data));
            }
        }
        settle(connection, &mut exchanges);
    }
    connection.close(now_ns);
    settle(connection, &mut exchanges);
    let mut counters = *connection.counters();
    assert_eq!((counters.open_requests, counters.open_responses), (0, 0));
    counters.skipped_bytes = 0;
    (exchanges, counters)
}

/// Leaves out what the parser allows; where every byte comes on its own, it comes as bytes instead: that is the same.
fn skip(connection: &mut dyn Connection, direction: Direction, now_ns: u64, len: u64, piece: usize) {
    let Want::Skip(allowed) = connection.want(direction) else { return };
    let len = len.min(allowed);
    if piece > 1 {
        connection.skipped(direction, now_ns, len);
    } else {
        (0..len).for_each(|_| connection.bytes(direction, now_ns, b"x"));
    }
}

fn settle(connection: &mut dyn Connection, exchanges: &mut Vec<Exchange>) {
    let mut out = Exchange::default();
    while connection.poll(&mut out) {
        assert!(out.resource.len() <= limits().resource_bytes && out.authority.len() <= limits().authority_bytes);
        assert!(out.verb.len() <= limits().verb_bytes && out.error.len() <= limits().error_bytes, "{out:?}");
        assert!(out.request.first_ns <= out.request.last_ns, "{out:?}");
        assert!(out.response.is_none_or(|response| response.first_ns <= response.last_ns), "{out:?}");
        exchanges.push(out.clone());
    }
    let counters = connection.counters();
    assert!(counters.balances(), "{counters:?}");
    assert!(connection.held_bytes() <= MAX_HELD_BYTES, "{} bytes are held", connection.held_bytes());
}
