//! Drives a conversation through a parser.

use geophone_proto_parse::http1;
use geophone_proto_parse::{Connection, Counters, Exchange, Limits, Want};

use super::script::{Event, Script};

/// What came of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) counters: Counters,
}

impl Outcome {
    /// The same outcome, had nothing been left out on the parser's word.
    pub(crate) fn without_skips(mut self) -> Self {
        self.counters.skipped_bytes = 0;
        self
    }
}

/// Runs a conversation as it is written.
pub(crate) fn run(script: &Script, limits: &Limits) -> Outcome {
    run_events(script.joined_late, limits, &script.events)
}

/// Runs events; after each, the ledger must balance and what was finished is polled.
pub(crate) fn run_events<'a>(
    joined_late: bool,
    limits: &Limits,
    events: impl IntoIterator<Item = &'a Event>,
) -> Outcome {
    let mut driver = Driver::new(joined_late, limits);
    events.into_iter().for_each(|event| driver.event(event));
    driver.outcome()
}

/// A parser, and what came out of it so far.
pub(crate) struct Driver {
    connection: Box<dyn Connection>,
    exchanges: Vec<Exchange>,
    out: Exchange,
}

impl Driver {
    pub(crate) fn new(joined_late: bool, limits: &Limits) -> Self {
        Self {
            connection: Box::new(http1::Connection::new(limits, joined_late)),
            exchanges: Vec::new(),
            out: Exchange::default(),
        }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Bytes { direction, now_ns, data } => self.connection.bytes(*direction, *now_ns, data),
            Event::Gap { direction, now_ns, len } => self.connection.gap(*direction, *now_ns, *len),
            Event::End { direction, now_ns, how } => self.connection.end(*direction, *now_ns, *how),
            Event::Close { now_ns } => self.connection.close(*now_ns),
            Event::Abandon => self.connection.abandon(),
        }
        self.settle();
    }

    /// Takes an event as a capture would that leaves out what the parser says, up to `at_most` bytes at a time.
    pub(crate) fn event_with_skips(&mut self, event: &Event, at_most: u64) {
        let Event::Bytes { direction, now_ns, data } = event else { return self.event(event) };
        let mut data = data.as_slice();
        while !data.is_empty() {
            let skip = match self.connection.want(*direction) {
                Want::Skip(len) => len.min(at_most).min(data.len() as u64),
                _ => 0,
            };
            if skip > 0 {
                self.connection.skipped(*direction, *now_ns, skip);
                data = &data[skip as usize..];
            } else {
                self.connection.bytes(*direction, *now_ns, &data[..1]);
                data = &data[1..];
            }
            self.settle();
        }
    }

    pub(crate) fn outcome(self) -> Outcome {
        Outcome { exchanges: self.exchanges, counters: *self.connection.counters() }
    }

    fn settle(&mut self) {
        while self.connection.poll(&mut self.out) {
            let exchange = &self.out;
            assert!(exchange.request.first_ns <= exchange.request.last_ns, "{exchange:?}");
            assert!(exchange.response.is_none_or(|response| response.first_ns <= response.last_ns), "{exchange:?}");
            self.exchanges.push(self.out.clone());
        }
        let counters = self.connection.counters();
        assert!(counters.balances(), "{counters:?}");
        let yielded = counters.paired + counters.unanswered - counters.exchanges_dropped;
        assert_eq!(self.exchanges.len() as u64, yielded, "{counters:?}");
    }
}
