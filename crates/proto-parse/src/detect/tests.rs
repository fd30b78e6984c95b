use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::http1;
use crate::{Counters, End, Exchange, Want};

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const CLIENT_A: Verdict = Verdict::Detected { protocol: Protocol::Http1, client: Side::A, confirmed: false };
const CLIENT_B: Verdict = Verdict::Detected { protocol: Protocol::Http1, client: Side::B, confirmed: false };

fn detector() -> Detector {
    Detector::new(&Limits::default(), false)
}

#[test]
fn a_whole_first_line_decides_at_once_and_nothing_is_held() {
    for (side, data, verdict) in [
        (Side::A, REQUEST, CLIENT_A),
        (Side::B, REQUEST, CLIENT_B),
        (Side::A, RESPONSE, CLIENT_B),
        (Side::B, RESPONSE, CLIENT_A),
    ] {
        let mut detector = detector();
        assert_eq!(detector.bytes(side, 1, data), verdict);
        assert_eq!(detector.held_bytes(), 0);
    }
}

#[test]
fn other_protocols_are_unknown_at_once() {
    for data in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"GET key\r\n", b"220 mail.example ESMTP\r\n"] {
        assert_eq!(detector().bytes(Side::A, 1, data), Verdict::Unknown, "{}", data.escape_ascii());
    }
}

#[test]
fn bytes_are_held_until_they_decide() {
    let (last, first) = REQUEST[..17].split_last().unwrap();
    let mut detector = detector();
    for byte in first {
        assert_eq!(detector.bytes(Side::A, 1, &[*byte]), Verdict::Undecided);
    }
    assert_eq!(detector.bytes(Side::A, 1, &[*last]), CLIENT_A);
}

#[test]
fn the_other_side_may_decide() {
    let mut detector = detector();
    assert_eq!(detector.bytes(Side::A, 1, b"GET /a-long-path"), Verdict::Undecided);
    assert_eq!(detector.bytes(Side::B, 1, b"HTTP/1.1 414 \r\n"), CLIENT_A);
}

#[test]
fn the_middle_of_a_stream_is_searched() {
    let mut late = Detector::new(&Limits::default(), true);
    assert_eq!(late.bytes(Side::B, 1, b"\x00 rest of a body, "), Verdict::Undecided);
    assert_eq!(late.bytes(Side::B, 2, b"and then: HTTP/1.1 2"), Verdict::Undecided);
    assert_eq!(late.bytes(Side::B, 3, b"04 \r\n\r\n GET / HTTP/1.1\r\n"), CLIENT_A);

    let mut after_gap = detector();
    assert_eq!(after_gap.gap(Side::A, 1, 100), Verdict::Undecided);
    assert_eq!(after_gap.bytes(Side::A, 2, b"rest}"), Verdict::Undecided);
    assert_eq!(after_gap.bytes(Side::A, 3, REQUEST), CLIENT_A);
}

/// What all bytes so far say of HTTP/1, looked at as a whole.
fn naive(data: &[u8], mid_stream: bool, limits: &Limits) -> Verdict {
    if !mid_stream {
        return match (http1::detect_client(data, limits), http1::detect_server(data, limits)) {
            (Detection::Match, _) => CLIENT_A,
            (_, Detection::Match) => CLIENT_B,
            (Detection::NoMatch, Detection::NoMatch) => Verdict::Unknown,
            _ => Verdict::Undecided,
        };
    }
    let request = http1::find_request(data, limits).map(|found| found.seen);
    match (request, http1::find_response(data, limits).map(|found| found.seen)) {
        (None, None) => Verdict::Undecided,
        (Some(request), Some(response)) if response < request => CLIENT_B,
        (None, Some(_)) => CLIENT_B,
        (Some(_), None) => CLIENT_A,
        // A request before a response, from one side: the other one will tell.
        (Some(_), Some(_)) => Verdict::Undecided,
    }
}

proptest! {
    #[test]
    fn pieces_say_what_the_whole_says(
        words in prop::collection::vec(prop::sample::select(vec![
            "GET ", "PUT", "/a", " HTTP/1.1", "HTTP/1.1 200", " ", "\r\n", "\n", "x", "HTT", "a-word-of-some-length", "a-word-as-long-as-a-long-word-can-be",
        ]), 0..24),
        cuts in prop::collection::vec(1usize..40, 24),
        mid_stream: bool,
    ) {
        let limits = Limits { line_bytes: 256, ..Limits::default() };
        let data = words.concat().into_bytes();
        let mut detector = Detector::new(&limits, mid_stream);
        let mut seen = 0;
        for len in cuts {
            let piece = &data[seen..][..len.min(data[seen..].len())];
            if piece.is_empty() {
                break;
            }
            seen = seen.saturating_add(piece.len());
            let verdict = detector.bytes(Side::A, 1, piece);
            let naive = naive(&data[..seen], mid_stream, &limits);
            // What is not HTTP/1 may still be something else.
            if (verdict, naive) != (Verdict::Undecided, Verdict::Unknown) {
                prop_assert_eq!(verdict, naive, "{}", data[..seen].escape_ascii());
            }
            if verdict != Verdict::Undecided {
                break;
            }
        }
    }
}

#[test]
fn over_the_cap_it_is_unknown_and_nothing_is_held() {
    let limits = Limits { detect_bytes: 1000, ..Limits::default() };
    let mut late = Detector::new(&limits, true);
    let mut calls = 0;
    while late.bytes(Side::A, 1, &[b'x'; 10]) == Verdict::Undecided {
        assert!(late.held_bytes() <= 1000);
        calls += 1;
    }
    assert!(calls > 10);
    assert_eq!(late.held_bytes(), 0);
}

/// What a connection was given.
#[derive(Default)]
struct Recorder(Vec<(Direction, u64, Result<Vec<u8>, u64>)>);

impl Connection for Recorder {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        self.0.push((direction, now_ns, Ok(data.to_vec())));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        self.0.push((direction, now_ns, Err(len)));
    }

    fn skipped(&mut self, _: Direction, _: u64, _: u64) {}
    fn end(&mut self, _: Direction, _: u64, _: End) {}
    fn close(&mut self, _: u64) {}
    fn abandon(&mut self) {}

    fn want(&self, _: Direction) -> Want {
        Want::All
    }

    fn poll(&mut self, _: &mut Exchange) -> bool {
        false
    }

    fn counters(&self) -> &Counters {
        unreachable!("a replay does not count")
    }

    fn held_bytes(&self) -> usize {
        0
    }
}

#[test]
fn a_replay_gives_all_that_came_in_its_order_with_its_times() {
    let mut detector = detector();
    assert_eq!(detector.bytes(Side::B, 1, b"GE"), Verdict::Undecided);
    assert_eq!(detector.bytes(Side::A, 2, b"HTT"), Verdict::Undecided);
    assert_eq!(detector.gap(Side::B, 3, 7), Verdict::Undecided);
    assert_eq!(detector.bytes(Side::B, 4, b"rest"), Verdict::Undecided);
    assert_eq!(detector.bytes(Side::A, 5, b"P/1.1 200 OK\r\n"), CLIENT_B);
    let mut recorder = Recorder::default();
    detector.replay(Side::B, &mut recorder);
    let expected = vec![
        (Direction::ToServer, 1, Ok(b"GE".to_vec())),
        (Direction::ToClient, 2, Ok(b"HTT".to_vec())),
        (Direction::ToServer, 3, Err(7)),
        (Direction::ToServer, 4, Ok(b"rest".to_vec())),
    ];
    assert_eq!(recorder.0, expected);
    assert_eq!(detector.held_bytes(), b"GErest".len(), "side B has not confirmed it yet");
    assert_eq!(detector.confirm(Side::A, b"Server: x\r\n"), Detection::NeedMore);
    assert_eq!(detector.confirm(Side::B, b" of it, and: GET / HTTP/1.1\r\n"), Detection::Match);
    assert_eq!(detector.held_bytes(), 0);
}

#[test]
fn what_one_side_says_the_other_confirms_or_not() {
    for (answer, confirmed) in
        [(&b"HTTP/1.1 200 OK\r\n"[..], Detection::Match), (b"-ERR unknown command\r\n", Detection::NoMatch)]
    {
        let mut detector = detector();
        assert_eq!(detector.bytes(Side::A, 1, REQUEST), CLIENT_A);
        detector.replay(Side::A, &mut Recorder::default());
        let (first, rest) = answer.split_at(1);
        assert_ne!(detector.confirm(Side::B, first), Detection::Match);
        if confirmed == Detection::Match {
            assert_eq!(detector.confirm(Side::B, rest), confirmed);
            assert_eq!(detector.confirm(Side::B, b"anything"), Detection::Match, "it is confirmed once and for all");
        }
    }
}

#[test]
fn an_answer_that_never_decides_confirms_nothing() {
    let mut detector = Detector::new(&Limits { detect_bytes: 512, ..Limits::default() }, false);
    assert_eq!(detector.bytes(Side::A, 1, REQUEST), CLIENT_A);
    detector.replay(Side::A, &mut Recorder::default());
    assert_eq!(detector.confirm(Side::B, b"HTTP/1.1 200 and on it goes"), Detection::NeedMore);
    assert_eq!(detector.confirm(Side::B, &[b'x'; 512]), Detection::NoMatch);
    assert_eq!(detector.held_bytes(), 0);
}
