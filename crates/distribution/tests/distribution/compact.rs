//! Small counts with a distribution behind them are one distribution.

use crate::values::{durations_ns, latencies_ns};
use geophone_distribution::{Compact, Config, Distribution, Exponential, MAX_SCALE, MIN_BUCKETS, MIN_SCALE};
use proptest::{collection::vec, prelude::*};

/// Records the same in both and compares, at the end and after a merge into what is not empty.
fn check(compact: &mut Compact, values_ns: &[u64]) {
    let config = *compact.config();
    let mut expected = Exponential::new(config);
    let mut held = compact.heap_bytes();
    for value_ns in values_ns {
        held += compact.record(*value_ns);
        expected.record(*value_ns);
        assert_eq!(held, compact.heap_bytes());
    }
    let mut whole = Exponential::new(config);
    compact.add_to(&mut whole);
    assert_eq!(whole, expected);

    let mut other = Exponential::default();
    other.record_n(77, 3);
    let mut merged = other.clone();
    merged.merge(&expected);
    compact.add_to(&mut other);
    assert_eq!(other, merged);
}

#[test]
fn a_count_that_is_full_loses_nothing() {
    for times in [255, 256, 257, 511, 70_000] {
        let mut compact = Compact::new(Config::default());
        check(&mut compact, &vec![1_000_000; times]);
    }
}

#[test]
fn a_sum_that_is_full_loses_nothing() {
    check(&mut Compact::new(Config::default()), &[u64::MAX, u64::MAX - 1, u64::MAX, u64::MAX]);
}

#[test]
fn zeros_are_counted_and_place_nothing() {
    check(&mut Compact::new(Config::default()), &[&[0; 100][..], &[5_000_000; 3]].concat());
}

proptest! {
    #[test]
    fn any_values_are_those_of_one_distribution(
        values_ns in durations_ns(),
        scale in MIN_SCALE..=MAX_SCALE,
        cap in MIN_BUCKETS..200,
    ) {
        let mut compact = Compact::new(Config::new(scale, cap).expect("both are in range"));
        check(&mut compact, &values_ns);
        compact.clear();
        check(&mut compact, &values_ns);
    }

    #[test]
    fn latencies_that_come_often_are_those_of_one_distribution(
        services in vec((latencies_ns(), 1..40_usize), 1..4),
        scale in MIN_SCALE..=MAX_SCALE,
    ) {
        let values_ns: Vec<u64> = services.iter().flat_map(|(values_ns, times)| values_ns.repeat(*times)).collect();
        check(&mut Compact::new(Config::new(scale, 160).expect("both are in range")), &values_ns);
    }
}
