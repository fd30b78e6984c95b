//! Counts up to fixed bounds.

use crate::values::{duration_ns, durations_ns};
use geophone_distribution::{
    BoundsError, Config, Cumulative, Digits, Distribution, Exponential, Hdr, MAX_BOUNDS, MIN_BUCKETS,
};
use proptest::prelude::*;

fn recorded<D: Distribution>(mut empty: D, values_ns: &[u64]) -> D {
    for value_ns in values_ns {
        empty.record(*value_ns);
    }
    empty
}

fn at_most(values_ns: &[u64], bound_ns: u64) -> u64 {
    values_ns.iter().filter(|value_ns| **value_ns <= bound_ns).count() as u64
}

/// No value up to the bound is missed, and none is counted that is further above it than a bucket is wide.
fn check_bound<D: Distribution>(distribution: &D, values_ns: &[u64], bound_ns: u64, width: f64) {
    let counted = distribution.count_at_most(bound_ns);
    let widened_ns = (bound_ns as f64 * width * (1.0 + 1e-12)) as u64;
    assert!(
        (at_most(values_ns, bound_ns)..=at_most(values_ns, widened_ns)).contains(&counted),
        "{counted} up to {bound_ns} ns"
    );
}

#[test]
fn bounds_have_to_ascend() {
    assert_eq!(Cumulative::new([1, 5, 5]), Err(BoundsError::NotAscending { previous_ns: 5, bound_ns: 5 }));
    assert_eq!(Cumulative::new([7, 5]), Err(BoundsError::NotAscending { previous_ns: 7, bound_ns: 5 }));
    assert_eq!(Cumulative::new([0, 5]).map(|bounds| bounds.bounds_ns().to_vec()), Ok(vec![0, 5]));
}

#[test]
fn bounds_have_a_cap() {
    assert!(Cumulative::new(0..MAX_BOUNDS as u64).is_ok());
    assert_eq!(Cumulative::new(0..), Err(BoundsError::TooMany));
}

#[test]
fn counts_come_with_their_bound() {
    let bounds = Cumulative::new([0, 10, 1 << 20]).expect("they ascend");
    let counts = |distribution| bounds.counts(&distribution).collect::<Vec<_>>();
    assert_eq!(counts(recorded(Exponential::default(), &[0, 0, 4, 1 << 20, 1 << 21])), [(0, 2), (10, 3), (1 << 20, 4)]);
    assert_eq!(counts(Exponential::default()), [(0, 0), (10, 0), (1 << 20, 0)]);
}

proptest! {
    #[test]
    fn exponential_counts_are_within_a_bucket(values_ns in durations_ns(), bound_ns in duration_ns(), scale in 0_i8..=8) {
        let distribution = recorded(Exponential::new(Config::new(scale, 160).expect("both are in range")), &values_ns);
        let base = (-f64::from(distribution.scale())).exp2().exp2();
        check_bound(&distribution, &values_ns, bound_ns, base);
    }

    #[test]
    fn powers_of_two_are_exact(values_ns in durations_ns(), exponent in 0_u32..64) {
        let distribution = recorded(Exponential::default(), &values_ns);
        prop_assert_eq!(distribution.count_at_most(1 << exponent), at_most(&values_ns, 1 << exponent));
    }

    #[test]
    fn a_count_that_is_scraped_never_falls(
        before_ns in durations_ns(), after_ns in durations_ns(), bound_ns in duration_ns(), cap in MIN_BUCKETS..100,
    ) {
        let config = Config::new(3, cap).expect("both are in range");
        let mut distribution = recorded(Exponential::new(config), &before_ns);
        let mut previous = distribution.count_at_most(bound_ns);
        for value_ns in after_ns {
            distribution.record(value_ns);
            let next = distribution.count_at_most(bound_ns);
            prop_assert!(previous <= next, "{} after {} up to {} ns", next, previous, bound_ns);
            previous = next;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hdr_counts_are_within_a_bucket(values_ns in durations_ns(), bound_ns in duration_ns()) {
        check_bound(&recorded(Hdr::new(Digits::Two), &values_ns), &values_ns, bound_ns, 1.01);
        check_bound(&recorded(Hdr::new(Digits::Three), &values_ns), &values_ns, bound_ns, 1.001);
    }
}
