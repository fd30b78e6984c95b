//! In the steady state nothing is allocated, and the estimate of memory is near what is.

use std::sync::Arc;

use allocation_counter::measure;
use geophone_model::{
    exchange::{Observed, TraceContext},
    identity::{Identity, IdentityKind},
    protocol::Protocol,
    time::Timestamp,
};
use geophone_red::{Aggregator, Config, Outcome, Subject, Timing};

const SECOND_NS: u64 = 1_000_000_000;

fn services(count: usize) -> Vec<Arc<Identity>> {
    (0..count).map(|n| Arc::new(Identity::new(IdentityKind::Process, None, &format!("service-{n}")))).collect()
}

/// A second's worth of exchanges among services, each pair with each path, of durations over two doublings.
fn record_second(aggregator: &mut Aggregator, services: &[Arc<Identity>], paths: &[String], second: u64) {
    let mut duration_ns = 1_000_000;
    for client in services {
        for server in services {
            for path in paths {
                let subject = Subject {
                    observed: Observed::SamePoint,
                    client,
                    server,
                    delivery: false,
                    protocol: Protocol::Http1,
                    verb: "GET",
                    resource: path,
                };
                let outcome = Outcome {
                    timing: Timing::Call { duration_ns, first_byte_ns: Some(duration_ns / 2) },
                    trace: Some(TraceContext { trace_id: [7; 16], span_id: [7; 8], flags: 1 }),
                    ..Outcome::answered(Timestamp::from_ns(second * SECOND_NS), duration_ns)
                };
                aggregator.observe(&subject, &outcome);
                duration_ns = 1_000_000 + (duration_ns * 31) % 3_000_000;
            }
        }
    }
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("/api/v1/users/{}/orders/{}", n * 7_919 % 1_000, n % 4)).collect()
}

#[test]
fn a_window_like_the_one_before_allocates_nothing() {
    let (services, paths) = (services(4), paths(20));
    let mut aggregator = Aggregator::new(Config::default());
    for second in 0..30 {
        record_second(&mut aggregator, &services, &paths, second);
        aggregator.advance(Timestamp::from_ns(second * SECOND_NS));
    }
    for second in 30..50 {
        let used = measure(|| record_second(&mut aggregator, &services, &paths, second));
        assert_eq!(used.count_total, 0, "at second {second}, where a new window is opened every ten");
        aggregator.advance(Timestamp::from_ns(second * SECOND_NS));
    }
}

#[test]
fn a_path_that_is_new_but_for_its_ids_allocates_nothing() {
    let services = services(2);
    let mut config = Config::default();
    config.path_cache_entries = 64;
    let mut aggregator = Aggregator::new(config);
    let path = |n: u64| format!("/users/{}/orders/9f1b1c3e-8d52-4a57-a7a2-{:012x}", 100_000 + n, n);
    let warm: Vec<String> = (0..1_000).map(path).collect();
    record_second(&mut aggregator, &services, &warm, 1);
    let fresh: Vec<String> = (1_000..2_000).map(path).collect();
    assert_eq!(measure(|| record_second(&mut aggregator, &services, &fresh, 2)).count_total, 0);
}

#[test]
fn a_watermark_that_closes_nothing_allocates_nothing() {
    let mut aggregator = Aggregator::new(Config::default());
    record_second(&mut aggregator, &services(2), &paths(2), 1);
    assert_eq!(measure(|| assert!(aggregator.advance(Timestamp::from_ns(SECOND_NS)).is_empty())).count_total, 0);
}

#[test]
fn the_estimate_of_memory_is_near_what_is_allocated() {
    for (number, (services_len, paths_len, seconds)) in [(2, 2, 1), (6, 40, 5), (20, 10, 40)].into_iter().enumerate() {
        let (services, paths) = (services(services_len), paths(paths_len));
        let mut held = None;
        let used = measure(|| {
            let mut aggregator = Aggregator::new(Config::default());
            for second in 0..seconds {
                record_second(&mut aggregator, &services, &paths, second);
                aggregator.advance(Timestamp::from_ns(second * SECOND_NS));
            }
            held = Some(aggregator);
        });
        let estimate = held.expect("it was made").memory_bytes() as f64;
        let ratio = estimate / used.bytes_current as f64;
        assert!((0.7..1.5).contains(&ratio), "case {number}: {estimate} estimated, {} allocated", used.bytes_current);
    }
}
