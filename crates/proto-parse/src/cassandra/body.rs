//! What an observer reads of the bodies of envelopes: texts and ids of statements, codes of errors. Each function takes the
//! beginning of a body, all of it where it is short, and says `None` where what is asked for is not in it.

use super::error_code::ErrorCode;
use super::message::BodyFlags;
use crate::read::Reader;

/// The rest of a body behind what its flags put in front: section 2.2.
#[must_use]
pub fn behind_flagged(body: &[u8], flags: BodyFlags, is_response: bool) -> Option<&[u8]> {
    let mut reader = Reader(body);
    if is_response && flags.intersects(BodyFlags::TRACING) {
        reader.bytes(16)?;
    }
    if is_response && flags.intersects(BodyFlags::WARNING) {
        for _ in 0..reader.u16_be()? {
            short_bytes(&mut reader)?;
        }
    }
    if flags.intersects(BodyFlags::CUSTOM_PAYLOAD) {
        for _ in 0..reader.u16_be()? {
            short_bytes(&mut reader)?;
            bytes(&mut reader)?;
        }
    }
    Some(reader.0)
}

/// The text of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementText<'a> {
    /// As much of it as is there.
    pub bytes: &'a [u8],
    /// Whether that is all.
    pub is_whole: bool,
}

/// The text in a QUERY or PREPARE: a \[long string\], sections 4.1.4 and 4.1.5.
#[must_use]
pub fn statement_text(body: &[u8]) -> Option<StatementText<'_>> {
    long_text(&mut Reader(body))
}

/// The id in an EXECUTE: \[short bytes\], section 4.1.6.
#[must_use]
pub fn statement_id(body: &[u8]) -> Option<&[u8]> {
    short_bytes(&mut Reader(body))
}

/// The first statement of a BATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchStatement<'a> {
    /// Its text.
    Text(StatementText<'a>),
    /// Its id.
    Id(&'a [u8]),
    /// There is none.
    None,
}

/// The first statement in a BATCH: section 4.1.7.
#[must_use]
pub fn first_of_batch(body: &[u8]) -> Option<BatchStatement<'_>> {
    let mut reader = Reader(body);
    // The batch's type.
    reader.u8()?;
    if reader.u16_be()? == 0 {
        return Some(BatchStatement::None);
    }
    match reader.u8()? {
        0 => long_text(&mut reader).map(BatchStatement::Text),
        _ => short_bytes(&mut reader).map(BatchStatement::Id),
    }
}

/// The value of an option in a STARTUP: section 4.1.1.
#[must_use]
pub fn startup_option<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut reader = Reader(body);
    for _ in 0..reader.u16_be()? {
        let (key, value) = (short_bytes(&mut reader)?, short_bytes(&mut reader)?);
        if key == name {
            return Some(value);
        }
    }
    None
}

/// The code in an ERROR: section 4.2.1.
#[must_use]
pub fn error_code(body: &[u8]) -> Option<ErrorCode> {
    Reader(body).i32_be().map(ErrorCode)
}

/// The id in a RESULT, if it is one of a PREPARE: section 4.2.5.4.
#[must_use]
pub fn prepared_id(body: &[u8]) -> Option<&[u8]> {
    const PREPARED: i32 = 4;
    let mut reader = Reader(body);
    if reader.i32_be()? != PREPARED {
        return None;
    }
    short_bytes(&mut reader)
}

/// The type of an EVENT: section 4.2.6.
#[must_use]
pub fn event_type(body: &[u8]) -> Option<&[u8]> {
    short_bytes(&mut Reader(body))
}

/// A \[string\] or \[short bytes\].
fn short_bytes<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u16_be()?;
    reader.bytes(usize::from(len))
}

/// \[bytes\]: none where the length is negative.
fn bytes(reader: &mut Reader<'_>) -> Option<()> {
    if let Ok(len) = usize::try_from(reader.i32_be()?) {
        reader.bytes(len)?;
    }
    Some(())
}

/// A \[long string\], or its beginning.
fn long_text<'a>(reader: &mut Reader<'a>) -> Option<StatementText<'a>> {
    let len = usize::try_from(reader.i32_be()?).ok()?;
    let (bytes, is_whole) = reader.0.get(..len).map_or((reader.0, false), |bytes| (bytes, true));
    Some(StatementText { bytes, is_whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_be_cut() {
        let text = |is_whole| Some(StatementText { bytes: b"SELECT 1", is_whole });
        assert_eq!(statement_text(b"\0\0\0\x08SELECT 1\0\x01\0"), text(true));
        assert_eq!(statement_text(b"\0\0\x40\0SELECT 1"), text(false));
        assert_eq!(statement_text(b"\xff\xff\xff\xff"), None);
        assert_eq!(statement_text(b"\0\0\0"), None);
    }

    #[test]
    fn ids_have_a_length() {
        assert_eq!(statement_id(b"\0\x02id\0\x02me"), Some(&b"id"[..]));
        assert_eq!(statement_id(b"\0\x10id"), None);
        assert_eq!(prepared_id(b"\0\0\0\x04\0\x02id\0\0\0\x01"), Some(&b"id"[..]));
        assert_eq!(prepared_id(b"\0\0\0\x02\0\x02id"), None, "rows");
    }

    #[test]
    fn a_batch_is_called_after_its_first_statement() {
        let text = StatementText { bytes: b"DELETE 1", is_whole: true };
        assert_eq!(first_of_batch(b"\0\0\x02\0\0\0\0\x08DELETE 1\0\0"), Some(BatchStatement::Text(text)));
        assert_eq!(first_of_batch(b"\x01\0\x02\x01\0\x02id\0\0"), Some(BatchStatement::Id(b"id")));
        assert_eq!(first_of_batch(b"\0\0\0\0\x01"), Some(BatchStatement::None));
        assert_eq!(first_of_batch(b"\0\0\x01\x01\0"), None);
    }

    #[test]
    fn what_flags_put_in_front_is_passed_over() {
        let flags = |byte: u8| BodyFlags::from_byte(byte);
        let trace = [7; 16];
        let warnings = b"\0\x02\0\x01a\0\x02bc";
        let payload = b"\0\x02\0\x01k\0\0\0\x01v\0\x01n\xff\xff\xff\xff";
        let body = [&trace[..], warnings, payload, b"body"].concat();
        assert_eq!(behind_flagged(&body, flags(0x0e), true), Some(&b"body"[..]));
        assert_eq!(behind_flagged(&body, flags(0), true), Some(&body[..]));
        for len in 0..body.len() - 4 {
            assert_eq!(behind_flagged(&body[..len], flags(0x0e), true), None, "{len}");
        }
        let request = [&payload[..], b"body"].concat();
        assert_eq!(behind_flagged(&request, flags(0x0e), false), Some(&b"body"[..]), "a request asks for a trace");
    }

    #[test]
    fn options_errors_and_events_have_names() {
        let startup = b"\0\x02\0\x0bCOMPRESSION\0\x03lz4\0\x0bCQL_VERSION\0\x053.4.6";
        assert_eq!(startup_option(startup, b"COMPRESSION"), Some(&b"lz4"[..]));
        assert_eq!(startup_option(startup, b"THROW_ON_OVERLOAD"), None);
        assert_eq!(error_code(b"\0\0\x22\0\0\x05table"), Some(ErrorCode(0x2200)));
        assert_eq!(event_type(b"\0\x0dSCHEMA_CHANGE\0\x07CREATED"), Some(&b"SCHEMA_CHANGE"[..]));
    }
}
