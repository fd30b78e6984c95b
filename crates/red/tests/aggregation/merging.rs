//! Merging snapshots that come from elsewhere.

use geophone_model::{
    ledger::Coverage,
    series::{Buckets, WindowSnapshot},
};
use geophone_red::{Aggregator, Config, MergeError, merge};

use crate::support::{get, ok_at, process, starts_and_requests};

fn snapshot(path: &str, second: u64, requests: usize) -> WindowSnapshot {
    let (web, shop) = (process("web"), process("shop"));
    let mut aggregator = Aggregator::new(Config::default());
    for _ in 0..requests {
        aggregator.observe(&get(&web, &shop, path), &ok_at(second));
    }
    aggregator.flush().remove(0)
}

#[test]
fn windows_come_in_order_and_points_are_added() {
    let snapshots = [snapshot("/b", 25, 1), snapshot("/b", 5, 2), snapshot("/a", 5, 4), snapshot("/b", 6, 8)];
    let merged = merge(snapshots, geophone_distribution::Config::default()).unwrap();
    assert_eq!(starts_and_requests(&merged), [(0, 14), (20, 1)]);
    let points: Vec<_> = merged[0].points.iter().map(|p| (&*p.key.operation, p.requests, p.duration.count())).collect();
    assert_eq!(points, [("GET /a", 4, 4), ("GET /b", 10, 10)]);
}

#[test]
fn coverage_is_added() {
    let with = |delivered_bytes| WindowSnapshot {
        coverage: Coverage { wanted_bytes: 10, delivered_bytes, ..Coverage::default() },
        ..snapshot("/", 5, 1)
    };
    let merged = merge([with(10), with(5)], geophone_distribution::Config::default()).unwrap();
    assert_eq!(merged[0].coverage.ratio(), 0.75);
}

#[test]
fn an_empty_distribution_of_another_scale_makes_nothing_coarser() {
    let fine = snapshot("/", 5, 1);
    let mut empty = fine.clone();
    empty.points[0].duration = Buckets { scale: -4, ..Buckets::default() };
    for snapshots in [[fine.clone(), empty.clone()], [empty, fine.clone()]] {
        let merged = merge(snapshots, geophone_distribution::Config::default()).unwrap();
        assert_eq!(merged[0].points[0].duration, fine.points[0].duration);
    }
}

#[test]
fn sums_stop_at_their_maximum() {
    let mut huge = snapshot("/", 5, 1);
    huge.points[0].requests = u64::MAX - 1;
    huge.points[0].request_bytes = u64::MAX;
    let merged = merge([huge.clone(), huge], geophone_distribution::Config::default()).unwrap();
    let point = &merged[0].points[0];
    assert_eq!((point.requests, point.request_bytes), (u64::MAX, u64::MAX));
}

#[test]
fn a_distribution_that_is_none_is_named() {
    let good = snapshot("/users/7", 5, 1);
    let mut bad = good.clone();
    bad.points[0].duration.scale = 100;
    let error = merge([good, bad], geophone_distribution::Config::default()).unwrap_err();
    assert!(matches!(error, MergeError::Distribution { .. }));
    let text = error.to_string();
    assert!(text.starts_with("merging the series `GET /users/{id}` of shop in the window of 0.000000000: "), "{text}");
}

#[test]
fn a_point_of_another_window_is_refused() {
    let mut mixed = snapshot("/", 5, 1);
    mixed.points.extend(snapshot("/", 15, 1).points);
    let error = merge([mixed], geophone_distribution::Config::default()).unwrap_err();
    assert!(matches!(error, MergeError::Window { .. }), "{error}");
}
