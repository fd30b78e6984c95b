//! Every conversation in `testdata/http1`, in every cut: what comes out must be what the file says.

#![cfg(feature = "http1")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use geophone_proto_parse::{Direction, Limits};
use proptest::prelude::*;
use support::drive::{Driver, Outcome, run, run_events};
use support::script::{Event, Script, show};

/// The limits that the corpus is written for: small enough to be met in a few lines.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.line_bytes = 300;
    limits.head_bytes = 1000;
    limits.resource_bytes = 64;
    limits.open_exchanges = 4;
    limits
}

struct Case {
    path: PathBuf,
    script: Script,
    expected: String,
}

fn corpus() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/http1");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let cases: Vec<_> = paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let (script, expected) = text.split_once("---\n").expect("a line with ---");
            Case { path, script: Script::parse(script), expected: expected.to_owned() }
        })
        .collect();
    assert!(cases.len() > 20, "the corpus is there");
    cases
}

/// The same events, with the bytes of each cut by `cut`.
fn recut(events: &[Event], mut cut: impl FnMut(usize) -> usize) -> Vec<Event> {
    let mut pieces = Vec::new();
    for event in events {
        let Event::Bytes { direction, now_ns, data } = event else {
            pieces.push(event.clone());
            continue;
        };
        let mut rest = data.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
            pieces.push(Event::Bytes { direction: *direction, now_ns: *now_ns, data: piece.to_vec() });
            rest = after;
        }
    }
    pieces
}

#[test]
fn whole() {
    for case in corpus() {
        let found = show(&run(&case.script, &limits()));
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            let text = fs::read_to_string(&case.path).unwrap();
            let (script, _) = text.split_once("---\n").unwrap();
            fs::write(&case.path, format!("{script}---\n{found}")).unwrap();
        } else {
            assert_eq!(found, case.expected, "{}", case.path.display());
        }
    }
}

#[test]
fn byte_by_byte() {
    for case in corpus() {
        let expected = run(&case.script, &limits());
        let pieces = recut(&case.script.events, |_| 1);
        assert_eq!(run_events(case.script.joined_late, &limits(), &pieces), expected, "{}", case.path.display());
    }
}

#[test]
fn every_single_split() {
    for case in corpus() {
        let expected = run(&case.script, &limits());
        for (index, event) in case.script.events.iter().enumerate() {
            let Event::Bytes { data, .. } = event else { continue };
            for at in 1..data.len() {
                let mut events = case.script.events.clone();
                let pieces = recut(&events[index..=index], |rest| if rest == data.len() { at } else { rest });
                events.splice(index..=index, pieces);
                let found = run_events(case.script.joined_late, &limits(), &events);
                assert_eq!(found, expected, "{} cut at {at} of event {index}", case.path.display());
            }
        }
    }
}

/// A prefix may end anywhere: the driver checks the ledger, and closing must leave nothing open.
#[test]
fn every_prefix() {
    for case in corpus() {
        let pieces = recut(&case.script.events, |_| 1);
        for len in 0..pieces.len() {
            let mut driver = Driver::new(case.script.joined_late, &limits());
            pieces[..len].iter().for_each(|event| driver.event(event));
            driver.event(&Event::Close { now_ns: u64::MAX });
            let Outcome { counters, .. } = driver.outcome();
            assert_eq!((counters.open_requests, counters.open_responses), (0, 0), "{} at {len}", case.path.display());
        }
    }
}

/// What the parser says does not matter, does not matter.
#[test]
fn skips_change_nothing() {
    for case in corpus() {
        let expected = run(&case.script, &limits());
        for at_most in [1, 2, 3, 7, u64::MAX] {
            let mut driver = Driver::new(case.script.joined_late, &limits());
            case.script.events.iter().for_each(|event| driver.event_with_skips(event, at_most));
            assert_eq!(driver.outcome().without_skips(), expected, "{}, {at_most} at most", case.path.display());
        }
    }
}

/// A gap at every place, of one byte, of some, and of the rest: the ledger balances (the driver checks it), and the result
/// does not depend on the cut.
#[test]
fn gaps_at_every_place() {
    for case in corpus() {
        for (index, event) in case.script.events.iter().enumerate() {
            let Event::Bytes { direction, now_ns, data } = event else { continue };
            for (from, len) in (0..data.len()).flat_map(|from| [1, 17, usize::MAX].map(|len| (from, len))) {
                let len = len.min(data.len() - from);
                let bytes = |data: &[u8]| Event::Bytes { direction: *direction, now_ns: *now_ns, data: data.to_vec() };
                let mut events = case.script.events.clone();
                let gap = Event::Gap { direction: *direction, now_ns: *now_ns, len: len as u64 };
                events.splice(index..=index, [bytes(&data[..from]), gap, bytes(&data[from + len..])]);
                let found = run_events(case.script.joined_late, &limits(), &events);
                let pieces = recut(&events, |_| 5);
                assert_eq!(
                    run_events(case.script.joined_late, &limits(), &pieces),
                    found,
                    "{}: gap of {len} at {from} of event {index}, in pieces",
                    case.path.display()
                );
            }
        }
    }
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![Just(1_usize), 1..8_usize, 1..200_usize], 1..64)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any cut of any conversation, with any of the skips that the parser allows, comes to the same.
    #[test]
    fn any_cut(choice in any::<prop::sample::Index>(), cuts in cuts(), at_most in proptest::option::of(1..50_u64)) {
        thread_local! {
            static CORPUS: Vec<Case> = corpus();
        }
        CORPUS.with(|corpus| {
            let case = &corpus[choice.index(corpus.len())];
            let expected = run(&case.script, &limits());
            let mut cuts = cuts.iter().copied().cycle();
            let pieces = recut(&case.script.events, |_| cuts.next().unwrap_or(1));
            let mut driver = Driver::new(case.script.joined_late, &limits());
            for piece in &pieces {
                match at_most {
                    Some(at_most) => driver.event_with_skips(piece, at_most),
                    None => driver.event(piece),
                }
            }
            prop_assert_eq!(driver.outcome().without_skips(), expected, "{}", case.path.display());
            Ok(())
        })?;
    }

    /// Bytes of no protocol, in both directions: no panic, and the ledger balances.
    #[test]
    fn any_bytes(
        events in proptest::collection::vec((any::<bool>(), 0..8_u8, bytes()), 0..40),
        joined_late in any::<bool>(),
    ) {
        let mut driver = Driver::new(joined_late, &limits());
        for (now_ns, (to_server, kind, data)) in events.into_iter().enumerate() {
            let now_ns = now_ns as u64;
            let direction = if to_server { Direction::ToServer } else { Direction::ToClient };
            driver.event(&match kind {
                0 => Event::Gap { direction, now_ns, len: data.len() as u64 },
                _ => Event::Bytes { direction, now_ns, data },
            });
        }
        driver.event(&Event::Close { now_ns: 1000 });
        let counters = driver.outcome().counters;
        prop_assert_eq!((counters.open_requests, counters.open_responses), (0, 0));
    }
}

/// Bytes that get somewhere: pieces of messages among noise.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            &b"GET / HTTP/1.1\r\n"[..],
            b"HEAD /a HTTP/1.1\r\n",
            b"POST /b HTTP/1.0\r\n",
            b"CONNECT a:1 HTTP/1.1\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 100\r\n",
            b"HTTP/1.1 101 \r\n",
            b"HTTP/1.0 404 No\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b"Host: a\r\n",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b"hello",
            b" ",
            b"GET ",
            b"HTTP/1.",
        ])
        .prop_map(<[u8]>::to_vec),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
