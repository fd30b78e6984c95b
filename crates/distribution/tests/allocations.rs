//! The hot path does not allocate, and what is allocated is bounded.

use allocation_counter::measure;
use geophone_distribution::{Compact, Config, Distribution, Exponential, MIN_BUCKETS};

fn ramp(first_ns: u64, steps: u64) -> impl Iterator<Item = u64> {
    (0..steps).map(move |step| first_ns + step * step * 997)
}

fn filled() -> Exponential {
    let mut distribution = Exponential::default();
    for value_ns in ramp(50_000, 400) {
        distribution.record(value_ns);
    }
    distribution
}

#[test]
fn recording_into_buckets_that_exist_does_not_allocate() {
    let mut distribution = filled();
    let used = measure(|| {
        for value_ns in ramp(50_000, 400) {
            distribution.record(value_ns);
            distribution.record(0);
        }
    });
    assert_eq!(used.count_total, 0);
    assert_eq!(distribution.count(), 1_200);
}

#[test]
fn merging_into_a_window_that_spans_both_does_not_allocate() {
    let (mut into, other) = (filled(), filled());
    assert_eq!(measure(|| into.merge(&other)).count_total, 0);
}

#[test]
fn a_cleared_distribution_keeps_its_memory() {
    let mut distribution = filled();
    let values_ns: Vec<u64> = ramp(50_000, 400).collect();
    let used = measure(|| {
        for _ in 0..10 {
            distribution.clear();
            // Backwards, so that every new bucket comes before the others.
            for value_ns in values_ns.iter().rev() {
                distribution.record(*value_ns);
            }
        }
    });
    assert_eq!(used.count_total, 0);
    assert_eq!(distribution, filled());
}

#[test]
fn making_buckets_coarser_and_reading_do_not_allocate() {
    let mut distribution = filled();
    let used = measure(|| {
        distribution.quantile_ns(0.99);
        distribution.count_at_most(1_000_000);
        distribution.coarsen_to(0);
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn an_empty_distribution_owns_nothing() {
    assert_eq!(measure(|| drop(Exponential::default())).count_total, 0);
    assert_eq!(measure(|| Exponential::default().record(0)).count_total, 0);
}

#[test]
fn a_compact_one_allocates_for_what_is_far_from_the_rest() {
    let mut compact = Compact::new(Config::default());
    let near = measure(|| ramp(500_000, 60).for_each(|value_ns| assert_eq!(compact.record(value_ns), 0)));
    assert_eq!(near.count_total, 0);
    let mut grown = 0;
    let far = measure(|| grown = compact.record(60_000_000_000));
    assert_eq!((grown as i64, compact.heap_bytes() as i64), (far.bytes_current, far.bytes_current));
    compact.clear();
    let again = measure(|| {
        ramp(500_000, 60).for_each(|value_ns| _ = compact.record(value_ns));
        compact.record(60_000_000_000);
    });
    assert_eq!(again.count_total, 0);
}

#[test]
fn counts_never_take_more_than_the_cap() {
    for cap in [MIN_BUCKETS, 100, 160] {
        let mut distribution = Exponential::new(Config::new(3, cap).expect("both are in range"));
        let used = measure(|| {
            for shift in 0..64 {
                distribution.record(u64::MAX >> shift);
                distribution.record(1 << shift);
            }
        });
        assert!(used.bytes_current <= i64::from(cap) * 8, "{} bytes for at most {cap} buckets", used.bytes_current);
    }
}

#[cfg(feature = "hdr")]
#[test]
fn digits_take_what_is_documented() {
    use geophone_distribution::{Digits, Hdr};

    for (digits, most) in [(Digits::Two, 58 * 1_024), (Digits::Three, 55 * 8_192)] {
        let mut distribution = Hdr::new(digits);
        let used = measure(|| distribution.record(u64::MAX));
        assert_eq!(used.bytes_total, most, "{digits:?}");
    }
}
