//! What a peer may send to make a connection grow.

use std::format;

use super::Connection;
use crate::{Connection as _, Direction, Exchange, Limits, Shape, Want};

/// Bytes that a connection holds after 1 MiB of `flood` in one direction, in pieces of a segment.
fn held_after(direction: Direction, prelude: &[u8], flood: &[u8]) -> usize {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(direction, 1, prelude);
    let segment = flood.repeat(1460_usize.div_ceil(flood.len()));
    let mut held_bytes = 0;
    for now_ns in 0..(1 << 20) / 1460 {
        connection.bytes(direction, now_ns, &segment);
        held_bytes = held_bytes.max(connection.held_bytes());
    }
    assert!(connection.counters().balances());
    held_bytes
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let long_key = format!("get {}\r\n", "k".repeat(250));
    let giant = b"\x80\x01\0\0\0\0\0\0\x3f\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0";
    for (what, direction, prelude, flood) in [
        ("commands without an answer", Direction::ToServer, &b""[..], &b"get a\r\n"[..]),
        ("long keys", Direction::ToServer, b"", long_key.as_bytes()),
        ("quiet commands that nothing ends", Direction::ToServer, b"", b"mg a v q O1\r\n"),
        ("commands that need no answer and nobody polls", Direction::ToServer, b"", b"delete a noreply\r\n"),
        ("a line without an end", Direction::ToServer, b"", b"get a "),
        ("a value without an end", Direction::ToServer, b"set a 0 0 18446744073709551615\r\n", b"x"),
        ("a message without an end", Direction::ToServer, giant, b"x"),
        ("answers to nothing", Direction::ToClient, b"", b"END\r\n"),
        ("an answer without an end", Direction::ToClient, b"", b"STAT a 1\r\n"),
        ("a line of an answer without an end", Direction::ToClient, b"", b"ERROR "),
    ] {
        let held_bytes = held_after(direction, prelude, flood);
        assert!(held_bytes < 1 << 20, "{what}: {held_bytes} bytes");
    }
}

#[test]
fn values_need_not_be_captured() {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(Direction::ToServer, 1, b"set a 0 0 1000000\r\nhello");
    assert_eq!(connection.want(Direction::ToServer), Want::Skip(1_000_002 - 5));
    connection.skipped(Direction::ToServer, 2, 1_000_002 - 5);
    connection.bytes(Direction::ToClient, 3, b"STORED\r\n");
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert_eq!((out.verb.as_str(), out.request.bytes, out.request.last_ns), ("set", 1_000_021, 2));
}

/// Two quiet gets, of which the second hits, are told apart by what comes back only.
#[test]
fn quiet_answers_are_paired_by_what_comes_back() {
    for (commands, answer) in [
        ("mg a v q O1\r\nmg b v q O2\r\n", "VA 1 O2\r\nx\r\n"),
        ("mg a v q k\r\nmg b v q k\r\n", "VA 1 kb\r\nx\r\n"),
        ("ms a 1 q\r\nx\r\nmg b v q\r\n", "VA 1\r\nx\r\n"),
    ] {
        let mut connection = Connection::new(&Limits::default(), false);
        connection.bytes(Direction::ToServer, 1, commands.as_bytes());
        connection.bytes(Direction::ToClient, 2, answer.as_bytes());
        let mut out = Exchange::default();
        assert!(connection.poll(&mut out));
        assert_eq!((out.shape, out.response), (Shape::OneWay, None), "{commands}");
        assert!(connection.poll(&mut out));
        assert_eq!((out.shape, out.response.is_some()), (Shape::RequestResponse, true), "{commands}");
        assert!(!connection.poll(&mut out));
    }
}
