//! What takes too many bytes to be written down.

use alloc::vec::Vec;
use alloc::{format, vec};

use super::*;
use crate::Exchange;
use crate::{Connection as _, StatusClass, Want};

const FULL: usize = PacketHeader::FULL as usize;

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&[a, b, c, sequence], payload].concat()
}

/// A connection behind its login.
fn logged_in() -> Connection {
    let mut connection = Connection::new(&Limits::default(), false);
    let mut greeting = b"\n8.0.36\0\x01\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xff\x15".to_vec();
    greeting.extend([0; 30]);
    connection.bytes(Direction::ToClient, 1, &packet(0, &greeting));
    let mut login = vec![0x0d, 0xa2, 0x3a, 0, 0, 0, 0, 1, 45];
    login.extend([0; 23]);
    connection.bytes(Direction::ToServer, 2, &packet(1, &login));
    connection.bytes(Direction::ToClient, 3, &packet(2, b"\0\0\0\x02\0\0\0"));
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out) && out.verb == "CONNECT" && out.status == StatusClass::Ok);
    connection
}

/// Bytes as a capture passes them on: what does not matter is left out.
fn pass(connection: &mut Connection, direction: Direction, now_ns: u64, mut data: &[u8]) {
    while !data.is_empty() {
        match connection.want(direction) {
            Want::Skip(len) => {
                let (skipped, rest) = data.split_at(usize::try_from(len).unwrap().min(data.len()));
                connection.skipped(direction, now_ns, skipped.len() as u64);
                data = rest;
            }
            _ => {
                connection.bytes(direction, now_ns, &data[..data.len().min(1000)]);
                data = &data[data.len().min(1000)..];
            }
        }
    }
}

#[test]
fn a_statement_of_16_mib_is_one_request() {
    let mut connection = logged_in();
    let mut text = b"\x03INSERT INTO files VALUES ('".to_vec();
    text.resize(FULL, b'x');
    pass(&mut connection, Direction::ToServer, 10, &packet(0, &text));
    pass(&mut connection, Direction::ToServer, 20, &packet(1, &vec![b'x'; FULL]));
    pass(&mut connection, Direction::ToServer, 30, &packet(2, b""));
    connection.bytes(Direction::ToClient, 40, &packet(3, b"\0\x01\0\x02\0\0\0"));
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert_eq!((out.verb.as_str(), out.resource.as_str()), ("INSERT", "INTO files VALUES (?"));
    assert_eq!(out.flags, Flags::RESOURCE_CUT);
    assert_eq!(out.request, Span { first_ns: 10, last_ns: 30, bytes: 2 * FULL as u64 + 12 });
    assert_eq!((out.status, connection.counters().desyncs), (StatusClass::Ok, 0));
}

#[test]
fn a_row_of_16_mib_may_look_like_the_end_of_rows() {
    let mut connection = logged_in();
    connection.bytes(Direction::ToServer, 10, &packet(0, b"\x03SELECT content FROM files"));
    let column = b"\x03def\x04shop\x05files\x05files\x07content\x07content\x0c?\0\xff\xff\xff\xff\xfc\x90\0\0\0\0";
    let head = [packet(1, b"\x01"), packet(2, column), packet(3, b"\xfe\0\0\x02\0")].concat();
    connection.bytes(Direction::ToClient, 20, &head);
    let mut row = vec![0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0];
    row.resize(FULL, 0xff);
    pass(&mut connection, Direction::ToClient, 30, &packet(4, &row));
    // The rest of it, which looks like an error.
    pass(&mut connection, Direction::ToClient, 40, &packet(5, &[0xff; 9]));
    let mut out = Exchange::default();
    assert!(!connection.poll(&mut out));
    connection.bytes(Direction::ToClient, 50, &packet(6, b"\xfe\0\0\x02\0"));
    assert!(connection.poll(&mut out));
    assert_eq!((out.status, out.response.unwrap().last_ns), (StatusClass::Ok, 50));
}

#[test]
fn what_a_client_prepares_is_held_within_a_budget() {
    let mut connection = logged_in();
    let mut out = Exchange::default();
    for number in 0..20_000_u32 {
        let text = alloc::format!("\x16SELECT {} FROM t{number}", "column, ".repeat(100));
        connection.bytes(Direction::ToServer, 10, &packet(0, text.as_bytes()));
        let prepared = [&[0][..], &number.to_le_bytes(), &[0; 7]].concat();
        connection.bytes(Direction::ToClient, 20, &packet(1, &prepared));
        assert!(connection.poll(&mut out));
        assert!(connection.held_bytes() < 128 * 1024, "{}", connection.held_bytes());
    }
    assert!(connection.counters().definitions_evicted > 19_000);
}

#[test]
fn a_flood_of_commands_and_giant_lengths_are_held_within_a_budget() {
    let mut connection = logged_in();
    for _ in 0..100_000 {
        connection.bytes(Direction::ToServer, 10, &packet(0, b"\x03SELECT a FROM b"));
    }
    assert_eq!(connection.counters().requests_evicted, 100_000 - Limits::default().open_exchanges as u64);
    for direction in [Direction::ToServer, Direction::ToClient] {
        let sequence = if direction == Direction::ToServer { 0 } else { 1 };
        connection.bytes(direction, 20, &[0xfe, 0xff, 0xff, sequence, 3]);
        for _ in 0..1000 {
            connection.bytes(direction, 20, &[b'x'; 1000]);
        }
    }
    assert!(connection.held_bytes() < 1024 * 1024, "{}", connection.held_bytes());
}

/// The status of the last OK packet says what a backslash in a string is ("SERVER_STATUS_NO_BACKSLASH_ESCAPES").
#[test]
fn what_a_backslash_is_the_server_tells() {
    for (status, text, expected) in
        [(0x02, r"'a\' AS x, 's3cr3t' AS y", "? AS x, ? AS y"), (0x00, r"'a\' AS x, s3cr3t' AS y", "? AS y")]
    {
        for joined_late in [false, true] {
            let mut connection = if joined_late { Connection::new(&Limits::default(), true) } else { logged_in() };
            let mut texts = Vec::new();
            for (now_ns, query) in [(10, "SET sql_mode = 'x'"), (20, &format!("SELECT {text}"))] {
                connection.bytes(Direction::ToServer, now_ns, &packet(0, format!("\x03{query}").as_bytes()));
                connection.bytes(Direction::ToClient, now_ns + 1, &packet(1, &[0, 0, 0, 2, status, 0, 0]));
                let mut out = Exchange::default();
                while connection.poll(&mut out) {
                    texts.push(out.resource.clone());
                }
            }
            assert_eq!(texts, ["sql_mode = ?", expected], "{status}, {joined_late}");
        }
    }
    // It may tell something else before it reads the second.
    let mut connection = logged_in();
    for query in [r"SET sql_mode = 'NO_BACKSLASH_ESCAPES'", r"SELECT 'a\', 's3cr3t'"] {
        connection.bytes(Direction::ToServer, 10, &packet(0, format!("\x03{query}").as_bytes()));
    }
    for _ in 0..2 {
        connection.bytes(Direction::ToClient, 11, &packet(1, b"\0\0\0\x02\x02\0\0"));
    }
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out) && connection.poll(&mut out));
    assert_eq!(out.resource, "?");
    // Before it has told.
    let mut connection = Connection::new(&Limits::default(), true);
    connection.bytes(Direction::ToServer, 10, &packet(0, b"\x03SELECT 'a\\', 's3cr3t'"));
    connection.bytes(Direction::ToClient, 11, &packet(1, b"\0\0\0\x02\x02\0\0"));
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert_eq!(out.resource, "?");
}
