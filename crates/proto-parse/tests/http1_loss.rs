//! What is lost may cost exchanges; it must never give one request another's response.
//!
//! Conversations are made up whose n-th request names `/n` and whose n-th response has a code of its own; then pieces are
//! taken away.

#![cfg(feature = "http1")]

mod support;

use geophone_proto_parse::{Direction, Limits, Protocol, StatusClass};
use proptest::prelude::*;
use support::drive::{Outcome, run_events};
use support::script::{Event, Script};

#[derive(Debug, Clone)]
struct Message {
    method: &'static str,
    request_body: Body,
    response_body: Body,
    interim: bool,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Length(usize),
    Chunked(Vec<usize>),
}

fn run(events: &[Event]) -> Outcome {
    run_events(Protocol::Http1, &Script::default(), &Limits::default(), events)
}

fn run_joined_late(events: &[Event]) -> Outcome {
    let script = Script { joined_late: true, ..Script::default() };
    run_events(Protocol::Http1, &script, &Limits::default(), events)
}

/// When a loss becomes known.
#[derive(Debug, Clone, Copy)]
enum Report {
    /// At once.
    Immediately,
    /// With the next bytes: those of the other direction acknowledge it.
    WithNextBytes,
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        2 => Just(Body::None),
        2 => (1..60_usize).prop_map(Body::Length),
        1 => proptest::collection::vec(1..30_usize, 0..4).prop_map(Body::Chunked),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    (prop::sample::select(vec!["GET", "POST", "HEAD", "PUT"]), body(), body(), any::<bool>()).prop_map(
        |(method, request_body, response_body, interim)| Message { method, request_body, response_body, interim },
    )
}

/// A client that sends a batch, waits for all the answers, and sends the next.
fn batches(longest: usize) -> impl Strategy<Value = Vec<Vec<Message>>> {
    proptest::collection::vec(proptest::collection::vec(message(), 1..=longest), 1..12)
}

fn write_body(body: &Body, has_content: bool, out: &mut Vec<u8>) {
    match body {
        Body::None => out.extend_from_slice(b"Content-Length: 0\r\n\r\n"),
        Body::Length(len) => {
            out.extend_from_slice(format!("Content-Length: {len}\r\n\r\n").as_bytes());
            if has_content {
                out.extend(std::iter::repeat_n(b'H', *len));
            }
        }
        Body::Chunked(chunks) => {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            if has_content {
                for len in chunks {
                    out.extend_from_slice(
                        format!("{len:x}\r\n{}\r\n", "G ".repeat(*len)[..*len].to_owned()).as_bytes(),
                    );
                }
                out.extend_from_slice(b"0\r\n\r\n");
            }
        }
    }
}

/// Codes that are all final and may all have a body.
fn code_of(index: usize) -> usize {
    400 + index
}

fn conversation(batches: &[Vec<Message>]) -> Vec<(Direction, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut index = 0;
    for batch in batches {
        let (mut requests, mut responses) = (Vec::new(), Vec::new());
        for message in batch {
            let Message { method, request_body, response_body, interim } = message;
            requests.extend_from_slice(format!("{method} /{index} HTTP/1.1\r\nHost: a\r\n").as_bytes());
            write_body(request_body, true, &mut requests);
            if *interim {
                responses.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
            }
            responses.extend_from_slice(format!("HTTP/1.1 {} Reason\r\nServer: b\r\n", code_of(index)).as_bytes());
            write_body(response_body, *method != "HEAD", &mut responses);
            index += 1;
        }
        parts.push((Direction::ToServer, requests));
        parts.push((Direction::ToClient, responses));
    }
    parts
}

/// Takes the losses (start, length, both as shares of 1000 of all bytes) out of the conversation.
fn with_losses(
    parts: &[(Direction, Vec<u8>)],
    losses: &[(usize, usize)],
    segment: usize,
    report: Report,
) -> Vec<Event> {
    let total: usize = parts.iter().map(|(_, data)| data.len()).sum();
    let is_lost = |at: usize| {
        losses.iter().any(|(start, len)| {
            let start = total * start / 1000;
            (start..start + len).contains(&at)
        })
    };
    let mut events = Vec::new();
    // What is lost and not reported yet, to the server and to the client.
    let mut silent = [0_u64; 2];
    let flush = |direction: Direction, now_ns: u64, silent: &mut [u64; 2], events: &mut Vec<Event>| {
        let len = std::mem::take(&mut silent[direction as usize]);
        if len > 0 {
            events.push(Event::Gap { direction, now_ns, len });
        }
    };
    let mut at = 0;
    for (direction, data) in parts {
        for piece in data.chunks(segment) {
            let now_ns = at as u64;
            let mut seen = Vec::new();
            for &byte in piece {
                let lost = is_lost(at);
                at += 1;
                if lost && !seen.is_empty() {
                    let data = std::mem::take(&mut seen);
                    events.push(Event::Bytes { direction: *direction, now_ns, data });
                }
                if lost {
                    silent[*direction as usize] += 1;
                    if matches!(report, Report::Immediately) {
                        flush(*direction, now_ns, &mut silent, &mut events);
                    }
                } else {
                    if matches!(report, Report::WithNextBytes) {
                        flush(direction.opposite(), now_ns, &mut silent, &mut events);
                    }
                    flush(*direction, now_ns, &mut silent, &mut events);
                    seen.push(byte);
                }
            }
            if !seen.is_empty() {
                events.push(Event::Bytes { direction: *direction, now_ns, data: seen });
            }
        }
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        flush(direction, at as u64, &mut silent, &mut events);
    }
    events.push(Event::Close { now_ns: at as u64 });
    events
}

fn losses(longest: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0..1000_usize, 1..longest), 1..4)
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![Just(Report::Immediately), Just(Report::WithNextBytes)]
}

#[test]
fn nothing_lost_nothing_missing() {
    let message = |method| Message { method, request_body: Body::Length(3), response_body: Body::None, interim: true };
    let batches = vec![vec![message("GET")], vec![message("HEAD"), message("PUT")], vec![message("POST")]];
    let events = with_losses(&conversation(&batches), &[], 10, Report::Immediately);
    let outcome = run(&events);
    assert_eq!(outcome.counters.paired, 4);
    for (index, exchange) in outcome.exchanges.iter().enumerate() {
        assert_eq!(exchange.resource, format!("/{index}"));
        assert_eq!(exchange.native_status, Some(code_of(index) as i32));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_request_gets_anothers_response(
        batches in prop_oneof![batches(1), batches(4)],
        losses in prop_oneof![losses(20), losses(400)],
        segment in prop_oneof![Just(7_usize), 1..100_usize, Just(usize::MAX)],
        report in report(),
    ) {
        let events = with_losses(&conversation(&batches), &losses, segment, report);
        let outcome = run(&events);
        for exchange in &outcome.exchanges {
            if let Some(code) = exchange.native_status && !exchange.resource.is_empty() {
                let expected = format!("/{}", code - 400);
                prop_assert_eq!(&exchange.resource, &expected, "{:?}", &exchange);
            }
            if exchange.status == StatusClass::NoResponse {
                prop_assert!(!matches!(report, Report::Immediately), "all were answered: {:?}", &exchange);
            }
        }
    }

    /// A client that waits for each answer loses what the gap touched and little more: what follows is paired again.
    #[test]
    fn pairing_comes_back(
        before in 1..4_usize,
        message in message(),
        loss in (0..1000_usize, 1..200_usize),
        report in prop_oneof![Just(Report::Immediately), Just(Report::WithNextBytes)],
    ) {
        let lossy = conversation(&vec![vec![message.clone()]; before]);
        let mut events = with_losses(&lossy, &[loss], 50, report);
        events.pop();
        let after = conversation(&vec![vec![message]; before + 4]).split_off(lossy.len());
        events.extend(with_losses(&after, &[], 50, report));
        let outcome = run(&events);
        let last: Vec<_> = outcome.exchanges.iter().rev().take(2).map(|exchange| exchange.native_status).collect();
        let expected = [before + 3, before + 2].map(|index| Some(code_of(index) as i32));
        prop_assert_eq!(last, expected, "{:?}", outcome);
    }

    /// Joined anywhere, a client that waits for each answer is paired from the first request that is seen whole.
    #[test]
    fn a_connection_is_joined_at_any_place(batches in batches(1), share in 0..1000_usize, segment in 1..100_usize) {
        let parts = conversation(&batches);
        let total: usize = parts.iter().map(|(_, data)| data.len()).sum();
        let joined_at = total * share / 1000;
        let mut begins_at = 0;
        let mut whole_requests = 0;
        let mut rest = Vec::new();
        for (direction, data) in parts {
            whole_requests += u64::from(direction == Direction::ToServer && begins_at >= joined_at);
            let missed = joined_at.saturating_sub(begins_at).min(data.len());
            begins_at += data.len();
            rest.push((direction, data[missed..].to_vec()));
        }
        let outcome = run_joined_late(&with_losses(&rest, &[], segment, Report::Immediately));
        prop_assert_eq!(outcome.counters.paired, whole_requests, "{:?}", outcome.counters);
        for exchange in &outcome.exchanges {
            let expected = format!("/{}", exchange.native_status.unwrap_or_default() - 400);
            prop_assert_eq!(&exchange.resource, &expected, "{:?}", exchange);
        }
    }
}
