//! Is this Redis?

use memchr::{memchr, memmem};

use super::command::is_name;
use super::token::{Extent, Kind, LINE_BYTES, Token};
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether bytes are of Redis: commands by their form, in the middle of a stream wherever one is, replies by their first line.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], limits: &Limits) -> Detection {
    match (direction, place) {
        (Direction::ToServer, Place::Start) => match begins_command(prefix, limits) {
            Detection::NoMatch => begins_inline(prefix),
            detection => detection,
        },
        (Direction::ToServer, Place::Middle) => {
            let mut places = memchr::memchr_iter(b'*', prefix).filter_map(|at| prefix.get(at..));
            if places.any(|data| begins_command(data, limits) == Detection::Match) {
                Detection::Match
            } else {
                Detection::NeedMore
            }
        }
        (Direction::ToClient, Place::Start) => begins_first_reply(prefix, limits),
        (Direction::ToClient, Place::Middle) => {
            let lines = memmem::find_iter(prefix, b"\r\n").filter_map(|at| prefix.get(at.saturating_add(2)..));
            let mut places = core::iter::once(prefix).chain(lines).filter(|data| !data.is_empty());
            let decided = places.find_map(|data| match begins_command(data, limits) {
                // Whoever sends commands sends no replies.
                Detection::Match if is_common_command(data) => Some(Detection::NoMatch),
                _ => Some(begins_first_reply(data, limits)).filter(|detection| *detection != Detection::NoMatch),
            });
            decided.unwrap_or(Detection::NeedMore)
        }
    }
}

/// Whether a reply begins with `data`, and not one of the commands that many clients send first.
fn begins_first_reply(data: &[u8], limits: &Limits) -> Detection {
    match begins_command(data, limits) {
        Detection::NeedMore => Detection::NeedMore,
        Detection::Match if is_common_command(data) => Detection::NoMatch,
        _ => begins_reply(data),
    }
}

/// Whether a command begins with `data`: an array of strings, the first of them a name.
pub(super) fn begins_command(data: &[u8], limits: &Limits) -> Detection {
    if data.first().is_some_and(|first| *first != b'*') {
        return Detection::NoMatch;
    }
    let (array, rest) = match next(data) {
        Ok(found) => found,
        Err(undecided) => return undecided,
    };
    if !matches!(array.extent, Extent::Values(1..)) || rest.first().is_some_and(|first| *first != b'$') {
        return Detection::NoMatch;
    }
    let (name, rest) = match next(rest) {
        Ok(found) => found,
        Err(undecided) => return undecided,
    };
    let Extent::Content(len) = name.extent else { return Detection::NoMatch };
    let Some(len) = usize::try_from(len).ok().filter(|len| (1..=limits.verb_bytes).contains(len)) else {
        return Detection::NoMatch;
    };
    match rest.split_at_checked(len) {
        Some((name, end)) if is_name(name) => starts_with(end, b"\r\n"),
        None if rest.is_empty() || is_name(rest) => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Whether the command that `data` begins with is one that many clients send first. By its form it may be a reply, too: an
/// array of strings. `SUBSCRIBE` is not among them, since its reply begins like it.
fn is_common_command(data: &[u8]) -> bool {
    const COMMON: [&[u8]; 30] = [
        b"AUTH",
        b"BLPOP",
        b"BRPOP",
        b"CLIENT",
        b"COMMAND",
        b"CONFIG",
        b"DEL",
        b"ECHO",
        b"EVAL",
        b"EVALSHA",
        b"EXISTS",
        b"GET",
        b"HELLO",
        b"HGET",
        b"HGETALL",
        b"HSET",
        b"INCR",
        b"INFO",
        b"LPUSH",
        b"MGET",
        b"MONITOR",
        b"MULTI",
        b"PING",
        b"PUBLISH",
        b"RPUSH",
        b"SCAN",
        b"SELECT",
        b"SET",
        b"XADD",
        b"XREADGROUP",
    ];
    let name = || next(next(data).ok()?.1).ok()?.1.split(|byte| *byte == b'\r').next();
    name().is_some_and(|name| COMMON.iter().any(|common| common.eq_ignore_ascii_case(name)))
}

/// Whether an inline command begins with `data` that people and health checks send. Other words are met in other protocols too.
fn begins_inline(data: &[u8]) -> Detection {
    const COMMANDS: [&[u8]; 6] = [b"PING\r\n", b"INFO\r\n", b"QUIT\r\n", b"AUTH ", b"HELLO 2", b"HELLO 3"];
    let mut detection = Detection::NoMatch;
    for command in COMMANDS {
        let visible = data.get(..command.len()).unwrap_or(data);
        if command.get(..visible.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(visible)) {
            if visible.len() == command.len() {
                return Detection::Match;
            }
            detection = Detection::NeedMore;
        }
    }
    detection
}

/// Whether a reply begins with `data`, by its first line.
fn begins_reply(data: &[u8]) -> Detection {
    let (token, _) = match next(data) {
        Ok(found) => found,
        // What is not whole yet must at least look like one so far.
        Err(Detection::NeedMore) if !is_text_like(data) => return Detection::NoMatch,
        Err(undecided) => return undecided,
    };
    let text = token.text(data);
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    let is_reply = match token.kind {
        Kind::Simple => !text.is_empty() && text.iter().all(u8::is_ascii_uppercase),
        // NATS says -ERR too, with a text in quotes.
        Kind::Error => is_error(text),
        Kind::Scalar => match data.first() {
            Some(b':') => is_number(text),
            Some(b'#') => matches!(text, b"t" | b"f"),
            Some(b'_') => text.is_empty(),
            _ => text.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-'),
        },
        Kind::Chunk | Kind::End => false,
        _ => true,
    };
    if is_reply { Detection::Match } else { Detection::NoMatch }
}

/// Whether what there is of a line may be that of a simple string, an error or a scalar.
fn is_text_like(data: &[u8]) -> bool {
    let text = data.get(1..).unwrap_or_default();
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    match data.first() {
        Some(b'+') => text.iter().all(u8::is_ascii_uppercase),
        Some(b'-') => {
            let code = memchr(b' ', text).and_then(|len| text.get(..len)).unwrap_or(text);
            text.first() != Some(&b' ')
                && code.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
                && text.is_ascii()
        }
        Some(b':' | b',' | b'(') => {
            text.len() < LINE_BYTES
                && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'+'))
        }
        Some(b'#' | b'_' | b'.') => text.len() <= 1,
        _ => true,
    }
}

/// Whether the text of an error begins with a code, and is not one of NATS.
fn is_error(text: &[u8]) -> bool {
    let Some(len) = memchr(b' ', text) else { return false };
    let (code, rest) = text.split_at_checked(len).unwrap_or_default();
    !code.is_empty()
        && code.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        && !rest.starts_with(b" '")
        && text.is_ascii()
}

/// Whether a message that was delivered, or an invalidation, begins with `data`: these have a word of their own in front.
pub(super) fn begins_notice(data: &[u8]) -> Detection {
    const PUSHES: [&[u8]; 4] = [
        b">3\r\n$7\r\nmessage\r\n",
        b">4\r\n$8\r\npmessage\r\n",
        b">3\r\n$8\r\nsmessage\r\n",
        b">2\r\n$10\r\ninvalidate\r\n",
    ];
    const ARRAYS: [&[u8]; 3] = [b"*3\r\n$7\r\nmessage\r\n", b"*4\r\n$8\r\npmessage\r\n", b"*3\r\n$8\r\nsmessage\r\n"];
    let notices: &[&[u8]] = if data.starts_with(b">") { &PUSHES } else { &ARRAYS };
    let mut detection = Detection::NoMatch;
    for notice in notices {
        match starts_with(data, notice) {
            Detection::Match => return Detection::Match,
            Detection::NeedMore => detection = Detection::NeedMore,
            Detection::NoMatch => {}
        }
    }
    detection
}

/// Whether `data`, or what it may become, starts with `begin`.
fn starts_with(data: &[u8], begin: &[u8]) -> Detection {
    match data.get(..begin.len()) {
        Some(whole) if whole == begin => Detection::Match,
        None if begin.starts_with(data) => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// The token at the beginning of `data`, and what is behind its line.
fn next(data: &[u8]) -> Result<(Token, &[u8]), Detection> {
    match Token::parse(data) {
        Ok(Parsed::Complete { value, consumed }) => Ok((value, data.get(consumed..).unwrap_or_default())),
        Ok(Parsed::Incomplete { .. }) => Err(Detection::NeedMore),
        Err(_) => Err(Detection::NoMatch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(direction: Direction, data: &[u8]) -> Detection {
        detect(direction, Place::Start, data, &Limits::default())
    }

    #[test]
    fn commands_are_told_by_their_form() {
        for (data, detection) in [
            (&b"*1\r\n$4\r\nPING\r\n"[..], Detection::Match),
            (b"*3\r\n$3\r\nset\r\n$1\r\n", Detection::Match),
            (b"*1\r\n$4\r\nPI", Detection::NeedMore),
            (b"*1\r\n$4\r\nPINGS", Detection::NoMatch),
            (b"*1\r\n$4\r\nP NG\r\n", Detection::NoMatch),
            (b"*1\r\n:4\r\n", Detection::NoMatch),
            (b"*0\r\n", Detection::NoMatch),
            (b"ping\r\n", Detection::Match),
            (b"AUTH hunter2\r\n", Detection::Match),
            (b"INFO {", Detection::NoMatch),
            (b"get a\r\n", Detection::NoMatch),
            (b"GET / HTTP/1.1\r\n", Detection::NoMatch),
            (b"\x16\x03\x01\x02\x00", Detection::NoMatch),
        ] {
            assert_eq!(start(Direction::ToServer, data), detection, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn replies_are_told_by_their_first_line() {
        for (data, detection) in [
            (&b"+PONG\r\n"[..], Detection::Match),
            (b"-NOAUTH Authentication required.\r\n", Detection::Match),
            (b"-ERR 'Authorization Violation'\r\n", Detection::NoMatch),
            (b":12\r\n", Detection::Match),
            (b"$5\r\nhel", Detection::Match),
            (b"$-1\r\n", Detection::Match),
            (b"%7\r\n", Detection::Match),
            (b"*2\r\n", Detection::NeedMore),
            (b"*2\r\n:1\r\n", Detection::Match),
            (b"*2\r\n$6\r\nvalue1\r\n", Detection::Match),
            (b"*1\r\n$4\r\nPING\r\n", Detection::NoMatch),
            (b"_\r\n", Detection::Match),
            (b"+OK POP3 ready\r\n", Detection::NoMatch),
            (b"- a list", Detection::NoMatch),
            (b"# a comment", Detection::NoMatch),
            (b"(a remark", Detection::NoMatch),
            (b"+O", Detection::NeedMore),
            (b"HTTP/1.1 200 OK\r\n", Detection::NoMatch),
            (b"END\r\n", Detection::NoMatch),
            (b"\x15\x03\x03", Detection::NoMatch),
        ] {
            assert_eq!(start(Direction::ToClient, data), detection, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn in_the_middle_of_a_stream_the_next_message_is_found() {
        let middle = |direction, data: &[u8]| detect(direction, Place::Middle, data, &Limits::default());
        assert_eq!(middle(Direction::ToServer, b"rest of a value\r\n*1\r\n$4\r\nPING\r\n"), Detection::Match);
        assert_eq!(middle(Direction::ToServer, b"rest of a value\r\n"), Detection::NeedMore);
        assert_eq!(middle(Direction::ToClient, b"rest of a value\r\n+OK\r\n"), Detection::Match);
        assert_eq!(middle(Direction::ToClient, b"rest of a value"), Detection::NeedMore);
    }
}
