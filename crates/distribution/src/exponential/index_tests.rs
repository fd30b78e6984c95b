//! The table look-up against exact arithmetic on big integers.

use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;

/// `⌈log2(value) · 2^scale⌉ - 1` without a logarithm: `2^i < v^(2^scale) <= 2^(i+1)` says that `v^(2^scale) - 1` has
/// `i + 1` bits.
fn exact_index(value_ns: u64, scale: i8) -> i32 {
    let power = BigUint::from(value_ns).pow(1 << scale);
    (power - 1_u32).bits() as i32 - 1
}

fn assert_exact(value_ns: u64, scale: i8) {
    assert_eq!(bucket_index(value_ns, scale), exact_index(value_ns, scale), "{value_ns} ns at scale {scale}");
}

#[test]
fn mantissa_bounds_are_exact() {
    for (position, bound) in MANTISSA_BOUNDS.into_iter().enumerate() {
        let exact = BigUint::from(1_u32) << (63 * 256 + position);
        assert!(BigUint::from(bound).pow(256) <= exact, "entry {position} is too large");
        assert!(BigUint::from(u128::from(bound) + 1).pow(256) > exact, "entry {position} is too small");
    }
}

#[test]
fn every_boundary_and_its_neighbours_at_every_scale() {
    for scale in MIN_SCALE..=MAX_SCALE {
        let (lowest, highest) = index_range(scale);
        for index in lowest..=highest {
            let bound = floor_of_bound(index + 1, scale);
            for value_ns in [bound.saturating_sub(1), bound, bound.saturating_add(1)] {
                assert_exact(value_ns.max(1), scale);
            }
        }
    }
}

#[test]
fn the_ends_of_the_range() {
    assert_eq!(index_range(MAX_SCALE), (-1, 64 * 256 - 1));
    assert_eq!(index_range(MIN_SCALE), (-1, 63));
}

#[test]
fn zero_has_no_bucket() {
    for scale in MIN_SCALE..=MAX_SCALE {
        assert!(bucket_index(0, scale) < i32::MIN / 4);
    }
}

#[test]
fn powers_of_two_end_a_bucket() {
    for exponent in 0..64 {
        assert_eq!(bucket_index(1 << exponent, 3), exponent * 8 - 1);
        assert_eq!(bucket_integers(exponent * 8 - 1, 3).1, 1 << exponent);
    }
}

proptest! {
    #[test]
    fn any_value_falls_where_exact_arithmetic_says(value in 1_u64.., shift in 0_u32..64, scale in MIN_SCALE..=MAX_SCALE) {
        assert_exact((value >> shift).max(1), scale);
    }

    #[test]
    fn a_value_is_among_the_integers_of_its_bucket(value in 1_u64.., shift in 0_u32..64, scale in MIN_SCALE..=MAX_SCALE) {
        let value_ns = (value >> shift).max(1);
        let index = bucket_index(value_ns, scale);
        let (smallest, largest) = bucket_integers(index, scale);
        prop_assert!((smallest..=largest).contains(&value_ns));
        prop_assert_eq!((bucket_index(smallest, scale), bucket_index(largest, scale)), (index, index));
    }

    #[test]
    fn bounds_in_floating_point_agree_with_the_integers(index in -1_i32..64 * 256, scale in MIN_SCALE..=MAX_SCALE) {
        let (lowest, highest) = index_range(scale);
        let index = index.clamp(lowest, highest);
        let expected = (f64::from(index) * (-f64::from(scale)).exp2()).exp2();
        let bound = bound_f64(index, scale);
        prop_assert!((bound / expected - 1.0).abs() < 1e-12, "{bound} and {expected}");
    }
}
