//! Snapshots from anywhere become one snapshot of each window.

use std::sync::Arc;

use geophone_distribution::{Config, Distribution, Exponential, MAX_SCALE, MIN_SCALE};
use geophone_model::{
    exchange::TraceContext,
    identity::{Identity, IdentityKind},
    ledger::Coverage,
    protocol::Protocol,
    series::{Buckets, Exemplar, SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::Status,
    time::{Timestamp, Window},
};
use geophone_series::{MAX_EXEMPLARS, MalformedPoint, Sum, into_buckets, merge, merge_with, to_buckets};
use proptest::{collection::vec, prelude::*, sample::Index};

const WINDOW_NS: u64 = 10_000_000_000;

fn window(number: u64) -> Window {
    Window { start: Timestamp::from_ns(number * WINDOW_NS), length_ns: WINDOW_NS }
}

fn distribution(scale: i8, values_ns: &[u64]) -> Exponential {
    let mut distribution = Exponential::new(Config::new(scale, Config::default().max_buckets()).unwrap());
    values_ns.iter().for_each(|value| distribution.record(*value));
    distribution
}

/// A point with a call of each duration, each of which is an exemplar.
fn point(number: u64, operation: &str, durations_ns: &[u64]) -> SeriesPoint {
    let identity = |name| Arc::new(Identity::new(IdentityKind::Process, None, name));
    let trace = |id: u64| TraceContext { trace_id: u128::from(id).to_be_bytes(), span_id: [1; 8], flags: 1 };
    let exemplar = |duration_ns: &u64| Exemplar {
        at: window(number).start,
        duration_ns: *duration_ns,
        trace: trace(*duration_ns),
    };
    SeriesPoint {
        key: SeriesKey {
            view: View::Server,
            local: identity("shop"),
            peer: identity("web"),
            protocol: Protocol::Http1,
            operation: operation.into(),
            status: Status::default(),
            delivery: false,
        },
        window: window(number),
        requests: durations_ns.len() as u64,
        same_point: 1,
        streams: 2,
        request_bytes: 10 * durations_ns.len() as u64,
        response_bytes: 100 * durations_ns.len() as u64,
        duration: to_buckets(&distribution(3, durations_ns)),
        first_byte: to_buckets(&distribution(3, &[])),
        lifetime: to_buckets(&distribution(3, &[])),
        exemplars: durations_ns.iter().map(exemplar).collect(),
    }
}

fn snapshot(number: u64, points: Vec<SeriesPoint>) -> WindowSnapshot {
    let coverage = Coverage { wanted_bytes: 10, delivered_bytes: 9, ..Coverage::default() };
    WindowSnapshot { window: window(number), points, coverage }
}

fn merged(snapshots: impl IntoIterator<Item = WindowSnapshot>) -> Vec<WindowSnapshot> {
    merge(snapshots, Config::default()).expect("the points are sound")
}

#[test]
fn windows_come_in_order_and_points_are_added() {
    let snapshots = [
        snapshot(2, vec![point(2, "GET /b", &[1])]),
        snapshot(0, vec![point(0, "GET /b", &[1, 2])]),
        snapshot(0, vec![point(0, "GET /a", &[3]), point(0, "GET /b", &[4])]),
    ];
    let merged = merged(snapshots);
    assert_eq!(merged.iter().map(|snapshot| snapshot.window).collect::<Vec<_>>(), [window(0), window(2)]);
    let points: Vec<_> = merged[0].points.iter().map(|p| (&*p.key.operation, p.requests, p.duration.count())).collect();
    assert_eq!(points, [("GET /a", 1, 1), ("GET /b", 3, 3)]);
    let sum = &merged[0].points[1];
    assert_eq!((sum.same_point, sum.streams, sum.request_bytes, sum.response_bytes), (2, 4, 30, 300));
    assert_eq!(merged[0].coverage, Coverage { wanted_bytes: 20, delivered_bytes: 18, ..Coverage::default() });
}

#[test]
fn a_key_that_comes_twice_in_a_snapshot_is_one() {
    let merged = merged([snapshot(0, vec![point(0, "GET /", &[1]), point(0, "GET /", &[2])])]);
    assert_eq!(merged[0].points.iter().map(|point| point.requests).collect::<Vec<_>>(), [2]);
}

#[test]
fn the_slowest_exemplars_are_left_slowest_first() {
    let alone = merged([snapshot(0, vec![point(0, "GET /", &[3, 9, 1, 7, 5, 8])])]);
    let together =
        merged([snapshot(0, vec![point(0, "GET /", &[3, 9, 1])]), snapshot(0, vec![point(0, "GET /", &[7, 5, 8])])]);
    for merged in [alone, together] {
        let left: Vec<_> = merged[0].points[0].exemplars.iter().map(|exemplar| exemplar.duration_ns).collect();
        assert_eq!(left, [9, 8, 7, 5]);
        assert_eq!(left.len(), MAX_EXEMPLARS);
    }
}

#[test]
fn an_empty_distribution_of_another_scale_makes_nothing_coarser() {
    let fine = snapshot(0, vec![point(0, "GET /", &[100, 200, 300])]);
    let mut empty = fine.clone();
    empty.points[0].duration = Buckets { scale: 0, ..Buckets::default() };
    for snapshots in [[fine.clone(), empty.clone()], [empty, fine.clone()]] {
        assert_eq!(merged(snapshots)[0].points[0].duration, fine.points[0].duration);
    }
}

#[test]
fn a_fine_scale_stays_and_the_cap_holds() {
    let with = |duration: Exponential| {
        let mut point = point(0, "GET /", &[]);
        point.duration = into_buckets(duration);
        snapshot(0, vec![point])
    };
    let fine = with(distribution(MAX_SCALE, &[1_000, 1_010]));
    let scale_of = |snapshots| merged(snapshots)[0].points[0].duration.scale;
    assert_eq!(scale_of(vec![fine.clone(), fine.clone()]), MAX_SCALE);
    assert_eq!(scale_of(vec![fine.clone(), with(distribution(5, &[1_000]))]), 5);

    let wide = merged([fine, with(distribution(MAX_SCALE, &[u64::MAX]))]);
    assert!(wide[0].points[0].duration.counts.len() <= Config::default().max_buckets().into());
    assert_eq!(wide[0].points[0].duration.count(), 3);
}

#[test]
fn sums_stop_at_their_maximum() {
    let mut huge = point(0, "GET /", &[5]);
    (huge.requests, huge.request_bytes) = (u64::MAX - 1, u64::MAX);
    let merged = merged([snapshot(0, vec![huge.clone()]), snapshot(0, vec![huge])]);
    let point = &merged[0].points[0];
    assert_eq!((point.requests, point.request_bytes), (u64::MAX, u64::MAX));
}

#[test]
fn a_distribution_that_is_none_is_named() {
    let good = snapshot(3, vec![point(3, "GET /users/{id}", &[7])]);
    let mut bad = good.clone();
    bad.points[0].first_byte.max_ns = 5;
    // Whether it meets another or not, and whichever comes first.
    for snapshots in [vec![bad.clone()], vec![good.clone(), bad.clone()], vec![bad, good]] {
        let error = merge(snapshots, Config::default()).unwrap_err();
        assert!(matches!(error, MalformedPoint::Distribution { distribution: "first byte", .. }));
        let expected =
            "the point of `GET /users/{id}` of shop in the window of 30.000000000 has a first byte distribution";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn a_point_of_another_window_is_refused() {
    let mixed = snapshot(0, vec![point(0, "GET /", &[1]), point(1, "GET /", &[1])]);
    let error = merge([mixed], Config::default()).unwrap_err();
    let MalformedPoint::OtherWindow { expected, found, .. } = error else { panic!("{error}") };
    assert_eq!((expected, found), (window(0), window(1)));
    let other = snapshot(1, vec![point(1, "GET /", &[1])]);
    assert!(merge_with(&snapshot(0, Vec::new()), other, Config::default()).is_err());
}

/// A request of one of a few keys, with the snapshots that it is put into in one way and in another.
#[derive(Clone, Debug)]
struct Request {
    window: u64,
    operation: &'static str,
    scale: i8,
    duration_ns: Option<u64>,
    part: Index,
    other_part: Index,
}

fn request() -> impl Strategy<Value = Request> {
    let duration = prop_oneof![1 => Just(None), 4 => any::<u32>().prop_map(|ns| Some(ns.into())), 1 => any::<u64>().prop_map(Some)];
    let operation = proptest::sample::select(vec!["GET /a", "GET /b", "POST /a"]);
    (0..2_u64, operation, MIN_SCALE..=MAX_SCALE, duration, any::<Index>(), any::<Index>()).prop_map(
        |(window, operation, scale, duration_ns, part, other_part)| Request {
            window,
            operation,
            scale,
            duration_ns,
            part,
            other_part,
        },
    )
}

/// The requests as points of their own, dealt out to `parts` snapshots.
fn dealt_out(requests: &[Request], parts: usize, by: fn(&Request) -> Index) -> Vec<WindowSnapshot> {
    let snapshots = (0..parts).flat_map(|part| {
        let own = move |request: &&Request| by(request).index(parts) == part;
        (0..2).map(move |number| {
            let points = requests.iter().filter(own).filter(|request| request.window == number).map(|request| {
                let durations_ns = request.duration_ns.as_slice();
                let mut point = point(number, request.operation, durations_ns);
                point.requests = 1;
                point.duration = to_buckets(&distribution(request.scale, durations_ns));
                point
            });
            // The parts' own coverage would tell how many there are.
            WindowSnapshot { coverage: Coverage::default(), ..snapshot(number, points.collect()) }
        })
    });
    snapshots.collect()
}

proptest! {
    /// However requests are dealt out to snapshots, and however these are grouped, they are the same windows, in which every
    /// one counts.
    #[test]
    fn neither_order_nor_grouping_makes_a_difference(
        requests in vec(request(), 0..40), parts in 1..6_usize, split in any::<Index>(),
    ) {
        let all = merged(dealt_out(&requests, parts, |request| request.part));
        let mut otherwise = dealt_out(&requests, 4, |request| request.other_part);
        otherwise.reverse();
        prop_assert_eq!(&merged(otherwise.clone()), &all);

        let later = otherwise.split_off(split.index(otherwise.len()));
        let (mut first, later) = (merged(otherwise), merged(later));
        prop_assert_eq!(&merged(first.iter().chain(&later).cloned()), &all);
        for snapshot in later {
            match first.iter_mut().find(|held| held.window == snapshot.window) {
                Some(held) => *held = merge_with(held, snapshot, Config::default()).unwrap(),
                None => first.push(snapshot),
            }
        }
        first.sort_by_key(|snapshot| snapshot.window);
        prop_assert_eq!(&first, &all);

        for snapshot in &all {
            let of_window = requests.iter().filter(|request| window(request.window) == snapshot.window);
            let counted: u64 = snapshot.points.iter().map(|point| point.requests).sum();
            prop_assert_eq!(counted, of_window.clone().count() as u64);
            for point in &snapshot.points {
                let own = of_window.clone().filter(|request| request.operation == &*point.key.operation);
                let durations = own.filter_map(|request| request.duration_ns);
                prop_assert_eq!(point.duration.count(), durations.clone().count() as u64);
                prop_assert_eq!(point.duration.sum_ns, durations.fold(0_u64, u64::saturating_add));
            }
        }
    }

    /// A sum of points is what their merge counts.
    #[test]
    fn points_add_up_to_their_merge(durations in vec(vec(any::<u32>(), 0..5), 1..6)) {
        let points: Vec<_> = durations
            .iter()
            .map(|durations| point(0, "GET /", &durations.iter().copied().map(u64::from).collect::<Vec<_>>()))
            .collect();
        let sum_of = |point: &SeriesPoint| Sum::of(point, Config::default()).unwrap();
        let (mut added, mut absorbed) = (Sum::default(), Sum::default());
        for point in &points {
            added.add(sum_of(point));
            absorbed.absorb(&sum_of(point));
        }
        prop_assert_eq!(&added, &absorbed);
        let merged = merged(points.into_iter().map(|point| snapshot(0, vec![point])));
        let [point] = merged[0].points.as_slice() else { panic!("one key") };
        prop_assert_eq!(sum_of(point), added);
    }
}
