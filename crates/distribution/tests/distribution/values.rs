//! The naive oracle and the values that all tests of this folder draw from.

use proptest::{collection::vec, prelude::*, sample::select};

/// Durations from all magnitudes alike, with zeros, both ends of the range and the ends of buckets among them.
pub(crate) fn duration_ns() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift),
        4 => 100_000_u64..50_000_000,
        1 => select(vec![0, 1, 2, 3, u64::MAX - 1, u64::MAX]),
        1 => (0_u32..64, 0_u64..3).prop_map(|(shift, nudge)| (1_u64 << shift).saturating_add(nudge) - 1),
    ]
}

/// Some durations, or none.
pub(crate) fn durations_ns() -> impl Strategy<Value = Vec<u64>> {
    vec(duration_ns(), 0..60)
}

/// Durations as a service has them: log-normal around 1 ms, from the sum of uniform numbers.
pub(crate) fn latencies_ns() -> impl Strategy<Value = Vec<u64>> {
    let latency_ns = vec(-1.0_f64..1.0, 6).prop_map(|uniform| (uniform.iter().sum::<f64>() * 0.8).exp() * 1_000_000.0);
    vec(latency_ns.prop_map(|latency_ns| latency_ns as u64), 1..400)
}

/// The `⌈q·n⌉`th smallest value, with `q` in thousandths.
pub(crate) fn exact_quantile(values_ns: &[u64], thousandths: u64) -> u64 {
    let mut sorted = values_ns.to_vec();
    sorted.sort_unstable();
    let rank = (thousandths * sorted.len() as u64).div_ceil(1_000).max(1);
    sorted[rank as usize - 1]
}
