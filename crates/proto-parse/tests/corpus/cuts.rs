//! However the bytes of a conversation come, the same comes out.

use geophone_proto_parse::{Direction, Exchange, Limits, Protocol};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::drive::{Driver, Outcome, run, run_events};
use crate::support::script::Event;
use crate::{Case, corpus};

/// The same events, with the bytes of each cut by `cut`.
pub(crate) fn recut(events: &[Event], mut cut: impl FnMut(usize) -> usize) -> Vec<Event> {
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

/// Places in `len` things to try something at: all of them if they are few, else those near the ends and `few` between.
pub(crate) fn places(len: usize, few: usize) -> impl Iterator<Item = usize> {
    let step = (len / few).max(1);
    (0..len).filter(move |at| *at < 40 || len - at < 20 || at % step == 0)
}

pub(crate) fn byte_by_byte(protocol: Protocol) {
    for case in corpus(protocol) {
        let expected = run(protocol, &case.script, &case.limits);
        let pieces = recut(&case.script.events, |_| 1);
        let found = run_events(protocol, &case.script, &case.limits, &pieces);
        assert_eq!(found, expected, "{}", case.path.display());
    }
}

/// Limits of nothing are raised to what a parser needs to keep its word.
pub(crate) fn least_limits(protocol: Protocol) {
    let mut nothing = Limits::default();
    nothing.detect_bytes = 0;
    nothing.line_bytes = 0;
    nothing.head_bytes = 0;
    nothing.verb_bytes = 0;
    nothing.resource_bytes = 0;
    nothing.authority_bytes = 0;
    nothing.error_bytes = 0;
    nothing.answers = 0;
    nothing.message_bytes = 0;
    nothing.definition_bytes = 0;
    nothing.depth = 0;
    nothing.open_exchanges = 0;
    nothing.spare_exchanges = 0;
    for case in corpus(protocol) {
        let expected = run(protocol, &case.script, &nothing);
        for exchange in &expected.exchanges {
            let Exchange { verb, resource, authority, error, answers, .. } = exchange;
            for text in [verb, resource, authority, error] {
                assert!(text.len() <= 16, "{}: {exchange:?}", case.path.display());
            }
            assert!(answers.is_empty(), "{}: {exchange:?}", case.path.display());
        }
        let mut driver = Driver::new(protocol, &case.script, &nothing);
        case.script.events.iter().for_each(|event| driver.event_bytewise(event));
        assert_eq!(driver.outcome(), expected, "{}", case.path.display());
    }
}

pub(crate) fn every_single_split(protocol: Protocol) {
    for case in corpus(protocol) {
        let expected = run(protocol, &case.script, &case.limits);
        for (index, event) in case.script.events.iter().enumerate() {
            let Event::Bytes { data, .. } = event else { continue };
            for at in places(data.len(), tries(&case)).filter(|at| *at > 0) {
                let mut events = case.script.events.clone();
                let pieces = recut(&events[index..=index], |rest| if rest == data.len() { at } else { rest });
                events.splice(index..=index, pieces);
                let found = run_events(protocol, &case.script, &case.limits, &events);
                assert_eq!(found, expected, "{} cut at {at} of event {index}", case.path.display());
            }
        }
    }
}

/// A prefix may end anywhere: the driver checks the ledger, and closing must leave nothing open.
pub(crate) fn every_prefix(protocol: Protocol) {
    for case in corpus(protocol) {
        let pieces = recut(&case.script.events, |_| 1);
        for len in places(pieces.len(), 1000) {
            let mut driver = Driver::new(protocol, &case.script, &case.limits);
            pieces[..len].iter().for_each(|event| driver.event(event));
            driver.event(&Event::Close { now_ns: u64::MAX });
            let Outcome { counters, .. } = driver.outcome();
            assert_eq!((counters.open_requests, counters.open_responses), (0, 0), "{} at {len}", case.path.display());
        }
    }
}

/// What the parser says does not matter, does not matter.
pub(crate) fn skips_change_nothing(protocol: Protocol) {
    for case in corpus(protocol) {
        let expected = run(protocol, &case.script, &case.limits);
        for at_most in [1, 2, 3, 7, u64::MAX] {
            let mut driver = Driver::new(protocol, &case.script, &case.limits);
            case.script.events.iter().for_each(|event| driver.event_with_skips(event, at_most));
            assert_eq!(driver.outcome().without_skips(), expected, "{}, {at_most} at most", case.path.display());
        }
    }
}

/// Any cut of any conversation, with any of the skips that the parser allows, comes to the same.
pub(crate) fn random_cuts(protocol: Protocol) {
    let corpus = corpus(protocol);
    let cut = prop_oneof![Just(1_usize), 1..8_usize, 1..200_usize];
    let input = (any::<prop::sample::Index>(), proptest::collection::vec(cut, 1..64), proptest::option::of(1..50_u64));
    let outcome = runner().run(&input, |(choice, cuts, at_most)| {
        let case = &corpus[choice.index(corpus.len())];
        let expected = run(protocol, &case.script, &case.limits);
        let mut cuts = cuts.iter().copied().cycle();
        let pieces = recut(&case.script.events, |_| cuts.next().unwrap_or(1));
        let mut driver = Driver::new(protocol, &case.script, &case.limits);
        for piece in &pieces {
            match at_most {
                Some(at_most) => driver.event_with_skips(piece, at_most),
                None => driver.event(piece),
            }
        }
        prop_assert_eq!(driver.outcome().without_skips(), expected, "{}", case.path.display());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

pub(crate) fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })
}

/// How many places in one event are tried: fewer, the more bytes a conversation has.
pub(crate) fn tries(case: &Case) -> usize {
    let events = &case.script.events;
    let bytes = events.iter().map(|event| if let Event::Bytes { data, .. } = event { data.len() } else { 0 });
    (500_000 / bytes.sum::<usize>().max(1) / events.len().max(1)).clamp(1, 2000)
}

/// The bytes of one direction.
pub(crate) fn bytes_of(event: &Event) -> Option<(Direction, u64, &[u8])> {
    match event {
        Event::Bytes { direction, now_ns, data } => Some((*direction, *now_ns, data)),
        _ => None,
    }
}
