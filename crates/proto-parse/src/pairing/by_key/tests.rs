use super::*;

fn pairing(open: usize) -> ByKey<()> {
    ByKey::new(&Limits { open_exchanges: open, spare_exchanges: 1, ..Limits::default() })
}

fn span(at_ns: u64) -> Span {
    Span { first_ns: at_ns, last_ns: at_ns, bytes: 1 }
}

fn polled(pairing: &mut ByKey<()>) -> Vec<(u64, Option<u64>, StatusClass)> {
    assert!(pairing.counters.balances(), "{:?}", pairing.counters);
    let mut all = Vec::new();
    let mut out = Exchange::default();
    while pairing.poll(&mut out) {
        all.push((out.request.first_ns, out.response.map(|response| response.first_ns), out.status));
    }
    all
}

fn ask(pairing: &mut ByKey<()>, key: u64, at_ns: u64) {
    let open = pairing.admit(key);
    open.exchange.request = span(at_ns);
    open.exchange.status = StatusClass::Ok;
}

#[test]
fn answers_come_in_any_order() {
    let mut pairing = pairing(10);
    for key in [7, 3, 5] {
        ask(&mut pairing, key, key);
    }
    for key in [3, 7, 5] {
        pairing.finish(key, span(10 + key), Flags::default());
    }
    let ok = StatusClass::Ok;
    assert_eq!(polled(&mut pairing), [(3, Some(13), ok), (7, Some(17), ok), (5, Some(15), ok)]);
    assert_eq!((pairing.counters.paired, pairing.counters.open_requests), (3, 0));
}

#[test]
fn a_key_used_again_is_the_newer_ones() {
    let mut pairing = pairing(10);
    ask(&mut pairing, 1, 1);
    assert!(pairing.answer(1).is_some());
    ask(&mut pairing, 1, 2);
    pairing.finish(1, span(9), Flags::default());
    pairing.finish(1, span(10), Flags::default());
    assert_eq!(polled(&mut pairing), [(2, Some(9), StatusClass::Ok)]);
    assert_eq!((pairing.counters.requests_unmatched, pairing.counters.responses_unmatched), (1, 1));
}

#[test]
fn the_oldest_makes_room() {
    let mut pairing = pairing(2);
    for key in [9, 8, 7] {
        ask(&mut pairing, key, key);
    }
    assert_eq!(pairing.counters.requests_evicted, 1);
    assert!(pairing.answer(9).is_none());
    pairing.count_unmatched_response();
    pairing.finish_unanswered(20);
    let none = StatusClass::NoResponse;
    assert_eq!(polled(&mut pairing), [(8, None, none), (7, None, none)], "in the order in which they were asked");
}

#[test]
fn who_may_have_been_answered_unseen_is_not_unanswered() {
    let mut pairing = pairing(10);
    ask(&mut pairing, 1, 1);
    ask(&mut pairing, 2, 2);
    pairing.responses_lost();
    ask(&mut pairing, 3, 3);
    pairing.finish(2, span(5), Flags::default());
    pairing.finish_unanswered(9);
    assert_eq!(polled(&mut pairing), [(2, Some(5), StatusClass::Ok), (3, None, StatusClass::NoResponse)]);
    assert_eq!(pairing.counters.requests_unmatched, 1);
}

#[test]
fn what_nobody_polls_is_dropped_and_counted() {
    let mut pairing = pairing(2);
    for at in 0..3 {
        pairing.one_way(|exchange| exchange.request = span(at));
    }
    assert_eq!(polled(&mut pairing).len(), 2);
    assert_eq!((pairing.counters.one_way, pairing.counters.exchanges_dropped), (3, 1));
}

#[test]
fn what_is_open_when_nobody_looks_any_more_is_counted() {
    let mut pairing = pairing(4);
    ask(&mut pairing, 1, 1);
    ask(&mut pairing, 2, 2);
    assert!(pairing.answer(1).is_some());
    pairing.abandon();
    assert_eq!(polled(&mut pairing), []);
    assert_eq!((pairing.counters.requests_abandoned, pairing.counters.responses_abandoned), (2, 1));
}

#[test]
fn what_is_discarded_is_unmatched() {
    let mut pairing = pairing(10);
    for key in [1, 2] {
        ask(&mut pairing, key, key);
    }
    assert!(pairing.answer(1).is_some());
    assert!(pairing.peek(1).is_some());
    for key in [1, 2, 3] {
        pairing.discard(key);
        assert!(pairing.peek(key).is_none());
    }
    assert_eq!(polled(&mut pairing), []);
    assert_eq!((pairing.counters.requests_unmatched, pairing.counters.responses_unmatched), (2, 1));
}

#[test]
fn keys_are_in_order() {
    let mut pairing = pairing(10);
    for key in [7, 3, 5] {
        ask(&mut pairing, key, key);
    }
    assert_eq!([0, 3, 4, 8].map(|from| pairing.key_from(from)), [Some(3), Some(3), Some(5), None]);
    pairing.discard(3);
    assert_eq!(pairing.key_from(0), Some(5));
}

#[test]
fn what_may_have_been_answered_goes_with_a_lost_request() {
    let mut pairing = pairing(10);
    ask(&mut pairing, 1, 1);
    pairing.responses_lost();
    ask(&mut pairing, 2, 2);
    pairing.requests_lost();
    assert!(pairing.answer(1).is_none(), "another's answer by now");
    assert!(pairing.answer(2).is_some());
    pairing.abandon();
    assert_eq!(polled(&mut pairing), []);
    assert_eq!(pairing.counters.requests_unmatched, 1);
}

#[test]
fn what_need_not_be_answered_is_one_way() {
    let mut pairing = pairing(3);
    for key in [5, 4, 3] {
        assert_eq!(pairing.next_evicted(), None);
        ask(&mut pairing, key, key);
    }
    assert_eq!(pairing.next_evicted(), Some(5));
    pairing.finish_silent(3);
    pairing.finish_silent_where(|key| key != 3);
    let ok = StatusClass::Ok;
    assert_eq!(polled(&mut pairing), [(3, None, ok), (5, None, ok), (4, None, ok)]);
    assert_eq!((pairing.counters.requests, pairing.counters.one_way), (0, 3));
}

#[test]
fn a_request_goes_on_under_another_key() {
    let mut pairing = pairing(4);
    for key in [1, 5, 9] {
        ask(&mut pairing, key, key);
    }
    assert!(pairing.answer(5).is_some());
    pairing.rename(5, 9);
    pairing.rename(7, 8);
    assert!(pairing.memo(5).is_none() && pairing.memo(8).is_none());
    pairing.finish(9, span(10), Flags::default());
    if let Some(open) = pairing.get(1) {
        open.may_go_unanswered();
    }
    pairing.finish_unanswered(20);
    assert_eq!(polled(&mut pairing), [(5, Some(10), StatusClass::Ok)], "what had the key before is dropped");
    assert_eq!((pairing.counters.requests_unmatched, pairing.counters.paired), (2, 1));
}
