//! A day of a large installation: 1,000 services, 10,000 edges.
//!
//! Every service is asked by ten others, by both of its operations; both ends measure. Every tenth operation also fails, which
//! is a series of its own. That is 44,000 series of one window each, as a store hands out a day, with durations over some
//! sixty buckets (log-normal, median 5 ms).

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    identity::{Identity, IdentityKind},
    ledger::Coverage,
    protocol::Protocol,
    series::{Buckets, SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_series::into_buckets;
use geophone_servicemap::{
    Config, Difference, Direction, Filter, MapBuilder, PathPattern, ServiceMap, export::document::Detail,
};

const SERVICES: usize = 1_000;
const CALLERS_EACH: usize = 10;
const DAY: Window = Window { start: Timestamp::from_ns(0), length_ns: 86_400_000_000_000 };

/// Durations as a day of one series has them.
fn durations(seed: u64) -> Buckets {
    let mut distribution = Exponential::default();
    for i in 0..2_000_u64 {
        // The sum of twelve uniform numbers less six is as good as normal.
        let normal: f64 = (0..12).map(|part| uniform(seed << 32 | i << 4 | part)).sum::<f64>() - 6.0;
        distribution.record((5e6 * (0.8 * normal).exp()) as u64);
    }
    into_buckets(distribution)
}

/// A number from 0 to 1 (SplitMix64).
fn uniform(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
}

fn points(window: Window) -> Vec<SeriesPoint> {
    let services: Vec<_> = (0..SERVICES)
        .map(|n| Arc::new(Identity::new(IdentityKind::Container, Some("production"), &format!("service-{n:04}"))))
        .collect();
    let operations: [Arc<str>; 2] = ["GET /users/{id}/orders".into(), "POST /users/{id}/orders".into()];
    let distributions: Vec<_> = (0..16).map(durations).collect();
    let mut points = Vec::new();
    for (index, server) in services.iter().enumerate() {
        for step in 1..=CALLERS_EACH {
            let client = &services[(index + step * step * 7) % SERVICES];
            for (operation, view) in operations.iter().flat_map(|of| [(of, View::Client), (of, View::Server)]) {
                let (local, peer) = match view {
                    View::Client => (client, server),
                    View::Server => (server, client),
                };
                let fails = step == CALLERS_EACH;
                for (class, code) in
                    [(StatusClass::Ok, 200), (StatusClass::ServerError, 503)].into_iter().take(1 + usize::from(fails))
                {
                    let duration = distributions[points.len() % distributions.len()].clone();
                    points.push(SeriesPoint {
                        key: SeriesKey {
                            view,
                            local: local.clone(),
                            peer: peer.clone(),
                            protocol: Protocol::Http1,
                            operation: operation.clone(),
                            status: Status { class, code: code.into() },
                            delivery: false,
                        },
                        window,
                        requests: duration.count(),
                        same_point: 0,
                        streams: 0,
                        request_bytes: 300 * duration.count(),
                        response_bytes: 2_000 * duration.count(),
                        first_byte: duration.clone(),
                        duration,
                        lifetime: Buckets::default(),
                        exemplars: Vec::new(),
                    });
                }
            }
        }
    }
    points
}

fn servicemap(criterion: &mut Criterion) {
    let points = points(DAY);
    let config = Config::default();
    let map = ServiceMap::build(&points, DAY, config);
    assert_eq!((map.nodes().len(), map.edges().len(), points.len()), (1_000, 10_000, 44_000));
    let snapshot = WindowSnapshot { window: DAY, points: points.clone(), coverage: Coverage::default() };
    let mut builder = MapBuilder::new(DAY, config);
    builder.add(&snapshot);
    let mut by_path = Filter::default();
    by_path.path = Some(PathPattern::new("^/users/[^/]+/orders$").expect("a regular expression"));
    let start = map.nodes()[0].identity().clone();

    let mut group = criterion.benchmark_group("1000 services, 10000 edges, 44000 series");
    group.sample_size(20);
    group.bench_function("build", |bencher| {
        bencher.iter_with_large_drop(|| ServiceMap::build(black_box(&points), DAY, config));
    });
    group.bench_function("build, and add up every edge", |bencher| {
        bencher.iter_with_large_drop(|| {
            let map = ServiceMap::build(black_box(&points), DAY, config);
            map.edges().iter().for_each(|edge| {
                black_box(edge.views());
            });
            map
        });
    });
    group.bench_function("add a snapshot of all series", |bencher| {
        bencher.iter_batched_ref(|| builder.clone(), |builder| builder.add(&snapshot), BatchSize::PerIteration);
    });
    group.bench_function("finish", |bencher| {
        bencher.iter_batched(|| builder.clone(), MapBuilder::finish, BatchSize::PerIteration);
    });
    group.bench_function("filter by path", |bencher| bencher.iter_with_large_drop(|| map.filter(&by_path)));
    group.bench_function("neighbourhood of two steps", |bencher| {
        bencher.iter_with_large_drop(|| map.neighbourhood(&start, 2, Direction::Both));
    });
    group.bench_function("cycles", |bencher| bencher.iter_with_large_drop(|| map.cycles()));
    group.bench_function("difference", |bencher| bencher.iter_with_large_drop(|| Difference::between(&map, &map)));
    group.bench_function("document of services", |bencher| {
        bencher.iter_with_large_drop(|| map.to_document(Detail::Services));
    });
    group.bench_function("dot", |bencher| bencher.iter_with_large_drop(|| map.to_dot()));
    group.finish();
}

criterion_group!(benches, servicemap);
criterion_main!(benches);
