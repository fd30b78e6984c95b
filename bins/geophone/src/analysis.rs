//! From events and facts to rows of the store: pairing, naming, counting.

use std::sync::Arc;

use geophone_model::{
    capture::CaptureEvent, exchange::Exchange, fact::Fact, ledger::LedgerRow, series::WindowSnapshot, time::Timestamp,
};
use geophone_pipeline::{NoPolicy, Pipeline, Policy};
use geophone_red::Aggregator;
use geophone_resolve::{Pending, PendingConfig, Resolver};
use geophone_store::StoredExchange;

/// The stages between capture and store, joined. Live and replayed events take the same way.
pub(crate) struct Analysis {
    pipeline: Pipeline,
    naming: Naming,
    windows: Vec<WindowSnapshot>,
    /// Its buffers take the next finished exchange.
    buffer: Option<Exchange>,
}

impl Analysis {
    /// Stages that together stay within `memory_bytes`.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        let share = |eighths: u64| usize::try_from(memory_bytes / 8 * eighths).unwrap_or(usize::MAX);
        let mut pipeline = geophone_pipeline::Config::default();
        pipeline.memory_budget_bytes = share(4);
        let mut aggregator = geophone_red::Config::default();
        aggregator.memory_budget = share(2);
        Self {
            pipeline: Pipeline::new(pipeline),
            naming: Naming {
                resolver: Resolver::new(&geophone_resolve::Config::within_memory(share(1))),
                pending: Pending::new(&PendingConfig::default()),
                aggregator: Aggregator::new(aggregator),
                exchanges: Vec::new(),
                buffer: None,
            },
            windows: Vec::new(),
            buffer: None,
        }
    }

    /// Takes a fact.
    pub(crate) fn fact(&mut self, fact: &Fact) {
        self.naming.resolver.learn(fact);
    }

    /// Takes an event, and what follows from it.
    pub(crate) fn event(&mut self, event: &CaptureEvent<'_>, policy: &mut dyn Policy) {
        if let CaptureEvent::Socket(change) = event
            && let Some(fact) = Fact::of_socket_change(change)
        {
            self.fact(&fact);
        }
        self.pipeline.event(event, policy);
        self.collect();
    }

    /// Time has passed, up to `now`, and no event from before it will come any more.
    pub(crate) fn tick(&mut self, now: Timestamp, policy: &mut dyn Policy) {
        self.pipeline.tick(now, policy);
        self.collect();
        self.naming.resolver.advance(now);
        self.naming.pending.advance(now);
        self.naming.run();
        let closed = self.naming.aggregator.advance(now);
        self.close(closed);
    }

    /// The observation is over: whatever waits is given out.
    pub(crate) fn finish(&mut self) {
        // Bytes that wait behind a hole are given out when their time is over, which it is now.
        let patience_ns = geophone_pipeline::Config::default().patience_ns;
        self.pipeline.tick(self.watermark().plus_ns(patience_ns + 1), &mut NoPolicy);
        self.collect();
        self.pipeline.finish();
        self.collect();
        self.naming.pending.advance(Timestamp::MAX);
        self.naming.run();
        let closed = self.naming.aggregator.flush();
        self.close(closed);
    }

    /// The latest time of all events.
    pub(crate) fn watermark(&self) -> Timestamp {
        self.pipeline.watermark()
    }

    /// The rows that have been made since the last call.
    pub(crate) fn take_rows(&mut self) -> (Vec<WindowSnapshot>, Vec<StoredExchange>) {
        (std::mem::take(&mut self.windows), std::mem::take(&mut self.naming.exchanges))
    }

    /// How many exchanges wait to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.naming.exchanges.len()
    }

    /// The accounts of all stages.
    pub(crate) fn ledger(&self) -> Vec<LedgerRow> {
        let mut rows = self.pipeline.ledger();
        rows.push(self.naming.aggregator.ledger());
        rows
    }

    /// Moves finished exchanges on to where they wait for their names.
    fn collect(&mut self) {
        while let Some(exchange) = self.pipeline.poll() {
            let buffer = self.buffer.get_or_insert_with(|| exchange.clone());
            assign(buffer, exchange);
            self.naming.push(buffer);
        }
    }

    fn close(&mut self, closed: Vec<WindowSnapshot>) {
        for mut snapshot in closed {
            snapshot.coverage.merge(self.pipeline.take_coverage(snapshot.window));
            self.windows.push(snapshot);
        }
    }
}

/// Waits for late facts, names both ends, counts.
struct Naming {
    resolver: Resolver,
    pending: Pending,
    aggregator: Aggregator,
    exchanges: Vec<StoredExchange>,
    /// Its buffers take the next exchange that has been named.
    buffer: Option<Exchange>,
}

impl Naming {
    fn push(&mut self, exchange: &mut Exchange) {
        if self.buffer.is_none() {
            self.buffer = Some(exchange.clone());
        }
        while self.pending.push(exchange).is_err() {
            // A full queue gives its oldest out, named or not.
            self.run();
        }
    }

    /// Counts the exchanges whose ends are known, or have waited long enough.
    fn run(&mut self) {
        let Self { resolver, pending, aggregator, exchanges, buffer: Some(out) } = self else { return };
        while let Some((client, server)) = pending.poll(resolver, out) {
            let operation = Arc::clone(aggregator.record(out, &client.identity, &server.identity));
            let (client, server) = (client.identity, server.identity);
            exchanges.push(StoredExchange { exchange: out.clone(), client, server, operation });
        }
    }
}

/// Copies an exchange into the buffers of another. Destructured, so that a new field is not forgotten.
fn assign(to: &mut Exchange, from: &Exchange) {
    let Exchange {
        connection,
        observed,
        netns,
        client,
        server,
        protocol,
        shape,
        verb,
        resource,
        authority,
        status,
        request,
        response,
        end,
        flags,
        trace,
    } = from;
    to.verb.clone_from(verb);
    to.resource.clone_from(resource);
    to.authority.clone_from(authority);
    let (verb, resource, authority) =
        (std::mem::take(&mut to.verb), std::mem::take(&mut to.resource), std::mem::take(&mut to.authority));
    *to = Exchange {
        connection: *connection,
        observed: *observed,
        netns: *netns,
        client: *client,
        server: *server,
        protocol: *protocol,
        shape: *shape,
        verb,
        resource,
        authority,
        status: *status,
        request: *request,
        response: *response,
        end: *end,
        flags: *flags,
        trace: *trace,
    };
}
