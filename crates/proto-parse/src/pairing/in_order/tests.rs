use alloc::vec::Vec;

use super::*;

fn pairing(joined_late: bool) -> InOrder<bool> {
    let limits = Limits { open_exchanges: 3, spare_exchanges: 1, ..Limits::default() };
    InOrder::new(&limits, joined_late)
}

fn span(at_ns: u64) -> Span {
    Span { first_ns: at_ns, last_ns: at_ns, bytes: 1 }
}

/// A request that is whole at once; whether it is taken.
fn ask(pairing: &mut InOrder<bool>, at_ns: u64) -> bool {
    let turn = pairing.begin(false);
    let is_taken = pairing.admit(turn).is_some();
    if let Some(exchange) = pairing.take_live() {
        exchange.request = span(at_ns);
    }
    is_taken
}

/// A response that is whole at once.
fn answer(pairing: &mut InOrder<bool>, at_ns: u64) {
    if pairing.has_open() {
        pairing.count_response();
        pairing.finish(span(at_ns), Flags::default());
    } else {
        pairing.count_unmatched_response();
    }
}

/// When what is finished was asked, and when answered.
fn polled(pairing: &mut InOrder<bool>) -> Vec<(u64, Option<u64>)> {
    assert!(pairing.counters.balances(), "{:?}", pairing.counters);
    let mut all = Vec::new();
    let mut out = Exchange::default();
    while pairing.poll(&mut out) {
        all.push((out.request.first_ns, out.response.map(|response| response.first_ns)));
    }
    all
}

#[test]
fn answers_come_in_the_order_of_requests() {
    let mut pairing = pairing(false);
    for at_ns in 1..=3 {
        assert!(ask(&mut pairing, at_ns));
    }
    assert_eq!((pairing.open_len(), pairing.counters.open_requests), (3, 3));
    for at_ns in 11..=14 {
        answer(&mut pairing, at_ns);
    }
    assert_eq!(polled(&mut pairing), [(1, Some(11)), (2, Some(12)), (3, Some(13))]);
    assert_eq!((pairing.counters.paired, pairing.counters.responses_unmatched), (3, 1));
}

/// The requests that found no room are answered in their turn: nobody else gets their answers.
#[test]
fn what_found_no_room_is_answered_too() {
    let mut pairing = pairing(false);
    let taken = [1, 2, 3, 4, 5].map(|at_ns| ask(&mut pairing, at_ns));
    assert_eq!(taken, [true, true, true, false, false]);
    for at_ns in 11..=13 {
        answer(&mut pairing, at_ns);
    }
    assert!(!ask(&mut pairing, 6), "two answers are owed before its own");
    for at_ns in 14..=16 {
        answer(&mut pairing, at_ns);
    }
    assert!(ask(&mut pairing, 7));
    answer(&mut pairing, 17);
    // What nobody fetched has made room for what was finished later.
    assert_eq!(polled(&mut pairing), [(2, Some(12)), (3, Some(13)), (7, Some(17))]);
    let Counters { requests_evicted, exchanges_dropped, responses_unmatched, .. } = pairing.counters;
    assert_eq!((requests_evicted, exchanges_dropped, responses_unmatched), (3, 1, 3));
}

#[test]
fn what_is_answered_all_at_once_owes_nothing() {
    let mut pairing = pairing(false);
    for at_ns in 1..=5 {
        ask(&mut pairing, at_ns);
    }
    for at_ns in 11..=13 {
        answer(&mut pairing, at_ns);
    }
    pairing.owe_nothing();
    assert!(ask(&mut pairing, 6));
    answer(&mut pairing, 16);
    assert_eq!(polled(&mut pairing).last(), Some(&(6, Some(16))));
}

#[test]
fn one_that_waits_is_paired_from_the_next_turn_on() {
    let mut pairing = pairing(true);
    // Answers to what was not seen.
    answer(&mut pairing, 1);
    assert!(ask(&mut pairing, 2));
    answer(&mut pairing, 12);
    pairing.requests_lost(0);
    assert!(!ask(&mut pairing, 3), "nothing has been answered since");
    answer(&mut pairing, 13);
    assert!(ask(&mut pairing, 4));
    answer(&mut pairing, 14);
    assert_eq!(polled(&mut pairing), [(2, Some(12)), (4, Some(14))]);
}

#[test]
fn one_that_does_not_wait_is_not_paired_any_more() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    ask(&mut pairing, 2);
    answer(&mut pairing, 11);
    ask(&mut pairing, 3);
    for at_ns in 12..=13 {
        answer(&mut pairing, at_ns);
    }
    pairing.responses_lost();
    for at_ns in 4..=6 {
        assert!(!ask(&mut pairing, at_ns));
        answer(&mut pairing, at_ns + 10);
    }
    assert_eq!(polled(&mut pairing).len(), 3);
}

/// If the client asks anew, it has been answered unseen; if it does not, the next response is its own.
#[test]
fn whether_a_lost_response_was_the_last_is_told_by_what_comes_next() {
    for is_answered in [true, false] {
        let mut pairing = pairing(false);
        ask(&mut pairing, 1);
        pairing.responses_lost();
        if is_answered {
            answer(&mut pairing, 11);
        }
        assert!(ask(&mut pairing, 2));
        answer(&mut pairing, 12);
        let first = is_answered.then_some((1, Some(11)));
        assert_eq!(polled(&mut pairing), first.into_iter().chain([(2, Some(12))]).collect::<Vec<_>>());
        assert_eq!(pairing.counters.requests_unmatched, u64::from(!is_answered));
    }
}

#[test]
fn what_is_asked_beside_is_a_sign_too() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    pairing.responses_lost();
    pairing.note_request();
    assert!(!pairing.has_open() && pairing.is_in_doubt());
    // No turn yet: what was asked beside may still be answered.
    assert!(ask(&mut pairing, 2));
    assert_eq!(pairing.counters.requests_unmatched, 1);
}

#[test]
fn an_answer_to_what_is_no_exchange_begins_a_turn() {
    for is_noted in [true, false] {
        let mut pairing = pairing(false);
        pairing.requests_lost(0);
        if is_noted {
            pairing.note_answer();
        }
        assert_eq!(ask(&mut pairing, 1), is_noted);
    }
}

/// What was found out to be over comes before what is open, and changes no order.
#[test]
fn what_is_over_comes_before_what_is_open() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    pairing.aside().unwrap().request = span(2);
    pairing.one_way().unwrap().request = span(3);
    answer(&mut pairing, 11);
    assert_eq!(polled(&mut pairing), [(2, None), (3, None), (1, Some(11))]);
    let Counters { requests, responses, paired, one_way, .. } = pairing.counters;
    assert_eq!((requests, responses, paired, one_way), (2, 2, 2, 1));
}

#[test]
fn what_waits_for_poll_is_bounded() {
    let mut pairing = pairing(false);
    let inserted = [1, 2, 3, 4].map(|_| pairing.one_way().is_some());
    assert_eq!(inserted, [true, true, true, false]);
    assert!(pairing.aside().is_none());
    assert_eq!((pairing.counters.exchanges_dropped, polled(&mut pairing).len()), (2, 3));
}

#[test]
fn those_that_need_no_answer_are_no_failures() {
    let mut pairing = pairing(false);
    for (at_ns, is_silent) in [(1, true), (2, false), (3, true)] {
        ask(&mut pairing, at_ns);
        pairing.newest().unwrap().memo = is_silent;
    }
    pairing.finish_unanswered_but(20, |is_silent| *is_silent);
    let mut out = Exchange::default();
    let mut all = Vec::new();
    while pairing.poll(&mut out) {
        all.push((out.shape, out.status, out.end_ns));
    }
    let silent = |at_ns| (Shape::OneWay, StatusClass::Ok, at_ns);
    assert_eq!(all, [silent(1), (Shape::RequestResponse, StatusClass::NoResponse, 20), silent(3)]);
    assert_eq!((pairing.counters.one_way, pairing.counters.unanswered), (2, 1));
    assert!(pairing.counters.balances());
}

/// A loss of ours is no error of the server's.
#[test]
fn an_end_behind_a_loss_says_nothing_of_the_server() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    pairing.responses_lost();
    pairing.finish_unanswered(20);
    assert_eq!(polled(&mut pairing), []);
    assert_eq!((pairing.counters.requests_unmatched, pairing.counters.unanswered), (1, 0));
}

#[test]
fn what_is_answered_elsewhere_is_not_counted_here() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    ask(&mut pairing, 2);
    assert_eq!(pairing.hand_over().unwrap().request, span(1));
    answer(&mut pairing, 12);
    assert!(pairing.hand_over().is_none());
    assert_eq!((pairing.counters.requests, polled(&mut pairing)), (1, Vec::from([(2, Some(12))])));
}

#[test]
fn who_is_not_observed_any_more_owes_nothing() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    answer(&mut pairing, 11);
    ask(&mut pairing, 2);
    pairing.count_response();
    ask(&mut pairing, 3);
    pairing.abandon();
    assert_eq!(polled(&mut pairing), [(1, Some(11))]);
    let Counters { requests_abandoned, responses_abandoned, open_requests, open_responses, .. } = pairing.counters;
    assert_eq!((requests_abandoned, responses_abandoned, open_requests, open_responses), (2, 1, 0, 0));
}

/// The answer to what was lost is waited for: it is not taken for that of the next request.
#[test]
fn an_answer_to_what_was_lost_is_not_the_next_ones() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    pairing.requests_lost(1);
    answer(&mut pairing, 11);
    assert!(!ask(&mut pairing, 3), "the one that was lost is not answered");
    answer(&mut pairing, 12);
    answer(&mut pairing, 13);
    assert!(ask(&mut pairing, 4));
    answer(&mut pairing, 14);
    assert_eq!(polled(&mut pairing), [(1, Some(11)), (4, Some(14))]);
}

/// Of several answers one was lost: the others may still come.
#[test]
fn an_answer_to_what_is_not_open_any_more_is_not_the_next_ones() {
    let mut pairing = pairing(false);
    ask(&mut pairing, 1);
    ask(&mut pairing, 2);
    pairing.responses_lost();
    assert!(!ask(&mut pairing, 3));
    answer(&mut pairing, 12);
    answer(&mut pairing, 13);
    assert!(ask(&mut pairing, 4));
    answer(&mut pairing, 14);
    assert_eq!(polled(&mut pairing), [(4, Some(14))]);
}

/// What was lost may have been no request at all.
#[test]
fn one_that_waits_is_believed_in_the_end() {
    let mut pairing = pairing(false);
    pairing.requests_lost(1);
    pairing.note_answer();
    let taken = [1, 2, 3, 4].map(|at_ns| {
        let is_taken = ask(&mut pairing, at_ns);
        answer(&mut pairing, at_ns + 10);
        is_taken
    });
    assert_eq!(taken, [false, false, false, true]);
    assert_eq!(polled(&mut pairing), [(4, Some(14))]);
}

/// Two are in flight all the time: until the client pauses, it looks like one that waits.
#[test]
fn one_answer_too_many_gives_a_client_away_that_does_not_wait() {
    let mut pairing = pairing(true);
    for at_ns in 1..=3 {
        answer(&mut pairing, at_ns);
        assert!(ask(&mut pairing, at_ns));
    }
    answer(&mut pairing, 11);
    answer(&mut pairing, 12);
    assert!(pairing.is_in_doubt());
    for at_ns in 4..=9 {
        assert!(!ask(&mut pairing, at_ns), "it is not paired any more");
        answer(&mut pairing, at_ns);
    }
}
