//! The plain form of an exponential distribution, and what is checked when it comes from elsewhere.

use super::{
    Config, Exponential, MAX_BUCKETS, MAX_SCALE, MIN_SCALE,
    index::{bucket_index, index_range},
    window::{Window, steps_to_fit},
};

/// An exponential distribution in plain numbers, the same that OTLP's `ExponentialHistogramDataPoint` holds, with the unit
/// nanoseconds. With `base = 2^(2^-scale)`, `counts[i]` is the number of values in `(base^(offset+i), base^(offset+i+1)]`.
///
/// The number of values is not a field: it is the sum of the counts, and cannot contradict them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Buckets {
    /// Resolution: `2^scale` buckets to a doubling.
    pub scale: i8,
    /// Index of the first bucket in `counts`.
    pub offset: i32,
    /// Number of values in each bucket.
    pub counts: Vec<u64>,
    /// Number of values that are zero.
    pub zero_count: u64,
    /// Sum of all values in nanoseconds. A sender that keeps it in 64 bits stops at `u64::MAX`, and that is accepted.
    pub sum_ns: u128,
    /// Smallest value in nanoseconds; zero where there is none.
    pub min_ns: u64,
    /// Largest value in nanoseconds; zero where there is none.
    pub max_ns: u64,
}

impl Buckets {
    /// Number of values, at most `u64::MAX`.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.zero_count, |total, count| total.saturating_add(*count))
    }
}

impl Exponential {
    /// A copy in plain numbers. Nothing is lost but the [`Config`].
    pub fn to_parts(&self) -> Buckets {
        self.clone().into_parts()
    }

    /// The same as [`to_parts`](Self::to_parts), without a copy of the counts.
    pub fn into_parts(self) -> Buckets {
        Buckets {
            scale: self.scale,
            offset: self.window.offset(),
            zero_count: self.zero_count,
            sum_ns: self.sum_ns,
            min_ns: if self.count == 0 { 0 } else { self.min_ns },
            max_ns: self.max_ns,
            counts: self.window.into_counts(),
        }
    }

    /// A distribution from plain numbers, which may be hostile. Those that no recording of values could have given are
    /// refused; what is finer or larger than `config` allows is made coarser until it fits.
    pub fn from_parts(parts: Buckets, config: Config) -> Result<Self, PartsError> {
        check_shape(&parts)?;
        let count = parts.count();
        let Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } = parts;
        let window = Window::from_counts(offset, counts);
        let min_ns = if count == 0 && min_ns == 0 { u64::MAX } else { min_ns };
        let mut distribution = Self { window, sum_ns, count, zero_count, min_ns, max_ns, config, scale };
        distribution.check_extremes()?;
        distribution.check_sum()?;

        distribution.coarsen_to(config.scale());
        if let Some((first, last)) = distribution.window.extent() {
            distribution.coarsen_by(steps_to_fit(first, last, config.max_buckets()));
        }
        Ok(distribution)
    }

    /// The extremes have to lie in the outermost populated buckets.
    fn check_extremes(&self) -> Result<(), PartsError> {
        let (min_ns, max_ns) = (self.min_ns, self.max_ns);
        let agree = match self.window.extent() {
            None if self.count == 0 => min_ns == u64::MAX && max_ns == 0,
            None => min_ns == 0 && max_ns == 0,
            Some((first, last)) => {
                let min_agrees = match min_ns {
                    0 => self.zero_count > 0,
                    _ => self.zero_count == 0 && bucket_index(min_ns, self.scale) == first,
                };
                min_agrees && min_ns <= max_ns && max_ns > 0 && bucket_index(max_ns, self.scale) == last
            }
        };
        if agree { Ok(()) } else { Err(PartsError::Extremes { min_ns, max_ns }) }
    }

    /// With both extremes once and every other value anywhere between them, the sum has a lower and an upper bound.
    fn check_sum(&self) -> Result<(), PartsError> {
        let (min_ns, max_ns) = (u128::from(self.min_ns), u128::from(self.max_ns));
        let others = u128::from(self.count.saturating_sub(2));
        let (lowest_ns, highest_ns) = match self.count {
            0 => (0, 0),
            1 => (max_ns, max_ns),
            _ => (min_ns + max_ns + others * min_ns, min_ns + max_ns + others * max_ns),
        };
        // A sum that stopped at 64 bits is too low, and a count that stopped at its maximum makes the sum seem too high.
        let too_low = self.sum_ns < lowest_ns && self.sum_ns != u128::from(u64::MAX);
        let too_high = self.sum_ns > highest_ns && self.count != u64::MAX;
        if too_low || too_high { Err(PartsError::Sum { sum_ns: self.sum_ns }) } else { Ok(()) }
    }
}

/// Scale, number and indexes of the buckets, before anything is computed from them.
fn check_shape(parts: &Buckets) -> Result<(), PartsError> {
    let Buckets { scale, offset, counts, .. } = parts;
    if !(MIN_SCALE..=MAX_SCALE).contains(scale) {
        return Err(PartsError::Scale { scale: *scale });
    }
    if counts.len() > usize::from(MAX_BUCKETS) {
        return Err(PartsError::TooManyBuckets { len: counts.len() });
    }
    let (lowest, highest) = index_range(*scale);
    let end = i64::from(*offset) + counts.len() as i64;
    if !counts.is_empty() && (*offset < lowest || end > i64::from(highest) + 1) {
        return Err(PartsError::IndexOutOfRange { offset: *offset, len: counts.len() });
    }
    Ok(())
}

/// Why plain numbers are not a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// The scale is out of range.
    #[error(
        "buckets: scale {scale} is not within {MIN_SCALE} to {MAX_SCALE}; make them coarser or finer at the sender"
    )]
    Scale {
        /// The scale given.
        scale: i8,
    },
    /// More buckets than any `u64` could fall in.
    #[error("buckets: {len} counts, and there are at most {MAX_BUCKETS}; leave out the empty ends")]
    TooManyBuckets {
        /// The number of counts given.
        len: usize,
    },
    /// A bucket that no whole nanosecond of 64 bits falls in.
    #[error("buckets: {len} counts from offset {offset} reach out of 1 ns to u64::MAX ns; check the unit")]
    IndexOutOfRange {
        /// The offset given.
        offset: i32,
        /// The number of counts given.
        len: usize,
    },
    /// The smallest or the largest value is not in the outermost populated bucket.
    #[error("buckets: values from {min_ns} to {max_ns} ns do not agree with the populated buckets; check the unit")]
    Extremes {
        /// The smallest value given, in nanoseconds.
        min_ns: u64,
        /// The largest value given, in nanoseconds.
        max_ns: u64,
    },
    /// The sum is one that so many values between the extremes cannot have.
    #[error("buckets: so many values between these extremes cannot add up to {sum_ns} ns; check the unit")]
    Sum {
        /// The sum given, in nanoseconds.
        sum_ns: u128,
    },
}
