//! A distribution as the plain numbers of a point, and back.

use geophone_distribution::{Config, Distribution as _, Exponential, PartsError};
use geophone_model::series::Buckets;

/// A distribution as a point has it. The sum stops at 64 bits, which five centuries of latency do not reach.
pub fn to_buckets(distribution: &Exponential) -> Buckets {
    Buckets {
        scale: distribution.scale(),
        offset: distribution.offset(),
        // Not a copy of the distribution: its room for more is none of the point's.
        counts: distribution.counts().to_vec(),
        zero_count: distribution.zero_count(),
        sum_ns: capped(distribution.sum_ns()),
        min_ns: distribution.min_ns().unwrap_or(0),
        max_ns: distribution.max_ns().unwrap_or(0),
    }
}

/// The same as [`to_buckets`], without a copy of the counts.
pub fn into_buckets(distribution: Exponential) -> Buckets {
    let geophone_distribution::Buckets { scale, offset, mut counts, zero_count, sum_ns, min_ns, max_ns } =
        distribution.into_parts();
    counts.shrink_to_fit();
    Buckets { scale, offset, counts, zero_count, sum_ns: capped(sum_ns), min_ns, max_ns }
}

/// The distribution of a point. Numbers that no recording of values could have given are refused; what is finer or larger
/// than `resolution` allows is made coarser until it fits.
pub fn from_buckets(buckets: Buckets, resolution: Config) -> Result<Exponential, PartsError> {
    let Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } = buckets;
    let sum_ns = sum_ns.into();
    let parts = geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns };
    Exponential::from_parts(parts, resolution)
}

fn capped(sum_ns: u128) -> u64 {
    u64::try_from(sum_ns).unwrap_or(u64::MAX)
}
