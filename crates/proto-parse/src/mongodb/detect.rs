//! Is this MongoDB?

use super::bson::{Stop, document_len};
use super::message::Head;
use super::opcode::Opcode;
use crate::read::Reader;
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether bytes are of MongoDB, by the first message: its header, and where a document begins in it, that document's length and
/// its first element.
#[must_use]
pub fn detect(direction: Direction, _place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    begins(direction, prefix)
}

/// Whether a message of this direction begins with `data`.
pub(super) fn begins(direction: Direction, data: &[u8]) -> Detection {
    let Ok(parsed) = Head::parse(data) else { return Detection::NoMatch };
    let Parsed::Complete { value: head, consumed } = parsed else { return Detection::NeedMore };
    let is_right_way = match direction {
        Direction::ToServer => head.opcode.is_request() && head.response_to == 0,
        Direction::ToClient => head.opcode.is_response() && head.response_to != 0,
    };
    if !is_right_way {
        return Detection::NoMatch;
    }
    match content(head, Reader(data.get(consumed..).unwrap_or_default())) {
        Ok(()) => Detection::Match,
        Err(Stop::Short) if data.len() < usize::try_from(head.message_bytes).unwrap_or(usize::MAX) => {
            Detection::NeedMore
        }
        Err(Stop::Short | Stop::Malformed) => Detection::NoMatch,
    }
}

/// Checks the first fields behind the header.
fn content(head: Head, mut rest: Reader<'_>) -> Result<(), Stop> {
    let first = rest.i32_le().ok_or(Stop::Short)?;
    let is_valid = match head.opcode {
        // Flags, of which few are known.
        Opcode::Msg => first & !0x0001_0003 == 0,
        Opcode::Query | Opcode::Reply => first & !0xff == 0,
        Opcode::Insert => matches!(first, 0 | 1),
        // A zero.
        Opcode::Update | Opcode::Delete | Opcode::GetMore | Opcode::KillCursors => first == 0,
        // What is compressed.
        Opcode::Compressed => Opcode::from_number(first).is_some_and(|opcode| opcode != Opcode::Compressed),
        // Names, which no longer occur in the wild.
        Opcode::Command | Opcode::CommandReply => return Ok(()),
    };
    if !is_valid {
        return Err(Stop::Malformed);
    }
    match head.opcode {
        Opcode::Msg => match rest.u8().ok_or(Stop::Short)? {
            0 => opens_document(head, rest),
            1 => fits(head, document_len(rest.0)?),
            _ => Err(Stop::Malformed),
        },
        Opcode::Query | Opcode::Insert | Opcode::Update | Opcode::Delete | Opcode::GetMore => {
            // A database, a dot, a collection.
            match rest.0 {
                [] => Err(Stop::Short),
                [b'!'..=b'~', ..] => Ok(()),
                _ => Err(Stop::Malformed),
            }
        }
        _ => Ok(()),
    }
}

/// A document's length, and the kind and the name of its first element.
fn opens_document(head: Head, rest: Reader<'_>) -> Result<(), Stop> {
    fits(head, document_len(rest.0)?)?;
    match rest.0.get(4..).unwrap_or_default() {
        [0, ..] | [0x01..=0x13, b'$' | b'_' | b'A'..=b'Z' | b'a'..=b'z', ..] => Ok(()),
        [] | [0x01..=0x13] => Err(Stop::Short),
        _ => Err(Stop::Malformed),
    }
}

/// Header, flags, kind and what is `len` long.
fn fits(head: Head, len: usize) -> Result<(), Stop> {
    let message_bytes = usize::try_from(head.message_bytes).unwrap_or(usize::MAX);
    if len.saturating_add(Head::BYTES).saturating_add(5) <= message_bytes { Ok(()) } else { Err(Stop::Malformed) }
}

#[cfg(test)]
mod tests;
