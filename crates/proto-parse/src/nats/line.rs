//! Protocol lines of NATS (NATS documentation, "Client Protocol").

use crate::Direction;

/// Bytes of a line that are looked at together: a server takes lines of so many (`max_control_line`). Those with a JSON text
/// (`INFO`, `CONNECT`) may be longer and are read in pieces of as many.
pub(super) const LINE_BYTES: usize = 4096;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `INFO`: what the server can do.
    Info,
    /// `CONNECT`: who the client is. Whether it asks for an answer to each line (`verbose`) is all that is read of it.
    Connect {
        /// It does.
        verbose: bool,
    },
    /// `PUB`, `HPUB`, `MSG`, `HMSG`.
    Message(Message<'a>),
    /// `SUB`
    Subscribe {
        /// What is subscribed to.
        subject: &'a [u8],
    },
    /// `UNSUB`
    Unsubscribe,
    /// `PING`
    Ping,
    /// `PONG`
    Pong,
    /// `+OK`
    Ok,
    /// `-ERR`
    Err {
        /// What the server says, without the quotes.
        text: &'a [u8],
    },
}

/// A message that is published or delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// The operation, in upper case.
    pub(super) verb: &'static str,
    pub(super) subject: &'a [u8],
    /// Where an answer is to go.
    pub(super) reply_to: Option<&'a [u8]>,
    /// Bytes of the headers and the payload.
    pub(super) bytes: u64,
    /// Bytes of the headers among them.
    pub(super) header_bytes: u64,
}

/// The bytes are no line of NATS, or none of this direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNats;

impl<'a> Line<'a> {
    /// Reads a line without its end, or the beginning of a longer one.
    pub(super) fn parse(direction: Direction, line: &'a [u8]) -> Result<Self, NotNats> {
        // Between words there may be any number of blanks, before the first one none.
        let mut words = Words(line);
        let operation = words.next().filter(|operation| line.starts_with(operation)).ok_or(NotNats)?;
        let is = |name: &[u8]| operation.eq_ignore_ascii_case(name);
        // Operations are not case-sensitive; all clients and servers write them in upper case.
        let parsed = match (direction, operation.first().map(u8::to_ascii_uppercase)) {
            (Direction::ToServer, Some(b'P')) if is(b"PUB") => Self::Message(Message::published("PUB", false, words)?),
            (Direction::ToServer, Some(b'H')) if is(b"HPUB") => Self::Message(Message::published("HPUB", true, words)?),
            (Direction::ToClient, Some(b'M')) if is(b"MSG") => Self::Message(Message::delivered("MSG", false, words)?),
            (Direction::ToClient, Some(b'H')) if is(b"HMSG") => Self::Message(Message::delivered("HMSG", true, words)?),
            // SUB <subject> [queue group] <sid>
            (Direction::ToServer, Some(b'S')) if is(b"SUB") => {
                let subject = words.next().ok_or(NotNats)?;
                words.next().map(|_| Self::Subscribe { subject }).ok_or(NotNats)?
            }
            (Direction::ToServer, Some(b'U')) if is(b"UNSUB") => {
                words.next().map(|_| Self::Unsubscribe).ok_or(NotNats)?
            }
            (Direction::ToServer, Some(b'C')) if is(b"CONNECT") && words.0.trim_ascii().starts_with(b"{") => {
                Self::Connect { verbose: is_verbose(words.0) }
            }
            (Direction::ToClient, Some(b'I')) if is(b"INFO") && words.0.trim_ascii().starts_with(b"{") => Self::Info,
            // These say nothing more: IRC's PING does.
            (_, Some(b'P')) if is(b"PING") && words.next().is_none() => Self::Ping,
            (_, Some(b'P')) if is(b"PONG") && words.next().is_none() => Self::Pong,
            (Direction::ToClient, Some(b'+')) if is(b"+OK") && words.next().is_none() => Self::Ok,
            (Direction::ToClient, Some(b'-')) if is(b"-ERR") => {
                let text = words.0.trim_ascii();
                let text = text.strip_prefix(b"'").unwrap_or(text);
                Self::Err { text: text.strip_suffix(b"'").unwrap_or(text) }
            }
            _ => return Err(NotNats),
        };
        Ok(parsed)
    }

    /// Bytes that follow the line: a payload and its line end.
    pub(super) fn payload_bytes(&self) -> u64 {
        match self {
            Self::Message(message) => message.bytes.saturating_add(2),
            _ => 0,
        }
    }

    /// Whether the line may be longer than is looked at.
    pub(super) fn may_be_long(&self) -> bool {
        matches!(self, Self::Info | Self::Connect { .. } | Self::Err { .. })
    }
}

impl<'a> Message<'a> {
    /// `<subject> [reply-to] [header bytes] <total bytes>`
    fn published(verb: &'static str, has_header: bool, mut words: Words<'a>) -> Result<Self, NotNats> {
        let subject = words.next().ok_or(NotNats)?;
        Self::sized(verb, has_header, subject, words)
    }

    /// `<subject> <sid> [reply-to] [header bytes] <total bytes>`
    fn delivered(verb: &'static str, has_header: bool, mut words: Words<'a>) -> Result<Self, NotNats> {
        let subject = words.next().ok_or(NotNats)?;
        words.next().ok_or(NotNats)?;
        Self::sized(verb, has_header, subject, words)
    }

    fn sized(verb: &'static str, has_header: bool, subject: &'a [u8], mut words: Words<'a>) -> Result<Self, NotNats> {
        let (first, second, third) = (words.next(), words.next(), words.next());
        let (reply_to, header, total) = match (has_header, first, second, third) {
            (false, Some(total), None, None) => (None, None, total),
            (false, reply_to @ Some(_), Some(total), None) => (reply_to, None, total),
            (true, header @ Some(_), Some(total), None) => (None, header, total),
            (true, reply_to @ Some(_), header @ Some(_), Some(total)) => (reply_to, header, total),
            _ => return Err(NotNats),
        };
        let header_bytes = header.map_or(Ok(0), number)?;
        let bytes = number(total)?;
        if header_bytes > bytes || words.next().is_some() {
            return Err(NotNats);
        }
        Ok(Self { verb, subject, reply_to, bytes, header_bytes })
    }
}

/// The words of a line, between any number of spaces and tabs.
struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let begin = self.0.iter().position(|byte| !is_blank(byte))?;
        let rest = self.0.get(begin..)?;
        let len = rest.iter().position(is_blank).unwrap_or(rest.len());
        let (word, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

fn number(word: &[u8]) -> Result<u64, NotNats> {
    let digits = core::str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or(NotNats)
}

/// Whether a client asks for an answer to each line: `"verbose": true`, wherever there are spaces.
pub(super) fn is_verbose(json: &[u8]) -> bool {
    let key = b"\"verbose\"";
    let Some(at) = json.windows(key.len()).position(|window| window == key) else { return false };
    let value = json.get(at.saturating_add(key.len())..).unwrap_or_default().trim_ascii_start();
    value.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"true"))
}

/// The status of a message that has one in its headers: `NATS/1.0 503` (NATS documentation, "Client Protocol", "HMSG").
pub(super) fn status(headers: &[u8]) -> Option<i32> {
    let rest = headers.strip_prefix(b"NATS/1.0 ")?;
    let code = rest.first_chunk::<3>().filter(|code| code.iter().all(u8::is_ascii_digit))?;
    core::str::from_utf8(code).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(direction: Direction, line: &str) -> Result<Line<'_>, NotNats> {
        Line::parse(direction, line.as_bytes())
    }

    #[test]
    fn messages_say_where_they_go_and_how_long_they_are() {
        for (direction, line, verb, subject, reply_to, header_bytes, bytes) in [
            (Direction::ToServer, "PUB orders.new  18", "PUB", "orders.new", None, 0, 18),
            (Direction::ToServer, "PUB price _INBOX.a.b 18", "PUB", "price", Some("_INBOX.a.b"), 0, 18),
            (Direction::ToServer, "pub\tprice\t0", "PUB", "price", None, 0, 0),
            (Direction::ToServer, "HPUB price 40 58", "HPUB", "price", None, 40, 58),
            (Direction::ToServer, "HPUB price _INBOX.a 40 58", "HPUB", "price", Some("_INBOX.a"), 40, 58),
            (Direction::ToClient, "MSG price 1 18", "MSG", "price", None, 0, 18),
            (Direction::ToClient, "MSG price 1 _INBOX.a 18", "MSG", "price", Some("_INBOX.a"), 0, 18),
            (Direction::ToClient, "HMSG _INBOX.a 1 16 16", "HMSG", "_INBOX.a", None, 16, 16),
            (Direction::ToClient, "HMSG price 1 _INBOX.a 16 18", "HMSG", "price", Some("_INBOX.a"), 16, 18),
        ] {
            let reply_to = reply_to.map(str::as_bytes);
            let message = Message { verb, subject: subject.as_bytes(), reply_to, bytes, header_bytes };
            assert_eq!(parse(direction, line), Ok(Line::Message(message)), "{line}");
            assert_eq!(parse(direction.opposite(), line), Err(NotNats), "{line}");
        }
    }

    #[test]
    fn the_other_lines() {
        let connect = r#"CONNECT {"user":"a","pass":"hunter2","verbose": true}"#;
        for (direction, line, expected) in [
            (Direction::ToClient, r#"INFO {"server_id":"N"}"#, Line::Info),
            (Direction::ToServer, connect, Line::Connect { verbose: true }),
            (Direction::ToServer, r#"CONNECT {"verbose":false}"#, Line::Connect { verbose: false }),
            (Direction::ToServer, "SUB orders.* 1", Line::Subscribe { subject: b"orders.*" }),
            (Direction::ToServer, "SUB orders.* workers 1", Line::Subscribe { subject: b"orders.*" }),
            (Direction::ToServer, "UNSUB 1 5", Line::Unsubscribe),
            (Direction::ToServer, "PING", Line::Ping),
            (Direction::ToClient, "PING", Line::Ping),
            (Direction::ToServer, "PONG", Line::Pong),
            (Direction::ToClient, "+OK", Line::Ok),
            (Direction::ToClient, "-ERR 'Stale Connection'", Line::Err { text: b"Stale Connection" }),
        ] {
            assert_eq!(parse(direction, line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_line_of_its_direction_is_refused() {
        for line in [
            "",
            " ",
            "GET / HTTP/1.1",
            "PUB",
            "PUB a",
            "PUB a b",
            "PUB a b c 5",
            "PUB a -1",
            "HPUB a 5",
            "HPUB a 6 5",
            "SUB a",
            "UNSUB",
            "CONNECT x",
            "INFO",
            "MSG a 5",
            "+OK",
            "PINGS",
            "PING :irc.example.net",
            "PONG 1",
            "*1",
        ] {
            assert_eq!(parse(Direction::ToServer, line), Err(NotNats), "{line}");
        }
        for line in ["MSG a 1", "+OK 2 messages", "INFO x", "SUB a 1", "CONNECT {}", "+PONG", "HTTP/1.1 200 OK"] {
            assert_eq!(parse(Direction::ToClient, line), Err(NotNats), "{line}");
        }
    }

    #[test]
    fn a_status_is_in_the_first_line_of_the_headers() {
        assert_eq!(status(b"NATS/1.0 503\r\n\r\n"), Some(503));
        assert_eq!(status(b"NATS/1.0 100 Idle Heartbeat\r\n\r\n"), Some(100));
        for headers in [&b"NATS/1.0\r\nA: 503\r\n\r\n"[..], b"NATS/1.0 5", b"NATS/1.0 5x3", b""] {
            assert_eq!(status(headers), None);
        }
    }
}
