//! One direction of a connection: from bytes to frames.

use super::frame::{FrameHeader, FrameKind, HEADER_BYTES, PREFACE};
use super::search::{Search, may_follow};
use crate::{Counters, Span};

/// One direction of a connection.
///
/// What it does is decided by the position in the stream alone, never by where a call's bytes begin or end.
#[derive(Debug)]
pub(super) struct Half {
    state: State,
    /// What is not whole yet of a frame's header, or of the fields before its content.
    held: [u8; HEADER_BYTES],
    held_bytes: u8,
    /// The frame under way.
    pub(super) frame: FrameHeader,
    pub(super) span: Span,
    /// The stream of the field block under way, which nothing but CONTINUATION may follow (RFC 9113 section 6.10).
    block: Option<u32>,
    search: Search,
    /// The frame under way, or the last one, was found by searching, so that it may have been none.
    pub(super) found: bool,
    /// No byte was seen yet.
    is_untouched: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In the client's preface, so many bytes of which are there.
    Preface {
        seen: usize,
        must_come: bool,
    },
    Header,
    /// In the fields before the content: so many bytes.
    Prefix(u8),
    Content(u32),
    Padding(u32),
    /// Somewhere in the stream: a frame is searched for.
    Search,
    /// Nothing is of interest any more.
    Deaf,
}

/// What happened at a place in the stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'a> {
    /// The client's preface is whole: this is the beginning of the connection.
    Preface,
    /// There is no preface: the connection was open before.
    NoPreface,
    /// A frame begins; its header is whole.
    Began,
    /// The stream that a PUSH_PROMISE promises.
    Promise(u32),
    /// RST_STREAM's error code.
    Reset(u32),
    /// GOAWAY's last stream and error code.
    GoAway(u32, u32),
    /// Content of DATA, or a fragment of a field block.
    Content(&'a [u8]),
    /// The frame is over.
    Done,
    /// What comes is no frame. [`Half::search`] is to be called.
    Malformed,
}

/// What of the next bytes was certainly the frame's that is under way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    /// Those of them that are content.
    pub(super) content: u32,
    /// The frame is over with them.
    pub(super) is_done: bool,
}

impl Half {
    /// The half of a client, which sends the preface first; or may have sent it before.
    pub(super) fn client(joined_late: bool) -> Self {
        Self::new(State::Preface { seen: 0, must_come: !joined_late })
    }

    /// The half of a server.
    pub(super) fn server(joined_late: bool) -> Self {
        Self::new(if joined_late { State::Search } else { State::Header })
    }

    fn new(state: State) -> Self {
        Self {
            state,
            held: [0; HEADER_BYTES],
            held_bytes: 0,
            frame: FrameHeader { len: 0, kind: FrameKind::Extension, flags: 0, stream_id: 0 },
            span: Span::default(),
            block: None,
            search: Search::default(),
            found: false,
            is_untouched: true,
        }
    }

    /// Takes bytes from the front of `data` up to the next event; without one, all of them. `newest`: the highest number
    /// of a stream that was seen on the connection.
    #[inline]
    pub(super) fn step<'a>(
        &mut self,
        counters: &mut Counters,
        newest: u32,
        now_ns: u64,
        data: &mut &'a [u8],
    ) -> Option<Event<'a>> {
        loop {
            match self.state {
                State::Content(0) => self.state = State::Padding(self.padding()),
                State::Padding(0) => {
                    self.state = State::Header;
                    return Some(Event::Done);
                }
                _ if data.is_empty() => return None,
                _ if core::mem::take(&mut self.is_untouched) => {}
                State::Deaf => return None,
                State::Preface { seen, must_come } => {
                    if let Some(event) = self.step_preface(counters, seen, must_come, data) {
                        return Some(event);
                    }
                }
                State::Header => {
                    if let Some(event) = self.step_header(newest, now_ns, data) {
                        return Some(event);
                    }
                }
                State::Prefix(wanted) => {
                    if let Some(event) = self.step_prefix(wanted, now_ns, data) {
                        return Some(event);
                    }
                }
                State::Content(remaining) => {
                    let content = self.take(now_ns, data, remaining);
                    self.state = State::Content(remaining.saturating_sub(len_of(content)));
                    if self.has_content() {
                        return Some(Event::Content(content));
                    }
                }
                State::Padding(remaining) => {
                    let padding = self.take(now_ns, data, remaining);
                    self.state = State::Padding(remaining.saturating_sub(len_of(padding)));
                }
                State::Search => {
                    if self.step_search(counters, newest, now_ns, data) {
                        return Some(Event::Began);
                    }
                }
            }
        }
    }

    /// Passes over as many of the next `len` bytes, the last of them seen at `now_ns`, as are certainly the frame's.
    pub(super) fn skip(&mut self, now_ns: u64, len: u64) -> Passed {
        let passed = self.pass(len);
        if passed.bytes > 0 {
            self.span.extend(now_ns, passed.bytes);
        }
        passed
    }

    /// Passes over as many of the next `len` bytes, known to be lost at `now_ns`, as are certainly the frame's. Its content
    /// may be among them from its first byte on.
    pub(super) fn lose(&mut self, now_ns: u64, len: u64) -> Passed {
        self.is_untouched = false;
        if let State::Prefix(wanted) = self.state {
            // How long the padding is, is not known any more, and is no loss.
            let before = u32::from(self.held_bytes.min(wanted));
            self.state = State::Content(self.frame.len.saturating_sub(before));
            self.frame.flags &= !FrameHeader::PADDED;
        }
        let passed = self.pass(len);
        // It may have taken long to know. Only of a frame whose end is lost there is no better time.
        self.span.extend(if passed.is_done { now_ns } else { self.span.last_ns }, passed.bytes);
        passed
    }

    fn pass(&mut self, len: u64) -> Passed {
        let part = |remaining: u32, len: u64| u32::try_from(len).unwrap_or(u32::MAX).min(remaining);
        let mut passed = Passed::default();
        if let State::Content(remaining) = self.state {
            passed.content = part(remaining, len);
            passed.bytes = u64::from(passed.content);
            self.state = match remaining.saturating_sub(passed.content) {
                0 => State::Padding(self.padding()),
                remaining => State::Content(remaining),
            };
        }
        if let State::Padding(remaining) = self.state {
            let padding = part(remaining, len.saturating_sub(passed.bytes));
            passed.bytes = passed.bytes.saturating_add(u64::from(padding));
            self.state = State::Padding(remaining.saturating_sub(padding));
            if remaining == padding {
                self.state = State::Header;
                passed.is_done = true;
            }
        }
        passed
    }

    /// Searches for the beginning of a frame from here on.
    pub(super) fn search(&mut self) {
        self.state = State::Search;
        self.search = Search::default();
        self.block = None;
        self.held_bytes = 0;
    }

    /// The connection begins here, although it seemed to be open before. Returns whether nothing was taken for what
    /// came later yet.
    pub(super) fn begin(&mut self) -> bool {
        if self.is_untouched {
            self.state = State::Header;
        }
        self.is_untouched
    }

    /// Takes no notice of anything from here on.
    pub(super) fn deafen(&mut self) {
        self.state = State::Deaf;
    }

    pub(super) fn is_deaf(&self) -> bool {
        matches!(self.state, State::Deaf)
    }

    pub(super) fn is_searching(&self) -> bool {
        matches!(self.state, State::Search)
    }

    /// Whether a frame is under way whose header is whole.
    pub(super) fn is_in_frame(&self) -> bool {
        matches!(self.state, State::Prefix(_) | State::Content(_) | State::Padding(_))
    }

    /// Bytes of DATA that come next, padding excepted.
    pub(super) fn data_remaining(&self) -> u32 {
        match self.state {
            State::Content(remaining) if self.frame.kind == FrameKind::Data => remaining,
            _ => 0,
        }
    }

    /// Section 3.4: "PRI * HTTP/2.0", and a little more.
    fn step_preface<'a>(
        &mut self,
        counters: &mut Counters,
        seen: usize,
        must_come: bool,
        data: &mut &'a [u8],
    ) -> Option<Event<'a>> {
        let expected = PREFACE.get(seen..).unwrap_or_default();
        let here = expected.iter().zip(data.iter()).take_while(|(wanted, byte)| wanted == byte).count();
        *data = data.get(here..).unwrap_or_default();
        if here == expected.len() {
            self.state = State::Header;
            return Some(Event::Preface);
        }
        if !data.is_empty() {
            // No frame begins with any of these bytes: they would make it too long.
            let passed = u64::try_from(seen.saturating_add(here)).unwrap_or(0);
            counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(passed);
            self.search();
            return Some(if must_come { Event::Malformed } else { Event::NoPreface });
        }
        self.state = State::Preface { seen: seen.saturating_add(here), must_come };
        None
    }

    fn step_header<'a>(&mut self, newest: u32, now_ns: u64, data: &mut &'a [u8]) -> Option<Event<'a>> {
        if self.held_bytes == 0 {
            self.span = Span::starting(now_ns);
            // The common case: a whole header, read where it lies.
            if let Some((header, rest)) = data.split_first_chunk() {
                self.span.extend(now_ns, len_of(header).into());
                *data = rest;
                return Some(self.start(header, newest));
            }
        }
        if !self.hold(HEADER_BYTES, now_ns, data) {
            return None;
        }
        let header = self.held;
        Some(self.start(&header, newest))
    }

    fn start<'a>(&mut self, header: &[u8; HEADER_BYTES], newest: u32) -> Event<'a> {
        self.held_bytes = 0;
        match FrameHeader::from_bytes(header) {
            Ok(frame) if self.found && !may_follow(frame, newest) => Event::Malformed,
            Ok(frame) => {
                let is_in_block = match self.block {
                    Some(stream_id) => frame.kind == FrameKind::Continuation && frame.stream_id == stream_id,
                    None => frame.kind != FrameKind::Continuation,
                };
                if !is_in_block {
                    return Event::Malformed;
                }
                self.found = false;
                self.enter(frame);
                Event::Began
            }
            Err(_) => Event::Malformed,
        }
    }

    /// A frame with this header begins.
    fn enter(&mut self, frame: FrameHeader) {
        self.frame = frame;
        if matches!(frame.kind, FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation) {
            self.block = (!frame.has(FrameHeader::END_HEADERS)).then_some(frame.stream_id);
        }
        self.state = match frame.prefix_bytes() {
            0 => State::Content(frame.len),
            wanted => State::Prefix(wanted),
        };
        // How much of it is padding is said in the prefix.
        self.held = [0; HEADER_BYTES];
    }

    fn step_prefix<'a>(&mut self, wanted: u8, now_ns: u64, data: &mut &'a [u8]) -> Option<Event<'a>> {
        if !self.hold(usize::from(wanted), now_ns, data) {
            return None;
        }
        self.held_bytes = 0;
        let rest = self.frame.len.saturating_sub(wanted.into());
        let Some(content) = rest.checked_sub(self.padding()) else {
            // Sections 6.1 and 6.2: padding that is longer than the frame is an error of the connection.
            return Some(Event::Malformed);
        };
        self.state = State::Content(content);
        let after_padding = if self.frame.has(FrameHeader::PADDED) { 1 } else { 0 };
        match self.frame.kind {
            FrameKind::PushPromise => Some(Event::Promise(self.word(after_padding) & 0x7fff_ffff)),
            FrameKind::RstStream => Some(Event::Reset(self.word(0))),
            FrameKind::GoAway => Some(Event::GoAway(self.word(0) & 0x7fff_ffff, self.word(4))),
            _ => None,
        }
    }

    fn step_search(&mut self, counters: &mut Counters, newest: u32, now_ns: u64, data: &mut &[u8]) -> bool {
        let before = data.len();
        let found = self.search.step(newest, now_ns, data);
        let taken = u64::try_from(before.saturating_sub(data.len())).unwrap_or(0);
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(taken);
        let Some((frame, span)) = found else { return false };
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_sub(span.bytes);
        self.span = span;
        self.found = true;
        self.enter(frame);
        true
    }

    /// Holds bytes until there are `wanted`, and says whether these are there.
    fn hold(&mut self, wanted: usize, now_ns: u64, data: &mut &[u8]) -> bool {
        let held = usize::from(self.held_bytes);
        let part = self.take(now_ns, data, u32::try_from(wanted.saturating_sub(held)).unwrap_or(0));
        for (place, byte) in self.held.iter_mut().skip(held).zip(part) {
            *place = *byte;
        }
        self.held_bytes = self.held_bytes.saturating_add(u8::try_from(part.len()).unwrap_or(0));
        usize::from(self.held_bytes) == wanted
    }

    /// Takes at most `len` of the frame's bytes off the front of `data`.
    fn take<'a>(&mut self, now_ns: u64, data: &mut &'a [u8], len: u32) -> &'a [u8] {
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(data.len());
        let taken = data.split_off(..len).unwrap_or_default();
        if len > 0 {
            self.span.extend(now_ns, len_of(taken).into());
        }
        taken
    }

    fn has_content(&self) -> bool {
        matches!(
            self.frame.kind,
            FrameKind::Data | FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation
        )
    }

    /// Bytes of padding, as far as that is known.
    fn padding(&self) -> u32 {
        let [padding, ..] = self.held;
        if self.frame.has_padding() { padding.into() } else { 0 }
    }

    /// Four bytes of the prefix.
    fn word(&self, at: usize) -> u32 {
        self.held.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |word| u32::from_be_bytes(*word))
    }
}

fn len_of(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}
