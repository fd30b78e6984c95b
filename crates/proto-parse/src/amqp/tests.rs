//! Frames and methods by themselves, and what a connection holds at most.

use alloc::vec::Vec;

use super::*;
use crate::{Connection as _, Detection, Direction, Exchange, Limits, Parsed, Place};

fn frame(kind: u8, channel: u16, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap();
    [&[kind][..], &channel.to_be_bytes(), &size.to_be_bytes(), content, b"\xce"].concat()
}

fn method(channel: u16, class: u16, method: u16, arguments: &[u8]) -> Vec<u8> {
    frame(1, channel, &[&class.to_be_bytes()[..], &method.to_be_bytes(), arguments].concat())
}

#[test]
fn a_frame_says_what_it_is_and_how_long() {
    let header = |kind, channel, len| Ok(Parsed::Complete { value: FrameHeader { kind, channel, len }, consumed: 7 });
    assert_eq!(FrameHeader::parse(&frame(1, 7, b"abcd")), header(FrameKind::Method, 7, 12));
    assert_eq!(FrameHeader::parse(&frame(2, 7, &[0; 14])), header(FrameKind::ContentHeader, 7, 22));
    assert_eq!(FrameHeader::parse(&frame(3, 7, b"")), header(FrameKind::ContentBody, 7, 8));
    assert_eq!(FrameHeader::parse(&frame(8, 0, b"")), header(FrameKind::Heartbeat, 0, 8));
    let largest = b"\x03\0\x01\xff\xff\xff\xff";
    assert_eq!(FrameHeader::parse(largest), header(FrameKind::ContentBody, 1, (1 << 32) + 7));
    for len in 0..7 {
        assert_eq!(FrameHeader::parse(&largest[..len]), Ok(Parsed::Incomplete { at_least: 7 - len }));
        assert_eq!(
            FrameHeader::parse(&b"AMQP\0\0\x09\x01"[..=len]).unwrap(),
            match len {
                0 => Parsed::Incomplete { at_least: 7 },
                _ => Parsed::Incomplete { at_least: 7 - len },
            }
        );
    }
}

#[test]
fn what_is_no_frame_is_refused() {
    for (data, error) in [
        (&b"\x04"[..], AmqpError::NotAmqp),
        (b"AMQX", AmqpError::NotAmqp),
        (b"HTTP/1.1", AmqpError::NotAmqp),
        (b"\x01\0\x01\0\0\0\x03", AmqpError::FrameLength),
        (b"\x02\0\x01\0\0\0\x0d", AmqpError::FrameLength),
        (b"\x02\0\0\0\0\0\x0e", AmqpError::FrameLength),
        (b"\x03\0\0\0\0\0\x01", AmqpError::FrameLength),
        (b"\x08\0\x01\0\0\0\0", AmqpError::FrameLength),
        (b"\x08\0\0\0\0\0\x01", AmqpError::FrameLength),
    ] {
        assert_eq!(FrameHeader::parse(data), Err(error), "{}", data.escape_ascii());
    }
    assert_eq!(Method::parse(b"\0\x3c\0"), Err(AmqpError::Method));
}

#[test]
fn methods_have_names_and_answers() {
    let method =
        |class: u8, number: u8| Method::parse(&[0, class, 0, number]).map(|method| (method.name(), method.answered()));
    assert_eq!(method(50, 10), Ok(("queue.declare", None)));
    assert_eq!(method(60, 40), Ok(("publish", None)));
    assert_eq!(method(99, 1), Ok(("", None)));
    let answered = |class, number| method(class, number).unwrap().1.map(|answered| answered.name);
    assert_eq!(
        [(60, 71), (60, 72), (40, 51), (50, 51)].map(|(class, number)| answered(class, number)),
        [Some("get"), Some("get"), Some("exchange.unbind"), Some("queue.unbind"),]
    );
}

#[test]
fn a_beginning_is_told_from_what_resembles_it() {
    let limits = Limits::default();
    let declare = method(1, 50, 10, b"\0\0\x01q\0\0\0\0\0");
    let start = method(0, 10, 10, b"\0\x09\0\0\0\0");
    use Detection::{Match, NeedMore, NoMatch};
    use Direction::{ToClient, ToServer};
    for (direction, place, data, expected) in [
        (ToServer, Place::Start, &b"AMQP\0\0\x09\x01"[..], Match),
        (ToServer, Place::Start, b"AMQP\0\0\x09", NeedMore),
        (ToServer, Place::Start, b"AMQP\0\x01\0\0", NoMatch),
        (ToServer, Place::Start, &declare, NoMatch),
        (ToClient, Place::Start, &start, Match),
        (ToClient, Place::Start, &start[..12], NeedMore),
        (ToClient, Place::Start, b"\x01\0\0\0\0\0\x20\0\x0a\0\x0a\0\x08", NoMatch),
        (ToClient, Place::Start, b"AMQP\0\0\x09\x01", NoMatch),
        (ToServer, Place::Middle, &declare, Match),
        (ToServer, Place::Middle, &declare[..10], NeedMore),
        (ToClient, Place::Middle, &declare, NoMatch),
        (ToServer, Place::Middle, &method(0, 50, 10, b""), NoMatch),
        (ToServer, Place::Middle, &method(1, 10, 40, b""), NoMatch),
        (ToClient, Place::Middle, &method(1, 60, 60, b""), Match),
        (ToClient, Place::Middle, b"\x08\0\0\0\0\0\0\xce", Match),
        (ToClient, Place::Middle, b"\x08\0\0\0\0\0\0\xcf", NoMatch),
        (ToClient, Place::Middle, b"\x02\0\x01\0\0\0\x0e\0\x3c\0\0", Match),
        (ToClient, Place::Middle, b"\x02\0\x01\0\0\0\x0e\0\x3d", NoMatch),
        (ToClient, Place::Middle, b"\x03\0\x01\0\0\0\x0e", NoMatch),
        (ToServer, Place::Middle, b"\x01\0\x01\x01\0\0\0\0\x32\0\x0a", NoMatch),
    ] {
        assert_eq!(
            detect(direction, place, data, &limits),
            expected,
            "{direction:?} {place:?} {}",
            data.escape_ascii()
        );
    }
}

/// Requests and contents without end on every channel, each with the longest names, and frames of 4 GiB.
#[test]
fn what_is_held_is_bounded() {
    let limits = Limits::default();
    let mut connection = Connection::new(&limits, false);
    let name = [&[255][..], &[b'n'; 255]].concat();
    for channel in 1..=u16::MAX {
        let publish = method(channel, 60, 40, &[b"\0\0", &name[..], &name, b"\0"].concat());
        let deliver = method(channel, 60, 60, &[&name[..], &[0; 9], &name, &name].concat());
        connection.bytes(Direction::ToServer, 1, &publish);
        connection.bytes(Direction::ToClient, 1, &deliver);
    }
    for _ in 0..10_000 {
        connection.bytes(Direction::ToServer, 1, &method(1, 60, 70, &[b"\0\0", &name[..], b"\0"].concat()));
    }
    connection.bytes(Direction::ToServer, 1, b"\x01\0\x01\xff\xff\xff\xff");
    for _ in 0..100 {
        connection.bytes(Direction::ToServer, 1, &[0; 1 << 14]);
    }
    // A channel's two contents, and an open request or a finished exchange for each, with their texts.
    let each = 2048;
    let held_bytes = connection.held_bytes();
    assert!(held_bytes <= (limits.open_exchanges + limits.spare_exchanges) * 2 * each, "{held_bytes}");
    connection.close(2);
    let mut out = Exchange::default();
    while connection.poll(&mut out) {
        assert!(out.resource.len() <= 255);
    }
    assert!(connection.counters().balances());
    assert!(connection.counters().requests_evicted > 0);
}
