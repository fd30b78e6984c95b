//! Is this PostgreSQL? And where does a message begin?

use super::message::{HEAD_BYTES, Head};
use super::startup::{STARTUP_HEAD_BYTES, startup_len};
use crate::read::Reader;
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether bytes of a direction are of PostgreSQL: the first ones of a connection are a start-up message or its answer, any
/// others a message whose content fits its type.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => startup_begins(prefix),
        (Place::Start, Direction::ToClient) => answer_begins(prefix),
        // Five bytes are few; what follows is another message.
        (Place::Middle, Direction::ToClient) if matches!(prefix, [b'1' | b'2' | b'3' | b'n' | b's' | b'I', ..]) => {
            match check(direction, prefix, |_, _| Detection::Match) {
                Detection::Match => another(prefix.get(HEAD_BYTES..).unwrap_or_default()),
                undecided => undecided,
            }
        }
        (Place::Middle, _) => message_begins(direction, prefix),
    }
}

fn startup_begins(prefix: &[u8]) -> Detection {
    match startup_len(prefix) {
        Err(_) => return Detection::NoMatch,
        Ok(Parsed::Incomplete { .. }) => return Detection::NeedMore,
        // The code of a request says it all.
        Ok(Parsed::Complete { value: 8 | 16, .. }) if prefix.get(4..6) == Some(&[0x04, 0xd2]) => {
            return Detection::Match;
        }
        Ok(Parsed::Complete { .. }) => {}
    }
    // A version is told from other numbers by the name of a parameter behind it.
    let name = prefix.get(STARTUP_HEAD_BYTES..).unwrap_or_default();
    let len = name.iter().take_while(|&&byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.')).count();
    match name.get(len) {
        Some(0) if len >= 4 => Detection::Match,
        None if len < MAX_PARAMETER_NAME_BYTES => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Longest name of a parameter that a client begins with: `client_encoding`, `_pq_.` and an option.
const MAX_PARAMETER_NAME_BYTES: usize = 48;

fn answer_begins(mut prefix: &[u8]) -> Detection {
    // Encryption refused, by GSSAPI and by TLS.
    for _ in 0..2 {
        prefix = prefix.strip_prefix(b"N").unwrap_or(prefix);
    }
    match prefix {
        [] | [b'S'] | [b'S', 0x15 | 0x16] => Detection::NeedMore,
        // TLS begins behind the byte that says so.
        [b'S', 0x15 | 0x16, 0x03, ..] => Detection::Match,
        // The kinds of authentication are few.
        [b'R', ..] => check(Direction::ToClient, prefix, |content, _| match content {
            [0, 0, 0, 0..=12, ..] => Detection::Match,
            _ if content.len() < 4 => Detection::NeedMore,
            _ => Detection::NoMatch,
        }),
        [b'E', ..] => check(Direction::ToClient, prefix, failure),
        [b'v', ..] => check(Direction::ToClient, prefix, |content, _| match content {
            [0, 0 | 3, ..] => Detection::Match,
            _ if content.len() < 2 => Detection::NeedMore,
            _ => Detection::NoMatch,
        }),
        _ => Detection::NoMatch,
    }
}

/// Whether a message of a direction, behind the start-up, begins with `data`, by its content too: a head alone is found in many
/// a row. None of those is accepted that only what follows them tells, since that may come after the next request.
pub(super) fn message_begins(direction: Direction, data: &[u8]) -> Detection {
    let Some(&kind) = data.first() else { return Detection::NeedMore };
    match (direction, kind) {
        (Direction::ToServer, b'Q') => check(direction, data, text),
        (Direction::ToServer, b'P') => check(direction, data, |content, _| after_name(content, prepared)),
        (Direction::ToServer, b'B') => {
            check(direction, data, |content, _| after_name(content, |rest| after_name(rest, count)))
        }
        (Direction::ToServer, b'E') => check(direction, data, |content, len| ends_at(content, len.checked_sub(5))),
        (Direction::ToServer, b'C' | b'D') => check(direction, data, |content, len| match content {
            [] => Detection::NeedMore,
            [b'S' | b'P', name @ ..] => ends_at(name, len.checked_sub(2)),
            _ => Detection::NoMatch,
        }),
        (Direction::ToServer, b'S' | b'H' | b'X' | b'c') => check(direction, data, |_, _| Detection::Match),
        (Direction::ToClient, b'Z') => check(direction, data, |content, _| match content {
            [] => Detection::NeedMore,
            [b'I' | b'T' | b'E', ..] => Detection::Match,
            _ => Detection::NoMatch,
        }),
        (Direction::ToClient, b'C') => check(direction, data, command_tag),
        (Direction::ToClient, b'E' | b'N') => check(direction, data, failure),
        (Direction::ToClient, b'T') => check(direction, data, |content, _| match content {
            [0, 0, ..] | [7..=u8::MAX, ..] => Detection::NoMatch,
            [_, _, name @ ..] => {
                after_name(name, |_| if name.first() == Some(&0) { Detection::NoMatch } else { Detection::Match })
            }
            _ => Detection::NeedMore,
        }),
        (Direction::ToClient, b'G' | b'H' | b'W') => check(direction, data, |content, len| match content {
            // A format for each of the columns.
            [0 | 1, high, low, ..] => {
                let columns = usize::from(u16::from_be_bytes([*high, *low]));
                if len == columns.saturating_mul(2).saturating_add(3) { Detection::Match } else { Detection::NoMatch }
            }
            _ if content.len() < 3 => Detection::NeedMore,
            _ => Detection::NoMatch,
        }),
        _ => Detection::NoMatch,
    }
}

/// Checks the head, then the content, of which there may be a part; `content` is told how long it is in all.
fn check(direction: Direction, data: &[u8], content: impl FnOnce(&[u8], usize) -> Detection) -> Detection {
    match Head::parse(direction, data) {
        Err(_) => Detection::NoMatch,
        // So long a message is not believed in.
        _ if data.get(1).is_some_and(|&byte| byte != 0) => Detection::NoMatch,
        Ok(Parsed::Incomplete { .. }) => Detection::NeedMore,
        Ok(Parsed::Complete { value, .. }) => {
            let len = usize::try_from(value.len).unwrap_or(usize::MAX).saturating_sub(HEAD_BYTES);
            let visible = data.get(HEAD_BYTES..).unwrap_or_default();
            content(visible.get(..len).unwrap_or(visible), len)
        }
    }
}

/// Bytes of text that are believed to be one.
const TEXT_BYTES: usize = 24;
/// Longest name that is believed in.
const MAX_NAME_BYTES: usize = 48;

const fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0x80..)
}

/// A text that ends with the message, and not before.
fn text(content: &[u8], len: usize) -> Detection {
    match content.iter().position(|&byte| !is_text(byte)) {
        Some(at) if content.get(at) == Some(&0) && at.saturating_add(1) == len => Detection::Match,
        Some(_) => Detection::NoMatch,
        None if content.len() >= TEXT_BYTES => Detection::Match,
        None => Detection::NeedMore,
    }
}

/// A name, and behind its zero byte what `rest` says.
fn after_name(content: &[u8], rest: impl FnOnce(&[u8]) -> Detection) -> Detection {
    match content.iter().position(|&byte| !is_text(byte)) {
        Some(at) if content.get(at) == Some(&0) && at <= MAX_NAME_BYTES => {
            rest(content.get(at..).and_then(|rest| rest.get(1..)).unwrap_or_default())
        }
        None if content.len() <= MAX_NAME_BYTES => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// The text of a statement, or its beginning.
fn prepared(text: &[u8]) -> Detection {
    match text.iter().take(4).position(|&byte| !is_text(byte)) {
        Some(_) => Detection::NoMatch,
        None if text.len() >= 4 => Detection::Match,
        None => Detection::NeedMore,
    }
}

/// A count that is not high.
fn count(rest: &[u8]) -> Detection {
    match rest {
        [0, _, ..] => Detection::Match,
        [] | [0] => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// A name whose zero byte is at `end`.
fn ends_at(content: &[u8], end: Option<usize>) -> Detection {
    let Some(end) = end.filter(|&end| end <= MAX_NAME_BYTES) else { return Detection::NoMatch };
    match content.iter().position(|&byte| !is_text(byte)) {
        Some(at) if at == end && content.get(at) == Some(&0) => Detection::Match,
        None if content.len() <= end => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// What a statement that was carried out is told by: `INSERT 0 1`.
fn command_tag(content: &[u8], len: usize) -> Detection {
    let is_tag = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b' ' | b'_');
    let Some(end) = len.checked_sub(1).filter(|end| (2..=MAX_NAME_BYTES).contains(end)) else {
        return Detection::NoMatch;
    };
    match content.iter().position(|byte| !is_tag(byte)) {
        _ if content.first().is_some_and(|byte| !byte.is_ascii_uppercase()) => Detection::NoMatch,
        Some(at) if at == end && content.get(at) == Some(&0) => Detection::Match,
        None if content.len() <= end => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// An error or a notice: its severity, in any language, and the next field.
fn failure(content: &[u8], _: usize) -> Detection {
    match content {
        [] => Detection::NeedMore,
        [b'S', severity @ ..] => after_name(severity, |rest| match Reader(rest).u8() {
            _ if severity.first() == Some(&0) => Detection::NoMatch,
            Some(b'V' | b'C') => Detection::Match,
            Some(_) => Detection::NoMatch,
            None => Detection::NeedMore,
        }),
        _ => Detection::NoMatch,
    }
}

/// The beginning of any message of a server's.
fn another(data: &[u8]) -> Detection {
    match Head::parse(Direction::ToClient, data) {
        Err(_) => Detection::NoMatch,
        _ if data.get(1).is_some_and(|&byte| byte != 0) => Detection::NoMatch,
        Ok(Parsed::Incomplete { .. }) => Detection::NeedMore,
        Ok(Parsed::Complete { .. }) => Detection::Match,
    }
}
