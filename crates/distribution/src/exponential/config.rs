//! How fine and how large an exponential distribution may be.

/// Coarsest scale: one bucket to a doubling. Coarser ones would only be needed for more than 64 doublings.
pub const MIN_SCALE: i8 = 0;
/// Finest scale: 256 buckets to a doubling, the finest that Prometheus native histograms have.
pub const MAX_SCALE: i8 = 8;
/// Scale that a distribution starts with unless told otherwise: eight buckets to a doubling.
pub const DEFAULT_SCALE: i8 = 3;

/// Smallest cap on buckets: at [`MIN_SCALE`] the whole range of `u64` takes so many.
pub const MIN_BUCKETS: u16 = 64 + 1;
/// Largest cap on buckets: at [`MAX_SCALE`] the whole range of `u64` takes so many.
pub const MAX_BUCKETS: u16 = 64 * (1 << MAX_SCALE) + 1;
/// Cap on buckets unless told otherwise, the same as in the OpenTelemetry SDKs. At scale 3 it spans a factor of 900,000
/// between the smallest and the largest value, at scale 2 of 9·10^11, at scale 1 all of `u64`.
pub const DEFAULT_MAX_BUCKETS: u16 = 160;

/// The scale that an [`Exponential`](super::Exponential) starts with and the cap on its buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    scale: i8,
    max_buckets: u16,
}

impl Config {
    /// Takes a scale within [`MIN_SCALE`]`..=`[`MAX_SCALE`] and a cap within [`MIN_BUCKETS`]`..=`[`MAX_BUCKETS`].
    pub const fn new(scale: i8, max_buckets: u16) -> Result<Self, ConfigError> {
        if scale < MIN_SCALE || scale > MAX_SCALE {
            return Err(ConfigError::Scale { scale });
        }
        if max_buckets < MIN_BUCKETS || max_buckets > MAX_BUCKETS {
            return Err(ConfigError::MaxBuckets { max_buckets });
        }
        Ok(Self { scale, max_buckets })
    }

    /// The finest scale to use: `2^scale` buckets to a doubling.
    pub const fn scale(&self) -> i8 {
        self.scale
    }

    /// Most buckets to keep; values that need more make the scale coarser.
    pub const fn max_buckets(&self) -> u16 {
        self.max_buckets
    }

    /// The coarser scale and the smaller cap of the two.
    pub(super) fn meet(self, other: Self) -> Self {
        Self { scale: self.scale.min(other.scale), max_buckets: self.max_buckets.min(other.max_buckets) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { scale: DEFAULT_SCALE, max_buckets: DEFAULT_MAX_BUCKETS }
    }
}

/// Why a configuration was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The scale is out of range.
    #[error("exponential config: scale {scale}; take one from {MIN_SCALE} to {MAX_SCALE}")]
    Scale {
        /// The scale asked for.
        scale: i8,
    },
    /// The cap on buckets is out of range.
    #[error("exponential config: at most {max_buckets} buckets; take a cap from {MIN_BUCKETS} to {MAX_BUCKETS}")]
    MaxBuckets {
        /// The cap asked for.
        max_buckets: u16,
    },
}
