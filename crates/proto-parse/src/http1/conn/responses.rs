//! The way of a response: from its first byte to a finished exchange.

use super::Connection;
use crate::http1::HeadError;
use crate::http1::framing::Body;
use crate::http1::half::Event;
use crate::http1::message::{Method, Upgrade};
use crate::pairing::Pairing as _;
use crate::{End, Flags, Protocol, Shape, StatusClass};

impl Connection {
    pub(super) fn on_response(&mut self, event: Event) {
        match event {
            Event::Began => {
                let has_begun_request = self.request.is_in_head() && !self.admitted;
                self.unasked = !self.pairing.has_open() && !has_begun_request;
            }
            Event::HeadDone => self.on_response_head(),
            Event::Done => self.finish_response(Flags::default()),
            Event::Malformed(error) => self.on_malformed_response(error),
            Event::MalformedBody => self.break_response(),
        }
    }

    fn on_response_head(&mut self) {
        if self.response.head().is_interim() {
            self.pairing.counters.interim = self.pairing.counters.interim.saturating_add(1);
            let is_ambiguous = self.response.head().is_ambiguous();
            if let Some(open) = self.pairing.front() {
                open.exchange.flags |= Flags::INTERIM;
                if is_ambiguous {
                    open.exchange.flags |= Flags::AMBIGUOUS_FRAMING;
                }
            }
            self.response.start_body(Body::None);
            return;
        }
        // A server may refuse a request whose head is not whole yet (RFC 9110 section 15.5.9, RFC 6585 section 5).
        if !self.unasked && !self.pairing.has_open() && self.request.is_in_head() {
            self.admit_request();
        }
        let head = self.response.head();
        let (status, is_ambiguous, is_event_stream) = (head.status(), head.is_ambiguous(), head.is_event_stream());
        let upgrade = if status == 101 { head.upgrade() } else { Upgrade::Other };
        if upgrade == Upgrade::Http2 && self.upgrade_to_http2() {
            return;
        }
        let Some(open) = self.pairing.front().filter(|_| !self.unasked) else {
            return self.pass_unmatched_response(status);
        };
        open.exchange.native_status = Some(i32::from(status));
        open.exchange.status = class_of(status);
        if is_ambiguous {
            open.exchange.flags |= Flags::AMBIGUOUS_FRAMING;
        }
        // RFC 9110 section 15.2.2 and RFC 9112 section 6.3 rule 2: from here on this is not HTTP.
        let is_tunnel = status == 101 || (open.memo == Method::Connect && matches!(status, 200..=299));
        let body = self.response.head().body(open.memo);
        if is_tunnel || (is_event_stream && body != Ok(Body::None)) {
            open.exchange.shape = Shape::Stream;
        }
        if upgrade == Upgrade::WebSocket {
            open.exchange.protocol = Protocol::WebSocket;
        }
        self.pairing.count_response();
        match body {
            Ok(_) if is_tunnel => self.start_tunnel(),
            Ok(body) => {
                if self.response.start_body(body) {
                    self.finish_response(Flags::default());
                }
            }
            Err(_) => self.break_response(),
        }
    }

    /// A response that answers nothing that is known. Without its request's method it cannot be told whether it has a
    /// body (RFC 9112 section 6.3 rule 1), so where it may have one, the next response is searched for.
    fn pass_unmatched_response(&mut self, status: u16) {
        self.pairing.count_unmatched_response();
        if status == 101 {
            self.pairing.drop_open();
            self.request.deafen();
            self.response.deafen();
            return;
        }
        match self.response.head().body(Method::Other) {
            Ok(Body::None) => {
                self.response.start_body(Body::None);
            }
            _ => self.response.search(),
        }
    }

    fn on_malformed_response(&mut self, error: HeadError) {
        // What the server says while a request waits is its answer, whatever it is.
        if self.unasked || !self.pairing.has_open() {
            if !error.is_other_protocol() {
                let counters = &mut self.pairing.counters;
                counters.malformed_responses = counters.malformed_responses.saturating_add(1);
            }
            return self.desync_responses();
        }
        self.pairing.count_response();
        self.break_response();
    }

    /// The response under way answers the front request, and is not valid.
    fn break_response(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.malformed_responses = counters.malformed_responses.saturating_add(1);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::ProtocolError;
        }
        self.finish_response(Flags::RESPONSE_TRUNCATED);
        self.desync_responses();
    }

    /// The response to the front request is over, or as much of it as will be told.
    pub(super) fn finish_response(&mut self, flags: Flags) {
        if self.pairing.front_is_live() {
            self.settle_request(Flags::REQUEST_UNFINISHED);
        }
        self.pairing.finish(self.response.span, self.response.flags | flags);
    }

    /// Responses were lost in a gap.
    pub(super) fn lose_responses(&mut self) {
        // Where not even the status is known, it may have been an interim one: the front request keeps waiting.
        self.cut_response();
        self.desync_responses();
    }

    fn desync_responses(&mut self) {
        if !self.response.is_searching() {
            let counters = &mut self.pairing.counters;
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.response.search();
        self.pairing.responses_lost();
        self.turn.answer_may_be_lost = true;
    }

    /// The rest of the response under way, if there is one, will not be seen. `false` if it is not even known what it
    /// says.
    fn cut_response(&mut self) -> bool {
        if self.response.is_in_body() {
            self.finish_response(Flags::RESPONSE_TRUNCATED);
        } else if self.response.is_in_head() && self.pairing.has_open() && !self.unasked {
            let status_line_is_whole = self.response.partial_start_line().is_none();
            let head = self.response.head();
            if !status_line_is_whole || head.is_interim() {
                return false;
            }
            let status = head.status();
            if let Some(open) = self.pairing.front() {
                open.exchange.native_status = Some(i32::from(status));
                open.exchange.status = class_of(status);
            }
            self.pairing.count_response();
            self.finish_response(Flags::RESPONSE_TRUNCATED);
        }
        true
    }

    pub(super) fn end_responses(&mut self, now_ns: u64, how: End) {
        if self.response.is_deaf() {
            return;
        }
        if self.response.is_until_close() {
            // RFC 9112 section 8: complete if the connection was closed in order.
            self.response.span.extend(now_ns, 0);
            self.finish_response(if how == End::Fin { Flags::default() } else { Flags::RESPONSE_TRUNCATED });
        } else if !self.cut_response()
            && let Some(open) = self.pairing.front()
        {
            open.exchange.flags |= Flags::RESPONSE_TRUNCATED;
        }
        self.cut_request();
        self.pairing.finish_unanswered(now_ns);
        self.response.deafen();
    }
}

/// RFC 9110 section 15: codes outside 100 to 599 are to be treated as 5xx.
pub(crate) fn class_of(status: u16) -> StatusClass {
    match status {
        100..=399 => StatusClass::Ok,
        400..=499 => StatusClass::ClientError,
        _ => StatusClass::ServerError,
    }
}
