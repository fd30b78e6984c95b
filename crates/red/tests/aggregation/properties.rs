//! What holds for any exchanges, dealt out in any way.

use std::{collections::BTreeMap, sync::Arc};

use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    exchange::{Observed, TraceContext},
    identity::{Identity, IdentityKind},
    protocol::Protocol,
    series::{Buckets, View, WindowSnapshot},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_red::{Aggregator, Config, Outcome, Subject, Timing, merge};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::support::{at, status};

/// Names of identities, operations and so on by small numbers, and what to do with the exchange.
#[derive(Clone, Debug)]
struct Event {
    observed: Observed,
    client: usize,
    server: usize,
    path: &'static str,
    outcome: Outcome,
    /// Which of several aggregators gets it.
    aggregator: usize,
    /// Where it comes among the others of that aggregator.
    order: u32,
    /// The watermark in seconds, where it moves after the event.
    watermark: Option<u64>,
}

const AGGREGATORS: usize = 3;

fn event() -> impl Strategy<Value = Event> {
    let timing = prop_oneof![
        4 => (prop_oneof![Just(0), 1..100_u64, 100_000..10_000_000_u64, any::<u64>()], proptest::option::of(0..1_000_u64))
            .prop_map(|(duration_ns, first_byte_ns)| Timing::Call { duration_ns, first_byte_ns }),
        1 => any::<u64>().prop_map(|lifetime_ns| Timing::Stream { lifetime_ns }),
        1 => Just(Timing::Untimed),
    ];
    let trace =
        proptest::option::of((1..4_u8).prop_map(|id| TraceContext { trace_id: [id; 16], span_id: [id; 8], flags: id }));
    let outcome = (0..40_000_000_000_u64, select(vec![0, 200, 404, 500]), timing, any::<u32>(), trace).prop_map(
        |(end_ns, code, timing, bytes, trace)| Outcome {
            end: Timestamp::from_ns(end_ns),
            status: status(code),
            timing,
            request_bytes: bytes.into(),
            response_bytes: u64::from(bytes) / 2,
            trace,
        },
    );
    let subject = (
        select(vec![Observed::Client, Observed::Server, Observed::SamePoint]),
        0..5_usize,
        0..5_usize,
        select(vec!["/", "/users/1", "/users/2", "/users/ann", "/users/bob", "/img/a1b2c3d4.png", "/deep/down/below"]),
    );
    (subject, outcome, 0..AGGREGATORS, any::<u32>(), proptest::option::of(0..50_u64)).prop_map(
        |((observed, client, server, path), outcome, aggregator, order, watermark)| Event {
            observed,
            client,
            server,
            path,
            outcome,
            aggregator,
            order,
            watermark,
        },
    )
}

fn identities() -> Vec<Arc<Identity>> {
    let kinds = [IdentityKind::Process, IdentityKind::ExternalClient];
    (0..5).map(|number| Arc::new(Identity::new(kinds[number % 2], None, &format!("i{number}")))).collect()
}

fn observe(aggregator: &mut Aggregator, identities: &[Arc<Identity>], event: &Event) {
    let subject = Subject {
        observed: event.observed,
        client: &identities[event.client],
        server: &identities[event.server],
        delivery: false,
        protocol: Protocol::Http1,
        verb: "GET",
        resource: event.path,
    };
    aggregator.observe(&subject, &event.outcome);
}

/// All snapshots of events in their order of arrival.
fn snapshots<'a>(config: &Config, events: impl IntoIterator<Item = &'a Event>) -> (Aggregator, Vec<WindowSnapshot>) {
    let mut aggregator = Aggregator::new(config.clone());
    // New `Arc`s for every aggregator: identities are the same by content alone.
    let identities = identities();
    let mut snapshots = Vec::new();
    for event in events {
        observe(&mut aggregator, &identities, event);
        assert_eq!(aggregator.ledger().imbalance(), 0);
        snapshots.extend(event.watermark.into_iter().flat_map(|watermark| aggregator.advance(at(watermark))));
    }
    snapshots.extend(aggregator.flush());
    (aggregator, snapshots)
}

fn merged(snapshots: Vec<WindowSnapshot>) -> Vec<WindowSnapshot> {
    merge(snapshots, geophone_distribution::Config::default()).expect("an aggregator's snapshots can be merged")
}

/// What no cap may change.
type Sums = BTreeMap<(Window, View, StatusClass), (u64, u64, u64, u64, u64)>;

fn sums(snapshots: &[WindowSnapshot]) -> Sums {
    let mut sums = Sums::new();
    for point in snapshots.iter().flat_map(|snapshot| &snapshot.points) {
        let sum = sums.entry((point.window, point.key.view, point.key.status.class)).or_default();
        sum.0 += point.requests;
        sum.1 += point.same_point;
        sum.2 += point.streams;
        sum.3 += point.request_bytes;
        sum.4 += point.duration.count();
    }
    sums
}

fn naive_sums(events: &[Event]) -> Sums {
    let mut sums = Sums::new();
    for Event { observed, outcome, .. } in events {
        let views = [(View::Client, observed.by_client()), (View::Server, observed.by_server())];
        for (view, _) in views.into_iter().filter(|(_, counts)| *counts) {
            let window = Window::containing(outcome.end, Window::DEFAULT_LENGTH_NS);
            let sum = sums.entry((window, view, outcome.status.class)).or_default();
            sum.0 += 1;
            sum.1 += u64::from(*observed == Observed::SamePoint);
            sum.2 += u64::from(matches!(outcome.timing, Timing::Stream { .. }));
            sum.3 += outcome.request_bytes;
            sum.4 += u64::from(matches!(outcome.timing, Timing::Call { .. }));
        }
    }
    sums
}

/// A window, a view, client and server by name, an operation and a status.
type NaiveKey = (Window, View, usize, usize, String, Status);

/// Durations by key, found the slow way: the paths' templates are written down by hand.
fn naive_durations(events: &[Event]) -> BTreeMap<NaiveKey, Exponential> {
    let mut durations: BTreeMap<NaiveKey, Exponential> = BTreeMap::new();
    for Event { observed, client, server, path, outcome, .. } in events {
        let template = match *path {
            "/users/1" | "/users/2" => "/users/{id}",
            "/img/a1b2c3d4.png" => "/img/{hash}.png",
            path => path,
        };
        let views = [(View::Client, observed.by_client()), (View::Server, observed.by_server())];
        for (view, _) in views.into_iter().filter(|(_, counts)| *counts) {
            let window = Window::containing(outcome.end, Window::DEFAULT_LENGTH_NS);
            let key = (window, view, *client, *server, format!("GET {template}"), outcome.status);
            let distribution = durations.entry(key).or_default();
            if let Timing::Call { duration_ns, .. } = outcome.timing {
                distribution.record(duration_ns);
            }
        }
    }
    durations
}

fn assert_same(buckets: &Buckets, expected: &Exponential) {
    assert_eq!(buckets.count(), expected.count());
    if expected.is_empty() {
        return;
    }
    assert_eq!((buckets.scale, buckets.offset), (expected.scale(), expected.offset()));
    assert_eq!((&*buckets.counts, buckets.zero_count), (expected.counts(), expected.zero_count()));
    assert_eq!((Some(buckets.min_ns), Some(buckets.max_ns)), (expected.min_ns(), expected.max_ns()));
    assert_eq!(u128::from(buckets.sum_ns), expected.sum_ns().min(u64::MAX.into()));
}

proptest! {
    #[test]
    fn any_partition_in_any_order_merges_to_the_same(events in vec(event(), 0..120), shuffle in any::<u64>()) {
        let config = Config::default();
        let (_, at_once) = snapshots(&config, &events);
        let expected = merged(at_once);

        let mut parts = Vec::new();
        for aggregator in 0..AGGREGATORS {
            let mut part: Vec<&Event> = events.iter().filter(|event| event.aggregator == aggregator).collect();
            part.sort_by_key(|event| event.order);
            parts.extend(snapshots(&config, part).1);
        }
        let rotation = (shuffle as usize).checked_rem(parts.len()).unwrap_or(0);
        parts.rotate_left(rotation);
        prop_assert_eq!(&merged(parts.clone()), &expected);

        // In two steps, as by an exporter and then by a store.
        let tail = parts.split_off(parts.len() / 2);
        let mut steps = merged(parts);
        steps.extend(merged(tail));
        prop_assert_eq!(&merged(steps), &expected);
    }

    #[test]
    fn points_are_what_a_naive_count_gives(events in vec(event(), 0..80)) {
        let (aggregator, snapshots) = snapshots(&Config::default(), &events);
        prop_assert_eq!(aggregator.counters().recorded, events.len() as u64);
        let identities = identities();
        let number = |identity: &Arc<Identity>| identities.iter().position(|other| other == identity).unwrap();
        let mut expected = naive_durations(&events);
        for point in merged(snapshots).iter().flat_map(|snapshot| &snapshot.points) {
            let key = &point.key;
            let operation = key.operation.to_string();
            let naive = (point.window, key.view, number(key.client()), number(key.server()), operation, key.status);
            let durations = expected.remove(&naive).expect("a point that the naive count has as well");
            assert_same(&point.duration, &durations);
        }
        prop_assert!(expected.is_empty(), "{:?}", expected);
    }

    #[test]
    fn caps_and_learning_move_exchanges_but_lose_none(
        events in vec(event(), 0..120),
        caps in (1..6_usize, 1..4_usize, 1..20_usize, 1..4_usize, 1..4_u64),
        memory_budget in prop_oneof![Just(0), 20_000..200_000_usize],
    ) {
        let mut config = Config::default();
        (config.max_identities, config.max_operations, config.max_series, config.template.max_literals, config.idle_windows) = caps;
        config.path_cache_entries = 8;
        config.memory_budget = memory_budget;
        let (aggregator, snapshots) = snapshots(&config, &events);
        let counters = aggregator.counters();
        let sums = sums(&snapshots);
        let requests: u64 = sums.values().map(|sum| sum.0).sum();
        prop_assert_eq!(requests, counters.recorded + counters.same_point);
        if counters.recorded == counters.seen {
            prop_assert_eq!(sums, naive_sums(&events));
        }
        for snapshot in &snapshots {
            prop_assert!(snapshot.points.is_sorted_by(|a, b| a.key < b.key));
        }
    }
}
