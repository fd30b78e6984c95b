//! Pairing where a request and its response carry the same identifier: a stream's, a correlation id.
//!
//! A loss shifts nothing here. It may have taken an answer, so that who waited for it is not known to be unanswered; and it
//! may have taken a request, whose answer then answers nothing.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Pairing;
use crate::{Counters, Exchange, Flags, Limits, Shape, Span, StatusClass};

/// The open requests of one connection, its finished exchanges, and its ledger.
#[derive(Debug)]
pub(crate) struct ByKey<M> {
    /// The open requests, by key.
    open: Vec<Open<M>>,
    /// The number of the next request: the smaller an open one's, the older it is.
    next_serial: u64,
    open_limit: usize,
    finished: VecDeque<Exchange>,
    spare: Vec<Exchange>,
    spare_limit: usize,
    pub(crate) counters: Counters,
}

/// An open request.
#[derive(Debug)]
pub(crate) struct Open<M> {
    key: u64,
    serial: u64,
    /// What it becomes.
    pub(crate) exchange: Exchange,
    /// What the protocol remembers of it until it is answered.
    pub(crate) memo: M,
    /// A response to it has begun.
    answered: bool,
    /// Responses were lost while it was open, its own perhaps among them.
    answer_may_be_lost: bool,
}

impl<M> Open<M> {
    /// Whether it may have been answered unseen.
    pub(crate) fn may_be_answered(&self) -> bool {
        self.answer_may_be_lost
    }
}

impl<M> Open<M> {
    /// That no answer comes does not say that it went unanswered.
    pub(crate) fn may_go_unanswered(&mut self) {
        self.answer_may_be_lost = true;
    }
}

impl<M: Default> ByKey<M> {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            open: Vec::new(),
            next_serial: 0,
            open_limit: limits.open_exchanges.max(1),
            finished: VecDeque::new(),
            spare: Vec::new(),
            spare_limit: limits.spare_exchanges,
            counters: Counters::default(),
        }
    }

    /// Takes a request. An open one with the same key cannot be told from it any more and is dropped; past the limit, the
    /// oldest is.
    pub(crate) fn admit(&mut self, key: u64) -> &mut Open<M> {
        self.counters.requests = self.counters.requests.saturating_add(1);
        self.discard(key);
        if self.open.len() >= self.open_limit
            && let Some(oldest) = self.open.iter().min_by_key(|open| open.serial).map(|open| open.key)
        {
            self.drop_open(oldest);
            self.counters.requests_evicted = self.counters.requests_evicted.saturating_add(1);
        }
        let mut exchange = self.spare.pop().unwrap_or_default();
        exchange.clear();
        let serial = self.next_serial;
        self.next_serial = self.next_serial.saturating_add(1);
        let open = Open { key, serial, exchange, memo: M::default(), answered: false, answer_may_be_lost: false };
        let at = self.open.partition_point(|open| open.key < key);
        self.open.insert(at, open);
        self.count_open();
        #[expect(clippy::indexing_slicing, reason = "it was inserted there")]
        &mut self.open[at]
    }

    /// What the protocol remembers of the open request with this key.
    pub(crate) fn memo(&self, key: u64) -> Option<&M> {
        self.open.get(self.find(key)?).map(|open| &open.memo)
    }

    /// The open request with this key.
    pub(crate) fn get(&mut self, key: u64) -> Option<&mut Open<M>> {
        let at = self.find(key)?;
        self.open.get_mut(at)
    }

    /// The open request with this key, to look at.
    pub(crate) fn peek(&self, key: u64) -> Option<&Open<M>> {
        self.open.get(self.find(key)?)
    }

    /// A response has begun, or goes on: what it answers. `None`, if nothing that is known; that is counted by
    /// [`count_unmatched_response`](Self::count_unmatched_response), once for each.
    pub(crate) fn answer(&mut self, key: u64) -> Option<&mut Open<M>> {
        let at = self.find(key)?;
        let open = self.open.get_mut(at)?;
        if !core::mem::replace(&mut open.answered, true) {
            self.counters.responses = self.counters.responses.saturating_add(1);
            self.counters.open_responses = self.counters.open_responses.saturating_add(1);
        }
        open.answer_may_be_lost = false;
        Some(open)
    }

    /// A response began that answers none of the open requests.
    pub(crate) fn count_unmatched_response(&mut self) {
        self.counters.responses = self.counters.responses.saturating_add(1);
        self.counters.responses_unmatched = self.counters.responses_unmatched.saturating_add(1);
    }

    /// The response to a request is over, with it the exchange.
    pub(crate) fn finish(&mut self, key: u64, response: Span, flags: Flags) {
        if self.answer(key).is_none() {
            return;
        }
        let Some(Open { mut exchange, .. }) = self.take(key) else { return };
        exchange.response = Some(response);
        exchange.end_ns = response.last_ns;
        exchange.flags |= flags;
        self.counters.open_responses = self.counters.open_responses.saturating_sub(1);
        self.counters.paired = self.counters.paired.saturating_add(1);
        self.push(exchange);
    }

    /// There will be no response to this request, and not for want of having seen it: it is over at `end_ns`.
    pub(crate) fn finish_without_response(&mut self, key: u64, status: StatusClass, end_ns: u64) {
        let Some(Open { mut exchange, answered, .. }) = self.take(key) else { return };
        if answered {
            self.counters.open_responses = self.counters.open_responses.saturating_sub(1);
            self.counters.paired = self.counters.paired.saturating_add(1);
        } else {
            self.counters.unanswered = self.counters.unanswered.saturating_add(1);
        }
        exchange.status = status;
        exchange.end_ns = end_ns;
        self.push(exchange);
    }

    /// How it went with this request was lost: it is dropped as unmatched, and so is the response to it, if one has begun.
    pub(crate) fn discard(&mut self, key: u64) {
        if self.drop_open(key) {
            self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
        }
    }

    /// The request is not answered, as was agreed on: it was one-way.
    pub(crate) fn finish_silent(&mut self, key: u64) {
        let Some(Open { mut exchange, .. }) = self.take(key) else { return };
        exchange.shape = Shape::OneWay;
        exchange.status = StatusClass::Ok;
        exchange.end_ns = exchange.request.last_ns;
        self.counters.requests = self.counters.requests.saturating_sub(1);
        self.counters.one_way = self.counters.one_way.saturating_add(1);
        self.push(exchange);
    }

    /// As [`finish_silent`](Self::finish_silent), for all open requests with such a key, the oldest first.
    pub(crate) fn finish_silent_where(&mut self, is_silent: impl Fn(u64) -> bool) {
        let oldest = |open: &[Open<M>]| {
            open.iter().filter(|open| is_silent(open.key)).min_by_key(|open| open.serial).map(|open| open.key)
        };
        while let Some(key) = oldest(&self.open) {
            self.finish_silent(key);
        }
    }

    /// What answers an open request from now on has another key.
    pub(crate) fn rename(&mut self, key: u64, new: u64) {
        let Some(mut open) = self.take(key) else { return };
        if self.drop_open(new) {
            self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
        }
        open.key = new;
        let at = self.open.partition_point(|open| open.key < new);
        self.open.insert(at, open);
        self.count_open();
    }

    /// A message that asks for no answer: `fill` writes its exchange, which is finished.
    pub(crate) fn one_way(&mut self, fill: impl FnOnce(&mut Exchange)) {
        self.counters.one_way = self.counters.one_way.saturating_add(1);
        let mut exchange = self.spare.pop().unwrap_or_default();
        exchange.clear();
        exchange.shape = Shape::OneWay;
        exchange.status = StatusClass::Ok;
        fill(&mut exchange);
        self.push(exchange);
    }

    /// Requests were lost, or may have been: for protocols that use keys again. What waits for an answer that may be lost may
    /// have been answered, and its key be another's now.
    pub(crate) fn requests_lost(&mut self) {
        let lost: Vec<u64> = self.open.iter().filter(|open| open.answer_may_be_lost).map(|open| open.key).collect();
        for key in lost {
            self.discard(key);
        }
    }

    /// The smallest key of an open request that is not below this one.
    pub(crate) fn key_from(&self, key: u64) -> Option<u64> {
        let at = self.open.partition_point(|open| open.key < key);
        self.open.get(at).map(|open| open.key)
    }

    /// The request that has been open for longest, once there are as many as may be.
    pub(crate) fn next_evicted(&self) -> Option<u64> {
        let is_full = self.open.len() >= self.open_limit;
        self.open.iter().filter(|_| is_full).min_by_key(|open| open.serial).map(|open| open.key)
    }

    /// The open requests, in the order of their keys.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Open<M>)> + use<'_, M> {
        self.open.iter_mut().map(|open| (open.key, open))
    }

    fn find(&self, key: u64) -> Option<usize> {
        self.open.binary_search_by_key(&key, |open| open.key).ok()
    }

    fn take(&mut self, key: u64) -> Option<Open<M>> {
        let at = self.find(key)?;
        let open = self.open.remove(at);
        self.count_open();
        Some(open)
    }

    /// Drops an open request, and the response to it, if one is under way; the request itself is for the caller to count.
    fn drop_open(&mut self, key: u64) -> bool {
        let Some(open) = self.take(key) else { return false };
        if open.answered {
            self.counters.open_responses = self.counters.open_responses.saturating_sub(1);
            self.counters.responses_unmatched = self.counters.responses_unmatched.saturating_add(1);
        }
        self.recycle(open.exchange);
        true
    }

    fn push(&mut self, exchange: Exchange) {
        if self.finished.len() >= self.open_limit
            && let Some(oldest) = self.finished.pop_front()
        {
            self.counters.exchanges_dropped = self.counters.exchanges_dropped.saturating_add(1);
            self.recycle(oldest);
        }
        self.finished.push_back(exchange);
    }

    fn recycle(&mut self, exchange: Exchange) {
        if self.spare.len() < self.spare_limit {
            self.spare.push(exchange);
        }
    }

    fn count_open(&mut self) {
        self.counters.open_requests = u64::try_from(self.open.len()).unwrap_or(u64::MAX);
    }
}

impl<M: Default> Pairing for ByKey<M> {
    fn finish_unanswered(&mut self, end_ns: u64) {
        self.open.sort_unstable_by_key(|open| open.serial);
        for at in 0..self.open.len() {
            let Some(open) = self.open.get_mut(at) else { break };
            let mut exchange = core::mem::take(&mut open.exchange);
            let (answered, may_be_lost) = (open.answered, open.answer_may_be_lost);
            if answered {
                // It broke off.
                exchange.flags |= Flags::RESPONSE_TRUNCATED;
                exchange.end_ns = end_ns;
                self.counters.paired = self.counters.paired.saturating_add(1);
                self.push(exchange);
            } else if may_be_lost {
                self.counters.requests_unmatched = self.counters.requests_unmatched.saturating_add(1);
                self.recycle(exchange);
            } else {
                exchange.status = StatusClass::NoResponse;
                exchange.end_ns = end_ns;
                self.counters.unanswered = self.counters.unanswered.saturating_add(1);
                self.push(exchange);
            }
        }
        self.open.clear();
        self.counters.open_responses = 0;
        self.count_open();
    }

    fn responses_lost(&mut self) {
        for open in &mut self.open {
            open.answer_may_be_lost = true;
        }
    }

    fn abandon(&mut self) {
        let requests = core::mem::take(&mut self.counters.open_requests);
        self.counters.requests_abandoned = self.counters.requests_abandoned.saturating_add(requests);
        let responses = core::mem::take(&mut self.counters.open_responses);
        self.counters.responses_abandoned = self.counters.responses_abandoned.saturating_add(responses);
        self.open = Vec::new();
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        let Some(mut exchange) = self.finished.pop_front() else { return false };
        core::mem::swap(out, &mut exchange);
        self.recycle(exchange);
        true
    }

    fn held_bytes(&self) -> usize {
        let open = self.open.iter().map(|open| &open.exchange);
        let exchanges = open.chain(&self.finished).chain(&self.spare);
        exchanges.map(Exchange::held_bytes).fold(0, usize::saturating_add)
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
