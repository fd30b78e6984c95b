//! Hellos, alerts and records by themselves, and what a connection holds at most.

use alloc::vec::Vec;

use super::message::MESSAGE_HEADER_BYTES;
use super::*;
use crate::{Connection as _, Detection, Direction, Exchange, Limits, Parsed, Place};

/// A vector with its length in two bytes.
fn vector(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap().to_be_bytes(), content].concat()
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &vector(content)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &len[..], body].concat()
}

/// A client hello: version, random, no session, one cipher suite, no compression, extensions.
fn client_hello(extensions: &[u8]) -> Vec<u8> {
    message(1, &[b"\x03\x03", &[7; 32][..], b"\0\0\x02\x13\x01\x01\0", &vector(extensions)].concat())
}

fn server_hello(random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
    message(2, &[b"\x03\x03", &random[..], b"\0\x13\x01\0", &vector(extensions)].concat())
}

fn record(content: u8, data: &[u8]) -> Vec<u8> {
    [&[content, 3, 3], &vector(data)[..]].concat()
}

#[track_caller]
fn whole<T>(parsed: Result<Parsed<T>, TlsError>, len: usize) -> T {
    match parsed {
        Ok(Parsed::Complete { value, consumed }) => {
            assert_eq!(consumed, len);
            value
        }
        Ok(Parsed::Incomplete { at_least }) => panic!("{at_least} bytes are missing"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_client_hello_names_host_and_protocols() {
    let names = [extension(0, &vector(b"\0\0\x04shop")), extension(16, &vector(b"\x02h2\x02\x0a\x0a\x08http/1.1"))];
    let data = client_hello(&names.concat());
    let hello = whole(ClientHello::parse(&data), data.len());
    assert_eq!(hello.server_name, Some(&b"shop"[..]));
    assert_eq!(hello.protocol_names().collect::<Vec<_>>(), ["h2", "http/1.1"], "without GREASE");
    assert!(!hello.has_early_data);
    let data = client_hello(&extension(42, b""));
    assert!(whole(ClientHello::parse(&data), data.len()).has_early_data);
}

#[test]
fn every_prefix_of_a_hello_is_incomplete() {
    let data = client_hello(&extension(0, &vector(b"\0\0\x04shop")));
    for len in 0..data.len() {
        let at_least = if len < MESSAGE_HEADER_BYTES { MESSAGE_HEADER_BYTES - len } else { data.len() - len };
        assert_eq!(ClientHello::parse(&data[..len]), Ok(Parsed::Incomplete { at_least }), "{len} bytes");
    }
}

#[test]
fn what_ends_behind_its_container_is_malformed() {
    for body in [&b""[..], b"\x03\x03", &[0; 34], &[0xff; 40], &client_hello(b"\0\0\0\x09")[4..]] {
        assert_eq!(ClientHello::parse(&message(1, body)), Err(TlsError::Hello), "{}", body.escape_ascii());
    }
    assert_eq!(ClientHello::parse(&message(2, b"")), Err(TlsError::OtherMessage));
    // An extension that is wrong in itself costs only what it says.
    let data = client_hello(&[extension(0, b"\xff\xff"), extension(16, &vector(b"\x02h2"))].concat());
    let hello = whole(ClientHello::parse(&data), data.len());
    assert_eq!((hello.server_name, hello.protocol_names().count()), (None, 1));
}

#[test]
fn a_server_hello_says_version_and_protocol() {
    let data = server_hello([1; 32], &extension(16, &vector(b"\x02h2")));
    let hello = whole(ServerHello::parse(&data), data.len());
    assert_eq!((hello.version_name(), hello.protocol_name(), hello.is_retry), ("TLSv1.2", Some("h2"), false));
    let data = server_hello([1; 32], &extension(43, b"\x03\x04"));
    assert_eq!(whole(ServerHello::parse(&data), data.len()).version_name(), "TLSv1.3");
    let retry = b"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
    let data = server_hello(*retry, &extension(43, b"\x03\x04"));
    assert!(whole(ServerHello::parse(&data), data.len()).is_retry);
}

#[test]
fn a_record_is_no_longer_than_the_protocol_allows() {
    let header = |bytes: &[u8]| RecordHeader::parse(bytes);
    assert_eq!(whole(header(b"\x17\x03\x03\x48\x00"), 5).len, (1 << 14) + 2048);
    assert_eq!(header(b"\x17\x03\x03\x48\x01"), Err(TlsError::RecordLength));
    assert_eq!(whole(header(b"\x17\x03\x03\x00\x00"), 5).len, 0);
    assert_eq!(header(b"\x16\x03\x03\x00\x00"), Err(TlsError::RecordLength));
    for other in [&b"\x13"[..], b"\x19", b"\x16\x02", b"\x16\x03\x05", b"GET", b"\x16\x03\x09\x00"] {
        assert_eq!(header(other), Err(TlsError::NotTls), "{}", other.escape_ascii());
    }
}

#[test]
fn an_alert_has_a_level_and_a_name() {
    let alert = Alert::parse(&[2, 48]).unwrap();
    assert_eq!((alert.name(), alert.ends_handshake(), alert.is_own_fault()), ("unknown_ca", true, false));
    assert!(!Alert::parse(&[1, 112]).unwrap().ends_handshake());
    assert!(Alert::parse(&[1, 0]).unwrap().ends_handshake(), "close_notify");
    assert!(Alert::parse(&[2, 80]).unwrap().is_own_fault());
    for other in [&[][..], &[2], &[0, 0], &[3, 0], &[1, 2, 3]] {
        assert_eq!(Alert::parse(other), Err(TlsError::Alert));
    }
}

#[test]
fn a_hello_is_told_from_what_resembles_it() {
    let limits = Limits::default();
    let hello = record(22, &client_hello(b""));
    let answer = record(22, &server_hello([1; 32], b""));
    for (direction, place, data, expected) in [
        (Direction::ToServer, Place::Start, &hello[..], Detection::Match),
        (Direction::ToServer, Place::Start, &hello[..11], Detection::Match),
        (Direction::ToServer, Place::Start, &hello[..10], Detection::NeedMore),
        (Direction::ToServer, Place::Start, &answer, Detection::NoMatch),
        (Direction::ToClient, Place::Start, &answer, Detection::Match),
        (Direction::ToClient, Place::Start, &hello, Detection::NoMatch),
        (Direction::ToClient, Place::Start, b"\x15\x03\x03\x00\x02\x02\x28", Detection::Match),
        (Direction::ToClient, Place::Start, b"\x15\x03\x03\x00\x02\x03\x28", Detection::NoMatch),
        (Direction::ToClient, Place::Start, b"\x15\x03\x03\x00\x1a", Detection::NoMatch),
        (Direction::ToServer, Place::Start, b"\x17\x03\x03\x00\x20", Detection::NoMatch),
        (Direction::ToServer, Place::Middle, b"\x17\x03\x03\x00\x20", Detection::Match),
        (Direction::ToServer, Place::Middle, b"\x17\x03\x03\x00\x01", Detection::NoMatch),
        (Direction::ToServer, Place::Middle, &hello, Detection::Match),
    ] {
        assert_eq!(
            detect(direction, place, data, &limits),
            expected,
            "{direction:?} {place:?} {}",
            data.escape_ascii()
        );
    }
}

/// The largest hellos that are held, and of those that are larger nothing; messages of 16 MiB that never end.
#[test]
fn what_is_held_is_bounded() {
    let limits = Limits::default();
    let held_after = |message: &[u8]| {
        let mut connection = Connection::new(&limits, false);
        for content in message.chunks(1 << 14) {
            connection.bytes(Direction::ToServer, 1, &record(22, content));
        }
        connection.bytes(Direction::ToClient, 2, &record(22, b"\x02\xff\xff\xff"));
        for _ in 0..1000 {
            connection.bytes(Direction::ToClient, 2, &record(22, &[0; 1 << 14]));
        }
        connection.held_bytes()
    };
    let hello = client_hello(&extension(21, &[0; 60_000]));
    assert!(held_after(&hello) < 1024, "{}", held_after(&hello));
    let hello = client_hello(&extension(16, &vector(&b"\x08http/1.1".repeat(1700))));
    let held_bytes = held_after(&hello);
    assert!((15_000..40_000).contains(&held_bytes), "{held_bytes}");
    let mut connection = Connection::new(&limits, false);
    connection.bytes(Direction::ToServer, 1, &record(22, &hello));
    connection.close(2);
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert!(out.resource.len() <= limits.resource_bytes && out.resource.starts_with("http/1.1,http/1.1,"));
}
