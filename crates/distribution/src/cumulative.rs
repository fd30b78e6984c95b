//! Counts up to fixed bounds, as classic Prometheus histograms have them.

use crate::Distribution;

/// Most bounds that one [`Cumulative`] takes. Each of them is a time series of its own at the reader.
pub const MAX_BOUNDS: usize = 64;

/// The `le` bounds of a classic histogram, in nanoseconds, ascending.
///
/// Each count is [`Distribution::count_at_most`] its bound, that is, the bound is rounded up to the end of the bucket it
/// falls in: with [`Exponential`](crate::Exponential) at its default scale of 3 by less than 9.1 %. A bound that is a power
/// of two is the end of a bucket at every scale, and its count is exact.
///
/// ```
/// use geophone_distribution::{Cumulative, Distribution, Exponential};
///
/// let bounds = Cumulative::new([1 << 18, 1 << 20, 1 << 22])?;
/// let mut durations = Exponential::default();
/// for value_ns in [300_000, 1_048_576, 1_048_577, 9_000_000] {
///     durations.record(value_ns);
/// }
/// assert_eq!(bounds.counts(&durations).collect::<Vec<_>>(), [(1 << 18, 0), (1 << 20, 2), (1 << 22, 3)]);
/// # Ok::<(), geophone_distribution::BoundsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cumulative {
    bounds_ns: Vec<u64>,
}

impl Cumulative {
    /// Takes strictly ascending bounds in nanoseconds, at most [`MAX_BOUNDS`]. The bound `+Inf` is not among them: its
    /// count is [`Distribution::count`].
    pub fn new(bounds_ns: impl IntoIterator<Item = u64>) -> Result<Self, BoundsError> {
        let mut checked: Vec<u64> = Vec::new();
        for bound_ns in bounds_ns {
            if checked.len() == MAX_BOUNDS {
                return Err(BoundsError::TooMany);
            }
            if let Some(previous_ns) = checked.last().copied().filter(|previous_ns| *previous_ns >= bound_ns) {
                return Err(BoundsError::NotAscending { previous_ns, bound_ns });
            }
            checked.push(bound_ns);
        }
        Ok(Self { bounds_ns: checked })
    }

    /// The bounds, in nanoseconds.
    pub fn bounds_ns(&self) -> &[u64] {
        &self.bounds_ns
    }

    /// Each bound in nanoseconds with the number of values up to it.
    pub fn counts<'a, D: Distribution>(&'a self, distribution: &'a D) -> impl Iterator<Item = (u64, u64)> + 'a {
        self.bounds_ns.iter().map(|bound_ns| (*bound_ns, distribution.count_at_most(*bound_ns)))
    }
}

/// Why bounds were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundsError {
    /// More than [`MAX_BOUNDS`].
    #[error("cumulative bounds: more than {MAX_BOUNDS}; take fewer, each is a time series")]
    TooMany,
    /// A bound is not above the one before it.
    #[error("cumulative bounds: {bound_ns} ns comes after {previous_ns} ns; sort them and take each once")]
    NotAscending {
        /// The bound before.
        previous_ns: u64,
        /// The bound that is not above it.
        bound_ns: u64,
    },
}
