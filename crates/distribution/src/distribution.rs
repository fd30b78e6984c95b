//! What every distribution can do.

/// A mergeable distribution of durations in nanoseconds.
///
/// Counts and sums are integers that stop at their maximum instead of wrapping. Addition that stops at a maximum is still
/// commutative and associative, so that no order of recording and merging gives another result.
pub trait Distribution {
    /// Adds one value, in nanoseconds.
    #[inline]
    fn record(&mut self, value_ns: u64) {
        self.record_n(value_ns, 1);
    }

    /// Adds the same value `n` times; none at all where `n` is zero.
    fn record_n(&mut self, value_ns: u64, n: u64);

    /// Adds all values of `other`. Where the two differ in resolution, the result has the coarser one, whichever side it
    /// was on.
    fn merge(&mut self, other: &Self);

    /// Removes all values and keeps the memory for the next ones.
    fn clear(&mut self);

    /// Number of values, at most `u64::MAX`.
    fn count(&self) -> u64;

    /// Exact sum of all values in nanoseconds, at most `u128::MAX`. That maximum is out of reach as long as
    /// [`count`](Self::count) has not stopped at its own.
    fn sum_ns(&self) -> u128;

    /// The smallest value, exactly, in nanoseconds; `None` where there is no value.
    fn min_ns(&self) -> Option<u64>;

    /// The largest value, exactly, in nanoseconds; `None` where there is no value.
    fn max_ns(&self) -> Option<u64>;

    /// An estimate of the quantile `q` in nanoseconds; `None` where there is no value or `q` is not within `0.0..=1.0`.
    ///
    /// Of `n` values the quantile is the `k`th smallest with `k = ⌈q·n⌉`, at least the first. The product is taken one part
    /// in 2^50 low before it is rounded up, because `0.07` times a hundred values is the seventh value, while the nearest
    /// number to `0.07` that an `f64` can hold is a little more. The first and the last value are exact, the others as near
    /// as the implementation says, and no estimate is outside of `min_ns..=max_ns`.
    fn quantile_ns(&self, q: f64) -> Option<u64>;

    /// Number of values that are at most `bound_ns`, with the bound rounded up to the end of the bucket that it falls in.
    ///
    /// No value up to the bound is ever missed; values above it may be counted, up to the end of the bucket. Rounding up
    /// makes the result grow only, also when a merge makes buckets coarser, as a counter that is scraped has to.
    fn count_at_most(&self, bound_ns: u64) -> u64;

    /// Whether there is no value.
    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The mean of all values in nanoseconds; `None` where there is no value.
    fn mean_ns(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum_ns() as f64 / self.count() as f64)
    }
}
