//! Is this TLS?

use super::message::{CLIENT_HELLO, Content, MESSAGE_HEADER_BYTES, RecordHeader, SERVER_HELLO};
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether the first bytes of a direction are TLS: decided with a hello's version, its tenth and eleventh byte.
///
/// In the middle of a stream the header of a record of encrypted data decides, if one begins there.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    let (header, content) = match RecordHeader::parse(prefix) {
        Err(_) => return Detection::NoMatch,
        Ok(Parsed::Incomplete { .. }) => return Detection::NeedMore,
        Ok(Parsed::Complete { value, consumed }) => (value, prefix.get(consumed..).unwrap_or_default()),
    };
    match header.content {
        Content::Handshake => is_hello(direction, content),
        Content::Alert if direction == Direction::ToClient => is_alert(header, content),
        Content::ApplicationData if place == Place::Middle && header.len >= MIN_ENCRYPTED_BYTES => Detection::Match,
        _ => Detection::NoMatch,
    }
}

/// RFC 5246 section 6.2.3, RFC 8446 section 5.2: no cipher has less around the data than the 8 bytes of a short tag.
const MIN_ENCRYPTED_BYTES: u16 = 8 + 1;

/// RFC 8446 section 4: a message of the type that the side begins with, of a length that a hello may have, and its version.
fn is_hello(direction: Direction, content: &[u8]) -> Detection {
    let wanted = match direction {
        Direction::ToServer => CLIENT_HELLO,
        Direction::ToClient => SERVER_HELLO,
    };
    for (at, byte) in content.iter().enumerate().take(MESSAGE_HEADER_BYTES + 2) {
        let is_possible = match at {
            0 => *byte == wanted,
            // 64 KiB: more than the extensions of a hello may be.
            1 => *byte <= 1,
            4 => *byte == 3,
            5 => *byte <= 4,
            _ => true,
        };
        if !is_possible {
            return Detection::NoMatch;
        }
    }
    if content.len() < MESSAGE_HEADER_BYTES + 2 { Detection::NeedMore } else { Detection::Match }
}

/// A server may answer a hello with nothing but an alert.
fn is_alert(header: RecordHeader, content: &[u8]) -> Detection {
    match content {
        _ if header.len != 2 => Detection::NoMatch,
        [] | [1 | 2] => Detection::NeedMore,
        [1 | 2, _, ..] => Detection::Match,
        _ => Detection::NoMatch,
    }
}
