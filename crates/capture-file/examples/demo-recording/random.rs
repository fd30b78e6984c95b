//! Numbers that look random and are the same in every run.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is not zero and far below 2^64, so that the bias does not show.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub(crate) const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A duration in nanoseconds around `typical_us`: half to one and a half of it, and one in twenty up to five times.
    pub(crate) const fn latency_ns(&mut self, typical_us: u64) -> u64 {
        let typical_ns = typical_us * 1_000;
        let tail = if self.below(20) == 0 { self.below(4 * typical_ns) } else { 0 };
        typical_ns / 2 + self.below(typical_ns) + tail
    }
}
