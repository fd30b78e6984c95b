//! Who both ends of an exchange were, and what it is counted as.

use std::sync::Arc;

use geophone_model::{
    exchange::Exchange,
    identity::Identity,
    ledger::{LedgerRow, Withheld},
};
use geophone_red::Aggregator;
use geophone_resolve::{Pending, Resolution, Resolver};

/// An exchange that has been counted, and the names under which it was.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What was measured. Its buffers are used again.
    pub exchange: &'a Exchange,
    /// Who asked.
    pub client: &'a Arc<Identity>,
    /// Who was asked.
    pub server: &'a Arc<Identity>,
    /// The series' name of what was asked: `GET /users/{id}`.
    pub operation: &'a Arc<str>,
}

/// Names exchanges and counts them: at once where both ends are known, else when late facts have come or the grace is over.
/// Those that wait keep the order in which they ended; those that need not, pass them.
pub(crate) struct Naming {
    pub(crate) resolver: Resolver,
    pub(crate) pending: Pending,
    pub(crate) aggregator: Aggregator,
    /// Its buffers take the next exchange that has waited.
    waited: Exchange,
}

impl Naming {
    pub(crate) const fn new(resolver: Resolver, pending: Pending, aggregator: Aggregator) -> Self {
        Self { resolver, pending, aggregator, waited: Exchange::blank() }
    }

    /// The account of the exchanges that were taken: counted, withheld by the aggregation, or still waiting for facts.
    pub(crate) fn ledger(&self) -> LedgerRow {
        let waiting = self.pending.len() as u64;
        let mut row = self.aggregator.ledger();
        row.seen += waiting;
        row.withheld.insert(0, Withheld { reason: "waiting".into(), count: waiting });
        row
    }

    /// Takes an exchange that has ended: most are named at once, and never moved.
    pub(crate) fn take(&mut self, exchange: &mut Exchange, sink: &mut impl FnMut(Named<'_>)) {
        loop {
            match self.pending.pass(&mut self.resolver, exchange) {
                Ok(Some(ends)) => return count(&mut self.aggregator, exchange, &ends, sink),
                Ok(None) => return,
                // A full queue gives its oldest out, named or not.
                Err(_) => self.run(sink),
            }
        }
    }

    /// Counts the exchanges whose ends are known, or have waited long enough.
    pub(crate) fn run(&mut self, sink: &mut impl FnMut(Named<'_>)) {
        let Self { resolver, pending, aggregator, waited } = self;
        while let Some(ends) = pending.poll(resolver, waited) {
            count(aggregator, waited, &ends, sink);
        }
    }
}

fn count(
    aggregator: &mut Aggregator,
    exchange: &Exchange,
    (client, server): &(Resolution, Resolution),
    sink: &mut impl FnMut(Named<'_>),
) {
    let (client, server) = (&client.identity, &server.identity);
    let operation = aggregator.record(exchange, client, server);
    sink(Named { exchange, client, server, operation });
}
