//! From an exchange to its points.

use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape, TraceContext},
    net::{ConnectionId, NetNs},
    protocol::Protocol,
    series::View,
    time::Timestamp,
};
use geophone_red::{Aggregator, Config, MAX_EXEMPLARS, Outcome, Stale, Timing};

use crate::support::{at, get, ok_at, operations, process, status};

fn exchange(observed: Observed, shape: Shape, response: Option<Message>) -> Exchange {
    let party = Party { endpoint: "127.0.0.1:1".parse().unwrap(), dialled: None, cookie: None };
    Exchange {
        connection: ConnectionId(1),
        observed,
        netns: NetNs(0),
        client: party,
        server: party,
        protocol: Protocol::Http1,
        shape,
        verb: "POST".into(),
        resource: "/orders/17".into(),
        authority: String::new(),
        status: status(if response.is_some() { 201 } else { 0 }),
        request: Message { first: Timestamp::from_ns(100), last: Timestamp::from_ns(120), bytes: 300 },
        response,
        end: Timestamp::from_ns(900),
        flags: ExchangeFlags::default(),
        ..Exchange::blank()
    }
}

fn answer() -> Option<Message> {
    Some(Message { first: Timestamp::from_ns(500), last: Timestamp::from_ns(900), bytes: 40 })
}

#[test]
fn each_end_that_measured_has_its_own_view() {
    let (web, shop) = (process("web"), process("shop"));
    for (observed, views) in [
        (Observed::Client, vec![View::Client]),
        (Observed::Server, vec![View::Server]),
        (Observed::SamePoint, vec![View::Client, View::Server]),
    ] {
        let mut aggregator = Aggregator::new(Config::default());
        let operation = aggregator.record(&exchange(observed, Shape::Call, answer()), &web, &shop);
        assert_eq!(&**operation, "POST /orders/{id}");
        assert_eq!(aggregator.counters().recorded, 1, "an exchange is one, in one view or in two");
        let points = aggregator.flush().remove(0).points;
        assert_eq!(points.iter().map(|point| point.key.view).collect::<Vec<_>>(), views);
        for point in points {
            assert_eq!((point.key.client(), point.key.server()), (&web, &shop));
            let same_point = u64::from(observed == Observed::SamePoint);
            assert_eq!((point.requests, point.same_point, point.streams), (1, same_point, 0));
            assert_eq!((point.request_bytes, point.response_bytes), (300, 40));
            assert_eq!((point.duration.count(), point.duration.max_ns), (1, 800));
            assert_eq!((point.first_byte.count(), point.first_byte.max_ns), (1, 400));
        }
    }
}

#[test]
fn what_is_no_latency_is_not_among_the_durations() {
    let (web, shop) = (process("web"), process("shop"));
    let mut aggregator = Aggregator::new(Config::default());
    aggregator.record(&exchange(Observed::Server, Shape::Call, None), &web, &shop);
    aggregator.record(&exchange(Observed::Server, Shape::OneWay, None), &web, &shop);
    aggregator.record(&exchange(Observed::Server, Shape::Stream, answer()), &web, &shop);
    let points = aggregator.flush().remove(0).points;
    let [stream, unanswered] = points.as_slice() else { panic!("{points:?}") };
    assert_eq!((unanswered.requests, unanswered.streams, unanswered.duration.count()), (2, 0, 0));
    assert_eq!((stream.requests, stream.streams, stream.duration.count()), (1, 1, 0));
    assert_eq!((stream.lifetime.count(), stream.lifetime.max_ns), (1, 800));
}

#[test]
fn the_slowest_traced_exchanges_are_exemplars() {
    let (web, shop) = (process("web"), process("shop"));
    let mut aggregator = Aggregator::new(Config::default());
    for (number, duration_ns) in [5, 9, 1, 9, 7, 3].into_iter().enumerate() {
        let trace = Some(TraceContext { trace_id: [number as u8 + 1; 16], span_id: [1; 8], flags: 1 });
        let outcome = Outcome { trace, ..Outcome::answered(at(1), duration_ns) };
        aggregator.observe(&get(&web, &shop, "/"), &outcome);
        aggregator.observe(&get(&web, &shop, "/"), &Outcome::answered(at(1), 1_000));
    }
    let exemplars = aggregator.flush().remove(0).points.remove(0).exemplars;
    assert_eq!(exemplars.len(), MAX_EXEMPLARS);
    let slowest: Vec<_> = exemplars.iter().map(|exemplar| (exemplar.duration_ns, exemplar.trace.trace_id[0])).collect();
    assert_eq!(slowest, [(9, 4), (9, 2), (7, 5), (5, 1)]);
}

#[test]
fn points_are_sorted_and_keys_unique() {
    let mut aggregator = Aggregator::new(Config::default());
    let services: Vec<_> = ["d", "a", "c", "b"].into_iter().map(process).collect();
    for client in &services {
        for server in &services {
            for code in [500, 200, 404] {
                let outcome = Outcome { status: status(code), ..ok_at(1) };
                aggregator.observe(&get(client, server, "/z"), &outcome);
                aggregator.observe(&get(&process(&client.name), &process(&server.name), "/y"), &outcome);
            }
        }
    }
    let points = aggregator.flush().remove(0).points;
    assert_eq!(points.len(), 4 * 4 * 3 * 2);
    assert!(points.is_sorted_by(|a, b| a.key < b.key));
}

#[test]
fn a_prepared_subject_counts_like_the_subject() {
    let (web, shop) = (process("web"), process("shop"));
    let mut aggregator = Aggregator::new(Config::default());
    let mut prepared = aggregator.prepare(&get(&web, &shop, "/users/7"));
    assert_eq!(aggregator.operation(&prepared).map(|operation| &**operation), Ok("GET /users/{id}"));
    aggregator.observe_prepared(&mut prepared, &ok_at(1)).unwrap();
    aggregator.observe(&get(&web, &shop, "/users/8"), &Outcome { timing: Timing::Untimed, ..ok_at(1) });
    assert_eq!(operations(&aggregator.flush()), [("GET /users/{id}".to_owned(), 2)]);
}

#[test]
fn prepared_subjects_find_their_series_in_every_window_and_status() {
    let (web, shop) = (process("web"), process("shop"));
    let paths = ["/a", "/b", "/c"];
    let [mut at_once, mut prepared_for] = [(); 2].map(|()| Aggregator::new(Config::default()));
    let mut prepared = paths.map(|path| prepared_for.prepare(&get(&web, &shop, path)));
    for step in 0..600 {
        // Over windows back and forth, so that a series is now at one place and then at another.
        let outcome =
            Outcome { status: status(200 + step % 5 / 4), ..ok_at(u64::from((step * 7 % 30).unsigned_abs())) };
        let path = (step * step) as usize % paths.len();
        at_once.observe(&get(&web, &shop, paths[path]), &outcome);
        prepared_for.observe_prepared(&mut prepared[path], &outcome).unwrap();
    }
    assert_eq!(prepared_for.flush(), at_once.flush());
}

#[test]
fn many_exchanges_of_one_series_are_all_counted() {
    let (web, shop) = (process("web"), process("shop"));
    let mut aggregator = Aggregator::new(Config::default());
    for number in 0..100_000 {
        aggregator.observe(&get(&web, &shop, "/"), &Outcome::answered(at(1), 1_000_000 + number % 1_000));
    }
    let point = aggregator.flush().remove(0).points.remove(0);
    assert_eq!((point.requests, point.duration.count()), (100_000, 100_000));
    assert_eq!((point.duration.min_ns, point.duration.max_ns), (1_000_000, 1_000_999));
    assert_eq!(point.duration.sum_ns, 100_000 * 1_000_000 + 100 * (0..1_000).sum::<u64>());
}

#[test]
fn what_was_prepared_is_refused_once_names_were_forgotten() {
    let (web, shop) = (process("web"), process("shop"));
    let mut config = Config::default();
    config.idle_windows = 1;
    let mut aggregator = Aggregator::new(config);
    let mut prepared = aggregator.prepare(&get(&web, &shop, "/"));
    for second in [0, 50, 100] {
        aggregator.observe(&get(&shop, &shop, "/"), &ok_at(second));
        aggregator.advance(at(second));
    }
    assert_eq!(aggregator.observe_prepared(&mut prepared, &ok_at(100)), Err(Stale));
    let mut again = aggregator.prepare(&get(&web, &shop, "/"));
    assert_eq!(aggregator.observe_prepared(&mut again, &ok_at(100)), Ok(()));
}
