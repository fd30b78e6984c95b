//! Is this NATS?

use memchr::{memchr, memmem};

use super::line::Line;
use crate::{Detection, Direction, Limits, Place};

/// Bytes of a line that decide whether it is one, where it is longer.
const DECISIVE_BYTES: usize = 64;

/// Whether bytes are of NATS, by their first line, in the middle of a stream by any line. A server speaks first, with `INFO`.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => begins(direction, prefix),
        (Place::Start, Direction::ToClient) => begins_info(prefix),
        (Place::Middle, _) => {
            let lines = memmem::find_iter(prefix, b"\r\n").filter_map(|at| prefix.get(at.saturating_add(2)..));
            let mut places = core::iter::once(prefix).chain(lines).filter(|data| !data.is_empty());
            if places.any(|data| begins(direction, data) == Detection::Match) {
                Detection::Match
            } else {
                Detection::NeedMore
            }
        }
    }
}

/// Whether a server's greeting begins with `data`: its fields come in any order, but it has an id.
fn begins_info(data: &[u8]) -> Detection {
    let begin = b"INFO {\"";
    let visible = data.get(..begin.len()).unwrap_or(data);
    match begin.get(..visible.len()) {
        Some(expected) if expected != visible => Detection::NoMatch,
        Some(_) if visible.len() < begin.len() => Detection::NeedMore,
        _ => Detection::Match,
    }
}

/// Whether a line begins with `data`, somewhere in a stream. A line that is longer than is looked at is believed if it has a
/// word that no text has: an inbox, say.
pub(super) fn begins(direction: Direction, data: &[u8]) -> Detection {
    let visible = data.get(..DECISIVE_BYTES).unwrap_or(data);
    match memchr(b'\n', visible).and_then(|at| visible.get(..at)) {
        Some(line) => match line.strip_suffix(b"\r") {
            Some(line) if is_upper(line) && is_printed(line) && Line::parse(direction, line).is_ok() => {
                Detection::Match
            }
            _ => Detection::NoMatch,
        },
        None if !is_upper(visible) || !is_printed(visible) || !may_become_line(direction, visible) => {
            Detection::NoMatch
        }
        None if visible.len() < DECISIVE_BYTES => Detection::NeedMore,
        None => {
            let mut words = visible.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).skip(1);
            let has_subject = words.clone().take(3).any(|word| word.len() > 20 && word.contains(&b'.'));
            let has_json = words.next().is_some_and(|word| word.starts_with(b"{\""));
            if has_subject || has_json { Detection::Match } else { Detection::NoMatch }
        }
    }
}

/// Whether the first word is as all clients and servers write it.
fn is_upper(data: &[u8]) -> bool {
    let word = data.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).next().unwrap_or_default();
    !word.iter().any(u8::is_ascii_lowercase)
}

fn is_printed(data: &[u8]) -> bool {
    data.iter().all(|byte| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\r'))
}

/// Whether what there is of a line may become one of this direction, by its first word, and by whether another one may follow.
pub(super) fn may_become_line(direction: Direction, data: &[u8]) -> bool {
    const TO_SERVER: [&[u8]; 7] = [b"PUB", b"HPUB", b"SUB", b"UNSUB", b"CONNECT", b"PING", b"PONG"];
    const TO_CLIENT: [&[u8]; 7] = [b"MSG", b"HMSG", b"INFO", b"+OK", b"-ERR", b"PING", b"PONG"];
    let operations = match direction {
        Direction::ToServer => &TO_SERVER,
        Direction::ToClient => &TO_CLIENT,
    };
    let word = data.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).next().unwrap_or_default();
    let is_whole = word.len() < data.len();
    let is_alone = data.get(word.len()..).unwrap_or_default().iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    operations.iter().any(|operation| match operation.get(..word.len()) {
        Some(begin) => {
            begin.eq_ignore_ascii_case(word)
                && (!is_whole || word.len() == operation.len())
                && (is_alone || !WITHOUT_ARGUMENTS.contains(operation))
        }
        None => false,
    })
}

/// Operations of which the line has no other word (NATS documentation, "Client Protocol").
const WITHOUT_ARGUMENTS: [&[u8]; 3] = [b"PING", b"PONG", b"+OK"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_their_operation_and_its_arguments() {
        let inbox = "_INBOX.TOw5vEP451VNn9kqOC47zb.TOw5vEP451VNn9kqOC482L858b";
        for (direction, data, detection) in [
            (Direction::ToServer, "CONNECT {\"verbose\":false}\r\n", Detection::Match),
            (Direction::ToServer, "PUB orders.new 5\r\nhello", Detection::Match),
            (Direction::ToServer, "PING\r\n", Detection::Match),
            (Direction::ToServer, "PIN", Detection::NeedMore),
            (Direction::ToServer, "PING \r", Detection::NeedMore),
            (Direction::ToServer, "PING :irc", Detection::NoMatch),
            (Direction::ToServer, "PONG :irc\r\n", Detection::NoMatch),
            (Direction::ToClient, "+OK 2 messages\r\n", Detection::NoMatch),
            (Direction::ToServer, "PUB a\u{1}b 5\r\nhello", Detection::NoMatch),
            (Direction::ToServer, "PUB a\u{1}b", Detection::NoMatch),
            (Direction::ToServer, "PUB crawl with friends tonight\r\n", Detection::NoMatch),
            (Direction::ToServer, "sub a 1\r\n", Detection::NoMatch),
            (Direction::ToServer, "GET / HTTP/1.1\r\n", Detection::NoMatch),
            (Direction::ToServer, "*1\r\n$4\r\nPING\r\n", Detection::NoMatch),
            (Direction::ToServer, "POST ", Detection::NoMatch),
            (Direction::ToServer, &std::format!("PUB price {inbox} 5\r\n"), Detection::Match),
            (Direction::ToClient, "INFO {\"server_id\":\"N\"", Detection::NeedMore),
            (Direction::ToClient, "MSG orders.new 1 5\r\nhello", Detection::Match),
            (Direction::ToClient, "+OK\r\n", Detection::Match),
            (Direction::ToClient, "+PONG\r\n", Detection::NoMatch),
        ] {
            assert_eq!(begins(direction, data.as_bytes()), detection, "{data}");
        }
    }

    #[test]
    fn a_server_speaks_first_and_says_what_it_is() {
        let start = |direction, data: &[u8]| detect(direction, Place::Start, data, &Limits::default());
        assert_eq!(start(Direction::ToClient, b"INFO {\"server_id\":\"N"), Detection::Match);
        assert_eq!(start(Direction::ToClient, b"INFO"), Detection::NeedMore);
        assert_eq!(start(Direction::ToClient, b"+OK\r\n"), Detection::NoMatch);
        let middle = |direction, data: &[u8]| detect(direction, Place::Middle, data, &Limits::default());
        assert_eq!(middle(Direction::ToClient, b"yload\r\nMSG a 1 2\r\n"), Detection::Match);
        assert_eq!(middle(Direction::ToClient, b"yload\r\n"), Detection::NeedMore);
    }
}
