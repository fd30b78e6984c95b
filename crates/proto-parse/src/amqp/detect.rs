//! Is this AMQP 0-9-1?

use super::message::{FRAME_END, FRAME_HEADER_BYTES, FrameHeader, FrameKind, Method, PROTOCOL_HEADER};
use super::method::{BASIC, CONNECTION, START};
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether the first bytes of a direction are AMQP 0-9-1: of a client decided with the protocol header, of a server with the
/// version in `connection.start`.
///
/// In the middle of a stream a method that the side sends decides, the header of a content, or a heartbeat.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => is_prefix_of(prefix, &PROTOCOL_HEADER),
        (Place::Start, Direction::ToClient) => is_start(prefix),
        (Place::Middle, _) if prefix.first() == Some(&b'A') => is_prefix_of(prefix, &PROTOCOL_HEADER),
        (Place::Middle, _) => is_frame(direction, prefix),
    }
}

fn is_prefix_of(prefix: &[u8], whole: &[u8]) -> Detection {
    match prefix.get(..whole.len()) {
        Some(beginning) if beginning == whole => Detection::Match,
        None if whole.starts_with(prefix) => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Section 1.4.2.1: the first frame of a server, on channel 0, of version 0-9.
fn is_start(prefix: &[u8]) -> Detection {
    let [class, method] = [CONNECTION, START].map(u16::to_be_bytes);
    let start = [1, 0, 0, 0, 0, 0, 0, class[0], class[1], method[0], method[1], 0, 9];
    // The two lower bytes of the size are any.
    let is_free = |at: usize| matches!(at, 5 | 6);
    let differs = prefix.iter().zip(start).enumerate().any(|(at, (byte, expected))| !is_free(at) && *byte != expected);
    match prefix.len() {
        _ if differs => Detection::NoMatch,
        len if len < start.len() => Detection::NeedMore,
        _ => Detection::Match,
    }
}

/// The longest frame that is believed in the middle of a stream: more than brokers agree to unless told otherwise.
const MAX_FOUND_BYTES: u64 = 1 << 20;

fn is_frame(direction: Direction, prefix: &[u8]) -> Detection {
    let header = match FrameHeader::parse(prefix) {
        Err(_) => return Detection::NoMatch,
        Ok(Parsed::Incomplete { .. }) => return Detection::NeedMore,
        Ok(Parsed::Complete { value, .. }) if value.len <= MAX_FOUND_BYTES => value,
        Ok(Parsed::Complete { .. }) => return Detection::NoMatch,
    };
    let rest = prefix.get(FRAME_HEADER_BYTES..).unwrap_or_default();
    match header.kind {
        FrameKind::Heartbeat => is_prefix_of(rest, &[FRAME_END]),
        // Nothing in a body is known beforehand.
        FrameKind::ContentBody | FrameKind::ProtocolHeader => Detection::NoMatch,
        // Class and weight.
        FrameKind::ContentHeader => is_prefix_of(rest, &[0, BASIC.to_be_bytes()[1], 0, 0]),
        FrameKind::Method => match Method::parse(rest) {
            Err(_) => Detection::NeedMore,
            Ok(method) if method.is_sent(direction) && is_on_channel(header.channel, method.class) => Detection::Match,
            Ok(_) => Detection::NoMatch,
        },
    }
}

/// Section 2.2.4: channel 0 is the connection's, and no other is.
const fn is_on_channel(channel: u16, class: u16) -> bool {
    (channel == 0) == (class == CONNECTION)
}
