//! What a peer may send to make a connection grow.

use std::format;
use std::string::String;

use super::Connection;
use crate::{Connection as _, Direction, Exchange, Limits, Shape, StatusClass, Want};

/// Bytes that a connection holds after so many frames in one direction.
fn held_after(direction: Direction, prelude: &[u8], frame: impl Fn(usize) -> String) -> usize {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(Direction::ToServer, 1, prelude);
    let mut held_bytes = 0;
    for number in 0..5000 {
        connection.bytes(direction, 2, frame(number).as_bytes());
        if number % 16 == 0 {
            held_bytes = held_bytes.max(connection.held_bytes());
        }
    }
    assert!(connection.counters().balances());
    held_bytes
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let long = "x".repeat(3000);
    let verbose = b"CONNECT {\"verbose\":true}\r\n";
    let held_bytes = [
        held_after(Direction::ToServer, b"", |number| format!("PUB a _INBOX.{number} 1\r\nx\r\n")),
        held_after(Direction::ToServer, b"", |number| format!("PUB {long}.{number} 1\r\nx\r\n")),
        held_after(Direction::ToClient, b"", |number| format!("MSG {long} 1 _INBOX.{number} 1\r\nx\r\n")),
        held_after(Direction::ToServer, verbose, |_| String::from("PING\r\n")),
        held_after(Direction::ToServer, verbose, |number| format!("SUB {long} {number}\r\n")),
        held_after(Direction::ToServer, verbose, |number| format!("PUB a _INBOX.{number} 1\r\nx\r\n")),
        held_after(Direction::ToServer, b"CONNECT {", |_| String::from("\"a\":1,")),
        held_after(Direction::ToClient, b"", |_| String::from("-ERR 'Stale Connection'\r\n")),
        held_after(Direction::ToServer, b"PUB a 18446744073709551615\r\n", |_| String::from("x")),
    ];
    assert!(held_bytes.iter().all(|held_bytes| *held_bytes < 2 << 20), "{held_bytes:?}");
}

#[test]
fn payloads_need_not_be_captured() {
    let mut connection = Connection::new(&Limits::default(), false);
    connection.bytes(Direction::ToServer, 1, b"PUB a 1000000\r\nhello");
    assert_eq!(connection.want(Direction::ToServer), Want::Skip(1_000_002 - 5));
    connection.skipped(Direction::ToServer, 2, 1_000_002 - 5);
    let mut out = Exchange::default();
    assert!(connection.poll(&mut out));
    assert_eq!((out.resource.as_str(), out.request.bytes, out.end_ns), ("a", 1_000_017, 2));
}

/// Who listens to what others ask, and never answers, is no failing server.
#[test]
fn a_request_that_a_subscriber_does_not_answer_was_delivered() {
    let mut connection = Connection::new(&Limits::default(), false);
    let delivered = 2000;
    for number in 0..delivered {
        connection.bytes(Direction::ToClient, 1, format!("MSG price 1 _INBOX.{number} 1\r\nx\r\n").as_bytes());
    }
    let mut out = Exchange::default();
    let mut one_way = 0;
    let mut poll = |connection: &mut Connection| {
        while connection.poll(&mut out) {
            assert_eq!((out.shape, out.status), (Shape::OneWay, StatusClass::Ok));
            one_way += 1;
        }
    };
    poll(&mut connection);
    connection.close(2);
    poll(&mut connection);
    assert_eq!((one_way, connection.counters().requests_evicted), (delivered, 0));
}
