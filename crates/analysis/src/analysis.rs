//! The stages, one behind the other.

use geophone_model::{
    capture::CaptureEvent, exchange::Answer, fact::Fact, ledger::LedgerRow, series::WindowSnapshot, time::Timestamp,
};
use geophone_pipeline::{Connections, NoPolicy, Pipeline, Policy};
use geophone_red::Aggregator;
use geophone_resolve::{Pending, Resolver};

use crate::{
    Config,
    naming::{Named, Naming},
};

/// From capture events and facts to named exchanges and windows. See the [crate's page](crate).
pub struct Analysis {
    pipeline: Pipeline,
    naming: Naming,
    windows: Vec<WindowSnapshot>,
    patience_ns: u64,
}

impl Analysis {
    /// Stages that have seen nothing.
    pub fn new(config: Config) -> Self {
        let Config { pipeline, resolver, pending, aggregator } = config;
        let patience_ns = pipeline.patience_ns;
        let naming = Naming::new(Resolver::new(&resolver), Pending::new(&pending), Aggregator::new(aggregator));
        Self { pipeline: Pipeline::new(pipeline), naming, windows: Vec::new(), patience_ns }
    }

    /// Takes a fact.
    pub fn fact(&mut self, fact: &Fact) {
        self.naming.resolver.learn(fact);
    }

    /// Takes an event, tells `policy` what is not wanted from here on, and gives `sink` the exchanges that are named by now.
    pub fn event(&mut self, event: &CaptureEvent<'_>, policy: &mut dyn Policy, sink: &mut impl FnMut(Named<'_>)) {
        if let CaptureEvent::Socket(change) = event
            && let Some(fact) = Fact::of_socket_change(change)
        {
            self.fact(&fact);
        }
        self.pipeline.event(event, policy);
        self.collect(sink);
    }

    /// Time has passed, up to `now`, and no event from before it will come any more: what has waited long enough is named, and
    /// windows that are over are closed.
    pub fn tick(&mut self, now: Timestamp, policy: &mut dyn Policy, sink: &mut impl FnMut(Named<'_>)) {
        self.pipeline.tick(now, policy);
        self.collect(sink);
        self.naming.resolver.advance(now);
        self.naming.pending.advance(now);
        self.naming.run(sink);
        let closed = self.naming.aggregator.advance(now);
        self.close(closed);
    }

    /// The observation is over: whatever waits is given out, and every window is closed.
    pub fn finish(&mut self, sink: &mut impl FnMut(Named<'_>)) {
        // Bytes that wait behind a hole are given out when their time is over, which it is now.
        self.pipeline.tick(self.watermark().plus_ns(self.patience_ns + 1), &mut NoPolicy);
        self.collect(sink);
        self.pipeline.finish();
        self.collect(sink);
        self.naming.pending.advance(Timestamp::MAX);
        self.naming.run(sink);
        let closed = self.naming.aggregator.flush();
        self.close(closed);
    }

    /// The latest time of all events.
    pub fn watermark(&self) -> Timestamp {
        self.pipeline.watermark()
    }

    /// The windows that were closed since the last call, each with its coverage.
    pub fn take_windows(&mut self) -> Vec<WindowSnapshot> {
        std::mem::take(&mut self.windows)
    }

    /// The accounts of all stages since the start. They balance at any moment, and whatever pairing has passed on is seen by
    /// the aggregation, where those that wait for facts are `waiting`.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        let mut rows = self.pipeline.ledger();
        rows.extend(self.naming.resolver.ledger());
        rows.push(self.naming.ledger());
        rows
    }

    /// Connections since the start, by what became of them.
    pub const fn connections(&self) -> Connections {
        self.pipeline.connections()
    }

    fn collect(&mut self, sink: &mut impl FnMut(Named<'_>)) {
        while let Some(exchange) = self.pipeline.poll() {
            for Answer { name, address, .. } in &exchange.answers {
                let fact = Fact::HostName { at: exchange.end, ip: *address, name: name.clone() };
                self.naming.resolver.learn(&fact);
            }
            self.naming.take(exchange, sink);
        }
    }

    fn close(&mut self, closed: Vec<WindowSnapshot>) {
        for mut snapshot in closed {
            snapshot.coverage.merge(self.pipeline.take_coverage(snapshot.window));
            self.windows.push(snapshot);
        }
    }
}
