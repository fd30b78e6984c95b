//! The way of a request: from its first byte into the pairing.

use super::Connection;
use crate::http1::half::Event;
use crate::http1::message::Method;
use crate::{Flags, Protocol};

impl Connection {
    pub(super) fn on_request(&mut self, event: Event) {
        match event {
            Event::Began => {
                self.turn = self.pairing.begin(self.response.is_in_message());
                self.admitted = false;
            }
            Event::HeadDone => {
                self.admit_request();
                let body = self.request.head().body();
                if self.request.start_body(body) {
                    self.settle_request(Flags::default());
                }
            }
            Event::Done => self.settle_request(Flags::default()),
            Event::Malformed(error) => {
                // Bytes of something else are no request.
                if !error.is_other_protocol() || self.admitted {
                    self.count_malformed_request();
                }
                self.desync_requests(0);
            }
            Event::MalformedBody => {
                self.count_malformed_request();
                self.desync_requests(0);
            }
        }
    }

    /// Gives the request under way to the pairing, with what its head says so far.
    pub(super) fn admit_request(&mut self) {
        if core::mem::replace(&mut self.admitted, true) {
            return;
        }
        let Some(open) = self.pairing.admit(self.turn) else { return };
        let exchange = &mut open.exchange;
        exchange.protocol = Protocol::Http1;
        if self.request.head().has_verb() {
            open.memo = self.request.head().method();
        }
        self.request.head().give_texts(exchange);
        // Of a start line that is not whole, the method alone is certain, if a space follows it.
        if let Some(line) = self.request.partial_start_line()
            && let Some(at) = line.iter().position(|&byte| byte == b' ')
            && let Some((method, _)) = line.split_at_checked(at)
        {
            open.memo = Method::from_name(method);
            exchange.verb.push_str(core::str::from_utf8(method).unwrap_or_default());
        }
        let head = self.request.head();
        exchange.trace = head.trace;
        if head.resource_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
        if head.is_ambiguous() {
            exchange.flags |= Flags::AMBIGUOUS_FRAMING;
        }
    }

    /// The request under way is over, or as much of it as will be told.
    pub(super) fn settle_request(&mut self, flags: Flags) {
        if let Some(exchange) = self.pairing.take_live() {
            exchange.request = self.request.span;
            exchange.flags |= self.request.flags | flags;
        }
    }

    fn count_malformed_request(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        self.admit_request();
        self.settle_request(Flags::REQUEST_MALFORMED);
    }

    /// Requests were lost in a gap.
    pub(super) fn lose_requests(&mut self) {
        let is_between = !self.request.is_in_message() && !self.request.is_searching();
        self.cut_request();
        self.desync_requests(u64::from(is_between));
    }

    fn desync_requests(&mut self, lost_at_least: u64) {
        if !self.request.is_searching() {
            let counters = &mut self.pairing.counters;
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.request.search();
        self.pairing.requests_lost(lost_at_least);
    }

    /// The rest of the request under way, if there is one, will not be seen.
    pub(super) fn cut_request(&mut self) {
        if self.request.is_in_head() && !self.admitted {
            // Without the method it cannot be told whether the response has a body: this one cannot be paired.
            let is_ambiguous = self.request.partial_start_line().is_some_and(|line| {
                !line.contains(&b' ') && (b"HEAD".starts_with(line) || b"CONNECT".starts_with(line))
            });
            if is_ambiguous {
                self.admitted = true;
                self.pairing.count_unknown_request();
            } else {
                self.admit_request();
            }
        }
        self.settle_request(Flags::REQUEST_TRUNCATED);
    }

    pub(super) fn end_requests(&mut self) {
        self.cut_request();
        self.request.deafen();
    }
}
