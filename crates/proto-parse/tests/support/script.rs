//! A conversation as text: `testdata/README.md` has the format. `cargo xtask` reads it with this file, too.

use geophone_proto_parse::{Direction, End};

/// One thing that happens on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Bytes { direction: Direction, now_ns: u64, data: Vec<u8> },
    Gap { direction: Direction, now_ns: u64, len: u64 },
    End { direction: Direction, now_ns: u64, how: End },
    Close { now_ns: u64 },
    Abandon,
}

/// A conversation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) joined_late: bool,
    /// It is a recording of real programs, for the limits that programs have.
    pub(crate) default_limits: bool,
    /// Features whose parsers go on with it.
    pub(crate) needs: Vec<String>,
    /// Texts that must not be in anything that comes out.
    pub(crate) secrets: Vec<String>,
    pub(crate) events: Vec<Event>,
}

impl Script {
    /// Reads the part of a file before `---`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut script = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                _ if line.is_empty() || line.starts_with('#') => {}
                _ if line == "joined late" => script.joined_late = true,
                _ if line == "default limits" => script.default_limits = true,
                Some(("needs", feature)) => script.needs.push(feature.to_owned()),
                Some(("secret", text)) => script.secrets.push(text.to_owned()),
                Some((time, rest)) => script.events.push(event(time.parse().expect("a time in ns"), rest)),
                None => panic!("not an event: {line}"),
            }
        }
        script
    }
}

fn event(now_ns: u64, text: &str) -> Event {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    let direction = match kind.as_bytes().first() {
        Some(b'>') => Direction::ToServer,
        Some(b'<') => Direction::ToClient,
        _ if text == "close" => return Event::Close { now_ns },
        _ if text == "abandon" => return Event::Abandon,
        _ => panic!("not an event: {text}"),
    };
    match (&kind[1..], rest) {
        ("", data) => Event::Bytes { direction, now_ns, data: unescape(data) },
        ("gap", len) => Event::Gap { direction, now_ns, len: len.parse().expect("a length") },
        ("end", "fin") => Event::End { direction, now_ns, how: End::Fin },
        ("end", "reset") => Event::End { direction, now_ns, how: End::Reset },
        ("end", "unknown") => Event::End { direction, now_ns, how: End::Unknown },
        _ => panic!("not an event: {text}"),
    }
}

/// `\r`, `\n`, `\t`, `\\`, `\xNN`, and `\[N text]` for `N` times `text`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let code = &rest[at + 1..];
        rest = &code[1..];
        match code.as_bytes()[0] {
            b'r' => bytes.push(b'\r'),
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                bytes.push(u8::from_str_radix(&rest[..2], 16).expect("two hexadecimal digits"));
                rest = &rest[2..];
            }
            b'[' => {
                let (repeated, after) = rest.split_once(']').expect("a closing bracket");
                let (times, what) = repeated.split_once(' ').expect("a count and a text");
                bytes.extend(unescape(what).repeat(times.parse().expect("a count")));
                rest = after;
            }
            other => panic!("not an escape: {}", other.escape_ascii()),
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
