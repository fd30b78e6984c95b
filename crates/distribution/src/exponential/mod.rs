//! Base-2 exponential buckets.
//!
//! * `config`: scale and cap on buckets;
//! * `index`, `bounds`: from a value to its bucket and back;
//! * `window`: the contiguous counts;
//! * `buckets`: the plain form, and what is checked when it comes from elsewhere;
//! * `compact`: most of the counts in one byte each.

mod bounds;
mod buckets;
mod compact;
mod config;
mod index;
mod window;

pub use self::{
    buckets::{Buckets, PartsError},
    compact::Compact,
    config::{Config, ConfigError, DEFAULT_MAX_BUCKETS, DEFAULT_SCALE, MAX_BUCKETS, MAX_SCALE, MIN_BUCKETS, MIN_SCALE},
};

use self::window::{Window, steps_to_fit};
use crate::{Distribution, rank::nearest_rank};

/// A distribution in base-2 exponential buckets, as the [OTLP data model] and [Prometheus native histograms] have them.
///
/// With `base = 2^(2^-scale)`, bucket `i` counts the values in `(base^i, base^(i+1)]` nanoseconds; zeros are counted apart.
/// Any `u64` can be recorded. At the default scale of 3 a doubling has eight buckets.
///
/// **Error.** A quantile is the geometric middle of the bucket that holds the value of its rank, rounded to an integer that
/// the bucket can hold and kept within the smallest and the largest value. It is not interpolated by rank within the
/// bucket: the middle halves the largest possible error, to [`relative_error`](Self::relative_error), 4.43 % at scale 3
/// (and half a nanosecond from the rounding).
///
/// **Bounds.** Only the stretch from the smallest to the largest populated bucket is kept, 8 bytes a bucket, at most
/// [`Config::max_buckets`] of them. A value outside of what the cap spans makes all buckets coarser: the scale goes down by
/// one and every two buckets become one, until it fits. So the scale depends on the values (the finest one at which all of
/// them fit), never on the order in which they came.
///
/// **Merging** uses the coarser scale and the smaller cap of the two, and adds.
///
/// [OTLP data model]: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
/// [Prometheus native histograms]: https://prometheus.io/docs/specs/native_histograms/
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exponential {
    window: Window,
    sum_ns: u128,
    /// The sum of `zero_count` and of all buckets: as long as adding to it does not overflow, adding to them does not.
    count: u64,
    zero_count: u64,
    /// `u64::MAX` where there is no value.
    min_ns: u64,
    /// Zero where there is no value.
    max_ns: u64,
    config: Config,
    /// The scale in use, at most `config.scale()`.
    scale: i8,
}

impl Exponential {
    /// An empty distribution; it allocates with its first value.
    pub fn new(config: Config) -> Self {
        Self {
            window: Window::default(),
            sum_ns: 0,
            count: 0,
            zero_count: 0,
            min_ns: u64::MAX,
            max_ns: 0,
            config,
            scale: config.scale(),
        }
    }

    /// The scale to start with and the cap on buckets.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The scale in use: `2^scale` buckets to a doubling.
    pub fn scale(&self) -> i8 {
        self.scale
    }

    /// Index of the first bucket in [`counts`](Self::counts).
    pub fn offset(&self) -> i32 {
        self.window.offset()
    }

    /// Number of values in each bucket, from the first populated one to the last.
    pub fn counts(&self) -> &[u64] {
        self.window.counts()
    }

    /// Number of values that are zero.
    pub fn zero_count(&self) -> u64 {
        self.zero_count
    }

    /// Bytes that it holds beside itself.
    pub fn heap_bytes(&self) -> usize {
        self.window.heap_bytes()
    }

    /// How far a quantile can be from the value it stands for, relative to that value: `√base - 1`.
    pub fn relative_error(&self) -> f64 {
        (-f64::from(self.scale) - 1.0).exp2().exp2() - 1.0
    }

    /// Makes the buckets coarser, down to `scale` or to [`MIN_SCALE`], whichever is finer; does nothing where they are as
    /// coarse already. Later values are recorded at this scale, until the distribution is cleared.
    pub fn coarsen_to(&mut self, scale: i8) {
        let target = scale.clamp(MIN_SCALE, self.scale);
        self.window.coarsen(self.scale.abs_diff(target).into());
        self.scale = target;
    }

    /// Records where the value can be a new extreme, needs another bucket, is zero, or where the count stops.
    #[inline(never)]
    fn record_at_edge(&mut self, value_ns: u64, n: u64) {
        let Some(count) = self.count.checked_add(n) else {
            return self.record_saturating(value_ns, n);
        };
        if n == 0 {
            return;
        }
        self.count = count;
        self.sum_ns += u128::from(value_ns) * u128::from(n);
        self.min_ns = self.min_ns.min(value_ns);
        self.max_ns = self.max_ns.max(value_ns);
        if value_ns == 0 {
            self.zero_count += n;
            return;
        }
        let index = index::bucket_index(value_ns, self.scale);
        match self.window.bucket_mut(index) {
            Some(bucket) => *bucket += n,
            None => self.record_outside(index, n),
        }
    }

    /// Records where the bucket is outside of the window.
    fn record_outside(&mut self, index: i32, n: u64) {
        let steps = self.make_room(Some((index, index)));
        if let Some(bucket) = self.window.bucket_mut(index >> steps) {
            *bucket += n;
        }
    }

    /// Records where the count has reached its maximum.
    fn record_saturating(&mut self, value_ns: u64, n: u64) {
        let mut addend = Self::new(self.config);
        addend.record_n(value_ns, n);
        self.merge(&addend);
    }

    /// Adds the counts of the buckets from `offset` on at a scale that is at least as fine. The first and the last must not
    /// be zero. `saturates` says whether a sum can be above `u64::MAX`.
    fn add_counts<C: Copy + Into<u64>>(&mut self, scale: i8, offset: i32, counts: &[C], saturates: bool) {
        let finer = u32::from(scale.abs_diff(self.scale));
        let last = (!counts.is_empty()).then(|| offset + counts.len() as i32 - 1);
        let steps = self.make_room(last.map(|last| (offset >> finer, last >> finer)));
        self.window.add(offset, counts, finer + steps, saturates);
    }

    /// Makes the window span the buckets of both `added`, at the scale in use, and its own. Returns by how much it has made
    /// them coarser for that.
    fn make_room(&mut self, added: Option<(i32, i32)>) -> u32 {
        let both = self.window.extent().into_iter().chain(added).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let Some((first, last)) = both else { return 0 };
        // Also where nothing is added: the cap may have become smaller.
        let steps = steps_to_fit(first, last, self.config.max_buckets());
        self.coarsen_by(steps);
        self.window.stretch(first >> steps, last >> steps, self.config.max_buckets().into());
        steps
    }

    /// Takes the coarser scale and the smaller cap.
    fn meet(&mut self, config: Config, scale: i8) {
        self.config = self.config.meet(config);
        self.coarsen_to(self.config.scale().min(scale));
    }

    fn coarsen_by(&mut self, steps: u32) {
        self.window.coarsen(steps);
        self.scale -= steps as i8;
    }

    /// The value that stands for bucket `index`.
    fn middle_ns(&self, index: i32) -> u64 {
        let (smallest, largest) = index::bucket_integers(index, self.scale);
        let middle = (index::bound_f64(index, self.scale) * index::bound_f64(index + 1, self.scale)).sqrt();
        (middle.round() as u64).clamp(smallest, largest)
    }
}

impl Default for Exponential {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Distribution for Exponential {
    #[inline]
    fn record_n(&mut self, value_ns: u64, n: u64) {
        let index = index::bucket_index(value_ns, self.scale);
        if let (Some(count), Some(bucket)) = (self.count.checked_add(n), self.window.inner_bucket_mut(index)) {
            *bucket += n;
            self.count = count;
            self.sum_ns += u128::from(value_ns) * u128::from(n);
        } else {
            self.record_at_edge(value_ns, n);
        }
    }

    fn merge(&mut self, other: &Self) {
        let count = self.count.checked_add(other.count);
        self.meet(other.config, other.scale);
        self.add_counts(other.scale, other.window.offset(), other.window.counts(), count.is_none());
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.count = count.unwrap_or(u64::MAX);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    fn clear(&mut self) {
        self.window.clear();
        let Self { window: _, sum_ns, count, zero_count, min_ns, max_ns, config, scale } = self;
        (*sum_ns, *count, *zero_count, *min_ns, *max_ns, *scale) = (0, 0, 0, u64::MAX, 0, config.scale());
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    fn min_ns(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min_ns)
    }

    fn max_ns(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max_ns)
    }

    fn quantile_ns(&self, q: f64) -> Option<u64> {
        let rank = nearest_rank(q, self.count)?;
        if rank == self.count {
            return Some(self.max_ns);
        }
        if rank == 1 || rank <= self.zero_count {
            return Some(self.min_ns);
        }
        let mut seen = self.zero_count;
        let position = self.window.counts().iter().position(|count| {
            seen = seen.saturating_add(*count);
            seen >= rank
        })?;
        Some(self.middle_ns(self.window.offset() + position as i32).clamp(self.min_ns, self.max_ns))
    }

    fn count_at_most(&self, bound_ns: u64) -> u64 {
        if bound_ns >= self.max_ns {
            return self.count;
        }
        if bound_ns < self.min_ns {
            return 0;
        }
        let mut total = self.zero_count;
        if bound_ns > 0 {
            let through = index::bucket_index(bound_ns, self.scale) - self.window.offset() + 1;
            let through = through.clamp(0, self.window.counts().len() as i32) as usize;
            total = self.window.counts()[..through].iter().fold(total, |total, count| total.saturating_add(*count));
        }
        total
    }
}
