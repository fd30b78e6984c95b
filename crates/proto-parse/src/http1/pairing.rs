//! Which response answers which request.
//!
//! HTTP/1 has no identifiers: the n-th response answers the n-th request (RFC 9112 section 9.3.2). Once messages are
//! lost, one of them counted wrong would shift every pair that follows. So after a loss nothing is paired until the
//! count is certain again, and what is dropped for it is counted.
//!
//! It is certain again at a *turn*. Nearly every client sends one request, or a batch of them, and waits for all the
//! answers before it sends again. For such a client, a request that begins after an answer and while none is under way
//! means that all requests before it have been answered. A client that has been seen to send while answers were still
//! owed (it *overlaps*) gives no such sign: after a loss, its connection is not paired any more.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::message::Method;
use crate::{Counters, Exchange, Flags, Limits, Span, StatusClass};

/// The open requests of one connection, its finished exchanges, and its ledger.
#[derive(Debug)]
pub(super) struct Pairing {
    /// In the order of their responses.
    open: VecDeque<Open>,
    open_limit: usize,
    /// The newest of `open` is still under way.
    newest_is_live: bool,
    finished: VecDeque<Exchange>,
    /// Emptied exchanges, for their buffers.
    spare: Vec<Exchange>,
    spare_limit: usize,
    pub(super) counters: Counters,
    /// Responses to evicted requests that are still to come.
    owed_evicted: u64,
    /// It is not known how many responses are to come before that of the next request.
    in_doubt: bool,
    /// It is in doubt because requests may have been lost.
    requests_may_be_lost: bool,
    /// In the first turn on a connection joined late, which may have begun before.
    in_first_turn: bool,
    /// A response, or a loss that may have been one, came after the newest request.
    answered: bool,
    /// The client seems to have sent while answers were owed. It has if the one under way goes on to its end: if its end
    /// was lost instead, that may become known only later.
    seems_to_overlap: bool,
    /// The client was seen to send while answers were owed.
    overlaps: bool,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) exchange: Exchange,
    pub(super) method: Method,
    /// Responses were lost while it was open, its own perhaps among them.
    answer_may_be_lost: bool,
}

/// How things stood when a request began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    /// An answer came since the request before, and none is under way.
    is_new: bool,
    /// The client did not wait for all the answers.
    overlaps: bool,
    /// Responses were lost since, its own perhaps among them.
    pub(super) answer_may_be_lost: bool,
}

impl Pairing {
    pub(super) fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            open: VecDeque::new(),
            open_limit: limits.open_exchanges,
            newest_is_live: false,
            finished: VecDeque::new(),
            spare: Vec::new(),
            spare_limit: limits.spare_exchanges,
            counters: Counters::default(),
            owed_evicted: 0,
            in_doubt: joined_late,
            requests_may_be_lost: false,
            in_first_turn: joined_late,
            answered: true,
            seems_to_overlap: false,
            overlaps: false,
        }
    }

    /// A request begins, or one is found. `responding`: a response is under way.
    pub(super) fn begin(&self, responding: bool) -> Turn {
        let after_answer = self.answered || responding;
        Turn {
            is_new: after_answer && !responding,
            overlaps: after_answer && self.has_open() && !self.in_doubt,
            answer_may_be_lost: false,
        }
    }

    /// Takes the request that began with `turn`; `None` if it is only counted.
    pub(super) fn admit(&mut self, turn: Turn) -> Option<&mut Open> {
        let is_second = self.in_first_turn && self.counters.requests > 0;
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.answered = false;
        self.seems_to_overlap |= turn.overlaps;
        if is_second {
            self.in_first_turn = false;
            // A batch that may have begun before the capture did: its first answers may belong to what was not seen.
            if !turn.is_new {
                self.drop_open();
                self.in_doubt = true;
            }
        }
        if self.in_doubt && turn.is_new && !self.overlaps {
            // The client waits, so what is still open was answered unseen.
            self.drop_open();
            self.in_doubt = false;
            self.requests_may_be_lost = false;
            self.owed_evicted = 0;
        }
        if self.in_doubt {
            self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
            return None;
        }
        if self.open.len() >= self.open_limit || self.owed_evicted > 0 {
            self.counters.requests_evicted = self.counters.requests_evicted.saturating_add(1);
            self.owed_evicted = self.owed_evicted.saturating_add(1);
            return None;
        }
        let exchange = self.spare.pop().unwrap_or_default();
        self.open.push_back(Open { exchange, method: Method::Other, answer_may_be_lost: turn.answer_may_be_lost });
        self.newest_is_live = true;
        self.count_open();
        self.open.back_mut()
    }

    /// Counts a request of which not even the method is known.
    pub(super) fn count_unknown_request(&mut self) {
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
        self.answered = false;
    }

    /// The request that is still under way; it is not any more then.
    pub(super) fn take_live(&mut self) -> Option<&mut Exchange> {
        let is_live = core::mem::take(&mut self.newest_is_live);
        self.open.back_mut().filter(|_| is_live).map(|open| &mut open.exchange)
    }

    /// Whether the request that the next response answers is still under way itself.
    pub(super) fn front_is_live(&self) -> bool {
        self.newest_is_live && self.open.len() == 1
    }

    /// The request that the next response answers.
    pub(super) fn front(&mut self) -> Option<&mut Open> {
        self.open.front_mut()
    }

    pub(super) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// A final response began that answers the front request.
    pub(super) fn count_response(&mut self) {
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.open_responses = 1;
        if let Some(open) = self.front() {
            open.answer_may_be_lost = false;
        }
    }

    /// A final response began that answers none of the open requests.
    pub(super) fn count_unmatched_response(&mut self) {
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.responses_unmatched = self.counters.responses_unmatched.saturating_add(1);
        self.owed_evicted = self.owed_evicted.saturating_sub(1);
        self.answered = true;
    }

    /// The response to the front request is over.
    pub(super) fn finish(&mut self, response: Span, flags: Flags) {
        if let Some(Open { mut exchange, .. }) = self.open.pop_front() {
            exchange.response = Some(response);
            exchange.end_ns = response.last_ns;
            exchange.flags |= flags;
            let is_whole = !flags.intersects(Flags::RESPONSE_TRUNCATED | Flags::RESPONSE_GAP);
            self.overlaps |= core::mem::take(&mut self.seems_to_overlap) && is_whole;
            self.counters.paired = self.counters.paired.saturating_add(1);
            self.push_finished(exchange);
        }
        self.counters.open_responses = 0;
        self.answered = true;
        self.count_open();
    }

    /// No response will come any more to any of the open requests. Where one may have come unseen, the request is
    /// dropped as unmatched: a loss of ours is no error of the server's.
    pub(super) fn finish_unanswered(&mut self, end_ns: u64) {
        while let Some(Open { mut exchange, answer_may_be_lost, .. }) = self.open.pop_front() {
            if answer_may_be_lost {
                self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
                self.recycle(exchange);
                continue;
            }
            exchange.status = StatusClass::NoResponse;
            exchange.end_ns = end_ns;
            self.counters.unanswered = self.counters.unanswered.saturating_add(1);
            self.push_finished(exchange);
        }
        self.newest_is_live = false;
        self.count_open();
    }

    /// Requests were lost, or may have been.
    pub(super) fn requests_lost(&mut self) {
        // The one open request that waits for an answer which may be lost: the next one may now be another's.
        if self.open.front().is_some_and(|open| open.answer_may_be_lost) {
            self.drop_open();
        }
        self.in_doubt = true;
        self.requests_may_be_lost = true;
        self.answered = false;
    }

    /// Responses were lost, or may have been; the one under way, if any, is finished.
    ///
    /// If one request is open, none was lost and the client waits, the next response can only be its own: any other would answer a
    /// request that begins after this one was answered, and then this one is dropped.
    pub(super) fn responses_lost(&mut self) {
        self.seems_to_overlap = false;
        if self.open.len() > 1 || self.requests_may_be_lost || self.overlaps {
            self.drop_open();
        }
        if let Some(open) = self.front() {
            open.answer_may_be_lost = true;
        }
        self.in_doubt = true;
        self.answered = true;
    }

    /// Drops all open requests as unmatched, but the one whose response is under way.
    pub(super) fn drop_open(&mut self) {
        let responding = if self.counters.open_responses > 0 { self.open.pop_front() } else { None };
        self.newest_is_live &= !self.has_open();
        while self.has_open() {
            self.drop_front();
        }
        self.open.extend(responding);
        self.count_open();
    }

    /// Drops the front request as unmatched.
    fn drop_front(&mut self) {
        if let Some(Open { exchange, .. }) = self.open.pop_front() {
            self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
            self.recycle(exchange);
        }
        self.newest_is_live &= self.has_open();
        self.count_open();
    }

    pub(super) fn abandon(&mut self) {
        let requests = core::mem::take(&mut self.counters.open_requests);
        self.counters.requests_abandoned = self.counters.requests_abandoned.saturating_add(requests);
        let responses = core::mem::take(&mut self.counters.open_responses);
        self.counters.responses_abandoned = self.counters.responses_abandoned.saturating_add(responses);
        self.open = VecDeque::new();
        self.newest_is_live = false;
    }

    pub(super) fn poll(&mut self, out: &mut Exchange) -> bool {
        let Some(mut exchange) = self.finished.pop_front() else { return false };
        core::mem::swap(out, &mut exchange);
        self.recycle(exchange);
        true
    }

    fn push_finished(&mut self, exchange: Exchange) {
        if self.finished.len() >= self.open_limit
            && let Some(oldest) = self.finished.pop_front()
        {
            self.counters.exchanges_dropped = self.counters.exchanges_dropped.saturating_add(1);
            self.recycle(oldest);
        }
        self.finished.push_back(exchange);
    }

    fn recycle(&mut self, mut exchange: Exchange) {
        if self.spare.len() < self.spare_limit {
            exchange.clear();
            self.spare.push(exchange);
        }
    }

    fn count_open(&mut self) {
        self.counters.open_requests = u64::try_from(self.open.len()).unwrap_or(u64::MAX);
    }
}
