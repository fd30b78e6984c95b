//! The two exchanges of a connection, and its ledger.

use alloc::collections::VecDeque;

use super::names::Names;
use crate::{Counters, Direction, Exchange, Flags, Limits, Shape, Span, StatusClass, text};

/// The handshake, then what is encrypted. Of each there is one, so at most two wait to be polled.
#[derive(Debug)]
pub(super) struct Exchanges {
    pub(super) counters: Counters,
    handshake: Option<Spans>,
    encrypted: Option<Encrypted>,
    finished: VecDeque<Exchange>,
}

/// Times and sizes of an exchange under way.
#[derive(Debug, Default)]
struct Spans {
    request: Option<Span>,
    response: Option<Span>,
    flags: Flags,
}

#[derive(Debug)]
struct Encrypted {
    exchange: Exchange,
    spans: Spans,
    started_ns: u64,
}

/// How a handshake ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: StatusClass,
    pub(super) code: Option<i32>,
    pub(super) name: &'static str,
    pub(super) flags: Flags,
}

impl Exchanges {
    pub(super) fn new() -> Self {
        Self { counters: Counters::default(), handshake: None, encrypted: None, finished: VecDeque::new() }
    }

    /// The client begins a handshake with a record of which there is the header.
    pub(super) fn ask(&mut self, header: Span, joined_late: bool) {
        let flags = if joined_late { Flags::JOINED_LATE } else { Flags::default() };
        self.handshake = Some(Spans { request: Some(header), response: None, flags });
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.counters.open_requests = 1;
    }

    /// The server's next record begins, with these bytes.
    pub(super) fn answer(&mut self, header: Span) {
        let Some(handshake) = &mut self.handshake else { return };
        if handshake.response.is_none() {
            handshake.response = Some(Span::starting(header.first_ns));
            self.counters.responses = self.counters.responses.saturating_add(1);
            self.counters.open_responses = 1;
        }
        self.count_handshake(Direction::ToClient, header);
    }

    /// Counts bytes of the handshake. Of the client's, those behind its hello have no part in its times.
    pub(super) fn count_handshake(&mut self, direction: Direction, bytes: Span) {
        let Some(Spans { request, response, .. }) = &mut self.handshake else {
            self.counters.unparsed_bytes = self.counters.unparsed_bytes.saturating_add(bytes.bytes);
            return;
        };
        match (direction, request, response) {
            (Direction::ToServer, Some(request), None) => request.merge(bytes),
            (Direction::ToServer, Some(request), Some(_)) => request.extend(request.last_ns, bytes.bytes),
            (Direction::ToClient, _, Some(response)) => response.merge(bytes),
            _ => {}
        }
    }

    /// Counts bytes that were lost of a handshake message whose end is known.
    pub(super) fn lose_handshake(&mut self, direction: Direction, len: u64) {
        if let Some(Spans { request, response, flags }) = &mut self.handshake {
            let (span, flag) = match direction {
                Direction::ToServer => (request, Flags::REQUEST_GAP),
                Direction::ToClient => (response, Flags::RESPONSE_GAP),
            };
            *flags |= flag;
            if let Some(span) = span {
                span.extend(span.last_ns, len);
            }
        }
    }

    pub(super) fn flag_handshake(&mut self, flag: Flags) {
        if let Some(handshake) = &mut self.handshake {
            handshake.flags |= flag;
        }
    }

    /// The client's hello cannot be read.
    pub(super) fn count_malformed_hello(&mut self) {
        self.counters.malformed_requests = self.counters.malformed_requests.saturating_add(1);
        self.flag_handshake(Flags::REQUEST_MALFORMED);
    }

    /// The server asks for another hello.
    pub(super) fn count_retry(&mut self) {
        self.counters.interim = self.counters.interim.saturating_add(1);
        self.flag_handshake(Flags::INTERIM);
    }

    /// The handshake is over. Returns when: at the last byte that was seen of it.
    pub(super) fn finish_handshake(&mut self, names: &Names, outcome: &Outcome, limits: &Limits) -> u64 {
        let Some(Spans { request, response, flags }) = self.handshake.take() else { return 0 };
        let mut exchange = names.exchange("handshake", limits);
        exchange.request = request.unwrap_or_default();
        exchange.response = response;
        exchange.end_ns = response.unwrap_or(exchange.request).last_ns;
        exchange.status = outcome.status;
        exchange.native_status = outcome.code;
        text::copy(&mut exchange.error, outcome.name.as_bytes(), limits.error_bytes);
        exchange.flags |= flags | outcome.flags;
        self.counters.open_requests = 0;
        self.counters.open_responses = 0;
        let count = if response.is_some() { &mut self.counters.paired } else { &mut self.counters.unanswered };
        *count = count.saturating_add(1);
        let end_ns = exchange.end_ns;
        self.finished.push_back(exchange);
        end_ns
    }

    /// The connection is gone before the handshake is done.
    pub(super) fn break_off_handshake(&mut self, names: &Names, now_ns: u64, limits: &Limits) {
        let Some(handshake) = &self.handshake else { return };
        let flags = if handshake.response.is_some() { Flags::RESPONSE_TRUNCATED } else { Flags::default() };
        let outcome = Outcome { status: StatusClass::NoResponse, code: None, name: "", flags };
        self.finish_handshake(names, &outcome, limits);
        if let Some(exchange) = self.finished.back_mut() {
            exchange.end_ns = now_ns;
        }
    }

    /// What was seen of the handshake does not tell how it went.
    pub(super) fn drop_handshake(&mut self) {
        let Some(Spans { response, .. }) = self.handshake.take() else { return };
        self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
        if response.is_some() {
            self.counters.responses_unmatched = self.counters.responses_unmatched.saturating_add(1);
        }
        self.counters.open_requests = 0;
        self.counters.open_responses = 0;
    }

    /// From here on everything is encrypted.
    pub(super) fn start_encrypted(&mut self, names: &Names, now_ns: u64, flags: Flags, limits: &Limits) {
        let mut exchange = names.exchange("encrypted", limits);
        exchange.shape = Shape::Stream;
        exchange.status = StatusClass::Ok;
        exchange.flags |= Flags::OPAQUE;
        self.encrypted = Some(Encrypted { exchange, spans: Spans { flags, ..Spans::default() }, started_ns: now_ns });
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.open_requests = 1;
        self.counters.open_responses = 1;
    }

    /// Counts encrypted bytes.
    pub(super) fn count_encrypted(&mut self, direction: Direction, bytes: Span) {
        if let Some(encrypted) = &mut self.encrypted {
            encrypted.spans.of(direction).get_or_insert(Span::starting(bytes.first_ns)).merge(bytes);
        }
    }

    /// Counts encrypted bytes that are lost.
    pub(super) fn lose_encrypted(&mut self, direction: Direction, now_ns: u64, len: u64) {
        let Some(Encrypted { spans, .. }) = &mut self.encrypted else { return };
        let span = spans.of(direction).get_or_insert(Span::starting(now_ns));
        // It may have taken long to know.
        span.extend(span.last_ns, len);
        spans.flags |= match direction {
            Direction::ToServer => Flags::REQUEST_GAP,
            Direction::ToClient => Flags::RESPONSE_GAP,
        };
    }

    /// The connection is over.
    pub(super) fn finish_encrypted(&mut self, now_ns: u64) {
        let Some(Encrypted { mut exchange, spans, started_ns }) = self.encrypted.take() else { return };
        exchange.request = spans.request.unwrap_or(Span::starting(started_ns));
        exchange.response = Some(spans.response.unwrap_or(Span::starting(started_ns)));
        exchange.end_ns = now_ns;
        exchange.flags |= spans.flags;
        self.counters.open_requests = 0;
        self.counters.open_responses = 0;
        self.counters.paired = self.counters.paired.saturating_add(1);
        self.finished.push_back(exchange);
    }

    pub(super) fn abandon(&mut self) {
        self.handshake = None;
        self.encrypted = None;
        let requests = core::mem::take(&mut self.counters.open_requests);
        self.counters.requests_abandoned = self.counters.requests_abandoned.saturating_add(requests);
        let responses = core::mem::take(&mut self.counters.open_responses);
        self.counters.responses_abandoned = self.counters.responses_abandoned.saturating_add(responses);
    }

    pub(super) fn poll(&mut self, out: &mut Exchange) -> bool {
        let Some(exchange) = self.finished.pop_front() else { return false };
        *out = exchange;
        true
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        let encrypted = self.encrypted.iter().map(|encrypted| &encrypted.exchange);
        self.finished.iter().chain(encrypted).map(Exchange::held_bytes).fold(0, usize::saturating_add)
    }
}

impl Spans {
    fn of(&mut self, direction: Direction) -> &mut Option<Span> {
        match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        }
    }
}
