//! Two or three significant digits.

use crate::values::{durations_ns, exact_quantile, latencies_ns};
use geophone_distribution::{Digits, Distribution, Hdr};
use proptest::prelude::*;

fn check_quantiles(digits: Digits, relative_error: f64, values_ns: &[u64]) {
    let mut distribution = Hdr::new(digits);
    for value_ns in values_ns {
        distribution.record(*value_ns);
    }
    for thousandths in [0, 1, 10, 100, 250, 500, 750, 900, 950, 990, 999, 1_000] {
        let exact_ns = exact_quantile(values_ns, thousandths);
        let estimate_ns = distribution.quantile_ns(thousandths as f64 / 1_000.0).expect("it is not empty");
        assert!(estimate_ns >= exact_ns, "{thousandths}/1000: {estimate_ns} ns for {exact_ns} ns, {digits:?}");
        assert!(
            (estimate_ns - exact_ns) as f64 <= exact_ns as f64 * relative_error,
            "{thousandths}/1000: {estimate_ns} ns for {exact_ns} ns, {digits:?}"
        );
    }
}

#[test]
fn merging_takes_the_fewer_digits() {
    let mut fine = Hdr::new(Digits::Three);
    fine.record(123_456_789);
    let coarse = Hdr::new(Digits::Two);
    let mut into_coarse = coarse.clone();
    into_coarse.merge(&fine);
    fine.merge(&coarse);
    assert_eq!(fine, into_coarse);
    assert_eq!(fine.digits(), Digits::Two);
    assert_eq!(fine.quantile_ns(0.5), Some(123_456_789));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn quantiles_are_within_the_digits(latencies_ns in latencies_ns(), durations_ns in durations_ns()) {
        for (digits, relative_error) in [(Digits::Two, 0.01), (Digits::Three, 0.001)] {
            check_quantiles(digits, relative_error, &latencies_ns);
            if !durations_ns.is_empty() {
                check_quantiles(digits, relative_error, &durations_ns);
            }
        }
    }
}
