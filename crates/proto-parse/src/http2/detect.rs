//! Is this HTTP/2?

use super::frame::{FrameHeader, FrameKind, HEADER_BYTES, PREFACE};
use super::hpack::{Decoder, FieldName};
use super::search::Search;
use crate::{Detection, Direction, Limits, Place};

/// Whether bytes are of HTTP/2: at the start of a connection by the client's preface and the server's first frame, in the
/// middle of one by the first field block that says whether it is of a request or of a response.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], limits: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => detect_preface(prefix),
        (Place::Start, Direction::ToClient) => detect_settings(prefix),
        (Place::Middle, _) => match find_head(prefix, limits) {
            Some(found) if found == direction => Detection::Match,
            Some(_) => Detection::NoMatch,
            None => Detection::NeedMore,
        },
    }
}

/// RFC 9113 section 3.4: what a client sends first.
fn detect_preface(prefix: &[u8]) -> Detection {
    match prefix.get(..PREFACE.len()) {
        Some(beginning) if beginning == PREFACE => Detection::Match,
        None if PREFACE.starts_with(prefix) => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Section 3.4: a server sends SETTINGS first, which may be empty.
fn detect_settings(prefix: &[u8]) -> Detection {
    /// The settings that servers begin with (section 6.5.2, RFC 8441, RFC 9218): the first one's identifier.
    const HIGHEST_SETTING: u8 = 9;
    /// Twice as many as are defined.
    const MOST_BYTES: u8 = 96;
    for (index, byte) in (0..).zip(prefix.iter().take(HEADER_BYTES + 2)) {
        let may_be = match index {
            2 => *byte <= MOST_BYTES && byte.is_multiple_of(6),
            3 => *byte == 4,
            10 => (1..=HIGHEST_SETTING).contains(byte),
            _ => *byte == 0,
        };
        if !may_be {
            return Detection::NoMatch;
        }
        let is_empty = prefix.get(2) == Some(&0);
        if index == 10 || (index == 8 && is_empty) {
            return Detection::Match;
        }
    }
    Detection::NeedMore
}

/// Which way the first head goes that is found in the middle of a stream.
fn find_head(prefix: &[u8], limits: &Limits) -> Option<Direction> {
    let mut rest = prefix;
    let mut search = Search::default();
    while let Some((header, _)) = search.step(0, 0, &mut rest) {
        if header.kind == FrameKind::Headers {
            let payload = rest.get(..usize::try_from(header.len).ok()?)?;
            if let Some(direction) = direction_of(header, payload, limits) {
                return Some(direction);
            }
        }
    }
    None
}

/// Which way a field block goes, if it is one: requests and responses have pseudo-header fields of their own
/// (section 8.3), most of which are entries of the static table.
fn direction_of(header: FrameHeader, payload: &[u8], limits: &Limits) -> Option<Direction> {
    let mut block = payload;
    if header.has(FrameHeader::PADDED) {
        let (padding, rest) = block.split_first()?;
        block = rest.get(..rest.len().checked_sub(usize::from(*padding))?)?;
    }
    if header.has(FrameHeader::PRIORITY) {
        block = block.get(5..)?;
    }
    let mut decoder = Decoder::default();
    decoder.lose_blocks();
    let (mut of_request, mut of_response, mut is_valid) = (false, false, true);
    let outcome = decoder.fragment(block, limits, |field| match field.name {
        FieldName::Status => of_response = true,
        FieldName::Invalid => is_valid = false,
        name => of_request |= name.is_pseudo(),
    });
    match (of_request, of_response) {
        _ if outcome.is_err() || decoder.end_block().is_err() || !is_valid => None,
        (true, false) => Some(Direction::ToServer),
        (false, true) => Some(Direction::ToClient),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(direction: Direction, place: Place, data: &[u8], expected: Detection) {
        assert_eq!(detect(direction, place, data, &Limits::default()), expected, "{}", data.escape_ascii());
        if place == Place::Start && expected == Detection::Match {
            for len in 0..data.len() {
                let found = detect(direction, place, &data[..len], &Limits::default());
                assert_eq!(found, Detection::NeedMore, "{len} bytes of {}", data.escape_ascii());
            }
        }
    }

    #[test]
    fn a_connection_begins_with_preface_and_settings() {
        use Detection::{Match, NeedMore, NoMatch};
        let (client, server) = (Direction::ToServer, Direction::ToClient);
        check(client, Place::Start, PREFACE, Match);
        check(client, Place::Start, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", NoMatch);
        check(client, Place::Start, b"PRI", NeedMore);
        check(client, Place::Start, b"GET / HTTP/1.1\r\n", NoMatch);
        check(server, Place::Start, b"\0\0\x06\x04\0\0\0\0\0\0\x03", Match);
        check(server, Place::Start, b"\0\0\0\x04\0\0\0\0\0", Match);
        check(server, Place::Start, b"\0\0\x06\x04\x01\0\0\0\0", NoMatch);
        check(server, Place::Start, b"\0\0\x07\x04", NoMatch);
        check(server, Place::Start, b"\0\0\x06\x04\0\0\0\0\0\0\0", NoMatch);
        check(server, Place::Start, b"\x16\x03", NoMatch);
    }

    #[test]
    fn in_the_middle_a_head_says_which_way_it_goes() {
        use Detection::{Match, NeedMore, NoMatch};
        let (client, server) = (Direction::ToServer, Direction::ToClient);
        let request = b"...\0\0\0\x04\x01\0\0\0\0\0\0\x04\x01\x05\0\0\0\x0b\x82\x86\xc1\xc0";
        let response = b"...\0\0\x02\x01\x04\0\0\0\x0b\x88\xc0";
        for (data, asks, answers) in [(&request[..], Match, NoMatch), (response, NoMatch, Match)] {
            check(client, Place::Middle, data, asks);
            check(server, Place::Middle, data, answers);
            check(client, Place::Middle, &data[..data.len() - 1], NeedMore);
        }
        check(client, Place::Middle, b"\0\0\x02\x01\x04\0\0\0\x0b\xc1\xc0", NeedMore);
        check(client, Place::Middle, b"\0\0\x02\x01\x04\0\0\0\x0b\x82\x44", NeedMore);
    }
}
