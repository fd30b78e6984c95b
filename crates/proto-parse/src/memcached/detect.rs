//! Is this memcached?

use memchr::{memchr, memmem};

use super::answer::is_answer;
use super::binary::{HEADER_BYTES, Header, REQUEST, RESPONSE};
use super::command::{CommandLine, is_known, number};
use super::line::{LINE_BYTES, is_printed};
use crate::{Detection, Direction, Limits, Place};

/// Whether bytes are of memcached: of the text protocol by their first line, or in the middle of a stream by any line, of the binary
/// protocol by their first header.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    let begins = |data: &[u8]| match (direction, data.first()) {
        (Direction::ToServer, Some(&REQUEST)) | (Direction::ToClient, Some(&RESPONSE)) => begins_binary(data),
        (Direction::ToServer, _) => begins_command(data),
        (Direction::ToClient, _) => begins_answer(data),
    };
    match place {
        Place::Start => begins(prefix),
        Place::Middle => {
            let lines = memmem::find_iter(prefix, b"\r\n").filter_map(|at| prefix.get(at.saturating_add(2)..));
            let mut places = core::iter::once(prefix).chain(lines).filter(|data| !data.is_empty());
            if places.any(|data| begins(data) == Detection::Match) { Detection::Match } else { Detection::NeedMore }
        }
    }
}

/// Whether a message of the binary protocol begins with `data`.
pub(super) fn begins_binary(data: &[u8]) -> Detection {
    match Header::parse(data) {
        Some(header) if header.is_plausible() => Detection::Match,
        Some(_) => Detection::NoMatch,
        None if data.len() < HEADER_BYTES => Detection::NeedMore,
        None => Detection::NoMatch,
    }
}

/// Whether a command of the text protocol begins with `data`: a known one, with the arguments that it has, in one line.
pub(super) fn begins_command(data: &[u8]) -> Detection {
    let text = match first_line(data) {
        Ok(text) => text,
        Err(undecided) => return undecided,
    };
    let Some(name) = CommandLine::parse(text).map(|command| command.name).filter(|name| is_known(name)) else {
        return Detection::NoMatch;
    };
    let words = || text.split(|byte| *byte == b' ').skip(1);
    let numbers = |range: core::ops::Range<usize>| {
        let len = range.len();
        let mut numbers = words().skip(range.start).take(len);
        numbers.clone().count() == len && numbers.all(|word| number(word.strip_prefix(b"-").unwrap_or(word)).is_some())
    };
    let count = words().count();
    let fits = words().all(|word| (1..=250).contains(&word.len()))
        && match name {
            b"set" | b"add" | b"replace" | b"append" | b"prepend" => matches!(count, 4 | 5) && numbers(1..4),
            b"cas" => matches!(count, 5 | 6) && numbers(1..5),
            b"get" | b"gets" | b"mg" | b"md" | b"ma" | b"me" => count >= 1,
            b"gat" | b"gats" => count >= 2 && numbers(0..1),
            b"ms" => count >= 2 && numbers(1..2),
            b"incr" | b"decr" | b"touch" => matches!(count, 2 | 3) && numbers(1..2),
            b"delete" => matches!(count, 1 | 2),
            b"version" | b"quit" | b"mn" => count == 0,
            b"stats" => count <= 2,
            _ => false,
        };
    if fits { Detection::Match } else { Detection::NoMatch }
}

/// Whether an answer of the text protocol begins with `data`.
fn begins_answer(data: &[u8]) -> Detection {
    match first_line(data) {
        // A number alone is met in other protocols too.
        Ok(text) if is_answer(text) && text.first().is_some_and(u8::is_ascii_uppercase) => Detection::Match,
        Ok(_) => Detection::NoMatch,
        Err(undecided) => undecided,
    }
}

/// The first line, without its end; or what can be said without it.
fn first_line(data: &[u8]) -> Result<&[u8], Detection> {
    let visible = data.get(..LINE_BYTES).unwrap_or(data);
    let line = memchr(b'\n', visible).and_then(|at| visible.get(..at));
    match (line.and_then(|line| line.strip_suffix(b"\r")), line) {
        (Some(text), _) if is_printed(text) && !text.is_empty() => Ok(text),
        (None, None) if visible.len() < LINE_BYTES && may_become_line(visible) => Err(Detection::NeedMore),
        _ => Err(Detection::NoMatch),
    }
}

fn may_become_line(data: &[u8]) -> bool {
    let text = data.strip_suffix(b"\r").unwrap_or(data);
    let word = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    is_printed(text)
        && word.len() <= b"flush_all".len().max(b"CLIENT_ERROR".len())
        && word.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(direction: Direction, data: &[u8]) -> Detection {
        detect(direction, Place::Start, data, &Limits::default())
    }

    #[test]
    fn commands_are_told_by_their_first_line() {
        for (data, detection) in [
            (&b"get a\r\n"[..], Detection::Match),
            (b"get a b c\r\n", Detection::Match),
            (b"set a 0 0 5\r\nhel", Detection::Match),
            (b"set a 0 -1 5 noreply\r\n", Detection::Match),
            (b"mg a v\r\n", Detection::Match),
            (b"version\r\n", Detection::Match),
            (b"\x80\x00\x00\x05\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0Hello", Detection::Match),
            (b"\x80\x00\x00\x05\0\0\0\0\0\0\0\x05", Detection::NeedMore),
            (b"\x80\x2e\x01\x03\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Detection::NoMatch),
            (b"get", Detection::NeedMore),
            (b"set aside some time\r\n", Detection::NoMatch),
            (b"GET / HTTP/1.1\r\n", Detection::NoMatch),
            (b"*1\r\n$4\r\nPING\r\n", Detection::NoMatch),
            (b"\x16\x03\x01", Detection::NoMatch),
        ] {
            assert_eq!(start(Direction::ToServer, data), detection, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn answers_are_told_by_their_first_line() {
        for (data, detection) in [
            (&b"STORED\r\n"[..], Detection::Match),
            (b"END\r\n", Detection::Match),
            (b"VALUE a 0 5\r\nhel", Detection::Match),
            (b"\x81\x00\0\0\0\0\0\x01\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0Not found", Detection::Match),
            (b"STO", Detection::NeedMore),
            (b"42\r\n", Detection::NoMatch),
            (b"+OK\r\n", Detection::NoMatch),
            (b"HTTP/1.1 200 OK\r\n", Detection::NoMatch),
            (b"220 mail.example ESMTP\r\n", Detection::NoMatch),
        ] {
            assert_eq!(start(Direction::ToClient, data), detection, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn in_the_middle_of_a_stream_the_next_line_is_found() {
        let middle = |direction, data: &[u8]| detect(direction, Place::Middle, data, &Limits::default());
        assert_eq!(middle(Direction::ToServer, b"rest of a value\r\nget a\r\n"), Detection::Match);
        assert_eq!(middle(Direction::ToServer, b"forget a\r\n"), Detection::NeedMore);
        assert_eq!(middle(Direction::ToClient, b"value\r\nEND\r\n"), Detection::Match);
    }
}
