//! What takes too many bytes to be written down.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::Exchange;
use crate::{Connection as _, StatusClass, Want};

fn envelope(version: u8, opcode: u8, stream: i16, body: &[u8]) -> Vec<u8> {
    let [high, low] = stream.to_be_bytes();
    [&[version, 0, high, low, opcode][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

fn query(stream: i16, text: &str) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap().to_be_bytes();
    envelope(4, 7, stream, &[&len, text.as_bytes(), &[0, 1, 0]].concat())
}

const VOID: [u8; 4] = [0, 0, 0, 1];

fn polled(connection: &mut Connection) -> Vec<Exchange> {
    let mut out = Exchange::default();
    core::iter::from_fn(|| connection.poll(&mut out).then(|| out.clone())).collect()
}

#[test]
fn every_stream_may_be_open_at_once() {
    let limits = Limits { open_exchanges: 40_000, ..Limits::default() };
    let mut connection = Connection::new(&limits, false);
    for stream in 0..=i16::MAX {
        connection.bytes(Direction::ToServer, 1, &query(stream, &format!("SELECT a FROM t{stream}")));
    }
    for stream in (0..=i16::MAX).rev() {
        connection.bytes(Direction::ToClient, 2, &envelope(0x84, 8, stream, &VOID));
        let exchanges = polled(&mut connection);
        assert_eq!(exchanges.len(), 1);
        assert_eq!(exchanges[0].resource, format!("a FROM t{stream}"));
    }
    assert_eq!(connection.counters().paired, 32_768);
}

#[test]
fn a_large_result_is_counted_and_not_held() {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(Direction::ToServer, 1, &query(1, "SELECT a FROM t"));
    let mut head = envelope(0x84, 8, 1, b"");
    head[5..9].copy_from_slice(&EnvelopeHeader::MAX_BODY_BYTES.to_be_bytes());
    connection.bytes(Direction::ToClient, 2, &head);
    connection.bytes(Direction::ToClient, 2, &[0; 64]);
    let remaining = u64::from(EnvelopeHeader::MAX_BODY_BYTES) - 64;
    assert_eq!(connection.want(Direction::ToClient), Want::Skip(remaining));
    connection.skipped(Direction::ToClient, 3, remaining);
    let exchanges = polled(&mut connection);
    assert_eq!(exchanges[0].response.unwrap().bytes, u64::from(EnvelopeHeader::MAX_BODY_BYTES) + 9);
    assert!(connection.held_bytes() < 16 * 1024);
}

#[test]
fn floods_are_held_within_a_budget() {
    let mut connection = Connection::new(&Limits::default(), false);
    let long = String::from_utf8(vec![b'x'; 100_000]).unwrap();
    for round in 0..5_000_i16 {
        connection.bytes(Direction::ToServer, 1, &query(round, &format!("SELECT {round} FROM {long}")));
        let id = [&[0, 2][..], &round.to_be_bytes()].concat();
        let text = format!("SELECT {} FROM t{round}", "column, ".repeat(100));
        let len = u32::try_from(text.len()).unwrap().to_be_bytes();
        let stream = 20_000 + round;
        connection.bytes(Direction::ToServer, 1, &envelope(4, 9, stream, &[&len, text.as_bytes()].concat()));
        connection.bytes(Direction::ToClient, 2, &envelope(0x84, 8, stream, &[&[0, 0, 0, 4][..], &id].concat()));
        assert_eq!(polled(&mut connection).len(), 1);
        assert!(connection.held_bytes() < 2 * 1024 * 1024, "{}", connection.held_bytes());
    }
    let counters = connection.counters();
    assert!(counters.requests_evicted > 3_000 && counters.definitions_evicted > 4_000, "{counters:?}");
}

/// A frame's checksums cannot be guessed: this is a header for 131,071 bytes that are 131,071 when decompressed, on a connection
/// with compression.
const FULL_COMPRESSED: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0x07, 0x93, 0x65, 0x57];

#[test]
fn compressed_frames_are_held_as_far_as_they_are_read() {
    let mut connection = Connection::new(&Limits::default(), false);
    let options = b"\0\x01\0\x0bCOMPRESSION\0\x03lz4";
    connection.bytes(Direction::ToServer, 1, &envelope(5, 1, 0, options));
    connection.bytes(Direction::ToClient, 2, &envelope(0x85, 2, 0, b""));
    assert_eq!(polled(&mut connection)[0].status, StatusClass::Ok);
    for direction in [Direction::ToServer, Direction::ToClient] {
        connection.bytes(direction, 3, &FULL_COMPRESSED);
        for _ in 0..131 {
            connection.bytes(direction, 3, &[0xff; 1000]);
        }
        assert!(connection.held_bytes() < 64 * 1024, "{}", connection.held_bytes());
    }
}
