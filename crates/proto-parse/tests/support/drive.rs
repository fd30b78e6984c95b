//! Drives a conversation through a parser.

use std::fmt::Write as _;

use geophone_proto_parse::{Connection, Counters, Direction, Exchange, Limits, Protocol, Shape, Span, Want};

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
pub(crate) fn run(protocol: Protocol, script: &Script, limits: &Limits) -> Outcome {
    run_events(protocol, script, limits, &script.events)
}

/// Runs other events than the script's; after each, the ledger must balance and what was finished is polled.
pub(crate) fn run_events<'a>(
    protocol: Protocol,
    script: &Script,
    limits: &Limits,
    events: impl IntoIterator<Item = &'a Event>,
) -> Outcome {
    let mut driver = Driver::new(protocol, script, limits);
    events.into_iter().for_each(|event| driver.event(event));
    driver.outcome()
}

/// A parser, and what came out of it so far.
pub(crate) struct Driver {
    connection: Box<dyn Connection>,
    exchanges: Vec<Exchange>,
    out: Exchange,
    secrets: Vec<String>,
}

impl Driver {
    /// A parser for `script`'s kind of connection.
    pub(crate) fn new(protocol: Protocol, script: &Script, limits: &Limits) -> Self {
        Self {
            connection: protocol.connection(limits, script.joined_late).expect("the feature is on"),
            exchanges: Vec::new(),
            out: Exchange::default(),
            secrets: script.secrets.clone(),
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

    /// Takes an event with each of its bytes on its own, and what was finished only behind the last of them.
    pub(crate) fn event_bytewise(&mut self, event: &Event) {
        let Event::Bytes { direction, now_ns, data } = event else { return self.event(event) };
        data.chunks(1).for_each(|byte| self.connection.bytes(*direction, *now_ns, byte));
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
            assert!(
                !self.secrets.iter().any(|secret| format!("{exchange:?}").contains(secret)),
                "a secret in {exchange:?}"
            );
            self.exchanges.push(self.out.clone());
        }
        let counters = self.connection.counters();
        assert!(counters.balances(), "{counters:?}");
        let yielded = counters.paired + counters.unanswered + counters.one_way - counters.exchanges_dropped;
        assert_eq!(self.exchanges.len() as u64, yielded, "{counters:?}");
    }
}

/// What came of a conversation, as the text behind `---`.
pub(crate) fn show(outcome: &Outcome) -> String {
    let mut text = String::new();
    for exchange in &outcome.exchanges {
        let word = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        // What is spoken within the protocol that the file is about.
        if matches!(exchange.protocol, Protocol::Grpc | Protocol::WebSocket) {
            let _ = write!(text, "{}: ", exchange.protocol.name());
        }
        let _ = write!(text, "{} {}", word(&exchange.verb), word(&exchange.resource));
        if !exchange.authority.is_empty() {
            let _ = write!(text, " at {}", exchange.authority);
        }
        let _ = write!(text, ": {:?}", exchange.status);
        if let Some(code) = exchange.native_status {
            let _ = write!(text, " {code}");
        }
        if !exchange.error.is_empty() {
            let _ = write!(text, " {}", exchange.error);
        }
        if exchange.direction == Direction::ToClient {
            text.push_str(" to the client");
        }
        if exchange.shape != Shape::RequestResponse {
            let _ = write!(text, " {:?}", exchange.shape);
        }
        let span = |span: Span| format!("{} bytes in {}..{}", span.bytes, span.first_ns, span.last_ns);
        let _ = write!(text, ", request {}", span(exchange.request));
        if let Some(response) = exchange.response {
            let _ = write!(text, ", response {}", span(response));
        }
        if exchange.response.is_none_or(|response| response.last_ns != exchange.end_ns) {
            let _ = write!(text, ", end {}", exchange.end_ns);
        }
        if (exchange.request_messages, exchange.response_messages) != (0, 0) {
            let _ = write!(text, ", {} and {} messages", exchange.request_messages, exchange.response_messages);
        }
        for answer in &exchange.answers {
            let _ = write!(text, ", {} is {} for {} s", answer.name, answer.address, answer.ttl_s);
        }
        if let Some(trace) = exchange.trace {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let _ = write!(text, ", trace {}-{}-{:02x}", hex(&trace.trace_id), hex(&trace.span_id), trace.flags);
        }
        for flag in exchange.flags.names() {
            let _ = write!(text, ", {flag}");
        }
        text.push('\n');
    }
    // `Counters { requests: 1, … }` without what is zero.
    let counters = format!("{:?}", outcome.counters);
    let counts = counters.trim_start_matches("Counters { ").trim_end_matches(" }").split(", ");
    let counts: Vec<_> = counts.filter(|count| !count.ends_with(": 0")).collect();
    let _ = writeln!(text, "counters {}", counts.join(", "));
    text
}
