//! Pairing where requests have no identifiers: the n-th response answers the n-th request (HTTP/1: RFC 9112 section 9.3.2).
//!
//! Once messages are lost, one of them counted wrong would shift every pair that follows. So after a loss nothing is paired
//! until the count is certain again, and what is dropped for it is counted.
//!
//! It is certain again at a *turn*. Nearly every client sends one request, or a batch of them, and waits for all the
//! answers before it sends again. For such a client, a request that begins after an answer and while none is under way
//! means that all requests before it have been answered. A client that has been seen to send while answers were still
//! owed (it *overlaps*) gives no such sign: after a loss, its connection is not paired any more.
//!
//! A client that has the same number of requests in flight all the time, more than one, looks just like one that waits, if
//! it was not seen from its beginning or requests were lost: every answer is followed by a request. Where requests were
//! certainly lost, their answers are waited for first. Else its pairs are wrong until it pauses, and more answers come than
//! there are requests known: that gives it away. There is no sign before.

use alloc::collections::VecDeque;

use super::Pairing;
use crate::{Counters, Exchange, Flags, Limits, Shape, Span, StatusClass};

/// The open requests of one connection, its finished exchanges, and its ledger.
#[derive(Debug)]
pub(crate) struct InOrder<M> {
    /// Finished exchanges, behind them the open ones in the order of their responses, behind these emptied ones for their
    /// buffers: an exchange stays where it is on its way from one to the next.
    slots: VecDeque<Open<M>>,
    finished: usize,
    open: usize,
    open_limit: usize,
    spare_limit: usize,
    /// The newest of the open ones is still under way.
    newest_is_live: bool,
    pub(crate) counters: Counters,
    /// Responses to evicted requests that are still to come.
    owed_evicted: u64,
    /// It is not known how many responses are to come before that of the next request.
    in_doubt: bool,
    /// It is in doubt because requests may have been lost.
    requests_may_be_lost: bool,
    /// Responses may have been lost since then.
    responses_may_be_lost: bool,
    /// Answers that are to come, at least, to requests that were lost and to those that came after them in doubt.
    owed_lost: u64,
    /// Turns in a row that began while these were owed.
    turns_owed: u32,
    /// Which answer is whose was made out by a turn: it is right if the client waits.
    relies_on_turns: bool,
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

/// Turns in a row after which a client is believed to wait, whatever it seems to be owed.
const TURNS_OWED_MAX: u32 = 3;

/// An open request.
#[derive(Debug, Default)]
pub(crate) struct Open<M> {
    /// What it becomes.
    pub(crate) exchange: Exchange,
    /// What the protocol remembers of it until it is answered.
    pub(crate) memo: M,
    /// Responses were lost while it was open, its own perhaps among them.
    answer_may_be_lost: bool,
}

/// How things stood when a request began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Turn {
    /// An answer came since the request before, and none is under way.
    pub(crate) is_new: bool,
    /// The client did not wait for all the answers.
    overlaps: bool,
    /// Responses were lost since, its own perhaps among them.
    pub(crate) answer_may_be_lost: bool,
}

impl<M: Default> InOrder<M> {
    pub(crate) fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            slots: VecDeque::new(),
            finished: 0,
            open: 0,
            open_limit: limits.open_exchanges,
            spare_limit: limits.spare_exchanges,
            newest_is_live: false,
            counters: Counters::default(),
            owed_evicted: 0,
            in_doubt: joined_late,
            requests_may_be_lost: false,
            responses_may_be_lost: false,
            owed_lost: 0,
            turns_owed: 0,
            relies_on_turns: joined_late,
            in_first_turn: joined_late,
            answered: true,
            seems_to_overlap: false,
            overlaps: false,
        }
    }

    /// A request begins, or one is found. `responding`: a response is under way.
    pub(crate) fn begin(&self, responding: bool) -> Turn {
        let after_answer = self.answered || responding;
        Turn {
            is_new: after_answer && !responding,
            overlaps: after_answer && self.has_open() && !self.in_doubt,
            answer_may_be_lost: false,
        }
    }

    /// Takes the request that began with `turn`; `None` if it is only counted.
    pub(crate) fn admit(&mut self, turn: Turn) -> Option<&mut Open<M>> {
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
        if self.front().is_some_and(|open| open.answer_may_be_lost) {
            // Whoever waits has been answered unseen; whoever does not may have been: the next answer may be either's.
            self.drop_open();
            self.in_doubt |= !turn.is_new;
        }
        if self.in_doubt && self.is_turn_of_all(turn) {
            // The client waits, so what is still open was answered unseen.
            self.drop_open();
            self.in_doubt = false;
            self.relies_on_turns = true;
            self.requests_may_be_lost = false;
            self.responses_may_be_lost = false;
            self.owed_evicted = 0;
        }
        if self.in_doubt {
            self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
            self.owed_lost = self.owed_lost.saturating_add(u64::from(self.owed_lost > 0));
            return None;
        }
        if self.open >= self.open_limit || self.owed_evicted > 0 {
            self.counters.requests_evicted = self.counters.requests_evicted.saturating_add(1);
            self.owed_evicted = self.owed_evicted.saturating_add(1);
            return None;
        }
        let index = self.finished.saturating_add(self.open);
        if index >= self.slots.len() {
            if self.slots.capacity() == 0 {
                // Most connections never need a second one.
                self.slots.reserve_exact(1);
            }
            self.slots.push_back(Open::default());
        }
        self.open = self.open.saturating_add(1);
        self.newest_is_live = true;
        self.count_open();
        let open = self.slots.get_mut(index)?;
        open.exchange.clear();
        open.memo = M::default();
        open.answer_may_be_lost = turn.answer_may_be_lost;
        Some(open)
    }

    /// Whether all that was asked before a request in doubt has been answered, as far as can be told.
    fn is_turn_of_all(&mut self, turn: Turn) -> bool {
        self.turns_owed = if turn.is_new { self.turns_owed.saturating_add(1) } else { 0 };
        // What was lost may have been no request, or one that asks for no answer: then a client that waits owes nothing.
        let is_over = self.owed_lost == 0 || self.turns_owed > TURNS_OWED_MAX;
        let is_all = turn.is_new && !self.overlaps && is_over;
        if is_all {
            self.forget_owed();
        }
        is_all
    }

    fn forget_owed(&mut self) {
        self.owed_lost = 0;
        self.turns_owed = 0;
    }

    /// Counts a request of which not even the method is known.
    pub(crate) fn count_unknown_request(&mut self) {
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
        self.answered = false;
    }

    /// The request that is still under way; it is not any more then.
    pub(crate) fn take_live(&mut self) -> Option<&mut Exchange> {
        let is_live = core::mem::take(&mut self.newest_is_live);
        let newest = self.finished.saturating_add(self.open).checked_sub(1).filter(|_| is_live && self.has_open())?;
        self.slots.get_mut(newest).map(|open| &mut open.exchange)
    }

    /// Whether the request that the next response answers is still under way itself.
    pub(crate) fn front_is_live(&self) -> bool {
        self.newest_is_live && self.open == 1
    }

    /// The request that the next response answers.
    pub(crate) fn front(&mut self) -> Option<&mut Open<M>> {
        if self.has_open() { self.slots.get_mut(self.finished) } else { None }
    }

    /// The same, to look at.
    pub(crate) fn peek(&self) -> Option<&Open<M>> {
        if self.has_open() { self.slots.get(self.finished) } else { None }
    }

    /// The request that was taken last, if it is open.
    pub(crate) fn newest(&mut self) -> Option<&mut Open<M>> {
        self.open.checked_sub(1).and_then(|index| self.open_at(index))
    }

    pub(crate) fn has_open(&self) -> bool {
        self.open > 0
    }

    /// How many requests are open.
    pub(crate) fn open_len(&self) -> usize {
        self.open
    }

    /// Whether no request is taken, for want of knowing which answer is whose.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// The server has answered something that is no exchange.
    pub(crate) fn note_answer(&mut self) {
        self.answered = true;
    }

    /// The client has asked something that is no exchange. If it waits for its answers, one that may be lost is.
    pub(crate) fn note_request(&mut self) {
        if self.front().is_some_and(|open| open.answer_may_be_lost) {
            self.drop_open();
            self.in_doubt = true;
        }
    }

    /// All that was asked has been answered: the requests that were evicted too, if not one by one.
    pub(crate) fn owe_nothing(&mut self) {
        self.owed_evicted = 0;
    }

    /// A final response began that answers the front request.
    pub(crate) fn count_response(&mut self) {
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.open_responses = 1;
        if let Some(open) = self.front() {
            open.answer_may_be_lost = false;
        }
    }

    /// A final response began that answers none of the open requests.
    pub(crate) fn count_unmatched_response(&mut self) {
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.responses_unmatched = self.counters.responses_unmatched.saturating_add(1);
        if self.relies_on_turns && !self.in_doubt && !self.has_open() && self.owed_evicted == 0 {
            // There were more requests in flight than was believed: the client does not wait.
            self.overlaps = true;
            self.in_doubt = true;
        }
        self.owed_evicted = self.owed_evicted.saturating_sub(1);
        self.owed_lost = self.owed_lost.saturating_sub(1);
        self.answered = true;
    }

    /// The response to the front request is over.
    pub(crate) fn finish(&mut self, response: Span, flags: Flags) {
        if let Some(Open { exchange, .. }) = self.front() {
            exchange.response = Some(response);
            exchange.end_ns = response.last_ns;
            exchange.flags |= flags;
            let is_whole = !flags.intersects(Flags::RESPONSE_TRUNCATED | Flags::RESPONSE_GAP);
            self.overlaps |= core::mem::take(&mut self.seems_to_overlap) && is_whole;
            self.counters.paired = self.counters.paired.saturating_add(1);
            self.finish_front();
        }
        self.counters.open_responses = 0;
        self.answered = true;
        self.count_open();
    }

    /// An exchange of a message that asks for no answer, to be filled; it is finished. `None` if too many wait for `poll`.
    pub(crate) fn one_way(&mut self) -> Option<&mut Exchange> {
        self.counters.one_way = self.counters.one_way.saturating_add(1);
        let exchange = self.insert_finished()?;
        exchange.shape = Shape::OneWay;
        exchange.status = StatusClass::Ok;
        Some(exchange)
    }

    /// An exchange of a request that turned out to be one with its answer, both of which are over, to be filled. It comes before
    /// those of the open requests. `None` if too many wait for `poll`.
    pub(crate) fn aside(&mut self) -> Option<&mut Exchange> {
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.paired = self.counters.paired.saturating_add(1);
        self.answered = true;
        self.insert_finished()
    }

    fn insert_finished(&mut self) -> Option<&mut Exchange> {
        if self.finished >= self.open_limit {
            self.counters.exchanges_dropped = self.counters.exchanges_dropped.saturating_add(1);
            return None;
        }
        let taken = self.finished.saturating_add(self.open);
        let spare = if taken < self.slots.len() { self.slots.pop_back() } else { None };
        self.slots.insert(self.finished, spare.unwrap_or_default());
        let open = self.slots.get_mut(self.finished)?;
        self.finished = self.finished.saturating_add(1);
        open.exchange.clear();
        Some(&mut open.exchange)
    }

    /// The `index`th of the open requests, in the order of their answers.
    pub(crate) fn open_at(&mut self, index: usize) -> Option<&mut Open<M>> {
        let at = self.finished.checked_add(index).filter(|_| index < self.open)?;
        self.slots.get_mut(at)
    }

    /// The front request is not answered, as was agreed on: it was one-way.
    pub(crate) fn finish_silent(&mut self) {
        if let Some(Open { exchange, .. }) = self.front() {
            exchange.shape = Shape::OneWay;
            exchange.status = StatusClass::Ok;
            exchange.end_ns = exchange.request.last_ns;
            self.counters.requests = self.counters.requests.saturating_sub(1);
            self.counters.one_way = self.counters.one_way.saturating_add(1);
            self.finish_front();
        }
        self.count_open();
    }

    /// As [`finish_unanswered`](Self::finish_unanswered); those that need not be answered are one-way.
    pub(crate) fn finish_unanswered_but(&mut self, end_ns: u64, may_be_silent: impl Fn(&M) -> bool) {
        while let Some(Open { exchange, answer_may_be_lost, memo }) = self.front() {
            if may_be_silent(memo) {
                self.finish_silent();
                continue;
            }
            if *answer_may_be_lost {
                self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
                self.open = self.open.saturating_sub(1);
                self.recycle(self.finished);
                continue;
            }
            exchange.status = StatusClass::NoResponse;
            exchange.end_ns = end_ns;
            self.counters.unanswered = self.counters.unanswered.saturating_add(1);
            self.finish_front();
        }
        self.newest_is_live = false;
        self.count_open();
    }

    /// Requests were lost, or may have been: so many that are not counted, and answered, at least.
    pub(crate) fn requests_lost(&mut self, at_least: u64) {
        // The one open request that waits for an answer which may be lost: the next one may now be another's.
        if self.front().is_some_and(|open| open.answer_may_be_lost) {
            self.drop_open();
        }
        self.in_doubt = true;
        self.requests_may_be_lost = true;
        if !self.responses_may_be_lost {
            self.owed_lost = self.owed_lost.max(at_least);
            self.turns_owed = 0;
        }
        self.answered = false;
    }

    /// Drops all open requests as unmatched, but the one whose response is under way.
    pub(crate) fn drop_open(&mut self) {
        let kept = if self.counters.open_responses > 0 { self.open.min(1) } else { 0 };
        let dropped = self.open.saturating_sub(kept);
        self.counters.requests_unmatched =
            self.counters.requests_unmatched.saturating_add(u64::try_from(dropped).unwrap_or(u64::MAX));
        // They are behind the open ones now, where the emptied ones are.
        self.open = kept;
        self.newest_is_live &= dropped == 0;
        self.limit_spare();
        self.count_open();
    }

    /// Takes the front request out, of the ledger too: it is answered elsewhere.
    pub(crate) fn hand_over(&mut self) -> Option<Exchange> {
        let exchange = core::mem::take(&mut self.front()?.exchange);
        self.counters.requests = self.counters.requests.saturating_sub(1);
        self.open = self.open.saturating_sub(1);
        self.newest_is_live &= self.has_open();
        self.recycle(self.finished);
        self.count_open();
        Some(exchange)
    }

    /// The front request's exchange is finished.
    fn finish_front(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.finished = self.finished.saturating_add(1);
        if self.finished > self.open_limit {
            self.counters.exchanges_dropped = self.counters.exchanges_dropped.saturating_add(1);
            self.finished = self.finished.saturating_sub(1);
            self.recycle(0);
        }
    }

    /// Moves a slot, which is neither counted as finished nor as open any more, behind all that are.
    fn recycle(&mut self, index: usize) {
        if index < self.finished.saturating_add(self.open)
            && let Some(slot) = self.slots.remove(index)
        {
            self.slots.push_back(slot);
        }
        self.limit_spare();
    }

    fn limit_spare(&mut self) {
        self.slots.truncate(self.finished.saturating_add(self.open).saturating_add(self.spare_limit));
    }

    fn count_open(&mut self) {
        self.counters.open_requests = u64::try_from(self.open).unwrap_or(u64::MAX);
    }
}

impl<M: Default> Pairing for InOrder<M> {
    fn finish_unanswered(&mut self, end_ns: u64) {
        self.finish_unanswered_but(end_ns, |_| false);
    }

    fn responses_lost(&mut self) {
        // If one request is open, none was lost and the client waits, the next response can only be its own: any other would
        // answer a request that begins after this one was answered, and then this one is dropped.
        self.seems_to_overlap = false;
        self.responses_may_be_lost = true;
        self.forget_owed();
        if self.open > 1 || self.requests_may_be_lost || self.overlaps {
            let open = self.open;
            self.drop_open();
            if !self.requests_may_be_lost {
                // One of the answers was lost, the others perhaps not.
                self.owed_lost = u64::try_from(open.saturating_sub(self.open)).unwrap_or(0).saturating_sub(1);
            }
        }
        if let Some(open) = self.front() {
            open.answer_may_be_lost = true;
        }
        self.in_doubt = true;
        self.answered = true;
    }

    fn abandon(&mut self) {
        let requests = core::mem::take(&mut self.counters.open_requests);
        self.counters.requests_abandoned = self.counters.requests_abandoned.saturating_add(requests);
        let responses = core::mem::take(&mut self.counters.open_responses);
        self.counters.responses_abandoned = self.counters.responses_abandoned.saturating_add(responses);
        self.open = 0;
        self.slots.truncate(self.finished);
        self.newest_is_live = false;
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        if self.finished == 0 {
            return false;
        }
        let Some(Open { exchange, .. }) = self.slots.front_mut() else { return false };
        core::mem::swap(out, exchange);
        self.finished = self.finished.saturating_sub(1);
        self.recycle(0);
        true
    }

    fn held_bytes(&self) -> usize {
        self.slots.iter().map(|open| open.exchange.held_bytes()).fold(0, usize::saturating_add)
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }
}

#[cfg(test)]
mod tests;
