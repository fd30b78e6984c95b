//! From a quantile to the rank of a value.

/// One part in 2^50 below one: see [`Distribution::quantile_ns`](crate::Distribution::quantile_ns).
const JUST_BELOW_ONE: f64 = 1.0 - 4.0 * f64::EPSILON;

/// The rank, from 1 to `count`, of the quantile `q` of `count` values by the nearest-rank definition; `None` where there
/// is no value or `q` is not within `0.0..=1.0`.
///
/// Above 2^50 values a rank is as exact as an `f64`.
pub(crate) fn nearest_rank(q: f64, count: u64) -> Option<u64> {
    if count == 0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    if q == 1.0 {
        return Some(count);
    }
    let rank = (q * count as f64 * JUST_BELOW_ONE).ceil() as u64;
    Some(rank.clamp(1, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles in thousandths, where integers say the rank exactly.
    #[test]
    fn decimal_quantiles_have_their_decimal_rank() {
        for count in (1..=1_000).chain([4_999, 99_999, 1_000_000, 123_456_789]) {
            for thousandths in 0..=1_000_u64 {
                let exact = (thousandths * count).div_ceil(1_000).max(1);
                assert_eq!(nearest_rank(thousandths as f64 / 1_000.0, count), Some(exact), "{thousandths} of {count}");
            }
        }
    }

    #[test]
    fn ranks_stay_within_the_count() {
        assert_eq!(nearest_rank(1.0, u64::MAX), Some(u64::MAX));
        assert_eq!(nearest_rank(0.0, u64::MAX), Some(1));
        assert_eq!(nearest_rank(f64::MIN_POSITIVE, 3), Some(1));
    }

    #[test]
    fn no_rank_without_values_or_outside_of_zero_to_one() {
        assert_eq!(nearest_rank(0.5, 0), None);
        for q in [f64::NAN, -0.001, 1.001, f64::INFINITY] {
            assert_eq!(nearest_rank(q, 7), None, "{q}");
        }
    }
}
