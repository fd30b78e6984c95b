//! What the trait promises, checked for every implementation against a plain list of values.

use crate::values::{duration_ns, durations_ns};
use geophone_distribution::{Config, Digits, Distribution, Exponential, Hdr, MAX_SCALE, MIN_BUCKETS, MIN_SCALE};
use proptest::prelude::*;

fn recorded<D: Distribution>(mut empty: D, values_ns: &[u64]) -> D {
    for value_ns in values_ns {
        empty.record(*value_ns);
    }
    empty
}

fn merged<D: Distribution + Clone>(left: &D, right: &D) -> D {
    let mut result = left.clone();
    result.merge(right);
    result
}

/// Count, sum and extremes are those of the list.
fn check_exact_parts<D: Distribution>(empty: D, values_ns: &[u64]) {
    let distribution = recorded(empty, values_ns);
    assert_eq!(distribution.count(), values_ns.len() as u64);
    assert_eq!(distribution.is_empty(), values_ns.is_empty());
    let sum_ns: u128 = values_ns.iter().copied().map(u128::from).sum();
    assert_eq!(distribution.sum_ns(), sum_ns);
    assert_eq!(distribution.min_ns(), values_ns.iter().copied().min());
    assert_eq!(distribution.max_ns(), values_ns.iter().copied().max());
    assert_eq!(distribution.quantile_ns(0.0), distribution.min_ns());
    assert_eq!(distribution.quantile_ns(1.0), distribution.max_ns());
    let mean_ns = (!values_ns.is_empty()).then(|| sum_ns as f64 / values_ns.len() as f64);
    assert_eq!(distribution.mean_ns(), mean_ns);
}

/// Merging is recording everything in one place, in whatever order and grouping.
fn check_merge<D: Distribution + Clone + PartialEq + std::fmt::Debug>(empties: &[D; 3], parts_ns: [&[u64]; 3]) {
    let [a, b, c] = std::array::from_fn(|i| recorded(empties[i].clone(), parts_ns[i]));
    let whole = merged(&merged(&a, &b), &c);
    assert_eq!(merged(&a, &merged(&b, &c)), whole);
    assert_eq!(merged(&merged(&c, &a), &b), whole);
    assert_eq!(merged(&b, &a), merged(&a, &b));

    let empty = merged(&merged(&empties[0], &empties[1]), &empties[2]);
    assert_eq!(recorded(empty, &parts_ns.concat()), whole);
}

/// Merging with nothing changes nothing, and a cleared distribution is a new one.
fn check_empty<D: Distribution + Clone + PartialEq + std::fmt::Debug>(empty: &D, values_ns: &[u64]) {
    let full = recorded(empty.clone(), values_ns);
    assert_eq!(merged(&full, empty), full);
    assert_eq!(merged(empty, &full), full);
    let mut cleared = full.clone();
    cleared.clear();
    assert_eq!(&cleared, empty);
    assert_eq!(recorded(cleared, values_ns), full);
}

/// Recording `n` times is recording once with `n`.
fn check_record_n<D: Distribution + Clone + PartialEq + std::fmt::Debug>(empty: &D, value_ns: u64, n: u64) {
    let mut at_once = empty.clone();
    at_once.record_n(value_ns, n);
    assert_eq!(at_once, recorded(empty.clone(), &vec![value_ns; n as usize]));
}

/// Quantiles do not fall as `q` rises, and stay within the extremes.
fn check_quantiles_rise<D: Distribution>(empty: D, values_ns: &[u64]) {
    let distribution = recorded(empty, values_ns);
    let quantiles: Vec<_> = (0..=100).map(|percent| distribution.quantile_ns(f64::from(percent) / 100.0)).collect();
    assert!(quantiles.is_sorted(), "{quantiles:?}");
    assert!(quantiles.iter().all(|quantile| (distribution.min_ns()..=distribution.max_ns()).contains(quantile)));
}

/// A count that has stopped at its maximum stays there, and the order does not matter.
fn check_saturation<D: Distribution + Clone + PartialEq + std::fmt::Debug>(empty: &D) {
    let mut many = empty.clone();
    many.record_n(1_000, u64::MAX);
    let mut few = empty.clone();
    few.record_n(0, 3);
    few.record_n(5_000_000, 4);
    let full = merged(&many, &few);
    assert_eq!(merged(&few, &many), full);
    assert_eq!((full.count(), full.max_ns()), (u64::MAX, Some(5_000_000)));

    let mut recorded_into = many.clone();
    recorded_into.record_n(5_000_000, 4);
    recorded_into.record_n(0, 3);
    assert_eq!(recorded_into, full);
    assert_eq!(merged(&full, &full).count(), u64::MAX);
    assert!(full.quantile_ns(0.5).is_some_and(|median_ns| (956..=1_044).contains(&median_ns)), "{full:?}");
    assert_eq!(full.sum_ns(), u128::from(u64::MAX) * 1_000 + 20_000_000);
}

#[test]
fn saturation() {
    check_saturation(&Exponential::default());
    check_saturation(&Hdr::new(Digits::Two));
    check_saturation(&Hdr::new(Digits::Three));
}

/// A configuration can become smaller by a merge that adds no value.
#[test]
fn an_empty_one_with_a_smaller_cap_makes_the_result_smaller() {
    let mut wide = recorded(Exponential::default(), &[1_000, 900_000_000]);
    wide.merge(&Exponential::new(Config::new(3, MIN_BUCKETS).expect("both are in range")));
    assert!(wide.counts().len() <= usize::from(MIN_BUCKETS));
    assert_eq!(wide.scale(), 1);
}

fn config() -> impl Strategy<Value = Config> {
    (MIN_SCALE..=MAX_SCALE, prop_oneof![MIN_BUCKETS..=90, Just(160), Just(1_000)])
        .prop_map(|(scale, max_buckets)| Config::new(scale, max_buckets).expect("both are in range"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn exponential_laws(config in config(), values_ns in durations_ns(), value_ns in duration_ns(), n in 0_u64..20) {
        let empty = Exponential::new(config);
        check_exact_parts(empty.clone(), &values_ns);
        check_empty(&empty, &values_ns);
        check_record_n(&empty, value_ns, n);
        check_quantiles_rise(empty, &values_ns);
    }

    #[test]
    fn exponential_merge(configs in [config(), config(), config()], parts_ns in [durations_ns(), durations_ns(), durations_ns()]) {
        check_merge(&configs.map(Exponential::new), parts_ns.each_ref().map(Vec::as_slice));
    }
}

proptest! {
    // Each of these fills up to half a megabyte several times.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn hdr_laws(values_ns in durations_ns(), value_ns in duration_ns(), n in 0_u64..20) {
        for digits in [Digits::Two, Digits::Three] {
            let empty = Hdr::new(digits);
            check_exact_parts(empty.clone(), &values_ns);
            check_empty(&empty, &values_ns);
            check_record_n(&empty, value_ns, n);
            check_quantiles_rise(empty, &values_ns);
        }
    }

    #[test]
    fn hdr_merge(parts_ns in [durations_ns(), durations_ns(), durations_ns()]) {
        let parts_ns = parts_ns.each_ref().map(Vec::as_slice);
        check_merge(&[Digits::Two, Digits::Three, Digits::Three].map(Hdr::new), parts_ns);
        check_merge(&[Digits::Three; 3].map(Hdr::new), parts_ns);
    }
}
