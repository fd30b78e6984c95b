//! Lines with their payloads.

use core::fmt;

use memchr::memchr;

pub use super::line::NotNats;
use super::line::{LINE_BYTES, Line};
use crate::{Direction, Limits, Parsed};

/// A line and its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    operation: &'static str,
    subject: &'a [u8],
    reply_to: Option<&'a [u8]>,
}

impl fmt::Display for NotNats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a line of the NATS client protocol")
    }
}

impl core::error::Error for NotNats {}

impl<'a> Frame<'a> {
    /// Parses the line at the beginning of what was sent in a direction, with its payload.
    ///
    /// # Errors
    ///
    /// [`NotNats`] if it is none.
    pub fn parse(direction: Direction, data: &'a [u8], limits: &Limits) -> Result<Parsed<Self>, NotNats> {
        let max = LINE_BYTES.min(limits.message_bytes);
        let Some(line) = memchr(b'\n', data).and_then(|at| data.get(..at)) else {
            let may_be_line = super::detect::may_become_line(direction, data);
            return if may_be_line { Ok(Parsed::Incomplete { at_least: 1 }) } else { Err(NotNats) };
        };
        let parsed = Line::parse(direction, line.strip_suffix(b"\r").unwrap_or(line))?;
        if line.len() > max && !parsed.may_be_long() {
            return Err(NotNats);
        }
        let len =
            u64::try_from(line.len()).unwrap_or(u64::MAX).saturating_add(1).saturating_add(parsed.payload_bytes());
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let (operation, subject, reply_to) = match parsed {
            Line::Info => ("INFO", &b""[..], None),
            Line::Connect { .. } => ("CONNECT", &b""[..], None),
            Line::Message(message) => (message.verb, message.subject, message.reply_to),
            Line::Subscribe { subject } => ("SUB", subject, None),
            Line::Unsubscribe => ("UNSUB", &b""[..], None),
            Line::Ping => ("PING", &b""[..], None),
            Line::Pong => ("PONG", &b""[..], None),
            Line::Ok => ("+OK", &b""[..], None),
            Line::Err { .. } => ("-ERR", &b""[..], None),
        };
        Ok(match len.checked_sub(data.len()) {
            None | Some(0) => Parsed::Complete { value: Self { operation, subject, reply_to }, consumed: len },
            Some(at_least) => Parsed::Incomplete { at_least },
        })
    }

    /// The operation, in upper case.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The subject of a message or of a subscription; else empty.
    #[must_use]
    pub fn subject(&self) -> &'a [u8] {
        self.subject
    }

    /// Where the answer to a message is to go.
    #[must_use]
    pub fn reply_to(&self) -> Option<&'a [u8]> {
        self.reply_to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_complete_with_its_payload() {
        for (direction, data, operation, subject, reply_to) in [
            (Direction::ToServer, &b"PUB a _INBOX.b 5\r\nhello\r\n"[..], "PUB", "a", Some("_INBOX.b")),
            (Direction::ToClient, b"HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "HMSG", "a", None),
            (Direction::ToServer, b"CONNECT {\"pass\":\"hunter2\"}\r\n", "CONNECT", "", None),
            (Direction::ToClient, b"-ERR 'Stale Connection'\r\n", "-ERR", "", None),
        ] {
            for len in 0..data.len() {
                let parsed = Frame::parse(direction, &data[..len], &Limits::default());
                assert!(matches!(parsed, Ok(Parsed::Incomplete { at_least }) if len + at_least <= data.len()), "{len}");
            }
            let frame = Frame { operation, subject: subject.as_bytes(), reply_to: reply_to.map(str::as_bytes) };
            let longer = [data, b"PING\r\n"].concat();
            let expected = Ok(Parsed::Complete { value: frame, consumed: data.len() });
            assert_eq!(Frame::parse(direction, &longer, &Limits::default()), expected);
        }
    }
}
