//! The frames of version 5, and the envelopes within: what is in the payloads of a direction's frames, one behind the other, is
//! a stream of envelopes.

use alloc::vec::Vec;

use super::conn::Dialog;
use super::frame::FrameHeader;
use super::lz4;
use crate::framed::Framed;
use crate::{Connection, Counters, Direction, End, Exchange, Limits, Parsed, Want};

/// How a connection came to be one of frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framing {
    /// On a connection that was joined late, the frame by which it was recognised, and its direction.
    pub(super) direction: Option<(Direction, FrameHeader)>,
    /// The two sides have agreed on compression, so that headers are longer.
    pub(super) has_compression: bool,
}

/// A connection whose envelopes are within frames.
pub(super) struct Segmented {
    envelopes: Framed<Dialog>,
    to_server: Segments,
    to_client: Segments,
    has_compression: bool,
    limits: Limits,
    is_deaf: bool,
}

/// One direction: where it is in its frames.
#[derive(Debug)]
struct Segments {
    state: State,
    /// A header that is not whole, or the beginning of a compressed payload.
    held: Vec<u8>,
    /// The header is searched for.
    searches: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    Payload {
        remaining: u32,
    },
    Compressed {
        remaining: u32,
        uncompressed_bytes: u32,
        /// A part of it is lost.
        lost: bool,
    },
    Trailer {
        remaining: u32,
    },
}

impl Segments {
    fn new(searches: bool) -> Self {
        Self { state: State::Header, held: Vec::new(), searches }
    }

    /// In a frame whose header has been read.
    fn begin(&mut self, header: FrameHeader) {
        self.held.clear();
        self.searches = false;
        self.state = match header.uncompressed_bytes {
            None => State::Payload { remaining: header.payload_bytes },
            Some(uncompressed_bytes) => {
                State::Compressed { remaining: header.payload_bytes, uncompressed_bytes, lost: false }
            }
        };
        self.end_payload();
    }

    /// Goes on to the trailer, if the payload is over.
    fn end_payload(&mut self) {
        if let State::Payload { remaining: 0 } | State::Compressed { remaining: 0, .. } = self.state {
            self.state = State::Trailer { remaining: FrameHeader::TRAILER_BYTES };
        }
    }

    /// Takes the next byte of a header: the header, if it is whole, and whether a byte in front of it was passed over.
    fn header_byte(&mut self, byte: u8, has_compression: bool) -> HeaderStep {
        self.held.push(byte);
        match FrameHeader::parse(&self.held, has_compression) {
            Ok(Parsed::Incomplete { .. }) => HeaderStep::More,
            Ok(Parsed::Complete { value, .. }) => HeaderStep::Found(value),
            Err(_) => {
                self.held.remove(0);
                if core::mem::replace(&mut self.searches, true) { HeaderStep::PassedOver } else { HeaderStep::Lost }
            }
        }
    }
}

/// What the next byte of a header makes of it.
enum HeaderStep {
    More,
    Found(FrameHeader),
    /// It is none, and the next one is searched for.
    Lost,
    /// The search has passed over a byte.
    PassedOver,
}

impl Segmented {
    pub(super) fn new(framing: Framing, limits: &Limits) -> Self {
        let joined_late = framing.direction.is_some();
        let mut connection = Self {
            envelopes: Dialog::within_frames(limits, joined_late),
            to_server: Segments::new(joined_late),
            to_client: Segments::new(joined_late),
            has_compression: framing.has_compression,
            limits: limits.clone(),
            is_deaf: false,
        };
        if let Some((direction, header)) = framing.direction {
            connection.segments(direction).begin(header);
        }
        connection
    }

    fn segments(&mut self, direction: Direction) -> &mut Segments {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn on_header_byte(&mut self, direction: Direction, now_ns: u64, byte: u8) {
        let has_compression = self.has_compression;
        let segments = self.segments(direction);
        match segments.header_byte(byte, has_compression) {
            HeaderStep::More => {}
            HeaderStep::Found(header) => segments.begin(header),
            HeaderStep::PassedOver => self.count_unparsed(1),
            HeaderStep::Lost => {
                self.count_unparsed(1);
                self.envelopes.lose_place(direction, now_ns, 0);
            }
        }
    }

    fn count_unparsed(&mut self, len: u64) {
        let counters = self.envelopes.counters_mut();
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(len);
    }

    /// Takes bytes of a compressed payload, whose beginning is held as far as it is read.
    fn on_compressed(&mut self, direction: Direction, now_ns: u64, data: &[u8]) -> usize {
        let most = self.limits.message_bytes;
        let segments = self.segments(direction);
        let State::Compressed { remaining, uncompressed_bytes, lost } = segments.state else { return 0 };
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX).min(remaining);
        let taken = usize::try_from(len).unwrap_or(data.len());
        if !lost {
            let room = most.saturating_sub(segments.held.len()).min(taken);
            segments.held.extend_from_slice(data.get(..room).unwrap_or_default());
        }
        segments.state = State::Compressed { remaining: remaining.saturating_sub(len), uncompressed_bytes, lost };
        self.end_compressed(direction, now_ns);
        taken
    }

    /// Passes on what was compressed, once all of it is there: a frame is of use to nobody before.
    fn end_compressed(&mut self, direction: Direction, now_ns: u64) {
        let segments = self.segments(direction);
        let State::Compressed { remaining: 0, uncompressed_bytes, .. } = segments.state else { return };
        let mut plain = Vec::new();
        lz4::decompress(&segments.held, usize::try_from(uncompressed_bytes).unwrap_or(usize::MAX), &mut plain);
        segments.held.clear();
        segments.held.shrink_to(FrameHeader::COMPRESSED_BYTES);
        segments.end_payload();
        self.envelopes.bytes(direction, now_ns, &plain);
        let mut rest = u64::from(uncompressed_bytes).saturating_sub(u64::try_from(plain.len()).unwrap_or(u64::MAX));
        // What was not decompressed is no loss where it is not read anyway.
        if let Want::Skip(len) = self.envelopes.want(direction) {
            let skipped = len.min(rest);
            self.envelopes.skipped(direction, now_ns, skipped);
            let counters = self.envelopes.counters_mut();
            counters.skipped_bytes = counters.skipped_bytes.saturating_sub(skipped);
            rest = rest.saturating_sub(skipped);
        }
        self.envelopes.gap(direction, now_ns, rest);
    }
}

impl Connection for Segmented {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        while let Some(&byte) = data.first().filter(|_| !self.is_deaf) {
            let taken = match self.segments(direction).state {
                State::Header => {
                    self.on_header_byte(direction, now_ns, byte);
                    1
                }
                State::Payload { remaining } => {
                    let len = u32::try_from(data.len()).unwrap_or(u32::MAX).min(remaining);
                    let taken = usize::try_from(len).unwrap_or(data.len());
                    self.envelopes.bytes(direction, now_ns, data.get(..taken).unwrap_or_default());
                    self.pass(direction, len);
                    taken
                }
                State::Compressed { .. } => self.on_compressed(direction, now_ns, data),
                State::Trailer { remaining } => {
                    let len = u32::try_from(data.len()).unwrap_or(u32::MAX).min(remaining);
                    self.pass(direction, len);
                    usize::try_from(len).unwrap_or(data.len())
                }
            };
            data = data.get(taken..).unwrap_or_default();
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.is_deaf {
            return;
        }
        let passed = match self.segments(direction).state {
            State::Payload { remaining } => u32::try_from(len).unwrap_or(u32::MAX).min(remaining),
            _ => 0,
        };
        if passed > 0 {
            self.envelopes.skipped(direction, now_ns, u64::from(passed));
            self.pass(direction, passed);
        }
        self.gap(direction, now_ns, len.saturating_sub(u64::from(passed)));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        let mut len = len;
        while len > 0 && !self.is_deaf {
            let here = |remaining: u32| u32::try_from(len).unwrap_or(u32::MAX).min(remaining);
            let passed = match &mut self.segments(direction).state {
                State::Header => {
                    let segments = self.segments(direction);
                    segments.held.clear();
                    segments.searches = true;
                    return self.envelopes.lose_place(direction, now_ns, len);
                }
                State::Payload { remaining } => {
                    let passed = here(*remaining);
                    self.envelopes.gap(direction, now_ns, u64::from(passed));
                    self.pass(direction, passed);
                    passed
                }
                State::Compressed { remaining, lost, .. } => {
                    let passed = here(*remaining);
                    *remaining = remaining.saturating_sub(passed);
                    *lost = true;
                    self.end_compressed(direction, now_ns);
                    passed
                }
                State::Trailer { remaining } => {
                    let passed = here(*remaining);
                    let counters = self.envelopes.counters_mut();
                    counters.gap_bytes = counters.gap_bytes.saturating_add(u64::from(passed));
                    self.pass(direction, passed);
                    passed
                }
            };
            len = len.saturating_sub(u64::from(passed));
        }
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        self.envelopes.end(direction, now_ns, how);
    }

    fn close(&mut self, now_ns: u64) {
        self.envelopes.close(now_ns);
        self.is_deaf = true;
    }

    fn abandon(&mut self) {
        self.envelopes.abandon();
        self.is_deaf = true;
    }

    fn want(&self, direction: Direction) -> Want {
        let segments = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        match (segments.state, self.envelopes.want(direction)) {
            (_, Want::Nothing) => Want::Nothing,
            (State::Payload { remaining }, Want::Skip(len)) => Want::Skip(len.min(u64::from(remaining))),
            _ => Want::All,
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.envelopes.poll(out)
    }

    fn counters(&self) -> &Counters {
        self.envelopes.counters()
    }

    fn held_bytes(&self) -> usize {
        let held = self.to_server.held.capacity().saturating_add(self.to_client.held.capacity());
        self.envelopes.held_bytes().saturating_add(held)
    }
}

impl Segmented {
    /// Passes over bytes of the payload or the trailer.
    fn pass(&mut self, direction: Direction, len: u32) {
        let segments = self.segments(direction);
        match &mut segments.state {
            State::Payload { remaining } => {
                *remaining = remaining.saturating_sub(len);
                segments.end_payload();
            }
            State::Trailer { remaining } => {
                *remaining = remaining.saturating_sub(len);
                if *remaining == 0 {
                    segments.state = State::Header;
                    segments.held.clear();
                }
            }
            State::Header | State::Compressed { .. } => {}
        }
    }
}
