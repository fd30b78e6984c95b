use std::vec::Vec;
use std::{format, vec};

use super::*;
use crate::{Connection as _, Counters, Detection, Direction, Exchange, Limits, Parsed, Place};

/// A message of a type, with its length.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).unwrap().saturating_add(4);
    [&[kind][..], &len.to_be_bytes(), content].concat()
}

/// Parse, Bind, Execute and Sync of a named statement.
fn prepare_and_run(name: &str, text: &str) -> Vec<u8> {
    let parse = message(b'P', format!("{name}\0{text}\0\0\0").as_bytes());
    [parse, run(name)].concat()
}

fn run(name: &str) -> Vec<u8> {
    let bind = message(b'B', format!("\0{name}\0\0\0\0\0\0\0").as_bytes());
    [bind, message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat()
}

const ANSWER: &[u8] = b"2\0\0\0\x04C\0\0\0\x0dSELECT 0\0Z\0\0\0\x05I";

fn poll(connection: &mut Connection) -> Vec<Exchange> {
    let mut exchanges = vec![Exchange::default()];
    while connection.poll(exchanges.last_mut().unwrap()) {
        exchanges.push(Exchange::default());
    }
    exchanges.pop();
    exchanges
}

/// A connection behind its login.
fn connection(limits: &Limits) -> Connection {
    let mut connection = Connection::new(limits, false);
    connection.bytes(Direction::ToServer, 1, b"\0\0\0\x14\0\x03\0\0user\0clerk\0\0");
    connection.bytes(Direction::ToClient, 2, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I");
    assert_eq!(poll(&mut connection).len(), 1);
    connection
}

/// Parses in every prefix: incomplete with at least one byte more until it is complete, with nothing left.
#[track_caller]
fn check<'a, T: PartialEq + core::fmt::Debug>(
    data: &'a [u8],
    parse: impl Fn(&'a [u8]) -> Result<Parsed<T>, MessageError>,
    expected: &T,
) {
    for len in 0..data.len() {
        match parse(&data[..len]) {
            Ok(Parsed::Incomplete { at_least }) => {
                assert!(at_least > 0 && len.saturating_add(at_least) <= data.len(), "{at_least}");
            }
            other => panic!("{len} bytes: {other:?}"),
        }
    }
    match parse(data) {
        Ok(Parsed::Complete { value, consumed }) => assert_eq!((&value, consumed), (expected, data.len())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_are_read() {
    let text = Text { bytes: b"SELECT 1", is_whole: true };
    for (kind, content, expected) in [
        (b'Q', &b"SELECT 1\0"[..], Request::Query(text)),
        (b'P', b"s1\0SELECT 1\0\0\x01\0\0\0\x17", Request::Parse { statement: b"s1", text }),
        (b'B', b"p1\0s1\0\0\0\0\x01\0\0\0\x011\0\0", Request::Bind { portal: b"p1", statement: b"s1" }),
        (b'E', b"p1\0\0\0\0\0", Request::Execute { portal: b"p1" }),
        (b'D', b"Ss1\0", Request::Describe(Named::Statement(b"s1"))),
        (b'C', b"P\0", Request::Close(Named::Portal(b""))),
        (b'F', b"\0\0\x03\xbd\0\0\0\0\0\x01", Request::FunctionCall { function: 957 }),
        (b'd', b"hunter2", Request::CopyData),
        (b'c', b"", Request::CopyDone),
        (b'f', b"no\0", Request::CopyFail),
        (b'p', b"hunter2\0", Request::Password),
        (b'H', b"", Request::Flush),
        (b'S', b"", Request::Sync),
        (b'X', b"", Request::Terminate),
    ] {
        check(&message(kind, content), Request::parse, &expected);
    }
    let open = message(b'Q', b"SELECT 1");
    check(&open, Request::parse, &Request::Query(Text { bytes: b"SELECT 1", is_whole: false }));
    assert_eq!(Request::parse(&message(b'D', b"?s1\0")), Err(MessageError::Content));
    assert_eq!(Request::parse(&message(b'E', b"no zero byte")), Err(MessageError::Content));
    assert_eq!(Request::parse(b"S\0\0\0\x05"), Err(MessageError::Length));
    assert_eq!(Request::parse(b"Z"), Err(MessageError::Kind));
}

#[test]
fn responses_are_read() {
    let failure = |code: &[u8], is_fatal| Response::Error(Failure { code: Sqlstate::parse(code), is_fatal });
    for (kind, content, expected) in [
        (b'C', &b"SELECT 1\0"[..], Response::Complete),
        (b'I', b"", Response::Complete),
        (b'2', b"", Response::Acknowledgement),
        (b'D', b"\0\x01\0\0\0\x01x", Response::Rows),
        (b'Z', b"T", Response::ReadyForQuery),
        (b'A', b"\0\0\0\x07orders\0hunter2\0", Response::Notification { channel: b"orders" }),
        (b'S', b"TimeZone\0UTC\0", Response::ParameterStatus { name: b"TimeZone", value: b"UTC" }),
        (b'E', b"SFEHLER\0VERROR\0C42P01\0Mhunter2\0\0", failure(b"42P01", false)),
        (b'E', b"SFATAL\0C57P01\0Mhunter2\0\0", failure(b"57P01", true)),
        (b'E', b"SPANIK\0VPANIC\0C\x1b[2J\0\0", failure(b"", true)),
        (b'G', b"\0\0\x01\0\0", Response::CopyIn),
        (b'H', b"\0\0\x01\0\0", Response::CopyOut),
        (b'W', b"\0\0\0", Response::CopyBoth),
        (b'V', b"\xff\xff\xff\xff", Response::FunctionCallResult),
        (b'R', b"\0\0\0\x05salt", Response::Authentication),
    ] {
        check(&message(kind, content), Response::parse, &expected);
    }
    assert_eq!(Response::parse(&message(b'Z', b"?")), Err(MessageError::Content));
    assert_eq!(Response::parse(&message(b'A', b"\0\0\0\x07orders")), Err(MessageError::Content));
    assert_eq!(Response::parse(b"Q"), Err(MessageError::Kind));
}

#[test]
fn startup_messages_are_read() {
    let session = |parameters: &[u8]| {
        let len = u32::try_from(parameters.len()).unwrap().saturating_add(8);
        [&len.to_be_bytes()[..], b"\0\x03\0\0", parameters].concat()
    };
    for (data, expected) in [
        (b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec(), Startup::Encryption),
        (b"\0\0\0\x08\x04\xd2\x16\x30".to_vec(), Startup::Encryption),
        (b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01abcd".to_vec(), Startup::Cancel),
        (session(b"user\0clerk\0database\0shop\0\0"), Startup::Session { database: b"shop" }),
        (session(b"database\0\0user\0clerk\0\0"), Startup::Session { database: b"clerk" }),
        (session(b"\0"), Startup::Session { database: b"" }),
    ] {
        check(&data, Startup::parse, &expected);
    }
    assert_eq!(Startup::parse(b"\0\0\0\x09\0\x02\0\0"), Err(MessageError::Kind));
    assert_eq!(Startup::parse(b"\0\0\0\x09\x04\xd2\x16\x2f"), Err(MessageError::Length));
    assert_eq!(Startup::parse(b"GE"), Err(MessageError::Length));
}

#[test]
fn connections_are_recognised_and_others_are_not() {
    let client = |place, data: &[u8]| detect(Direction::ToServer, place, data, &Limits::default());
    let server = |place, data: &[u8]| detect(Direction::ToClient, place, data, &Limits::default());
    for (detection, data) in [
        (Detection::Match, &b"\0\0\0\x14\0\x03\0\0user\0clerk\0\0"[..]),
        (Detection::Match, b"\0\0\0\x15\0\x03\0\x02_pq_.x\0"),
        (Detection::NeedMore, b"\0\0\0\x15\0\x03\0\0us"),
        // Kafka: a request for metadata, version 0.
        (Detection::NoMatch, b"\0\0\0\x15\0\x03\0\0\0\0\0\x01\0\x07console"),
        (Detection::NoMatch, b"\x16\x03\x01\x02\0\x01\0\x01"),
    ] {
        assert_eq!(client(Place::Start, data), detection, "{}", data.escape_ascii());
    }
    for (detection, data) in [
        (Detection::Match, &b"NR\0\0\0\x08\0\0\0\0"[..]),
        (Detection::Match, b"S\x16\x03\x03"),
        (Detection::Match, b"E\0\0\0\x20SFATAL\0VFATAL\0C53300\0"),
        (Detection::NeedMore, b"N"),
        (Detection::NoMatch, b"S\0"),
        (Detection::NoMatch, b"HTTP/1.1 200"),
        (Detection::NoMatch, b"R\0\0\0\x08\0\0\x01\0"),
    ] {
        assert_eq!(server(Place::Start, data), detection, "{}", data.escape_ascii());
    }
    for data in [prepare_and_run("s1", "SELECT 1"), message(b'Q', b"BEGIN\0"), message(b'C', b"Ss1\0")] {
        assert_eq!(client(Place::Middle, &data), Detection::Match, "{}", data.escape_ascii());
    }
    for data in
        [ANSWER, b"T\0\0\0\x1b\0\x01id\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0", b"I\0\0\0\x04Z\0\0\0\x05I"]
    {
        assert_eq!(server(Place::Middle, data), Detection::Match, "{}", data.escape_ascii());
    }
    for data in [&b"SELECT 1"[..], b"Q\0\0\0\x08ab\0c", b"D\0\0\0\x07Ss1\0", b"P\0\0\0\x20s1\0\0"] {
        assert_eq!(client(Place::Middle, data), Detection::NoMatch, "{}", data.escape_ascii());
    }
}

/// A loss costs what was lost: the exchange before it and the next but one behind it are whole.
#[test]
fn behind_a_loss_the_next_but_one_is_paired_again() {
    for lost in [Direction::ToServer, Direction::ToClient] {
        let mut connection = connection(&Limits::default());
        let mut now_ns = 10;
        for number in 0..4_u8 {
            for (direction, data) in [
                (Direction::ToServer, prepare_and_run("", &format!("SELECT c{number}"))),
                (Direction::ToClient, ANSWER.to_vec()),
            ] {
                now_ns += 1;
                if number == 1 && direction == lost {
                    connection.gap(direction, now_ns, data.len() as u64);
                } else {
                    connection.bytes(direction, now_ns, &data);
                }
            }
        }
        let names: Vec<_> = poll(&mut connection).into_iter().map(|exchange| exchange.resource).collect();
        assert_eq!(names, ["c0", "c2", "c3"], "{lost:?}");
    }
}

#[test]
fn statements_that_are_not_used_are_forgotten_first() {
    let limits = Limits { definition_bytes: 4096, ..Limits::default() };
    let mut connection = connection(&limits);
    for number in 0..100 {
        connection.bytes(Direction::ToServer, 1, &prepare_and_run(&format!("s{number}"), &format!("SELECT {number}c")));
        connection.bytes(Direction::ToClient, 2, ANSWER);
        connection.bytes(Direction::ToServer, 3, &run("s0"));
        connection.bytes(Direction::ToClient, 4, ANSWER);
    }
    let last = poll(&mut connection).pop().unwrap();
    assert_eq!((last.verb.as_str(), last.resource.as_str(), last.flags.is_empty()), ("SELECT", "?", true));
    let Counters { definitions_evicted, paired, .. } = *connection.counters();
    assert!((1..100).contains(&definitions_evicted), "{definitions_evicted}");
    assert_eq!(paired, 201);
    connection.bytes(Direction::ToServer, 5, &run("s1"));
    connection.bytes(Direction::ToClient, 6, ANSWER);
    assert_eq!(poll(&mut connection)[0].verb, "EXECUTE");
}

/// A setting that is longer than what is read of it is another one than that which says where literals end.
#[test]
fn a_long_setting_changes_nothing() {
    let mut connection = connection(&Limits::default());
    let setting = format!("search_path\0{}\0", "shop, ".repeat(100));
    connection.bytes(Direction::ToClient, 3, &message(b'S', setting.as_bytes()));
    connection.bytes(Direction::ToServer, 4, &message(b'Q', b"SELECT 'C:\\', a\0"));
    connection.bytes(Direction::ToClient, 5, &ANSWER[5..]);
    assert_eq!(poll(&mut connection)[0].resource, "?, a");
}

/// The setting that says where literals end may be changed by what is not answered yet.
#[test]
fn the_setting_is_not_known_behind_what_may_change_it() {
    let query = |text: &str| message(b'Q', format!("{text}\0").as_bytes());
    let parse = |name: &str, text: &str| message(b'P', format!("{name}\0{text}\0\0\0").as_bytes());
    let execute = [message(b'B', b"\0\0\0\0\0\0\0\0"), message(b'E', b"\0\0\0\0\0")].concat();
    let secret = r"SELECT 'a\', s3cr3t'";
    let sync = message(b'S', b"");
    let answer = |off: bool| {
        let setting = message(b'S', b"standard_conforming_strings\0off\0");
        [if off { &setting[..] } else { &[] }, b"C\0\0\0\x08SET\0Z\0\0\0\x05I"].concat()
    };
    let last = |requests: &[u8], answers: &[u8]| {
        let mut connection = connection(&Limits::default());
        connection.bytes(Direction::ToServer, 3, requests);
        connection.bytes(Direction::ToClient, 4, answers);
        poll(&mut connection).pop().map(|exchange| exchange.resource).unwrap()
    };
    let parsed = |text: &str| [&parse("", text)[..], &execute].concat();
    for set in [
        "SET standard_conforming_strings=off",
        "set Standard_CONFORMING_strings to off",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
        "DO $$ BEGIN SET standard_conforming_strings = off; END $$",
    ] {
        let answers = [answer(true), answer(false)].concat();
        assert_eq!(last(&[query(set), query(secret)].concat(), &answers), "?", "{set}");
        assert_eq!(last(&[parsed(set), sync.clone(), parsed(secret), sync.clone()].concat(), &answers), "?", "{set}");
        // In one group.
        let complete = message(b'C', b"SET\0");
        let answers = [&complete[..], &complete, b"Z\0\0\0\x05I"].concat();
        assert_eq!(last(&[parsed(set), parsed(secret), sync.clone()].concat(), &answers), "?", "{set}");
    }
    // What was prepared long ago changes it when it is run.
    let mut connection = connection(&Limits::default());
    let mut exchange = |requests: &[u8], answers: &[u8]| {
        connection.bytes(Direction::ToServer, 3, requests);
        connection.bytes(Direction::ToClient, 4, answers);
        poll(&mut connection).pop().map(|exchange| exchange.resource).unwrap()
    };
    let answers = [ANSWER, &answer(false)].concat();
    exchange(&prepare_and_run("s1", "SET standard_conforming_strings = off"), ANSWER);
    let plain = query(r"SELECT 'a\', b");
    assert_eq!(exchange(&plain, &answer(false)), "?, b", "all is answered, and the server has told nothing");
    assert_eq!(exchange(&[run("s1"), query(secret)].concat(), &answers), "?");
    assert_eq!(exchange(&plain, &answer(true)), "?, b", "it was read before the server told");
    assert_eq!(exchange(&query(secret), &answer(false)), "?", "as the server has told");
}

/// A text that is longer than what is read of it may change the setting with its rest, and the login may tell another one.
#[test]
fn the_setting_is_not_known_behind_what_was_not_read() {
    let secret = message(b'Q', b"SELECT 'a\\', s3cr3t'\0");
    let limits = Limits { message_bytes: 1024, ..Limits::default() };
    let mut cut = connection(&limits);
    let long = message(b'Q', format!("SELECT 1{};SET x=off\0", " ".repeat(2000)).as_bytes());
    cut.bytes(Direction::ToServer, 3, &[long, secret.clone()].concat());
    cut.bytes(Direction::ToClient, 4, &[&ANSWER[5..], &ANSWER[5..]].concat());
    assert_eq!(poll(&mut cut).pop().unwrap().resource, "?");
    let mut login = Connection::new(&limits, false);
    login.bytes(Direction::ToServer, 1, &[b"\0\0\0\x14\0\x03\0\0user\0clerk\0\0", &secret[..]].concat());
    login.bytes(Direction::ToClient, 2, &[b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", &ANSWER[5..]].concat());
    assert_eq!(poll(&mut login).pop().unwrap().resource, "?");
}

#[test]
fn what_is_held_is_bounded() {
    let limits = Limits::default();
    let long_text = "c, ".repeat(5000);
    let each = 2 * (size_of::<Exchange>() + 3 * limits.resource_bytes);
    let most = (2 * limits.open_exchanges + limits.spare_exchanges) * each;
    let flood = |request: &[u8], count: usize| {
        let mut connection = connection(&limits);
        (0..count).for_each(|_| connection.bytes(Direction::ToServer, 1, request));
        connection
    };
    let prepared = prepare_and_run("", &long_text);
    let parse = [message(b'P', format!("\0{long_text}\0\0\0").as_bytes()), message(b'S', b"")].concat();
    for request in [&prepared, &parse, &message(b'Q', format!("{long_text}\0").as_bytes())] {
        let connection = flood(request, 5000);
        assert!(connection.held_bytes() <= most, "{} of {most} bytes", connection.held_bytes());
        assert!(connection.counters().balances());
    }
    let mut connection = connection(&limits);
    for number in 0..5000 {
        let name = format!("s{number}");
        let portal = message(b'B', format!("{name}\0{name}\0\0\0\0\0\0\0").as_bytes());
        connection.bytes(Direction::ToServer, 1, &message(b'P', format!("{name}\0{long_text}\0\0\0").as_bytes()));
        connection.bytes(Direction::ToServer, 1, &portal);
    }
    assert!(connection.held_bytes() <= 2 * limits.definition_bytes, "{}", connection.held_bytes());
    // A message that says it is a gigabyte long, in pieces.
    connection.bytes(Direction::ToServer, 2, b"Q\x3f\xff\xff\xff");
    (0..100).for_each(|_| connection.bytes(Direction::ToServer, 2, &[b'x'; 1000]));
    assert!(connection.held_bytes() <= 2 * (limits.definition_bytes + limits.message_bytes));
}
