//! One direction of a connection, in order.

use geophone_model::time::Timestamp;
use geophone_proto_parse::End;

use super::{
    held::{Content, Held, Segment},
    piece::{Part, Piece, Trimmed},
    sequence::Base,
    window::{Claim, MAX_UNSEEN_BYTES, Window},
};
use crate::ledger::ByteBook;

/// Where a stream's bytes go, in order and each once.
pub(crate) trait Sink {
    /// The next bytes, all seen at `at`.
    fn bytes(&mut self, at: Timestamp, data: &[u8]);

    /// The next `len` bytes were left out because the pipeline had asked for that; `at` is the time of the last one.
    fn left_out(&mut self, at: Timestamp, len: u64);

    /// The next `len` bytes are lost, which became known at `at`.
    fn lost(&mut self, at: Timestamp, len: u64, why: Lost);

    /// The account of what is seen, what waits and what was there before. What is delivered is the sink's to count.
    fn book(&mut self) -> &mut ByteBook;
}

/// Why bytes are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Their packet was seen, but they were not copied.
    Cut,
    /// They were never seen.
    Hole,
}

/// How much may wait for missing bytes, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes: usize,
    pub(crate) segments: usize,
    /// Bytes that may wait in all streams together.
    pub(crate) total_bytes: u64,
    pub(crate) patience_ns: u64,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    base: Option<Base>,
    /// It was joined in the middle, and its first byte may still be on the way to the reader.
    joining: bool,
    /// Offset of the next byte to deliver.
    next: u64,
    window: Window,
    /// The offset at which a source that counts by itself began to count.
    counted_from: u64,
    /// Bytes before this offset may be missing because the pipeline asked for that.
    asked_until: u64,
    held: Held,
    /// Since when something is missing that later bytes or the stream's end wait for.
    waiting_since: Option<Timestamp>,
    end: StreamEnd,
}

/// What is known of a stream's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum StreamEnd {
    #[default]
    Open,
    /// It ends at `offset`, as was said `at`; what is before may still be missing.
    Announced { offset: u64, how: End, at: Timestamp },
    /// All before the end is delivered, and the end was taken.
    Reached { at: Timestamp },
}

impl Stream {
    pub(crate) const fn next_offset(&self) -> u64 {
        self.next
    }

    pub(crate) const fn base(&self) -> Option<Base> {
        self.base
    }

    /// The stream begins behind this SYN. To be said while it is untouched.
    pub(crate) fn open(&mut self, isn: u32) {
        let base = Base::after_syn(isn);
        if self.base != Some(base) {
            (self.base, self.joining, self.next, self.window) = (Some(base), false, 0, Window::default());
        }
    }

    /// A packet of the sender's, in the middle of a connection, has this sequence number. What comes next may be from
    /// before it, so data is held until the receiver has said something, or patience ends.
    pub(crate) fn join(&mut self, seq: u32) {
        self.base = Some(Base::joined(seq));
        (self.joining, self.next, self.window) = (true, u64::from(Base::JOINED_OFFSET), Window::default());
    }

    /// The same, from an acknowledgement of the receiver's.
    pub(crate) fn join_acked(&mut self, ack: u32) {
        self.join(ack);
        self.window = Window::acked_until(self.next);
    }

    /// Whether a packet with this sequence number is to join the stream: nothing is known of it but what a receiver says,
    /// if that, and not near.
    pub(crate) fn is_joined_by(&self, seq: u32) -> bool {
        let is_near = |offset| (0..=self.next.saturating_add(MAX_UNSEEN_BYTES) as i64).contains(&offset);
        self.base.is_none() || (self.joining && self.held.is_empty() && !is_near(self.offset(seq)))
    }

    /// The offset of a sequence number; before the stream has a base, its beginning.
    pub(crate) fn offset(&self, seq: u32) -> i64 {
        self.base.map_or(0, |base| base.offset(seq, self.next))
    }

    pub(crate) fn seq_at(&self, offset: u64) -> Option<u32> {
        self.base.map(|base| base.seq_at(offset))
    }

    /// Whether the byte with this sequence number is the next one to deliver, as far as one can tell.
    pub(crate) fn is_next(&self, seq: u32) -> bool {
        let is_known = !self.joining || self.window.acked().is_some();
        is_known && self.base.is_some_and(|base| base.seq_at(self.next) == seq)
    }

    /// From now on bytes before `offset` may be missing without being lost.
    pub(crate) fn allow_left_out(&mut self, offset: u64) {
        self.asked_until = self.asked_until.max(offset);
    }

    /// Whether nothing has been delivered and nothing waits.
    pub(crate) fn is_untouched(&self) -> bool {
        (self.next == 0 || self.joining) && self.held.is_empty()
    }

    /// Whether something is waited for.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// When to give up waiting, if something is waited for.
    pub(crate) fn deadline(&self, patience_ns: u64) -> Option<Timestamp> {
        self.waiting_since.map(|since| since.plus_ns(patience_ns))
    }

    /// Takes a piece: delivers it, if it is its turn, with all that waited for it, else holds it.
    pub(crate) fn accept(&mut self, piece: Piece<'_>, bounds: &Bounds, sink: &mut impl Sink) {
        sink.book().seen += piece.len;
        if self.joining && self.window.acked().is_some() {
            self.begin_with(u64::try_from(piece.start).unwrap_or(0));
        }
        let Some(piece) = piece.without_before(if self.joining { 0 } else { self.next }) else {
            sink.book().duplicate += piece.len;
            return;
        };
        let Trimmed { piece, start, duplicate } = piece;
        sink.book().duplicate += duplicate;
        let is_in_order = !self.joining && self.held.is_empty();
        if is_in_order && self.may_be_left_out(start) {
            self.leave_out(start - self.next, piece.at, sink);
        }
        if is_in_order && start == self.next {
            self.deliver(&piece, sink);
        } else {
            self.hold(start, &piece, sink);
            self.drain(sink);
            while self.held.content_bytes() > bounds.bytes
                || self.held.segments() > bounds.segments
                || (sink.book().held > bounds.total_bytes && !self.held.is_empty())
            {
                self.give_up_first_hole(piece.at, sink);
            }
        }
        self.note_waiting(piece.at);
    }

    /// Takes a piece of a source that is in order already, so that what is not there is lost. A source that forgets a
    /// stream counts it from zero again: then what it has counted since was passed on, or is lost.
    pub(crate) fn accept_in_order(&mut self, mut piece: Piece<'_>, bounds: &Bounds, sink: &mut impl Sink) {
        if piece.len == 0 {
            return;
        }
        let counted = u64::try_from(piece.start).unwrap_or(0);
        if self.counted_from.saturating_add(counted) < self.next {
            self.counted_from = self.next;
        }
        let start = self.counted_from.saturating_add(counted);
        if start > self.next {
            self.give_up_until(start, piece.at, sink);
        }
        piece.start = i64::try_from(start).unwrap_or(i64::MAX);
        self.accept(piece, bounds, sink);
    }

    /// A packet of the sender's reaches up to `offset`, with or without bytes of its own.
    pub(crate) fn sent(&mut self, offset: u64, sink: &mut impl Sink) {
        if let Some(Claim { offset, at }) = self.window.sent(offset) {
            self.acknowledged(offset, at, false, sink);
        }
    }

    /// The peer says that it has everything before `offset`: what was not seen of it will not come. `vouches`: the packet
    /// that says so is the next one of its own stream.
    pub(crate) fn acknowledged(&mut self, offset: u64, at: Timestamp, vouches: bool, sink: &mut impl Sink) {
        let offset = match self.end {
            // FIN has a sequence number of its own (RFC 9293 section 3.4), which is no byte of the stream.
            StreamEnd::Announced { offset: end, .. } => offset.min(end),
            StreamEnd::Reached { .. } => return,
            StreamEnd::Open => offset,
        };
        if !self.window.acknowledged(offset, at, self.expected(), vouches) {
            return;
        }
        if self.joining && !self.held.is_empty() {
            self.begin(sink);
            self.note_waiting(at);
        }
        // Nobody has more under way than the largest window (RFC 7323 section 2.3): else it is not of this connection.
        if offset <= self.next || offset - self.next > MAX_WINDOW_BYTES {
            return;
        }
        // The packet with the last byte of a range that was asked to be left out will be seen, or it is lost.
        if self.held.is_empty() && self.may_be_left_out(offset) {
            return;
        }
        self.give_up_until(offset, at, sink);
        self.note_waiting(at);
    }

    /// The sender says that the stream ends at `offset`. The first word counts.
    pub(crate) fn announce_end(&mut self, offset: i64, how: End, at: Timestamp, sink: &mut impl Sink) {
        if self.end != StreamEnd::Open {
            return;
        }
        let offset = match u64::try_from(offset) {
            Ok(offset) if offset > self.next && offset - self.next <= MAX_WINDOW_BYTES => offset,
            _ => self.next,
        };
        self.end = StreamEnd::Announced { offset, how, at };
        if how == End::Fin {
            self.sent(offset, sink);
        }
        if self.held.is_empty() && self.may_be_left_out(offset) {
            self.leave_out(offset - self.next, at, sink);
        }
        self.note_waiting(at);
    }

    /// Whether the stream may end like this at `offset`, or the packet that says so is not of this connection.
    pub(crate) fn may_end(&self, offset: i64, how: End) -> bool {
        let Some(base) = self.base else { return true };
        // Where everything is left out nobody knows how far the sender is.
        if self.asked_until == u64::MAX {
            return true;
        }
        let Ok(offset) = u64::try_from(offset) else { return false };
        match how {
            End::Reset => self.window.has_reset(offset, self.expected(), base.is_exact()),
            _ => self.window.has_fin(offset, self.next, self.expected()),
        }
    }

    /// How and when the stream ended, once, when everything before its end is delivered.
    pub(crate) fn take_end(&mut self) -> Option<(End, Timestamp)> {
        match self.end {
            StreamEnd::Announced { .. } if self.joining && !self.held.is_empty() => None,
            StreamEnd::Announced { offset, how, at } if offset <= self.next => {
                self.end = StreamEnd::Reached { at };
                self.waiting_since = None;
                Some((how, at))
            }
            _ => None,
        }
    }

    /// When the stream ended, if it has.
    pub(crate) const fn ended_at(&self) -> Option<Timestamp> {
        match self.end {
            StreamEnd::Reached { at } => Some(at),
            StreamEnd::Open | StreamEnd::Announced { .. } => None,
        }
    }

    /// Gives up what was waited for too long. `now` is event time.
    pub(crate) fn expire(&mut self, now: Timestamp, bounds: &Bounds, sink: &mut impl Sink) {
        // A time that was not believed is no beginning.
        self.waiting_since = self.waiting_since.map(|since| since.min(now));
        while self.deadline(bounds.patience_ns).is_some_and(|deadline| deadline <= now) {
            match (self.held.is_empty(), self.end) {
                (false, _) => self.give_up_first_hole(now, sink),
                (true, StreamEnd::Announced { offset, .. }) => self.give_up_until(offset, now, sink),
                (true, StreamEnd::Open | StreamEnd::Reached { .. }) => {}
            }
            self.note_waiting(now);
        }
    }

    /// Gives up all holes: the connection is over.
    pub(crate) fn flush(&mut self, at: Timestamp, sink: &mut impl Sink) {
        while !self.held.is_empty() {
            self.give_up_first_hole(at, sink);
        }
        if let StreamEnd::Announced { offset, .. } = self.end {
            self.give_up_until(offset, at, sink);
        }
        self.waiting_since = None;
    }

    /// Forgets what is held: nobody observes any more.
    pub(crate) fn discard(&mut self, book: &mut ByteBook) {
        book.held -= self.held.len();
        book.evicted += self.held.len();
        self.held = Held::default();
        self.waiting_since = None;
    }

    /// Up to where the sender is expected to be, though it need not have been seen.
    fn expected(&self) -> u64 {
        self.next.max(self.asked_until)
    }

    /// What is held is the beginning of a stream that was joined: nothing from before it is waited for any longer.
    fn begin(&mut self, sink: &mut impl Sink) {
        self.begin_with(self.held.first().map_or(self.next, |first| first.start));
        self.drain(sink);
    }

    /// The first that was seen is at `offset`; what the receiver did not have then is missing, unless that is too much.
    fn begin_with(&mut self, offset: u64) {
        let acked = self.window.acked().filter(|acked| *acked <= offset && offset - acked <= MAX_UNSEEN_BYTES);
        (self.joining, self.next) = (false, acked.unwrap_or(offset));
    }

    fn deliver(&mut self, piece: &Piece<'_>, sink: &mut impl Sink) {
        for (len, part) in piece.parts() {
            match part {
                _ if len == 0 => {}
                Part::Bytes(bytes) => sink.bytes(piece.at, bytes),
                Part::LeftOut => sink.left_out(piece.at, len),
                Part::Cut => sink.lost(piece.at, len, Lost::Cut),
            }
        }
        self.next += piece.len;
    }

    fn hold(&mut self, start: u64, piece: &Piece<'_>, sink: &mut impl Sink) {
        let mut added = 0;
        let mut offset = start;
        for (len, part) in piece.parts() {
            added += self.held.insert(offset, len, piece.at, |from, to| match part {
                Part::Bytes(bytes) => Content::Bytes(bytes[from as usize..to as usize].to_vec()),
                Part::LeftOut => Content::LeftOut,
                Part::Cut => Content::Cut,
            });
            offset += len;
        }
        let book = sink.book();
        book.held += added;
        book.duplicate += piece.len - added;
    }

    /// Delivers what waited and is next.
    fn drain(&mut self, sink: &mut impl Sink) {
        while let Some(first) = self.held.first().filter(|_| !self.joining) {
            if first.start > self.next {
                let (start, at) = (first.start, first.at);
                if !self.may_be_left_out(start) {
                    return;
                }
                self.leave_out(start - self.next, at, sink);
            }
            self.waiting_since = None;
            let Some(Segment { len, at, content, .. }) = self.held.pop_first() else { return };
            sink.book().held -= len;
            match content {
                Content::Bytes(bytes) => sink.bytes(at, &bytes),
                Content::LeftOut => sink.left_out(at, len),
                Content::Cut => sink.lost(at, len, Lost::Cut),
            }
            self.next += len;
        }
    }

    fn give_up_first_hole(&mut self, at: Timestamp, sink: &mut impl Sink) {
        if self.joining {
            return self.begin(sink);
        }
        if let Some(first) = self.held.first() {
            let start = first.start;
            self.give_up_hole(start, at, sink);
            self.drain(sink);
        }
    }

    /// Gives up every hole before `offset`.
    fn give_up_until(&mut self, offset: u64, at: Timestamp, sink: &mut impl Sink) {
        if self.joining {
            self.begin(sink);
        }
        while self.next < offset {
            let until = self.held.first().map_or(offset, |first| first.start.min(offset));
            self.give_up_hole(until, at, sink);
            self.drain(sink);
        }
    }

    /// Gives up what is missing before `until`. What the source was asked to leave out it has left out, except for the
    /// packet with the last byte of that: it would have been reported.
    fn give_up_hole(&mut self, until: u64, at: Timestamp, sink: &mut impl Sink) {
        let left_out_until = if self.asked_until > until { until } else { self.asked_until.saturating_sub(1) };
        if left_out_until > self.next {
            // It passed before what waits behind it, however long ago that was.
            let passed_at = self.held.first().map_or(at, |first| first.at);
            self.leave_out(left_out_until - self.next, passed_at, sink);
        }
        let len = until - self.next;
        if len > 0 {
            sink.book().seen += len;
            sink.lost(at, len, Lost::Hole);
            self.next = until;
        }
    }

    /// Whether what is missing before `offset` is missing because the pipeline asked for that. The packet with the last
    /// byte before `asked_until` is reported in any case: where it is missing, it is late or lost.
    const fn may_be_left_out(&self, offset: u64) -> bool {
        offset > self.next && offset < self.asked_until
    }

    fn leave_out(&mut self, len: u64, at: Timestamp, sink: &mut impl Sink) {
        sink.book().seen += len;
        sink.left_out(at, len);
        self.next += len;
    }

    /// Remembers since when something is missing.
    fn note_waiting(&mut self, at: Timestamp) {
        let ends_later = matches!(self.end, StreamEnd::Announced { offset, .. } if offset > self.next);
        if self.held.is_empty() && !ends_later {
            self.waiting_since = None;
        } else if self.waiting_since.is_none() {
            self.waiting_since = Some(self.held.first().map_or(at, |first| first.at));
        }
    }
}

/// The largest window that TCP can announce (RFC 7323 section 2.3).
const MAX_WINDOW_BYTES: u64 = 1 << 30;
