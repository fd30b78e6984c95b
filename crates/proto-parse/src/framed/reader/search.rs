//! The search for the next message in a stream whose place was lost.

use alloc::vec::Vec;

use super::{Reader, State};
use crate::framed::Conversation;
use crate::{Detection, Direction, Flags, Limits};

/// Bytes from a place in the stream that decide whether a message begins there.
pub(crate) const LOOKAHEAD_BYTES: usize = 64;

/// Bytes that were passed over are let go of in portions of so many: each moves what is held behind them.
const PASSED_BYTES: usize = 1024;

impl Reader {
    /// Searches for the beginning of a message from here on. Says whether it did not already.
    pub(in crate::framed) fn search(&mut self) -> bool {
        self.reclaim_found();
        let passed = if self.state == State::Search { self.held.len() } else { 0 };
        if let State::Head { .. } = self.state {
            self.unparsed_bytes = self.unparsed_bytes.saturating_add(self.span.bytes);
        }
        self.pass_searched(passed);
        self.held.clear();
        self.held_ns.clear();
        if !self.next_flags.contains(Flags::JOINED_LATE) {
            self.next_flags = Flags::RESYNCED;
        }
        core::mem::replace(&mut self.state, State::Search) != State::Search
    }

    /// The next byte is a message's first: ends a search.
    pub(in crate::framed) fn resume(&mut self) {
        if self.state == State::Search {
            self.search();
            self.state = State::Idle;
        }
    }

    /// What a search has read ahead, with the times, for somebody else to read.
    pub(in crate::framed) fn take_read_ahead(&mut self) -> Vec<(u64, u8)> {
        if self.state != State::Search {
            // The bytes of the last message.
            self.held.clear();
            self.held_ns.clear();
        }
        self.reclaim_found();
        self.held_ns.drain(..).zip(self.held.drain(..)).collect()
    }

    /// What was taken for a message is none: all but its first byte is searched.
    pub(super) fn fail(&mut self) {
        self.next_flags = if self.flags == Flags::default() { Flags::RESYNCED } else { self.flags };
        let rest = self.held.split_off(self.held.len().min(1));
        self.unparsed_bytes = self.unparsed_bytes.saturating_add(1);
        // Bytes of a head come at few different times; that of the first stands for them.
        let first_ns = self.span.first_ns;
        self.found.extend(rest.iter().rev());
        self.found_ns.resize(self.found.len(), first_ns);
        self.held.clear();
        self.held_ns.clear();
        self.state = State::Search;
    }

    /// A search begins with what the one before it had read ahead.
    pub(super) fn reclaim_found(&mut self) {
        while let (Some(byte), Some(at_ns)) = (self.found.pop(), self.found_ns.pop()) {
            self.held.push(byte);
            self.held_ns.push(at_ns);
        }
    }

    /// Searches in what is held and in `data`; `Some` if a message begins at the place that is come to.
    pub(super) fn search_step(
        &mut self,
        conversation: &impl Conversation,
        limits: &Limits,
        now_ns: u64,
        data: &mut &[u8],
    ) -> Option<()> {
        let mut passed = 0;
        while passed < self.held.len() {
            let visible = self.held.get(passed..).unwrap_or_default();
            let visible = visible.get(..LOOKAHEAD_BYTES).unwrap_or(visible);
            match first_decision(conversation, self.direction, visible, limits) {
                Detection::NeedMore if visible.len() < LOOKAHEAD_BYTES => {
                    let Some((&byte, rest)) = data.split_first() else { break };
                    *data = rest;
                    self.held.push(byte);
                    self.held_ns.push(now_ns);
                }
                Detection::Match => {
                    self.pass_searched(passed);
                    self.found.extend(self.held.drain(..).rev());
                    self.found_ns.extend(self.held_ns.drain(..).rev());
                    self.state = State::Idle;
                    return Some(());
                }
                Detection::NoMatch | Detection::NeedMore => passed = passed.saturating_add(1),
            }
            if passed >= PASSED_BYTES {
                self.pass_searched(passed);
                passed = 0;
            }
        }
        self.pass_searched(passed);
        if !self.held.is_empty() {
            return None;
        }
        for at in 0..data.len() {
            let visible = data.get(at..).unwrap_or_default();
            let visible = visible.get(..LOOKAHEAD_BYTES).unwrap_or(visible);
            match first_decision(conversation, self.direction, visible, limits) {
                Detection::NeedMore if visible.len() < LOOKAHEAD_BYTES => {
                    self.held.extend_from_slice(visible);
                    self.held_ns.resize(self.held.len(), now_ns);
                    self.take_searched(data, at);
                    *data = &[];
                    return None;
                }
                Detection::Match => {
                    self.take_searched(data, at);
                    self.state = State::Idle;
                    return Some(());
                }
                Detection::NoMatch | Detection::NeedMore => {}
            }
        }
        self.take_searched(data, data.len());
        None
    }

    fn pass_searched(&mut self, passed: usize) {
        self.held.drain(..passed.min(self.held.len()));
        self.held_ns.drain(..passed.min(self.held_ns.len()));
        self.unparsed_bytes = self.unparsed_bytes.saturating_add(u64::try_from(passed).unwrap_or(0));
    }

    fn take_searched(&mut self, data: &mut &[u8], len: usize) {
        self.unparsed_bytes = self.unparsed_bytes.saturating_add(u64::try_from(len).unwrap_or(0));
        *data = data.get(len..).unwrap_or_default();
    }
}

/// Whether a message begins with `visible`: what the fewest of the bytes decide, however many there are at once.
fn first_decision(
    conversation: &impl Conversation,
    direction: Direction,
    visible: &[u8],
    limits: &Limits,
) -> Detection {
    let prefixes = (1..=visible.len()).filter_map(|len| visible.get(..len));
    let mut decisions = prefixes.map(|data| conversation.begins(direction, data, limits));
    decisions.find(|detection| *detection != Detection::NeedMore).unwrap_or(Detection::NeedMore)
}
