//! What a peer may send to make a connection grow.

use std::format;
use std::vec::Vec;

use super::Connection;
use crate::{Connection as _, Direction, Exchange, Limits, Want};

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
    let subscribed = b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    let channel = "x".repeat(2000);
    let delivery = format!("*3\r\n$7\r\nmessage\r\n$2000\r\n{channel}\r\n$1\r\na\r\n");
    let publish = format!("*3\r\n$7\r\nPUBLISH\r\n$2000\r\n{channel}\r\n$1\r\na\r\n");
    for (what, direction, prelude, flood) in [
        ("commands without a reply", Direction::ToServer, &b""[..], &b"*1\r\n$4\r\nPING\r\n"[..]),
        ("long channels", Direction::ToServer, b"", publish.as_bytes()),
        ("deliveries that nobody polls", Direction::ToClient, subscribed, delivery.as_bytes()),
        ("a line without an end", Direction::ToServer, b"", b"PING "),
        ("a word without an end", Direction::ToServer, b"*2\r\n$99999999999\r\n", b"x"),
        ("words without an end", Direction::ToServer, b"*18446744073709551615\r\n", b"$1\r\nx\r\n"),
        ("nested arrays", Direction::ToClient, b"", b"*1\r\n"),
        ("nested attributes", Direction::ToClient, b"", b"|1\r\n"),
        ("nested streams", Direction::ToClient, b"", b"*?\r\n"),
        ("a string in parts", Direction::ToClient, b"$?\r\n", b";1\r\nx\r\n"),
        ("an error without an end", Direction::ToClient, b"-ERR ", b"x"),
    ] {
        let held_bytes = held_after(direction, prelude, flood);
        assert!(held_bytes < 1 << 20, "{what}: {held_bytes} bytes");
    }
}

#[test]
fn values_need_not_be_captured() {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(Direction::ToServer, 1, b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000000\r\nhello");
    assert_eq!(connection.want(Direction::ToServer), Want::Skip(1_000_002 - 5));
    connection.skipped(Direction::ToServer, 2, 1_000_002 - 5);
    connection.bytes(Direction::ToClient, 3, b"+OK\r\n");
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert_eq!((out.verb.as_str(), out.request.bytes, out.request.last_ns), ("SET", 1_000_032, 2));
    assert_eq!(connection.counters().skipped_bytes, 999_997);
}

/// A pipeline of any depth is paired whole, if it is polled behind each segment.
#[test]
fn pipelines_are_paired_whole() {
    for depth in [1, 16, 128, 1000] {
        let mut connection = Connection::new(&Limits::default(), false);
        let requests: Vec<_> =
            (0..depth).flat_map(|index| format!("*2\r\n$3\r\nGET\r\n$4\r\n{index:04}\r\n").into_bytes()).collect();
        let replies: Vec<_> =
            (0..depth).flat_map(|index| format!("${index}\r\n{}\r\n", "x".repeat(index)).into_bytes()).collect();
        requests.chunks(1460).for_each(|data| connection.bytes(Direction::ToServer, 1, data));
        let mut out = Exchange::default();
        let mut lengths = Vec::new();
        for data in replies.chunks(1460) {
            connection.bytes(Direction::ToClient, 2, data);
            while connection.poll(&mut out) {
                lengths.push(out.response.map_or(0, |response| response.bytes));
            }
        }
        let expected: Vec<_> = (0..depth).map(|index| (format!("${index}\r\n\r\n").len() + index) as u64).collect();
        assert_eq!(lengths, expected);
    }
}
