//! What is lost may cost exchanges; it must never give one request another's response.

use geophone_proto_parse::{Exchange, Flags, Protocol, Shape, Span};

use crate::cuts::{bytes_of, places, recut, tries};
use crate::support::drive::{Outcome, run, run_events};
use crate::support::script::Event;
use crate::{Case, corpus};

/// A gap at every place, of one byte, of some, and of the rest: the ledger balances (the driver checks it), no request is
/// given another's response, and the result does not depend on the cut.
pub(crate) fn at_every_place(protocol: Protocol) {
    for case in corpus(protocol) {
        let whole = run(protocol, &case.script, &case.limits);
        for (index, event) in case.script.events.iter().enumerate() {
            let Some((direction, now_ns, data)) = bytes_of(event) else { continue };
            for (from, len) in
                places(data.len(), tries(&case)).flat_map(|from| [1, 17, usize::MAX].map(|len| (from, len)))
            {
                let len = len.min(data.len() - from);
                let bytes = |data: &[u8]| Event::Bytes { direction, now_ns, data: data.to_vec() };
                let mut events = case.script.events.clone();
                let gap = Event::Gap { direction, now_ns, len: len as u64 };
                events.splice(index..=index, [bytes(&data[..from]), gap, bytes(&data[from + len..])]);
                check(protocol, &case, &whole, &events, &format!("gap of {len} at {from} of event {index}"));
            }
        }
    }
}

/// One, two and three segments of a direction lost in a row.
pub(crate) fn whole_segments(protocol: Protocol) {
    for case in corpus(protocol) {
        let whole = run(protocol, &case.script, &case.limits);
        let events = &case.script.events;
        for index in places(events.len(), 200) {
            let Some((direction, ..)) = bytes_of(&events[index]) else { continue };
            for lost in 1..=3 {
                let mut left = lost;
                let mut with_gaps = events.clone();
                for event in with_gaps.iter_mut().skip(index) {
                    match bytes_of(event) {
                        Some((other, now_ns, data)) if left > 0 && other == direction => {
                            *event = Event::Gap { direction, now_ns, len: data.len() as u64 };
                            left -= 1;
                        }
                        _ => {}
                    }
                }
                check(protocol, &case, &whole, &with_gaps, &format!("{lost} segments lost from event {index} on"));
            }
        }
    }
}

fn check(protocol: Protocol, case: &Case, whole: &Outcome, events: &[Event], what: &str) {
    let found = run_events(protocol, &case.script, &case.limits, events);
    let pieces = recut(events, |_| 5);
    let in_pieces = run_events(protocol, &case.script, &case.limits, &pieces);
    assert_eq!(in_pieces, found, "{}: {what}, in pieces", case.path.display());
    for exchange in &found.exchanges {
        assert!(
            is_pair(whole, exchange),
            "{}: {what}: a response that is not its own:\n{exchange:#?}",
            case.path.display()
        );
    }
}

/// Whether an exchange's request and response belong together, by the times of what was seen of them, for each event of a
/// conversation has its own. What has no counterpart when nothing is lost says nothing.
fn is_pair(whole: &Outcome, exchange: &Exchange) -> bool {
    let Some(response) = exchange.response else { return true };
    // All that is left of a connection in which nothing more can be read: no response is told from another there.
    if exchange.shape == Shape::Stream && exchange.flags.contains(Flags::OPAQUE) {
        return true;
    }
    let overlap = |one: Span, other: Span| one.first_ns <= other.last_ns && other.first_ns <= one.last_ns;
    let answered = || whole.exchanges.iter().filter_map(|known| known.response.map(|answer| (known.request, answer)));
    let of_request = answered().any(|(request, _)| overlap(request, exchange.request));
    let of_response = answered().any(|(_, answer)| overlap(answer, response));
    let both = answered().any(|(request, answer)| overlap(request, exchange.request) && overlap(answer, response));
    both || !(of_request && of_response)
}
