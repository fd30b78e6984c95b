//! Is this Cassandra?

use super::body;
use super::error_code::ErrorCode;
use super::frame::FrameHeader;
use super::message::{BodyFlags, EnvelopeHeader, Opcode};
use crate::read::Reader;
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether the first bytes that a side sent are Cassandra's: an envelope of a kind that may be the first, or in the middle
/// any, or a frame of version 5.
#[must_use]
pub fn detect(direction: Direction, place: Place, data: &[u8], _: &Limits) -> Detection {
    match place {
        Place::Start => match EnvelopeHeader::parse(data, direction) {
            Ok(Parsed::Incomplete { .. }) => Detection::NeedMore,
            Ok(Parsed::Complete { value, .. }) if may_be_first(value) => begins(direction, data),
            Ok(Parsed::Complete { .. }) | Err(_) => Detection::NoMatch,
        },
        Place::Middle => match begins(direction, data) {
            Detection::NoMatch => begins_in_frame(direction, data),
            detection => detection,
        },
    }
}

/// Bytes of a text that are looked at.
const SEEN_BYTES: usize = 8;

/// A client asks for options or starts up (section 4.1.1), and is answered.
fn may_be_first(header: EnvelopeHeader) -> bool {
    matches!(
        header.opcode,
        Opcode::Options | Opcode::Startup | Opcode::Supported | Opcode::Ready | Opcode::Authenticate | Opcode::Error
    )
}

/// Whether a frame begins with `data`, and in it, unless it is compressed or has only a part of one, an envelope.
fn begins_in_frame(direction: Direction, data: &[u8]) -> Detection {
    for has_compression in [false, true] {
        match FrameHeader::parse(data, has_compression) {
            Ok(Parsed::Complete { value, consumed }) if value.is_self_contained => {
                return match value.uncompressed_bytes {
                    None => begins(direction, data.get(consumed..).unwrap_or_default()),
                    Some(_) => Detection::Match,
                };
            }
            Ok(Parsed::Complete { .. }) => return Detection::Match,
            Ok(Parsed::Incomplete { .. }) => return Detection::NeedMore,
            Err(_) => {}
        }
    }
    Detection::NoMatch
}

/// Whether an envelope begins with `data`, so surely that it is believed: the header, and what must be in its body.
pub(crate) fn begins(direction: Direction, data: &[u8]) -> Detection {
    let (header, body) = match EnvelopeHeader::parse(data, direction) {
        Ok(Parsed::Complete { value, consumed }) => (value, data.get(consumed..).unwrap_or_default()),
        Ok(Parsed::Incomplete { .. }) => return Detection::NeedMore,
        Err(_) => return Detection::NoMatch,
    };
    let is_server_stream = header.opcode == Opcode::Event;
    if !header.flags.are_known() || (header.stream < 0) != is_server_stream {
        return Detection::NoMatch;
    }
    let len = usize::try_from(header.body_bytes).unwrap_or(usize::MAX);
    let (body, is_whole) = body.get(..len).map_or((body, false), |body| (body, true));
    match is_plausible(header, direction, body, len) {
        Some(true) => Detection::Match,
        None if !is_whole => Detection::NeedMore,
        Some(false) | None => Detection::NoMatch,
    }
}

/// Whether the body is one of that opcode. `None`: not enough of it is there to say so.
fn is_plausible(header: EnvelopeHeader, direction: Direction, body: &[u8], len: usize) -> Option<bool> {
    if header.flags.intersects(BodyFlags::COMPRESSED) {
        return is_compressed(body, len);
    }
    let behind = body::behind_flagged(body, header.flags, direction == Direction::ToClient)?;
    let len = len.saturating_sub(body.len().saturating_sub(behind.len()));
    let mut reader = Reader(behind);
    Some(match header.opcode {
        Opcode::Options | Opcode::Ready => len == 0,
        Opcode::Query | Opcode::Prepare => is_statement(&mut reader, len)?,
        Opcode::Execute => is_id(&mut reader)? && is_consistency_or_id(&mut reader)?,
        Opcode::Batch => {
            let (kind, count) = (reader.u8()?, reader.u16_be()?);
            kind <= 2
                && count > 0
                && match reader.u8()? {
                    0 => is_statement(&mut reader, len)?,
                    1 => is_id(&mut reader)?,
                    _ => false,
                }
        }
        Opcode::Startup | Opcode::Supported | Opcode::Register => {
            (1..=64).contains(&reader.u16_be()?) && is_name(&mut reader)?
        }
        Opcode::Event => is_name(&mut reader)?,
        Opcode::AuthResponse | Opcode::AuthChallenge | Opcode::AuthSuccess => {
            let token = reader.i32_be()?;
            len == 4_usize.saturating_add(usize::try_from(token).unwrap_or(0))
        }
        Opcode::Error => {
            let (code, message_len) = (ErrorCode(reader.i32_be()?), usize::from(reader.u16_be()?));
            !code.name().is_empty()
                && message_len.saturating_add(6) <= len
                && is_text(reader.bytes(message_len.min(SEEN_BYTES))?)
        }
        Opcode::Authenticate => {
            let name_len = usize::from(reader.u16_be()?);
            name_len.saturating_add(2) == len && is_text(reader.bytes(name_len.min(SEEN_BYTES))?)
        }
        Opcode::Result => is_result(&mut reader, len)?,
    })
}

/// Section 4.2.5: the kind, and what follows it.
fn is_result(reader: &mut Reader<'_>, len: usize) -> Option<bool> {
    Some(match reader.i32_be()? {
        1 => len == 4,
        // Flags of the metadata, and the count of columns.
        2 => (0..=0x0f).contains(&reader.i32_be()?) && (0..=0xffff).contains(&reader.i32_be()?),
        3 => usize::from(reader.u16_be()?).saturating_add(6) == len,
        4 => is_id(reader)?,
        5 => is_name(reader)?,
        _ => false,
    })
}

/// A \[long string\] that is a statement: its length, and the first of its bytes.
fn is_statement(reader: &mut Reader<'_>, len: usize) -> Option<bool> {
    let text_len = usize::try_from(reader.i32_be()?).unwrap_or(usize::MAX);
    if text_len < 3 || text_len.saturating_add(4) > len {
        return Some(false);
    }
    Some(is_text(reader.bytes(text_len.min(SEEN_BYTES))?))
}

/// \[short bytes\] that are a statement's id.
fn is_id(reader: &mut Reader<'_>) -> Option<bool> {
    let len = reader.u16_be()?;
    if !(1..=48).contains(&len) {
        return Some(false);
    }
    reader.bytes(usize::from(len))?;
    Some(true)
}

/// A \[consistency\], or in version 5 another id: either begins with a small number.
fn is_consistency_or_id(reader: &mut Reader<'_>) -> Option<bool> {
    Some(reader.u16_be()? <= 48)
}

/// A \[string\] of capital letters.
fn is_name(reader: &mut Reader<'_>) -> Option<bool> {
    let len = reader.u16_be()?;
    if !(1..=32).contains(&len) {
        return Some(false);
    }
    let name = reader.bytes(usize::from(len))?;
    Some(name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_'))
}

/// The length of what is compressed, in front of an LZ4 block, and that block.
fn is_compressed(body: &[u8], len: usize) -> Option<bool> {
    let (plain_len, _) = body.split_first_chunk()?;
    let plain_len = usize::try_from(u32::from_be_bytes(*plain_len)).unwrap_or(usize::MAX);
    let block_len = len.saturating_sub(4);
    // A block is hardly longer than what it is of, and at least its 255th part.
    Some(block_len > 0 && plain_len >= block_len / 2 && plain_len / 255 <= block_len)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..))
}

#[cfg(test)]
mod tests;
