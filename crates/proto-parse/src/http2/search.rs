//! Where a frame begins in the middle of a stream.
//!
//! Nothing marks a frame. What is taken for its header are nine bytes that make sense in all of their parts: a kind that
//! is met between any two others, a length that suits it, no flag that it does not have, and a stream that is about as
//! old as those which are open. Nine random bytes are that more rarely than once in a hundred thousand million times, and once
//! in a thousand million as long as no stream was seen. If what comes behind the frame is none, it was none.

use super::frame::{FrameHeader, FrameKind, HEADER_BYTES};
use crate::Span;

/// The largest frame that a peer sends unless it was allowed more (RFC 9113 section 4.2).
const FRAME_BYTES: u32 = 16_384;

/// A longer list of settings than anybody has: section 6.5.2 knows six of them.
const SETTINGS_BYTES: u32 = 96;

/// How much higher the number of a stream may be than what was seen of them.
const STREAMS_AHEAD: u32 = 20_000;

/// The highest number of a stream on a connection of which none was seen yet.
const HIGHEST_FIRST_STREAM: u32 = 1 << 24;

/// The last bytes that were seen, which may become a header, and their times.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Search {
    window: [(u8, u64); HEADER_BYTES],
    seen: u8,
}

impl Search {
    /// Takes bytes from the front of `data` up to the end of a frame's header; without one, all of them. `newest`: the
    /// highest number of a stream that was seen on the connection.
    pub(super) fn step(&mut self, newest: u32, now_ns: u64, data: &mut &[u8]) -> Option<(FrameHeader, Span)> {
        while let Some((&byte, rest)) = data.split_first() {
            *data = rest;
            self.window.rotate_left(1);
            if let Some(last) = self.window.last_mut() {
                *last = (byte, now_ns);
            }
            self.seen = self.seen.saturating_add(1);
            if usize::from(self.seen) < HEADER_BYTES {
                continue;
            }
            if let Some(header) = plausible(&self.window.map(|(byte, _)| byte), newest) {
                let [(_, first_ns), ..] = self.window;
                let mut span = Span::starting(first_ns);
                for (_, seen_ns) in self.window {
                    span.extend(seen_ns, 1);
                }
                *self = Self::default();
                return Some((header, span));
            }
        }
        None
    }
}

/// The header that these bytes are, if they make sense as one.
fn plausible(bytes: &[u8; HEADER_BYTES], newest: u32) -> Option<FrameHeader> {
    // The cheapest check first: it refuses nearly all.
    let [0, _, _, 0..=0x8, _, 0..=0x7f, ..] = bytes else { return None };
    let header = FrameHeader::from_bytes(bytes).ok()?;
    let makes_sense = match header.kind {
        FrameKind::Headers => header.has(FrameHeader::END_HEADERS) && header.len > 0 && may_follow(header, newest),
        // A frame of zeros is most likely content, and content has frames of zeros in it: that of gRPC messages, too.
        FrameKind::Data => newest > 0 && (header.len > 0 || header.flags != 0) && may_follow(header, newest),
        FrameKind::Priority => false,
        _ => may_follow(header, newest),
    };
    makes_sense.then_some(header)
}

/// Whether a frame with this header may follow one that was found.
pub(super) fn may_follow(header: FrameHeader, newest: u32) -> bool {
    let FrameHeader { len, kind, flags, stream_id } = header;
    let highest = if newest > 0 { newest.saturating_add(STREAMS_AHEAD) } else { HIGHEST_FIRST_STREAM };
    // Streams with even numbers are the server's, and hardly anybody uses them.
    let is_clients = stream_id <= highest && !stream_id.is_multiple_of(2);
    let has_only = |known: u8| flags & !known == 0;
    match kind {
        FrameKind::Headers => {
            let known = FrameHeader::END_STREAM | FrameHeader::PADDED | FrameHeader::PRIORITY;
            is_clients && len <= FRAME_BYTES && has_only(known | FrameHeader::END_HEADERS)
        }
        FrameKind::Data => is_clients && len <= FRAME_BYTES && has_only(FrameHeader::END_STREAM | FrameHeader::PADDED),
        FrameKind::Settings if flags == 0 => (1..=SETTINGS_BYTES).contains(&len),
        FrameKind::Settings | FrameKind::Ping => has_only(FrameHeader::ACK),
        FrameKind::GoAway => len <= FRAME_BYTES && flags == 0,
        FrameKind::RstStream | FrameKind::Priority => is_clients && flags == 0,
        FrameKind::WindowUpdate => (stream_id == 0 || is_clients) && flags == 0,
        FrameKind::PushPromise | FrameKind::Continuation | FrameKind::Extension => false,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Where the first header ends that is found, and what is.
    fn find(data: &[u8], newest: u32, cut: usize) -> Option<(usize, FrameKind, u64)> {
        let mut search = Search::default();
        let mut after = data.len();
        for (piece, now_ns) in data.chunks(cut).zip(0..) {
            let mut rest = piece;
            let found = search.step(newest, now_ns, &mut rest);
            after = after.saturating_sub(piece.len());
            if let Some((header, span)) = found {
                assert_eq!(span.bytes, 9);
                let at = data.len().saturating_sub(after).saturating_sub(rest.len());
                return Some((at, header.kind, span.first_ns));
            }
        }
        None
    }

    #[test]
    fn a_frame_is_found_among_other_bytes() {
        for (frame, kind) in [
            (&b"\x00\x00\x20\x01\x05\x00\x00\x00\x0b"[..], FrameKind::Headers),
            (b"\x00\x20\x00\x00\x00\x00\x00\x00\x0b", FrameKind::Data),
            (b"\x00\x00\x00\x04\x01\x00\x00\x00\x00", FrameKind::Settings),
            (b"\x00\x00\x08\x06\x00\x00\x00\x00\x00", FrameKind::Ping),
            (b"\x00\x00\x04\x08\x00\x00\x00\x00\x00", FrameKind::WindowUpdate),
            (b"\x00\x00\x04\x03\x00\x00\x00\x00\x0b", FrameKind::RstStream),
        ] {
            let data = [b"the middle of something\x00\x00\x00", frame, b"and more"].concat();
            assert_eq!(find(&data, 9, usize::MAX), Some((35, kind, 0)));
            assert_eq!(find(&data, 9, 1), Some((35, kind, 26)), "the time is that of its first byte");
        }
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        for frame in [
            &b"\x00\x00\x20\x01\x45\x00\x00\x00\x0b"[..],
            b"\x00\x00\x20\x01\x05\x00\x00\x00\x0a",
            b"\x00\x00\x20\x01\x05\x7f\x00\x00\x0b",
            b"\x00\x50\x00\x00\x00\x00\x00\x00\x0b",
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x0b",
            b"\x00\x00\x60\x04\x01\x00\x00\x00\x00",
            b"\x00\x00\x20\x09\x04\x00\x00\x00\x0b",
        ] {
            assert_eq!(find(frame, 9, usize::MAX), None, "{}", frame.escape_ascii());
        }
        assert_eq!(find(b"\x00\x20\x00\x00\x00\x00\x00\x00\x0b", 0, 1), None, "data of a stream that nobody has seen");
        let text: Vec<u8> = b"A text of some length. ".repeat(1000);
        assert_eq!(find(&text, 9, usize::MAX), None);
        assert_eq!(find(&[0; 10_000], 9, usize::MAX), None);
    }
}
