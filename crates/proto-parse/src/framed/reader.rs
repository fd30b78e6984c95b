//! One direction of a connection whose messages say their length: from bytes to messages.

mod search;

use alloc::vec::Vec;

use super::{Conversation, Head};
use crate::{Direction, Flags, Limits, Span, Want};

/// Bytes of room that are kept from one message that came in pieces to the next.
const SPARE_BYTES: usize = 2 * 1024;

/// One direction of a connection.
///
/// What it does is decided by the position in the stream alone, never by where a call's bytes begin or end.
#[derive(Debug)]
pub(super) struct Reader {
    direction: Direction,
    state: State,
    /// The first bytes of a message that came in pieces, as many as are kept; in a search, what is not decided yet.
    held: Vec<u8>,
    /// The times of the bytes that a search holds.
    held_ns: Vec<u64>,
    /// Behind a search: how many of the bytes that it held are still to be read, from the end of `found`.
    found: Vec<u8>,
    found_ns: Vec<u64>,
    /// The message under way: times and bytes so far.
    span: Span,
    /// Its whole length, its kept part, once its head is read.
    len: u64,
    keep: usize,
    flags: Flags,
    /// Bytes of it were lost.
    lost: bool,
    /// The next message is the first one on a connection that was joined late, or behind a search.
    next_flags: Flags,
    /// Bytes that were passed over in search, not yet counted.
    pub(super) unparsed_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between messages.
    Idle,
    /// In a head, of which so many bytes are needed to go on.
    Head { need: usize },
    /// In the part that is kept.
    Keep,
    /// Behind the part that is kept, with so many bytes to come.
    Rest { remaining: u64 },
    /// Somewhere in the stream: the beginning of a message is searched for.
    Search,
    /// Nothing is of interest any more.
    Deaf,
}

/// A message, whole or broken off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    /// Its first bytes, from the head on: as many as [`Head::Message`] asked to keep, [`Limits::message_bytes`] at most, and
    /// fewer where bytes of it were lost or it broke off.
    pub(crate) bytes: &'a [u8],
    /// Its length on the wire, if its head was read.
    pub(crate) len: u64,
    /// Its times, and how many bytes of it passed.
    pub(crate) span: Span,
    /// [`Flags::JOINED_LATE`] or [`Flags::RESYNCED`], if it is the first of its direction since then.
    pub(crate) flags: Flags,
    /// Bytes of it were lost.
    pub(crate) lost: bool,
}

/// What happened at a place in the stream.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A message begins, whose end is not there yet.
    Began,
    /// What is kept of a message is there, but not its end.
    Kept { message: Message<'a> },
    /// A message is over. `begun`: that it began was told before.
    Message { message: Message<'a>, begun: bool },
    /// What should be a message is none. The next one is searched for. `certain`: a message was due there, and not just found
    /// by searching.
    Malformed { certain: bool },
    /// Bytes were passed over in search: there may have been messages in them that were not recognised.
    Passed,
}

impl Reader {
    pub(super) fn new(direction: Direction, joined_late: bool) -> Self {
        Self {
            direction,
            state: if joined_late { State::Search } else { State::Idle },
            held: Vec::new(),
            held_ns: Vec::new(),
            found: Vec::new(),
            found_ns: Vec::new(),
            span: Span::default(),
            len: 0,
            keep: 0,
            flags: Flags::default(),
            lost: false,
            next_flags: if joined_late { Flags::JOINED_LATE } else { Flags::default() },
            unparsed_bytes: 0,
        }
    }

    /// Takes bytes from the front of `data` up to the next step; without one, all of them.
    #[inline]
    pub(super) fn step<'a, 'data: 'a>(
        &'a mut self,
        conversation: &impl Conversation,
        limits: &Limits,
        now_ns: u64,
        data: &mut &'data [u8],
    ) -> Option<Step<'a>> {
        if self.state == State::Idle
            && self.found.is_empty()
            && let Some(whole) = self.whole(conversation, limits, now_ns, data)
        {
            return Some(Step::Message { message: whole, begun: false });
        }
        let outcome = self.step_in_pieces(conversation, limits, now_ns, data)?;
        Some(match outcome {
            Outcome::Began => Step::Began,
            Outcome::Kept => Step::Kept { message: self.message() },
            Outcome::Done => Step::Message { message: self.message(), begun: true },
            Outcome::Malformed { certain } => Step::Malformed { certain },
            Outcome::Passed => Step::Passed,
        })
    }

    /// The common case: a whole message, read where it lies.
    #[inline]
    fn whole<'a>(
        &mut self,
        conversation: &impl Conversation,
        limits: &Limits,
        now_ns: u64,
        data: &mut &'a [u8],
    ) -> Option<Message<'a>> {
        let Head::Message { len, keep } = conversation.head(self.direction, data, limits) else { return None };
        let (message, rest) = data.split_at_checked(usize::try_from(len).ok().filter(|len| *len > 0)?)?;
        let mut span = Span::starting(now_ns);
        span.extend(now_ns, len);
        *data = rest;
        let flags = core::mem::take(&mut self.next_flags);
        let bytes = message.get(..keep.min(limits.message_bytes)).unwrap_or(message);
        Some(Message { bytes, len, span, flags, lost: false })
    }

    fn step_in_pieces(
        &mut self,
        conversation: &impl Conversation,
        limits: &Limits,
        now_ns: u64,
        data: &mut &[u8],
    ) -> Option<Outcome> {
        loop {
            // What a search held comes first: it was read ahead.
            let outcome = if self.state == State::Search {
                self.reclaim_found();
                if data.is_empty() && self.held.is_empty() {
                    return None;
                }
                let passed_before = self.unparsed_bytes;
                let found = self.search_step(conversation, limits, now_ns, data);
                if self.unparsed_bytes > passed_before {
                    return Some(Outcome::Passed);
                }
                found?;
                None
            } else if let Some(&at_ns) = self.found_ns.last() {
                let byte = [self.found.pop().unwrap_or_default()];
                self.found_ns.pop();
                let (taken, outcome) = self.absorb(conversation, limits, at_ns, &byte);
                if taken == 0 {
                    self.found.push(byte[0]);
                    self.found_ns.push(at_ns);
                }
                outcome
            } else if data.is_empty() || self.state == State::Deaf {
                return None;
            } else {
                let (taken, outcome) = self.absorb(conversation, limits, now_ns, data);
                *data = data.get(taken..).unwrap_or_default();
                outcome
            };
            if outcome.is_some() {
                return outcome;
            }
        }
    }

    /// Takes bytes of a message from the front of `data`, up to the next thing that is decided.
    fn absorb(
        &mut self,
        conversation: &impl Conversation,
        limits: &Limits,
        now_ns: u64,
        data: &[u8],
    ) -> (usize, Option<Outcome>) {
        match self.state {
            State::Idle => {
                self.begin(now_ns);
                (0, Some(Outcome::Began))
            }
            State::Head { need } => {
                let taken = self.hold(now_ns, data, need);
                (taken, if self.held.len() < need { None } else { self.read_head(conversation, limits) })
            }
            State::Keep => {
                let taken = self.hold(now_ns, data, self.keep);
                (taken, if self.held.len() < self.keep { None } else { self.pass_kept() })
            }
            State::Rest { remaining } => {
                let here = usize::try_from(remaining).unwrap_or(usize::MAX).min(data.len());
                let len = u64::try_from(here).unwrap_or(remaining);
                self.span.extend(now_ns, len);
                (here, self.pass_rest(remaining, len))
            }
            State::Search | State::Deaf => (data.len(), None),
        }
    }

    fn begin(&mut self, now_ns: u64) {
        self.held.clear();
        self.held.shrink_to(SPARE_BYTES);
        self.span = Span::starting(now_ns);
        (self.len, self.keep, self.lost) = (0, 0, false);
        self.flags = core::mem::take(&mut self.next_flags);
        self.state = State::Head { need: 1 };
    }

    /// Holds bytes until there are `until`.
    fn hold(&mut self, now_ns: u64, data: &[u8], until: usize) -> usize {
        let here = until.saturating_sub(self.held.len()).min(data.len());
        self.held.extend_from_slice(data.get(..here).unwrap_or_default());
        self.span.extend(now_ns, u64::try_from(here).unwrap_or(0));
        here
    }

    fn read_head(&mut self, conversation: &impl Conversation, limits: &Limits) -> Option<Outcome> {
        let held = self.held.len();
        match conversation.head(self.direction, &self.held, limits) {
            Head::NeedMore { bytes } if bytes > held && bytes <= limits.message_bytes => {
                self.state = State::Head { need: bytes };
                None
            }
            Head::Message { len, keep } if len >= self.span.bytes && len > 0 => {
                self.len = len;
                self.keep = keep.min(limits.message_bytes).min(usize::try_from(len).unwrap_or(usize::MAX)).max(held);
                if self.keep > held {
                    self.state = State::Keep;
                    return None;
                }
                self.held.truncate(keep);
                self.pass_kept()
            }
            _ => {
                let certain = self.flags == Flags::default();
                self.fail();
                Some(Outcome::Malformed { certain })
            }
        }
    }

    fn pass_kept(&mut self) -> Option<Outcome> {
        self.pass_rest(self.len.saturating_sub(self.span.bytes), 0).or(Some(Outcome::Kept))
    }

    fn pass_rest(&mut self, remaining: u64, passed: u64) -> Option<Outcome> {
        let remaining = remaining.saturating_sub(passed);
        self.state = if remaining == 0 { State::Idle } else { State::Rest { remaining } };
        (remaining == 0).then_some(Outcome::Done)
    }

    /// Passes over as many of the next `len` bytes, left out and the last of them seen at `now_ns`, as are certainly of the
    /// message under way and not kept. Returns how many these are, and whether the message is over with them.
    pub(super) fn skip(&mut self, now_ns: u64, len: u64) -> (u64, bool) {
        let State::Rest { remaining } = self.state else { return (0, false) };
        let here = remaining.min(len);
        if here == 0 {
            return (0, false);
        }
        self.span.extend(now_ns, here);
        (here, self.pass_rest(remaining, here).is_some())
    }

    /// Passes over as many of the next `len` bytes, known to be lost at `now_ns`, as are certainly of the message under way.
    /// Returns how many these are, and whether the message is over with them.
    pub(super) fn lose(&mut self, now_ns: u64, len: u64) -> (u64, bool) {
        let remaining = match self.state {
            State::Keep => self.len.saturating_sub(self.span.bytes),
            State::Rest { remaining } => remaining,
            State::Idle | State::Head { .. } | State::Search | State::Deaf => return (0, false),
        };
        // Of what a search had read ahead nothing is left here: it is read before this is called.
        let here = remaining.min(len);
        self.lost |= here > 0;
        let is_over = self.pass_rest(remaining, here).is_some();
        // It may have taken long to know. Only of a message whose end is lost there is no better time.
        self.span.extend(if is_over { now_ns } else { self.span.last_ns }, here);
        (here, is_over)
    }

    /// Takes no notice of anything from here on.
    pub(super) fn deafen(&mut self) {
        self.state = State::Deaf;
        self.held = Vec::new();
        self.held_ns = Vec::new();
        self.found = Vec::new();
        self.found_ns = Vec::new();
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.state == State::Deaf
    }

    /// The message that was over with the last step.
    pub(super) fn message(&self) -> Message<'_> {
        let Self { held, len, span, flags, lost, .. } = self;
        Message { bytes: held, len: *len, span: *span, flags: *flags, lost: *lost }
    }

    /// Whether a message is under way; what is there of it is [`message`](Self::message).
    pub(super) fn is_in_message(&self) -> bool {
        matches!(self.state, State::Head { .. } | State::Keep | State::Rest { .. })
    }

    pub(super) fn want(&self) -> Want {
        match self.state {
            State::Rest { remaining } => Want::Skip(remaining),
            State::Deaf => Want::Nothing,
            State::Idle | State::Head { .. } | State::Keep | State::Search => Want::All,
        }
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        let times = self.held_ns.capacity().saturating_add(self.found_ns.capacity());
        self.held.capacity().saturating_add(self.found.capacity()).saturating_add(times.saturating_mul(8))
    }
}

/// What came of bytes that were not a whole message.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Kept,
    Began,
    Done,
    Malformed { certain: bool },
    Passed,
}
