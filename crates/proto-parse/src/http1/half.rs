//! One direction of a connection: from bytes to the beginnings and ends of its messages.

use alloc::vec::Vec;

use memchr::memchr;

use super::HeadError;
use super::chunked::{Chunked, Progress};
use super::framing::Body;
use super::head::{Head, HeadReader};
use super::search::Search;
use crate::{Counters, Flags, Limits, Span, Want};

/// One direction of a connection.
///
/// What it does is decided by the position in the stream alone, never by where a call's bytes begin or end.
#[derive(Debug)]
pub(super) struct Half<H: Head> {
    reader: HeadReader<H>,
    search: H::Search,
    state: State,
    /// A line of a head that is not whole yet, or what a search holds.
    line: Vec<u8>,
    /// The message under way, as far as it has come; behind its end, still that message.
    pub(super) span: Span,
    /// What was noticed about that message.
    pub(super) flags: Flags,
    /// Its beginning was found by searching, so that it may be none.
    found: bool,
    /// Nothing was found yet on a connection that was open before the capture began.
    joined_late: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between messages.
    Idle,
    Head,
    /// In a field line that is over the limit and does not matter.
    OverlongLine,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    /// Somewhere in the stream: a start line is searched for.
    Search,
    /// Nothing is of interest any more.
    Deaf,
}

/// What happened at a place in the stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The next message begins, or one was found.
    Began,
    /// Its head is whole. [`Half::start_body`] is to be called.
    HeadDone,
    /// Its body is over.
    Done,
    /// It is not valid from here on. [`Half::search`] is to be called.
    Malformed(HeadError),
    /// Its chunks are not valid from here on. [`Half::search`] is to be called.
    MalformedBody,
}

impl<H: Head> Half<H> {
    pub(super) fn new(joined_late: bool) -> Self {
        Self {
            reader: HeadReader::default(),
            search: H::Search::default(),
            state: if joined_late { State::Search } else { State::Idle },
            line: Vec::new(),
            span: Span::default(),
            flags: Flags::default(),
            found: false,
            joined_late,
        }
    }

    /// Takes bytes from the front of `data` up to the next event; without one, all of them.
    #[inline]
    pub(super) fn step(
        &mut self,
        limits: &Limits,
        counters: &mut Counters,
        now_ns: u64,
        data: &mut &[u8],
    ) -> Option<Event> {
        while !data.is_empty() {
            let event = match self.state {
                State::Idle => self.step_idle(counters, now_ns, data),
                State::Head => self.step_head(limits, now_ns, data),
                State::OverlongLine => self.step_overlong_line(limits, now_ns, data),
                State::Length(remaining) => {
                    let here = usize::try_from(remaining).unwrap_or(usize::MAX).min(data.len());
                    self.take(now_ns, data, here);
                    self.pass_length(remaining, u64::try_from(here).unwrap_or(remaining))
                }
                State::Chunked(mut chunked) => {
                    let (taken, progress) = chunked.step(data, limits);
                    self.take(now_ns, data, taken);
                    self.state = if progress == Progress::Done { State::Idle } else { State::Chunked(chunked) };
                    match progress {
                        Progress::More => None,
                        Progress::Done => Some(Event::Done),
                        Progress::Malformed => Some(Event::MalformedBody),
                    }
                }
                State::UntilClose => {
                    self.take(now_ns, data, data.len());
                    None
                }
                State::Search => self.step_search(limits, counters, now_ns, data),
                State::Deaf => return None,
            };
            match event {
                // What was found and does not parse was no message.
                Some(Event::Malformed(_)) if self.found => {
                    counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(self.span.bytes);
                    self.search();
                }
                Some(event) => return Some(event),
                None => {}
            }
        }
        None
    }

    /// Says how the body of the message goes, whose head is whole; returns whether there is none, and so the message is
    /// over.
    pub(super) fn start_body(&mut self, body: Body) -> bool {
        self.state = match body {
            Body::None => State::Idle,
            Body::Length(remaining) => State::Length(remaining),
            Body::Chunked => State::Chunked(Chunked::START),
            Body::UntilClose => State::UntilClose,
        };
        body == Body::None
    }

    /// Passes over as many of the next `len` bytes, left out and the last of them seen at `now_ns`, as are certainly body.
    /// Returns how many these are, and whether the message is over with them.
    pub(super) fn skip(&mut self, now_ns: u64, len: u64) -> (u64, Option<Event>) {
        let (passed, event) = self.pass(len);
        if passed > 0 {
            self.span.extend(now_ns, passed);
        }
        (passed, event)
    }

    /// Passes over as many of the next `len` bytes, known to be lost at `now_ns`, as are certainly body. Returns how many
    /// these are, and whether the message is over with them.
    pub(super) fn lose(&mut self, now_ns: u64, len: u64) -> (u64, Option<Event>) {
        let (passed, event) = self.pass(len);
        // It may have taken long to know. Only of a message whose end is lost there is no better time.
        let end_ns = if event.is_some() { now_ns } else { self.span.last_ns };
        self.span.extend(end_ns, passed);
        (passed, event)
    }

    fn pass(&mut self, len: u64) -> (u64, Option<Event>) {
        let remaining = match self.state {
            State::Length(remaining) => remaining,
            State::Chunked(chunked) => chunked.data_remaining(),
            State::UntilClose => u64::MAX,
            State::Idle | State::Head | State::OverlongLine | State::Search | State::Deaf => 0,
        };
        let here = remaining.min(len);
        if here == 0 {
            return (0, None);
        }
        let event = match &mut self.state {
            State::Chunked(chunked) => {
                chunked.pass_data(here);
                None
            }
            State::Length(remaining) => {
                let remaining = *remaining;
                self.pass_length(remaining, here)
            }
            _ => None,
        };
        (here, event)
    }

    /// Searches for the beginning of a message from here on.
    pub(super) fn search(&mut self) {
        self.state = State::Search;
        self.search.reset();
        self.line.clear();
    }

    /// Takes no notice of anything from here on.
    pub(super) fn deafen(&mut self) {
        self.state = State::Deaf;
        self.line = Vec::new();
    }

    pub(super) fn is_deaf(&self) -> bool {
        matches!(self.state, State::Deaf)
    }

    pub(super) fn is_searching(&self) -> bool {
        matches!(self.state, State::Search)
    }

    /// Whether a head is under way that is certainly one.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head | State::OverlongLine) && !self.found
    }

    pub(super) fn is_in_body(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(_) | State::UntilClose)
    }

    pub(super) fn is_until_close(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    /// Whether a message is under way, certainly or perhaps.
    pub(super) fn is_in_message(&self) -> bool {
        self.is_in_body() || matches!(self.state, State::Head | State::OverlongLine)
    }

    pub(super) fn head(&mut self) -> &mut H {
        &mut self.reader.head
    }

    /// What there is of the start line, if that is not whole yet.
    pub(super) fn partial_start_line(&self) -> Option<&[u8]> {
        self.reader.is_at_start_line().then_some(self.line.as_slice())
    }

    pub(super) fn want(&self) -> Want {
        match self.state {
            State::Length(remaining) => Want::Skip(remaining),
            State::Chunked(chunked) if chunked.data_remaining() > 0 => Want::Skip(chunked.data_remaining()),
            State::UntilClose => Want::Skip(u64::MAX),
            State::Deaf => Want::Nothing,
            State::Idle | State::Head | State::OverlongLine | State::Chunked(_) | State::Search => Want::All,
        }
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        self.line.capacity()
    }

    /// RFC 9112 section 2.2: empty lines between messages are passed over. The section asks it of servers; extra line
    /// ends behind a body are met in both directions.
    fn step_idle(&mut self, counters: &mut Counters, now_ns: u64, data: &mut &[u8]) -> Option<Event> {
        let line_ends = data.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if line_ends > 0 {
            counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(u64::try_from(line_ends).unwrap_or(0));
            *data = data.get(line_ends..).unwrap_or_default();
            if data.is_empty() {
                return None;
            }
        }
        self.reader.clear();
        self.span = Span::starting(now_ns);
        self.flags = Flags::default();
        self.found = false;
        self.state = State::Head;
        Some(Event::Began)
    }

    fn step_head(&mut self, limits: &Limits, now_ns: u64, data: &mut &[u8]) -> Option<Event> {
        let room = usize::try_from(limits.head_bytes.saturating_sub(self.span.bytes)).unwrap_or(usize::MAX);
        let visible = data.get(..room).unwrap_or(data);
        if visible.is_empty() {
            return Some(Event::Malformed(HeadError::TooLarge));
        }
        if self.reader.is_at_start_line()
            && let Some(at) = self.violation(visible, limits)
        {
            self.take(now_ns, data, at);
            return Some(Event::Malformed(HeadError::NotHttp1));
        }
        // The common case: whole lines, read where they lie.
        let (taken, outcome) =
            if self.line.is_empty() { self.reader.lines(visible, limits) } else { self.complete_line(visible, limits) };
        self.take(now_ns, data, taken);
        match outcome {
            Err(error) => return Some(Event::Malformed(error)),
            Ok(true) => {
                self.joined_late &= !self.found;
                return Some(Event::HeadDone);
            }
            Ok(false) if taken > 0 => return None,
            Ok(false) => {}
        }
        let here = visible.len().min(limits.line_bytes.saturating_sub(self.line.len()));
        self.line.extend_from_slice(visible.get(..here).unwrap_or_default());
        self.take(now_ns, data, here);
        if here < visible.len() {
            if let Err(error) = self.reader.overlong(&self.line) {
                return Some(Event::Malformed(error));
            }
            self.line.clear();
            self.state = State::OverlongLine;
        }
        None
    }

    /// Reads the line that was begun before, if its end is in `visible` and it is within the limit.
    fn complete_line(&mut self, visible: &[u8], limits: &Limits) -> (usize, Result<bool, HeadError>) {
        let Some(part) = memchr(b'\n', visible).and_then(|len| visible.get(..len)) else { return (0, Ok(false)) };
        if self.line.len().saturating_add(part.len()) > limits.line_bytes {
            return (0, Ok(false));
        }
        self.line.extend_from_slice(part);
        let outcome = self.reader.line(&self.line, limits);
        self.line.clear();
        (part.len().saturating_add(1), outcome)
    }

    #[cold]
    fn step_overlong_line(&mut self, limits: &Limits, now_ns: u64, data: &mut &[u8]) -> Option<Event> {
        let room = limits.head_bytes.saturating_sub(self.span.bytes);
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(data.len());
        if room == 0 {
            return Some(Event::Malformed(HeadError::TooLarge));
        }
        let visible = data.get(..room).unwrap_or_default();
        let end = memchr(b'\n', visible);
        if end.is_some() {
            self.state = State::Head;
        }
        self.reader.pass_over(end.and_then(|end| visible.get(..end)).unwrap_or(visible));
        self.take(now_ns, data, end.map_or(room, |end| end.saturating_add(1)));
        None
    }

    fn step_search(
        &mut self,
        limits: &Limits,
        counters: &mut Counters,
        now_ns: u64,
        data: &mut &[u8],
    ) -> Option<Event> {
        let (taken, found) = self.search.step(now_ns, data, &mut self.line, limits.line_bytes);
        *data = data.get(taken..).unwrap_or_default();
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(u64::try_from(taken).unwrap_or(0));
        self.span = found?;
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_sub(self.span.bytes);
        self.reader.clear();
        self.flags = if self.joined_late { Flags::JOINED_LATE } else { Flags::RESYNCED };
        self.found = true;
        self.state = State::Head;
        Some(Event::Began)
    }

    /// Where in `visible` the first byte is that cannot be there in a start line.
    fn violation(&mut self, visible: &[u8], limits: &Limits) -> Option<usize> {
        if self.line.is_empty() {
            return H::first_violation(visible, limits);
        }
        let held = self.line.len();
        // Whether a line begins well is decided within its first word.
        let decisive = limits.verb_bytes.saturating_add(1).saturating_sub(held).min(visible.len());
        self.line.extend_from_slice(visible.get(..decisive).unwrap_or_default());
        let at = H::first_violation(&self.line, limits);
        self.line.truncate(held);
        at.map(|at| at.saturating_sub(held))
    }

    /// Counts `len` of the message's bytes and takes them off the front of `data`.
    fn take(&mut self, now_ns: u64, data: &mut &[u8], len: usize) {
        if len > 0 {
            self.span.extend(now_ns, u64::try_from(len).unwrap_or(0));
            *data = data.get(len..).unwrap_or_default();
        }
    }

    fn pass_length(&mut self, remaining: u64, len: u64) -> Option<Event> {
        let remaining = remaining.saturating_sub(len);
        self.state = if remaining == 0 { State::Idle } else { State::Length(remaining) };
        (remaining == 0).then_some(Event::Done)
    }
}
