//! HdrHistogram behind the trait.

use std::fmt;

use hdrhistogram::{Histogram, iterators::IterationValue};

use crate::{Distribution, rank::nearest_rank};

/// Significant decimal digits that an [`Hdr`] keeps of every value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Digits {
    /// Within 1 %.
    Two,
    /// Within 0.1 %.
    Three,
}

impl Digits {
    fn count(self) -> u8 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// A distribution with two or three significant digits: an [HdrHistogram](https://hdrhistogram.org).
///
/// **Error.** A quantile is the largest value that the bucket of its rank can hold, as every HdrHistogram gives it, kept
/// within the smallest and the largest value. It is never below the value it stands for, and above it by less than 1 % or
/// 0.1 %.
///
/// **Bounds.** The memory follows the largest value: each doubling takes 1 KiB with two digits and 8 KiB with three, and a
/// vector that grows reserves up to twice that. All of `u64` takes 58 KiB and 440 KiB. It never shrinks.
///
/// **Merging** distributions of different digits gives one with the fewer.
#[derive(Clone)]
pub struct Hdr {
    digits: Digits,
    histogram: Histogram<u64>,
    sum_ns: u128,
    /// `u64::MAX` where there is no value. Both extremes are kept here because the histogram's are those of a bucket.
    min_ns: u64,
    /// Zero where there is no value.
    max_ns: u64,
}

impl Hdr {
    /// An empty distribution with room for values up to a few hundred nanoseconds; larger ones make it grow.
    pub fn new(digits: Digits) -> Self {
        let mut histogram =
            Histogram::new_with_bounds(1, 2, digits.count()).expect("1 to 2 with 2 or 3 digits is valid");
        histogram.auto(true);
        Self { digits, histogram, sum_ns: 0, min_ns: u64::MAX, max_ns: 0 }
    }

    /// The significant decimal digits that are kept.
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// A value in the bucket that holds the value of this rank, which is above one.
    fn value_of_rank(&self, rank: u64) -> Option<u64> {
        let count = self.count();
        if count < u64::MAX {
            // The histogram rounds its product up to a rank, and half a rank lower rounds up to this one.
            return Some(self.histogram.value_at_quantile((rank as f64 - 0.5) / count as f64));
        }
        // Where counts have stopped at their maximum, its partial sums overflow; walking stops at the maximum.
        let mut seen = 0_u64;
        let bucket = self.histogram.iter_recorded().find(|bucket| {
            seen = seen.saturating_add(bucket.count_since_last_iteration());
            seen >= rank
        })?;
        Some(bucket.value_iterated_to())
    }
}

impl Distribution for Hdr {
    #[inline]
    fn record_n(&mut self, value_ns: u64, n: u64) {
        if n == 0 {
            return;
        }
        self.histogram.record_n(value_ns, n).expect("an auto-resizing histogram from 1 takes every u64");
        self.sum_ns = self.sum_ns.saturating_add(u128::from(value_ns) * u128::from(n));
        self.min_ns = self.min_ns.min(value_ns);
        self.max_ns = self.max_ns.max(value_ns);
    }

    fn merge(&mut self, other: &Self) {
        if other.digits < self.digits {
            let mut coarser = Self::new(other.digits).histogram;
            coarser.add(&self.histogram).expect("an auto-resizing histogram from 1 takes every other");
            self.histogram = coarser;
            self.digits = other.digits;
        }
        self.histogram.add(&other.histogram).expect("an auto-resizing histogram from 1 takes every other");
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    fn clear(&mut self) {
        self.histogram.reset();
        (self.sum_ns, self.min_ns, self.max_ns) = (0, u64::MAX, 0);
    }

    fn count(&self) -> u64 {
        self.histogram.len()
    }

    fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    fn min_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min_ns)
    }

    fn max_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max_ns)
    }

    fn quantile_ns(&self, q: f64) -> Option<u64> {
        let rank = nearest_rank(q, self.count())?;
        if rank == self.count() {
            return Some(self.max_ns);
        }
        if rank == 1 {
            return Some(self.min_ns);
        }
        let value_ns = self.value_of_rank(rank)?;
        // Not `highest_equivalent`, which is one too low in the last bucket of all.
        let last_ns = self.histogram.lowest_equivalent(value_ns) + (self.histogram.equivalent_range(value_ns) - 1);
        Some(last_ns.clamp(self.min_ns, self.max_ns))
    }

    fn count_at_most(&self, bound_ns: u64) -> u64 {
        if bound_ns >= self.max_ns {
            return self.count();
        }
        if bound_ns < self.min_ns {
            return 0;
        }
        self.histogram.count_between(0, bound_ns)
    }
}

/// Two are equal that would answer every question alike. The histograms' own equality would compare what memory they hold.
impl PartialEq for Hdr {
    fn eq(&self, other: &Self) -> bool {
        let Self { digits, histogram, sum_ns, min_ns, max_ns } = self;
        let recorded = |value: IterationValue<u64>| (value.value_iterated_to(), value.count_at_value());
        (*digits, *sum_ns, *min_ns, *max_ns) == (other.digits, other.sum_ns, other.min_ns, other.max_ns)
            && histogram.len() == other.histogram.len()
            && histogram.iter_recorded().map(recorded).eq(other.histogram.iter_recorded().map(recorded))
    }
}

impl Eq for Hdr {}

impl fmt::Debug for Hdr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Hdr")
            .field("digits", &self.digits)
            .field("count", &self.count())
            .field("sum_ns", &self.sum_ns)
            .field("min_ns", &self.min_ns())
            .field("max_ns", &self.max_ns())
            .finish_non_exhaustive()
    }
}
