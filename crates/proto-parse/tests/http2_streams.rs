//! Streams of HTTP/2 in numbers that no text file holds: at once, after a loss, and as an attack.

#![cfg(feature = "http2")]

mod support;

use geophone_proto_parse::{
    Connection, Detector, Direction, End, Exchange, Flags, Limits, Protocol, Side, StatusClass, Verdict,
};
use support::http2::{
    CLIENT_HELLO, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PUSH_PROMISE, SERVER_HELLO, call, first_call,
    first_request, frame, reply, request, response,
};

fn open() -> Box<dyn Connection + Send> {
    let mut connection = Protocol::Http2.connection(&Limits::default(), false).expect("the feature is on");
    connection.bytes(Direction::ToServer, 1, CLIENT_HELLO);
    connection.bytes(Direction::ToClient, 2, SERVER_HELLO);
    connection
}

fn polled(connection: &mut dyn Connection) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut out = Exchange::default();
    while connection.poll(&mut out) {
        exchanges.push(out.clone());
    }
    assert!(connection.counters().balances(), "{:?}", connection.counters());
    exchanges
}

/// The streams of a client, each with a number that is its own.
fn streams(count: u32) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + Clone {
    (0..count).map(|index| 2 * index + 1)
}

#[test]
fn any_number_of_streams_at_once_is_paired() {
    for count in [1, 2, 10, 100, 1000] {
        let mut connection = open();
        connection.bytes(Direction::ToServer, 3, &first_call(1));
        connection.bytes(Direction::ToClient, 4, &reply(1, true));
        assert_eq!(polled(&mut *connection).len(), 1);
        let streams = streams(count + 1).skip(1);
        for stream in streams.clone() {
            connection.bytes(Direction::ToServer, u64::from(stream), &call(stream));
        }
        // The answers begin in one order, and end in the other.
        const HEAD_BYTES: usize = 11;
        for stream in streams.clone() {
            connection.bytes(Direction::ToClient, 10_000 + u64::from(stream), &reply(stream, false)[..HEAD_BYTES]);
        }
        for stream in streams.rev() {
            connection.bytes(Direction::ToClient, 20_000 + u64::from(stream), &reply(stream, false)[HEAD_BYTES..]);
        }
        let exchanges = polled(&mut *connection);
        assert_eq!(exchanges.len(), usize::try_from(count).unwrap());
        for exchange in exchanges {
            let response = exchange.response.unwrap();
            assert_eq!(response.first_ns - exchange.request.first_ns, 10_000);
            assert_eq!(response.last_ns - exchange.request.first_ns, 20_000);
            assert_eq!((exchange.protocol, exchange.resource.as_str()), (Protocol::Grpc, "shop.Orders/Place"));
            assert_eq!((exchange.native_status, exchange.flags), (Some(0), Flags::default()));
            assert_eq!((exchange.request_messages, exchange.response_messages), (1, 1));
        }
    }
}

/// What is lost are whole segments of one exchange each: the one behind the next has its own answer again.
#[test]
fn after_a_loss_of_whole_frames_the_next_are_paired() {
    for lost in [Direction::ToServer, Direction::ToClient] {
        let mut connection = open();
        for (index, stream) in (0..).zip(streams(20)) {
            let asked = if stream == 1 { first_request(stream) } else { request(stream) };
            for (direction, now_ns, data) in
                [(Direction::ToServer, 100 * index, asked), (Direction::ToClient, 100 * index + 50, response(stream))]
            {
                if index == 10 && direction == lost {
                    connection.gap(direction, now_ns, data.len() as u64);
                } else {
                    connection.bytes(direction, now_ns, &data);
                }
            }
        }
        connection.end(Direction::ToClient, 5000, End::Fin);
        let exchanges = polled(&mut *connection);
        assert_eq!(exchanges.len(), 19, "all but the one that was lost");
        for exchange in &exchanges {
            assert_eq!(exchange.response.unwrap().first_ns, exchange.request.first_ns + 50);
            assert_eq!((exchange.verb.as_str(), exchange.status), ("GET", StatusClass::Ok));
            // A table that may have changed unseen is not used any more.
            let is_known = lost == Direction::ToClient || exchange.request.first_ns < 1000;
            assert_eq!(exchange.flags.contains(Flags::REFERENCE_UNKNOWN), !is_known);
            assert_eq!(exchange.resource == "/orders", is_known);
        }
        assert_eq!(connection.counters().desyncs, 1);
    }
}

/// A connection that is joined late is recognised with the next request or response, whatever came first of it.
#[test]
fn a_connection_is_recognised_in_its_middle() {
    let rest_of_a_body = [b"hello".as_slice(), &frame(8, 0, 0, &[0, 0, 1, 0])].concat();
    for (asked, answered) in [(request(101), response(101)), (call(101), reply(101, false))] {
        for before in [b"".as_slice(), &rest_of_a_body] {
            let mut detector = Detector::new(&Limits::default(), true);
            let mut last = Verdict::Undecided;
            for (side, data) in [(Side::A, before), (Side::B, before), (Side::B, &asked), (Side::A, &answered)] {
                if last == Verdict::Undecided {
                    last = detector.bytes(side, 1, data);
                }
            }
            let Verdict::Detected { protocol, client, .. } = last else { panic!("{last:?}") };
            assert_eq!((protocol, client), (Protocol::Http2, Side::B));
        }
    }
}

#[test]
fn in_the_steady_state_nothing_is_allocated() {
    type Make = fn(u32, bool) -> Vec<u8>;
    let exchange: [(Make, Make); 2] = [
        (
            |stream, is_first| if is_first { first_request(stream) } else { request(stream) },
            |stream, _| response(stream),
        ),
        (|stream, is_first| if is_first { first_call(stream) } else { call(stream) }, reply),
    ];
    for (ask, answer) in exchange {
        for (depth, cut) in [(1, usize::MAX), (1, 1), (16, usize::MAX), (16, 7)] {
            let mut connection = open();
            let mut out = Exchange::default();
            let mut next = streams(u32::MAX / 2);
            let mut round = |is_measured: bool| {
                let streams: Vec<u32> = next.by_ref().take(depth).collect();
                let asked: Vec<u8> = streams.iter().flat_map(|stream| ask(*stream, *stream == 1)).collect();
                let answered: Vec<u8> = streams.iter().flat_map(|stream| answer(*stream, *stream == 1)).collect();
                let measured = allocation_counter::measure(|| {
                    asked.chunks(cut).for_each(|data| connection.bytes(Direction::ToServer, 1, data));
                    answered.chunks(cut).for_each(|data| connection.bytes(Direction::ToClient, 2, data));
                    for _ in 0..depth {
                        assert!(connection.poll(&mut out));
                    }
                });
                assert!(!is_measured || measured.count_total == 0, "depth {depth}, cut at {cut}: {measured:?}");
            };
            (0..4).for_each(|_| round(false));
            (0..500).for_each(|_| round(true));
        }
    }
}

/// Fails unless what `attack` sends, again and again, stays within a bound.
fn assert_bounded(what: &str, at_most_bytes: usize, attack: impl Fn(&mut dyn Connection, u32)) {
    let mut connection = open();
    let measured = allocation_counter::measure(|| {
        for round in 0..5_000 {
            attack(&mut *connection, round);
        }
    });
    let held = connection.held_bytes();
    assert!(held <= at_most_bytes, "{what}: {held} bytes are held");
    // Vectors grow by doubling, and both the old and the new one are there for a moment.
    let peak = usize::try_from(measured.bytes_max).unwrap();
    assert!(peak <= 4 * at_most_bytes, "{what}: {peak} bytes at once");
    assert!(connection.counters().balances());
    connection.close(9);
    polled(&mut *connection);
}

#[test]
fn no_attack_makes_it_hold_more_than_it_may() {
    let stream = |round: u32| 2 * round + 1;
    // A thousand open exchanges with their texts.
    assert_bounded("streams that are never answered", 1_000_000, |connection, round| {
        let path = [b"\x82\x86\x04\x7f\x81\x01/".as_slice(), &[b'p'; 255]].concat();
        connection.bytes(Direction::ToServer, 1, &frame(HEADERS, END_HEADERS | END_STREAM, stream(round), &path));
    });
    assert_bounded("promises that are never kept", 1_000_000, |connection, round| {
        let promise = [&(2 * round + 2).to_be_bytes(), b"\x82\x86\x04\x02/p".as_slice()].concat();
        connection.bytes(Direction::ToClient, 1, &frame(PUSH_PROMISE, END_HEADERS, 1, &promise));
    });
    assert_bounded("streams that are reset at once", 1_000_000, |connection, round| {
        connection.bytes(Direction::ToServer, 1, &request(stream(round)));
        connection.bytes(Direction::ToServer, 1, &frame(3, 0, stream(round), &[0, 0, 0, 8]));
    });
    // Two tables of 32 KiB as encoders count them, and a line.
    assert_bounded("a head without an end", 200_000, |connection, round| {
        let (kind, flags) = if round == 0 { (HEADERS, 0) } else { (CONTINUATION, 0) };
        connection.bytes(Direction::ToServer, 1, &frame(kind, flags, 1, &b"\x40\x04name\x05value".repeat(100)));
    });
    assert_bounded("a table of four gigabytes", 200_000, |connection, round| {
        let mut fields = b"\x3f\xff\xff\xff\xff\x0e".to_vec();
        for index in 0..20 {
            fields.extend_from_slice(b"\x44\x06/");
            fields.extend_from_slice(format!("{:05}", (20 * round + index) % 100_000).as_bytes());
        }
        connection.bytes(Direction::ToServer, 1, &frame(HEADERS, END_HEADERS, 1, &fields));
    });
    assert_bounded("a path of four gigabytes, in five bits a letter", 200_000, |connection, round| {
        let head = if round == 0 { b"\x44\xff\xff\xff\xff\xff\x0e".as_slice() } else { b"" };
        let kind = if round == 0 { HEADERS } else { CONTINUATION };
        connection.bytes(Direction::ToServer, 1, &frame(kind, 0, 1, &[head, &[0; 1000]].concat()));
    });
    assert_bounded("bytes that are no frames", 200_000, |connection, _| {
        connection.bytes(Direction::ToServer, 1, &[0xff; 1000]);
        connection.bytes(Direction::ToClient, 1, &[0; 1000]);
    });
    assert_bounded("messages without an end", 200_000, |connection, round| {
        if round == 0 {
            connection.bytes(Direction::ToServer, 1, &first_call(1)[..60]);
        }
        connection.bytes(Direction::ToServer, 1, &frame(DATA, 0, 1, &b"\0\xff\xff\xff\xff".repeat(50)));
    });
}
