//! Base-2 exponential buckets: error bound, cap on buckets, coarsening.

use crate::values::{durations_ns, exact_quantile, latencies_ns};
use geophone_distribution::{Config, DEFAULT_SCALE, Distribution, Exponential, MAX_SCALE, MIN_BUCKETS, MIN_SCALE};
use proptest::prelude::*;

fn recorded(config: Config, values_ns: &[u64]) -> Exponential {
    let mut distribution = Exponential::new(config);
    for value_ns in values_ns {
        distribution.record(*value_ns);
    }
    distribution
}

fn check_quantiles(distribution: &Exponential, values_ns: &[u64]) {
    for thousandths in [0, 1, 10, 100, 250, 500, 750, 900, 950, 990, 999, 1_000] {
        let exact_ns = exact_quantile(values_ns, thousandths);
        let estimate_ns = distribution.quantile_ns(thousandths as f64 / 1_000.0).expect("it is not empty");
        let allowed_ns = exact_ns as f64 * distribution.relative_error() * (1.0 + 1e-12) + 0.5;
        assert!(
            estimate_ns.abs_diff(exact_ns) as f64 <= allowed_ns,
            "{thousandths}/1000: {estimate_ns} ns for {exact_ns} ns at scale {}",
            distribution.scale()
        );
    }
}

#[test]
fn the_error_at_the_default_scale_is_as_documented() {
    let distribution = Exponential::default();
    assert_eq!(distribution.scale(), DEFAULT_SCALE);
    assert!((distribution.relative_error() - 0.0443).abs() < 0.0001, "{}", distribution.relative_error());
}

#[test]
fn the_default_cap_spans_what_is_documented() {
    for smallest_ns in [1_000, 1_023, 1_024, 1_025, 77_777] {
        let scale = |largest_ns| recorded(Config::default(), &[smallest_ns, largest_ns]).scale();
        assert_eq!(scale(smallest_ns * 900_000), 3);
        assert_eq!(scale(smallest_ns * 900_000_000_000), 2);
    }
    assert_eq!(recorded(Config::default(), &[1, u64::MAX]).scale(), 1);
}

#[test]
fn few_values_take_few_buckets() {
    let distribution = recorded(Config::default(), &[1_000_000, 1_050_000, 2_000_000]);
    assert!(distribution.counts().len() <= 10, "{:?}", distribution.counts());
    assert_eq!(recorded(Config::default(), &[0, 0]).counts(), &[] as &[u64]);
}

#[test]
fn clearing_goes_back_to_the_scale_of_the_config() {
    let mut distribution = recorded(Config::default(), &[1, u64::MAX]);
    distribution.clear();
    assert_eq!(distribution, Exponential::default());
}

#[test]
fn coarsening_stops_at_both_ends() {
    let mut distribution = recorded(Config::default(), &[7, 900, 1 << 20]);
    distribution.coarsen_to(MAX_SCALE);
    assert_eq!(distribution.scale(), 3);
    distribution.coarsen_to(i8::MIN);
    assert_eq!(distribution.scale(), MIN_SCALE);
    assert_eq!(distribution.counts()[..8], [1, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(distribution.counts().len(), 18);
}

proptest! {
    #[test]
    fn quantiles_of_latencies_are_within_the_error(values_ns in latencies_ns(), scale in MIN_SCALE..=MAX_SCALE) {
        let config = Config::new(scale, 4_000).expect("both are in range");
        check_quantiles(&recorded(config, &values_ns), &values_ns);
        check_quantiles(&recorded(Config::default(), &values_ns), &values_ns);
    }

    #[test]
    fn quantiles_of_any_values_are_within_the_error(values_ns in durations_ns(), scale in MIN_SCALE..=MAX_SCALE, cap in MIN_BUCKETS..200) {
        prop_assume!(!values_ns.is_empty());
        let config = Config::new(scale, cap).expect("both are in range");
        check_quantiles(&recorded(config, &values_ns), &values_ns);
    }

    #[test]
    fn the_cap_holds_and_the_scale_is_the_finest_that_fits(values_ns in durations_ns(), cap in MIN_BUCKETS..200) {
        let config = Config::new(DEFAULT_SCALE, cap).expect("both are in range");
        let distribution = recorded(config, &values_ns);
        prop_assert!(distribution.counts().len() <= usize::from(cap));
        prop_assert_eq!(distribution.counts().iter().sum::<u64>() + distribution.zero_count(), distribution.count());

        // One step finer than the scale it has come to, the same values need more buckets than the cap.
        if distribution.scale() < DEFAULT_SCALE {
            let finer = Config::new(distribution.scale() + 1, 16_385).expect("both are in range");
            prop_assert!(recorded(finer, &values_ns).counts().len() > usize::from(cap));
        }
    }

    #[test]
    fn coarsening_and_merging_commute(a_ns in durations_ns(), b_ns in durations_ns(), scale in MIN_SCALE..=MAX_SCALE) {
        let config = Config::new(MAX_SCALE, 16_385).expect("both are in range");
        let (a, b) = (recorded(config, &a_ns), recorded(config, &b_ns));
        let coarse = |distribution: &Exponential| {
            let mut result = distribution.clone();
            result.coarsen_to(scale);
            result
        };
        let merged = |left: &Exponential, right: &Exponential| {
            let mut result = left.clone();
            result.merge(right);
            result
        };
        let expected = coarse(&merged(&a, &b));
        prop_assert_eq!(merged(&coarse(&a), &coarse(&b)), expected.clone());
        prop_assert_eq!(merged(&coarse(&a), &b), expected.clone());
        prop_assert_eq!(merged(&a, &coarse(&b)), expected.clone());

        let at_that_scale = recorded(Config::new(scale, 16_385).expect("both are in range"), &[a_ns, b_ns].concat());
        prop_assert_eq!(at_that_scale.to_parts(), expected.to_parts());
    }
}
