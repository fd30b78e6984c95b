//! Commands and answers, whole.

use core::fmt;

use super::answer::{AnswerLine, Place};
use super::binary::{self, HEADER_BYTES, Header};
use super::command::{CommandLine, is_known};
use super::line::Line;
use crate::{Limits, Parsed, StatusClass};

/// A command of either protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    name: &'a str,
}

/// A part of an answer: of the text protocol a line with its value, of the binary protocol a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerPart {
    status: StatusClass,
    native_status: Option<i32>,
    is_last: bool,
}

/// The bytes are of another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NotMemcached;

impl fmt::Display for NotMemcached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a line of memcached's text protocol nor a header of its binary one")
    }
}

impl core::error::Error for NotMemcached {}

impl<'a> Command<'a> {
    /// Parses the command at the beginning of `data`, with its value. Of one whose line is longer than is looked at at once, only
    /// the first piece is taken.
    ///
    /// # Errors
    ///
    /// [`NotMemcached`] if it is no command that is known.
    pub fn parse(data: &'a [u8], limits: &Limits) -> Result<Parsed<Self>, NotMemcached> {
        if data.starts_with(&[binary::REQUEST]) {
            return message(data, |header| Command { name: binary::name(header.opcode).unwrap_or_default() });
        }
        let line = Line::of(data, limits);
        if !line.is_printed() {
            return Err(NotMemcached);
        }
        let (len, text) = match line {
            Line::Whole { text, len } => (len, text),
            Line::Piece(text) => (text.len(), text),
            Line::Unended(_) => return Ok(Parsed::Incomplete { at_least: 1 }),
        };
        let command = CommandLine::parse(text).filter(|command| is_known(command.name)).ok_or(NotMemcached)?;
        let name = core::str::from_utf8(command.name).map_err(|_| NotMemcached)?;
        let value_bytes = command.value_bytes.filter(|_| matches!(line, Line::Whole { .. }));
        Ok(with_value(data, len, value_bytes, Command { name }))
    }

    /// The name; empty for an opcode that is not known.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }
}

impl AnswerPart {
    /// Parses the part of an answer at the beginning of `data`, with its value.
    ///
    /// # Errors
    ///
    /// [`NotMemcached`] if it can be none.
    pub fn parse(data: &[u8], limits: &Limits) -> Result<Parsed<Self>, NotMemcached> {
        if data.starts_with(&[binary::RESPONSE]) {
            return message(data, |header| Self {
                status: binary::blame(header.status),
                native_status: Some(i32::from(header.status)),
                is_last: header.is_last(),
            });
        }
        let line = Line::of(data, limits);
        if !line.is_printed() {
            return Err(NotMemcached);
        }
        let (len, text) = match line {
            Line::Whole { text, len } => (len, text),
            Line::Piece(text) => (text.len(), text),
            Line::Unended(_) => return Ok(Parsed::Incomplete { at_least: 1 }),
        };
        let AnswerLine { place, status, .. } = AnswerLine::parse(text);
        let value_bytes = match place {
            Place::Value(bytes) | Place::LastValue(bytes) if matches!(line, Line::Whole { .. }) => Some(bytes),
            _ => None,
        };
        let is_last = matches!(place, Place::Last | Place::LastValue(_));
        Ok(with_value(data, len, value_bytes, Self { status, native_status: None, is_last }))
    }

    /// How the command went.
    #[must_use]
    pub fn status(&self) -> StatusClass {
        self.status
    }

    /// The status of the binary protocol.
    #[must_use]
    pub fn native_status(&self) -> Option<i32> {
        self.native_status
    }

    /// Whether the answer is over with it.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_last
    }
}

fn message<T>(data: &[u8], value: impl FnOnce(&Header) -> T) -> Result<Parsed<T>, NotMemcached> {
    let Some(header) = Header::parse(data) else {
        return Ok(Parsed::Incomplete { at_least: HEADER_BYTES.saturating_sub(data.len()) });
    };
    if !header.fits() {
        return Err(NotMemcached);
    }
    Ok(whole(data, header.len(), value(&header)))
}

fn with_value<T>(data: &[u8], line_len: usize, value_bytes: Option<u64>, value: T) -> Parsed<T> {
    let behind = value_bytes.map_or(0, |bytes| bytes.saturating_add(b"\r\n".len() as u64));
    whole(data, u64::try_from(line_len).unwrap_or(u64::MAX).saturating_add(behind), value)
}

fn whole<T>(data: &[u8], len: u64, value: T) -> Parsed<T> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    match len.checked_sub(data.len()) {
        None | Some(0) => Parsed::Complete { value, consumed: len },
        Some(at_least) => Parsed::Incomplete { at_least },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_answers_are_complete_with_their_values() {
        let limits = Limits::default();
        for (data, name) in [
            (&b"get a b\r\n"[..], "get"),
            (b"set a 0 0 5\r\nhello\r\n", "set"),
            (b"ms a 5 q\r\nhello\r\n", "ms"),
            (b"\x80\x0d\x00\x05\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0Hello", "getkq"),
        ] {
            for len in 0..data.len() {
                let parsed = Command::parse(&data[..len], &limits);
                assert!(matches!(parsed, Ok(Parsed::Incomplete { at_least }) if len + at_least <= data.len()), "{len}");
            }
            let longer = [data, b"get b\r\n"].concat();
            let expected = Ok(Parsed::Complete { value: Command { name }, consumed: data.len() });
            assert_eq!(Command::parse(&longer, &limits), expected);
        }
        for (data, status, native_status, is_last) in [
            (&b"VALUE a 0 5\r\nhello\r\n"[..], StatusClass::Ok, None, false),
            (b"VA 5 O1\r\nhello\r\n", StatusClass::Ok, None, true),
            (b"SERVER_ERROR out of memory\r\n", StatusClass::ServerError, None, true),
            (b"\x81\x00\0\0\0\0\0\x01\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0Not found", StatusClass::Ok, Some(1), true),
        ] {
            let expected =
                Ok(Parsed::Complete { value: AnswerPart { status, native_status, is_last }, consumed: data.len() });
            assert_eq!(AnswerPart::parse(data, &limits), expected);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for data in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"hunter2\r\n",
            b"\x16\x03\x01",
            b"\x80\0\xff\xff\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Command::parse(data, &Limits::default()), Err(NotMemcached), "{}", data.escape_ascii());
        }
    }
}
