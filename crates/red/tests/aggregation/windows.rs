//! Which window, and when it is handed out.

use geophone_model::time::Timestamp;
use geophone_red::{Aggregator, Config};

use crate::support::{assert_balanced, at, get, ok_at, process, starts_and_requests};

#[test]
fn a_window_is_handed_out_once_its_lateness_is_over() {
    let (client, server) = (process("web"), process("api"));
    let mut aggregator = Aggregator::new(Config::default());
    for second in [0, 9, 10, 11] {
        aggregator.observe(&get(&client, &server, "/"), &ok_at(second));
    }
    assert!(aggregator.advance(Timestamp::from_ns(11_999_999_999)).is_empty());
    assert_eq!(starts_and_requests(&aggregator.advance(at(12))), [(0, 2)]);
    assert!(aggregator.advance(at(12)).is_empty());
    assert_eq!(starts_and_requests(&aggregator.flush()), [(10, 2)]);
    assert!(aggregator.flush().is_empty());
    assert_eq!((aggregator.counters().recorded, aggregator.counters().late), (4, 0));
}

#[test]
fn what_comes_later_than_allowed_gives_a_further_snapshot() {
    let (client, server) = (process("web"), process("api"));
    let mut aggregator = Aggregator::new(Config::default());
    aggregator.observe(&get(&client, &server, "/"), &ok_at(5));
    let mut all = aggregator.advance(at(15));
    aggregator.observe(&get(&client, &server, "/"), &ok_at(6));
    aggregator.observe(&get(&client, &server, "/"), &ok_at(16));
    all.extend(aggregator.advance(at(15)));
    assert_eq!(starts_and_requests(&all), [(0, 1), (0, 1)]);
    assert_eq!(aggregator.counters().late, 1);
    all.extend(aggregator.flush());
    assert_eq!(starts_and_requests(&geophone_red::merge(all, Default::default()).unwrap()), [(0, 2), (10, 1)]);
}

#[test]
fn one_event_from_a_broken_clock_closes_nothing() {
    let (client, server) = (process("web"), process("api"));
    let mut aggregator = Aggregator::new(Config::default());
    aggregator.observe(&get(&client, &server, "/"), &ok_at(1_000));
    aggregator.observe(&get(&client, &server, "/"), &ok_at(9_000_000));
    for _ in 0..3 {
        assert!(aggregator.advance(at(9_000_000)).is_empty(), "a watermark that stands still is no second witness");
    }
    aggregator.observe(&get(&client, &server, "/"), &ok_at(1_012));
    assert_eq!(starts_and_requests(&aggregator.advance(at(9_000_000))), [(1_000, 1)], "the exchanges drive the clock");
    assert!(aggregator.counters().clock_jumps_held > 0);
    assert_eq!(starts_and_requests(&aggregator.flush()), [(1_010, 1), (9_000_000, 1)]);
    assert_balanced(&aggregator);
}

#[test]
fn after_a_long_pause_the_second_event_is_believed() {
    let (client, server) = (process("web"), process("api"));
    let mut aggregator = Aggregator::new(Config::default());
    aggregator.observe(&get(&client, &server, "/"), &ok_at(1_000));
    assert!(aggregator.advance(at(90_000)).is_empty());
    assert_eq!(starts_and_requests(&aggregator.advance(at(90_001))), [(1_000, 1)]);
}

#[test]
fn times_ahead_take_at_most_half_of_the_windows() {
    let (client, server) = (process("web"), process("api"));
    let mut config = Config::default();
    config.max_windows = 8;
    let mut aggregator = Aggregator::new(config);
    aggregator.observe(&get(&client, &server, "/"), &ok_at(0));
    for broken in 1..=10 {
        aggregator.observe(&get(&client, &server, "/"), &ok_at(broken * 1_000_000));
        aggregator.observe(&get(&client, &server, "/"), &ok_at(1));
    }
    assert_eq!(aggregator.counters().ahead_of_clock, 6);
    for second in [10, 20, 30, 40] {
        aggregator.observe(&get(&client, &server, "/"), &ok_at(second));
    }
    assert_eq!(aggregator.counters().windows_full, 1);
    assert_balanced(&aggregator);
    assert_eq!(aggregator.advance(at(42)).len(), 4);
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let (client, server) = (process("web"), process("api"));
    let mut aggregator = Aggregator::new(Config::default());
    for end in [Timestamp::MIN, Timestamp::MAX, Timestamp::MAX, Timestamp::MIN] {
        aggregator.observe(&get(&client, &server, "/"), &geophone_red::Outcome::answered(end, u64::MAX));
    }
    let counts: Vec<u64> = aggregator.flush().iter().map(|snapshot| snapshot.points[0].requests).collect();
    assert_eq!(counts, [2, 2]);
    assert_balanced(&aggregator);
}
