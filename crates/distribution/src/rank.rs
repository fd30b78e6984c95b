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
