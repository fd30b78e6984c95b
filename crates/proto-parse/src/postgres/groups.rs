//! What one ReadyForQuery answers.
//!
//! A Query, a FunctionCall, a login, and all messages of the extended protocol up to a Sync are a group each (documentation,
//! "Message Flow", "Pipelining"). A server answers groups in their order, and each of them, whatever comes of it, with
//! one ReadyForQuery; after an error it passes over the rest of the group. So groups say which error is whose, and what was never
//! carried out.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::statement::Statement;
use crate::{Flags, Limits, Span};

/// The groups that are not answered yet, the one that is sent at the end.
#[derive(Debug)]
pub(super) struct Groups {
    queue: VecDeque<Group>,
    spare: Vec<Group>,
    /// Exchanges of all groups that are open.
    open: usize,
    limit: usize,
    spare_limit: usize,
}

/// A group.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its exchanges that are open.
    pub(super) open: usize,
    /// Requests of it that are only counted.
    pub(super) evicted: usize,
    /// The message that ends it was seen.
    pub(super) is_ended: bool,
    /// An error was seen: what is behind it is passed over.
    pub(super) has_failed: bool,
    /// What was prepared behind the last Execute.
    pub(super) rest: Rest,
}

/// Messages that prepare and describe, and run nothing: no exchange, unless they fail.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// `None`, if there are none.
    pub(super) span: Option<Span>,
    pub(super) flags: Flags,
    pub(super) statement: Statement,
}

impl Group {
    /// Whether its next answer is its last one.
    pub(super) fn is_last(&self) -> bool {
        self.open == 1 && self.evicted == 0 && self.is_ended
    }
}

impl Groups {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            queue: VecDeque::new(),
            spare: Vec::new(),
            open: 0,
            limit: limits.open_exchanges.max(1),
            spare_limit: limits.spare_exchanges,
        }
    }

    /// The group that is answered next.
    pub(super) fn front(&mut self) -> Option<&mut Group> {
        self.queue.front_mut()
    }

    /// Whether a group is being sent.
    pub(super) fn is_sending(&self) -> bool {
        self.queue.back().is_some_and(|group| !group.is_ended)
    }

    /// The group that is sent: the last one, if its end was not seen, else a new one. `None` if there are too many.
    pub(super) fn current(&mut self) -> Option<&mut Group> {
        if !self.is_sending() {
            if self.queue.len() >= self.limit {
                return None;
            }
            self.queue.push_back(self.spare.pop().unwrap_or_default());
        }
        self.queue.back_mut()
    }

    /// An exchange of the current group begins.
    pub(super) fn open(&mut self) {
        if let Some(group) = self.current() {
            group.open = group.open.saturating_add(1);
            self.open = self.open.saturating_add(1);
        }
    }

    /// An exchange of the front group is over.
    pub(super) fn finish(&mut self) {
        if let Some(group) = self.front().filter(|group| group.open > 0) {
            group.open = group.open.saturating_sub(1);
            self.open = self.open.saturating_sub(1);
        }
    }

    /// The front group is answered.
    pub(super) fn pop(&mut self) {
        if let Some(mut group) = self.queue.pop_front() {
            self.open = self.open.saturating_sub(group.open);
            if self.spare.len() < self.spare_limit {
                (group.open, group.evicted, group.is_ended, group.has_failed) = (0, 0, false, false);
                (group.rest.span, group.rest.flags) = (None, Flags::default());
                self.spare.push(group);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        while !self.queue.is_empty() {
            self.pop();
        }
    }

    /// How many exchanges are open.
    pub(super) fn open_len(&self) -> usize {
        self.open
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn held_bytes(&self) -> usize {
        let texts = self.queue.iter().chain(&self.spare).map(|group| group.rest.statement.held_bytes());
        let rooms = self.queue.capacity().saturating_add(self.spare.capacity()).saturating_mul(size_of::<Group>());
        texts.fold(rooms, usize::saturating_add)
    }
}
