//! The plain form of an exponential distribution, and what is checked when it comes from elsewhere.

use super::{
    Config, Exponential, MAX_BUCKETS, MAX_SCALE, MIN_SCALE,
    index::{bucket_index, bucket_integers, index_range},
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
        check_populated(&parts)?;
        check_extremes(&parts)?;
        check_sum(&parts)?;

        let count = parts.count();
        let Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } = parts;
        let window = Window::from_counts(offset, counts);
        let min_ns = if count == 0 { u64::MAX } else { min_ns };
        let mut distribution = Self { window, sum_ns, count, zero_count, min_ns, max_ns, config, scale };
        distribution.coarsen_to(config.scale());
        if let Some((first, last)) = distribution.window.extent() {
            distribution.coarsen_by(steps_to_fit(first, last, config.max_buckets()));
        }
        Ok(distribution)
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

/// Near 1 ns the buckets are narrower than a nanosecond, and some have no whole one in them.
fn check_populated(parts: &Buckets) -> Result<(), PartsError> {
    let populated = (parts.offset..).zip(&parts.counts).filter(|(_, count)| **count != 0).map(|(index, _)| index);
    for index in populated {
        let (smallest, largest) = bucket_integers(index, parts.scale);
        if smallest > largest {
            return Err(PartsError::Unreachable { index });
        }
    }
    Ok(())
}

/// The extremes have to lie in the outermost populated buckets.
fn check_extremes(parts: &Buckets) -> Result<(), PartsError> {
    let Buckets { scale, offset, ref counts, zero_count, min_ns, max_ns, .. } = *parts;
    let mut populated = (offset..).zip(counts).filter(|(_, count)| **count != 0).map(|(index, _)| index);
    let first = populated.next();
    let last = populated.last().or(first);
    let bucket = |value_ns| (value_ns != 0).then(|| bucket_index(value_ns, scale));

    let min_agrees = bucket(min_ns) == if zero_count > 0 { None } else { first };
    let max_agrees = bucket(max_ns) == last;
    let ordered = if parts.count() == 1 { min_ns == max_ns } else { min_ns <= max_ns };
    if min_agrees && max_agrees && ordered { Ok(()) } else { Err(PartsError::Extremes { min_ns, max_ns }) }
}

/// With both extremes once and every other value anywhere between them, the sum has a lower and an upper bound.
fn check_sum(parts: &Buckets) -> Result<(), PartsError> {
    let (count, sum_ns) = (parts.count(), parts.sum_ns);
    let (min_ns, max_ns) = (u128::from(parts.min_ns), u128::from(parts.max_ns));
    let others = u128::from(count.saturating_sub(2));
    let (lowest_ns, highest_ns) = match count {
        0 => (0, 0),
        1 => (max_ns, max_ns),
        _ => (min_ns + max_ns + others * min_ns, min_ns + max_ns + others * max_ns),
    };
    // A sum that stopped at 64 bits is too low, and a count that stopped at its maximum makes the sum seem too high.
    let too_low = sum_ns < lowest_ns && sum_ns != u128::from(u64::MAX);
    let too_high = sum_ns > highest_ns && count != u64::MAX;
    if too_low || too_high { Err(PartsError::Sum { sum_ns }) } else { Ok(()) }
}

/// Why plain numbers are not a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// The scale is out of range.
    #[error(
        "buckets: scale {scale} is not within {MIN_SCALE} to {MAX_SCALE}; make the buckets coarser or finer at the sender"
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
    /// A populated bucket that has no whole nanosecond in it.
    #[error("buckets: bucket {index} is populated, and no whole nanosecond falls in it; check the unit")]
    Unreachable {
        /// The index of the bucket.
        index: i32,
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
