//! Messages and names by themselves, datagrams, and what a connection holds at most.

use alloc::string::String;
use alloc::vec::Vec;

use super::name::Name;
use super::*;
use crate::{Connection as _, Counters, Detection, Direction, Exchange, Limits, Place, StatusClass};

/// Header, and a question for a record of the internet.
fn message(id: u16, flags: u16, name: &[u8], kind: u16) -> Vec<u8> {
    let words = [id, flags, 1, 0, 0, 0];
    let header = words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    [&header[..], name, &kind.to_be_bytes(), &[0, 1]].concat()
}

const SHOP: &[u8] = b"\x04Shop\x07example\0";
const QUERY: u16 = 0x0100;
const RESPONSE: u16 = 0x8180;

fn text(name: &Name) -> String {
    let mut text = String::new();
    assert!(!name.write(&mut text, 2000));
    text
}

#[test]
fn a_name_is_read_through_pointers() {
    let data = b"\x07example\0\x04shop\xc0\x00\x03www\xc0\x09";
    for (at, expected, end) in [(0, "example", 9), (9, "shop.example", 16), (16, "www.shop.example", 22)] {
        let (name, found_end) = Name::read(data, at).unwrap();
        assert_eq!((text(&name).as_str(), found_end), (expected, end));
    }
    for (data, at) in [
        (&b"\xc0\x00"[..], 0),    // to itself
        (b"\x01a\xc0\x00", 0),    // to where it began
        (b"\xc0\x02\x01a\0", 0),  // ahead
        (b"\xc0\x02\xc0\x00", 2), // to one that leads ahead
        (b"\x01a\x40\x01b\0", 0), // a length of an unknown kind
        (b"\x05shop\0", 0),       // a label behind the end
        (b"\x04shop", 0),         // no end
        (b"\x04shop\xc0", 0),     // half a pointer
        (b"", 0),
        (b"\0", 1),
    ] {
        assert_eq!(Name::read(data, at), None, "{} at {at}", data.escape_ascii());
    }
}

#[test]
fn a_name_is_at_most_255_bytes_long() {
    let label = [&[62][..], &[b'x'; 62]].concat();
    let longest = [&label.repeat(4)[..], b"\x01y\0"].concat();
    assert_eq!(longest.len(), 255);
    let (name, _) = Name::read(&longest, 0).unwrap();
    assert_eq!(text(&name).len(), 253);
    assert_eq!(Name::read(&[&label.repeat(4)[..], b"\x02yy\0"].concat(), 0), None);
    // Pointers, each to the label before, make no name longer.
    let mut data = b"\x01a\0".to_vec();
    for at in 0..200_u8 {
        let target = if at == 0 { 0 } else { 3 + 4 * (u16::from(at) - 1) };
        data.extend_from_slice(&[&b"\x01b"[..], &(0xc000 | target).to_be_bytes()].concat());
    }
    let last = data.len() - 4;
    assert_eq!(Name::read(&data, last), None);
    assert!(Name::read(&data, 3 + 4 * 100).is_some());
}

#[test]
fn a_name_is_cut_between_characters() {
    let (name, _) = Name::read(b"\x03a\xffb\x01c\0", 0).unwrap();
    for (max, expected, is_cut) in [(0, "", true), (4, "a", true), (5, "a\\255", true), (8, "a\\255b.c", false)] {
        let mut out = String::new();
        assert_eq!((name.write(&mut out, max), out.as_str()), (is_cut, expected), "{max}");
    }
}

#[test]
fn a_message_has_a_header_and_perhaps_a_question() {
    let data = message(7, RESPONSE | 0x0200 | 3, SHOP, 28);
    let parsed = Message::parse(&data).unwrap();
    let question = parsed.question.unwrap();
    assert_eq!((parsed.id, parsed.is_response, parsed.is_truncated, parsed.opcode), (7, true, true, 0));
    assert_eq!((text(&question.name).as_str(), question.kind, question.class), ("shop.example", 28, 1));
    assert_eq!((parsed.response_code(), parsed.status()), (3, ("NXDOMAIN", StatusClass::ClientError)));
    for len in 0..data.len() {
        let expected = if len < 12 { DnsError::Header } else { DnsError::Question };
        assert_eq!(Message::parse(&data[..len]).unwrap_err(), expected, "{len} bytes");
    }
    assert!(Message::parse(&[0; 12]).unwrap().question.is_none());
}

fn poll(datagrams: &mut Datagrams) -> Vec<Exchange> {
    let mut all = Vec::new();
    let mut out = Exchange::default();
    while datagrams.poll(&mut out) {
        all.push(out.clone());
    }
    assert!(datagrams.counters().balances(), "{:?}", datagrams.counters());
    all
}

#[test]
fn datagrams_pair_by_identifier_and_question() {
    let mut datagrams = Datagrams::new(&Limits::default());
    datagrams.bytes(Direction::ToServer, 10, &message(1, QUERY, SHOP, 1));
    datagrams.bytes(Direction::ToServer, 20, &message(2, QUERY, SHOP, 28));
    datagrams.bytes(Direction::ToClient, 30, &message(2, RESPONSE, b"\x04SHOP\x07example\0", 28));
    datagrams.bytes(Direction::ToClient, 40, b"no message");
    datagrams.bytes(Direction::ToClient, 50, &message(1, RESPONSE, SHOP, 1));
    let spans =
        poll(&mut datagrams).into_iter().map(|exchange| (exchange.verb, exchange.request.first_ns, exchange.end_ns));
    assert_eq!(spans.collect::<Vec<_>>(), [("AAAA".into(), 20, 30), ("A".into(), 10, 50)]);
    let expected = Counters { requests: 2, responses: 2, paired: 2, unparsed_bytes: 10, ..Counters::default() };
    assert_eq!(*datagrams.counters(), expected);
}

#[test]
fn an_answer_that_may_be_lost_is_no_silence() {
    let mut datagrams = Datagrams::new(&Limits::default());
    datagrams.bytes(Direction::ToServer, 10, &message(1, QUERY, SHOP, 1));
    datagrams.gap(Direction::ToClient, 20, 50);
    datagrams.bytes(Direction::ToServer, 30, &message(2, QUERY, SHOP, 1));
    datagrams.close(40);
    datagrams.close(50);
    datagrams.bytes(Direction::ToServer, 60, &message(3, QUERY, SHOP, 1));
    let found = poll(&mut datagrams);
    assert_eq!(
        found.iter().map(|exchange| (exchange.status, exchange.end_ns)).collect::<Vec<_>>(),
        [(StatusClass::NoResponse, 40)]
    );
    assert_eq!(datagrams.counters().requests_unmatched, 1);
}

/// RFC 6762: identifiers are 0, responses come unasked and from either side, classes have another bit.
#[test]
fn multicast_does_no_harm() {
    let mut datagrams = Datagrams::new(&Limits::default());
    let announcement =
        [&b"\0\0\x84\0\0\0\0\x01\0\0\0\0"[..], SHOP, b"\0\x01\x80\x01\0\0\0\x78\0\x04\x0a\0\0\x01"].concat();
    datagrams.bytes(Direction::ToServer, 10, &announcement);
    datagrams.bytes(Direction::ToClient, 20, &announcement);
    let mut question = message(0, 0, SHOP, 1);
    *question.iter_mut().nth_back(1).unwrap() = 0x80;
    datagrams.bytes(Direction::ToServer, 30, &question);
    datagrams.bytes(Direction::ToClient, 40, &announcement);
    let found = poll(&mut datagrams);
    assert_eq!((found.len(), found[0].resource.as_str(), found[0].end_ns), (1, "shop.example", 40));
    assert_eq!(datagrams.counters().responses_unmatched, 1);
    assert_eq!(datagrams.counters().unparsed_bytes, announcement.len() as u64);
}

#[test]
fn a_first_question_is_told_from_what_resembles_it() {
    let (query, response) = (message(0x4745, QUERY, SHOP, 1), message(0x4745, RESPONSE, SHOP, 1));
    let framed = |message: &[u8]| [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat();
    let limits = Limits::default();
    let over_tcp = |direction, data: &[u8]| detect(direction, Place::Start, data, &limits);
    for (direction, own, other) in [(Direction::ToServer, &query, &response), (Direction::ToClient, &response, &query)]
    {
        assert_eq!(over_tcp(direction, &framed(own)), Detection::Match);
        assert_eq!(over_tcp(direction, &framed(own)[..own.len()]), Detection::NeedMore, "but for two bytes");
        assert_eq!(over_tcp(direction, &framed(other)), Detection::NoMatch);
        assert_eq!(detect_datagram(direction, own), Detection::Match);
        assert_eq!(detect_datagram(direction, other), Detection::NoMatch);
        assert_eq!(detect_datagram(direction, &own[..own.len() - 1]), Detection::NoMatch, "not to be continued");
    }
    for (at, byte) in [(2, 0x79), (3, 0x41), (5, 2), (7, 1), (12, 64), (12, 5), (13, 7), (28, 2)] {
        let mut other = query.clone();
        other[at] = byte;
        assert_eq!(detect_datagram(Direction::ToServer, &other), Detection::NoMatch, "{byte} at {at}");
    }
}

/// Queries without end, each with the longest name; then the largest message with nothing but aliases.
#[test]
fn what_is_held_is_bounded() {
    let limits = Limits::default();
    let mut connection = Connection::new(&limits, false);
    let name = [&[&[60][..], &[0xff; 60]].concat().repeat(4)[..], b"\0"].concat();
    for id in 0..10_000_u16 {
        let query = message(id, QUERY, &name, 1);
        connection.bytes(
            Direction::ToServer,
            1,
            &[&u16::try_from(query.len()).unwrap().to_be_bytes(), &query[..]].concat(),
        );
    }
    let each = size_of::<Exchange>() + 1100;
    let held_bytes = connection.held_bytes();
    assert!(held_bytes <= (limits.open_exchanges + limits.spare_exchanges) * each, "{held_bytes}");
    assert_eq!(connection.counters().open_requests, limits.open_exchanges as u64);

    let mut datagrams = Datagrams::new(&limits);
    datagrams.bytes(Direction::ToServer, 1, &message(1, QUERY, SHOP, 1));
    let mut aliases = message(1, RESPONSE, SHOP, 1);
    aliases[6..8].copy_from_slice(&u16::MAX.to_be_bytes());
    while aliases.len() < 65_000 {
        let next = [u8::try_from(aliases.len() % 251).unwrap(), u8::try_from(aliases.len() / 251 % 251).unwrap()];
        aliases.extend_from_slice(b"\xc0\x0c\0\x05\0\x01\0\0\0\x01\0\x05\x02");
        aliases.extend_from_slice(&next);
        aliases.extend_from_slice(b"\xc0\x11");
    }
    datagrams.bytes(Direction::ToClient, 2, &aliases);
    assert_eq!(poll(&mut datagrams).len(), 1);
    assert!(datagrams.held_bytes() < 10_000);
}
