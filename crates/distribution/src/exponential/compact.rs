//! Small counts for most values, and the rest behind them.

use super::{Config, Exponential, index::bucket_index};
use crate::Distribution;

/// Buckets that have a small count: seven doublings at the default scale, and with all else they make 96 bytes.
const SMALL_BUCKETS: usize = 56;
/// Where among them the first value's is: there is room for a value a ninth as long as the first, and for one twelve times
/// as long, since latencies have the longer tail above.
const FIRST_POSITION: i32 = 26;
/// An offset from which no value is within reach.
const NOWHERE: i16 = i16::MIN;
/// Values outside of the small counts after which these are moved the first time. Each further time it takes twice as many,
/// because where values are in two places, no move helps.
const FIRST_PATIENCE: u8 = 8;

/// An [`Exponential`] for where there are many of them, and to fetch one from memory takes longer than to record.
///
/// Values near the first one are counted in bytes, without a pointer to follow. Values elsewhere, and all of them when a
/// byte or the sum is full, go into an `Exponential` behind, which is allocated when it is needed first. The two put
/// together by [`add_to`](Self::add_to) are what an `Exponential` would be that has recorded the values itself.
///
/// At scales much finer than the default, or with values in two places far apart, most of the values go behind: nothing is
/// gained then, and a little is lost.
///
/// ```
/// use geophone_distribution::{Compact, Config, Distribution, Exponential};
///
/// let mut compact = Compact::new(Config::default());
/// let mut expected = Exponential::default();
/// for value_ns in [180_000, 210_000, 250_000, 4_000_000_000] {
///     compact.record(value_ns);
///     expected.record(value_ns);
/// }
/// let mut whole = Exponential::default();
/// compact.add_to(&mut whole);
/// assert_eq!(whole, expected);
/// ```
#[derive(Clone, Debug)]
pub struct Compact {
    behind: Option<Box<Exponential>>,
    /// This and the extremes are of the values in the small counts.
    sum_ns: u64,
    /// `u64::MAX` where there is no value.
    min_ns: u64,
    /// Zero where there is no value.
    max_ns: u64,
    config: Config,
    /// Index of the first bucket in `counts`, or `NOWHERE`.
    offset: i16,
    counts: [u8; SMALL_BUCKETS],
    /// Values outside since the small counts were moved.
    outside: u8,
    /// How many of them are too many.
    patience: u8,
}

impl Compact {
    /// An empty one.
    pub fn new(config: Config) -> Self {
        Self {
            behind: None,
            sum_ns: 0,
            min_ns: u64::MAX,
            max_ns: 0,
            config,
            offset: NOWHERE,
            counts: [0; SMALL_BUCKETS],
            outside: 0,
            patience: FIRST_PATIENCE,
        }
    }

    /// The scale to start with and the cap on buckets.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Adds one value, in nanoseconds. Returns by how many bytes [`heap_bytes`](Self::heap_bytes) has grown, nearly always
    /// by none.
    #[inline]
    pub fn record(&mut self, value_ns: u64) -> usize {
        let position = self.position(value_ns);
        if let Some(count) = self.counts.get_mut(position)
            && let (Some(counted), Some(sum_ns)) = (count.checked_add(1), self.sum_ns.checked_add(value_ns))
        {
            *count = counted;
            self.sum_ns = sum_ns;
            if value_ns < self.min_ns {
                self.min_ns = value_ns;
            }
            if value_ns > self.max_ns {
                self.max_ns = value_ns;
            }
            return 0;
        }
        self.record_slowly(value_ns)
    }

    /// Adds all values to a distribution, like [`merge`](Distribution::merge).
    pub fn add_to(&self, into: &mut Exponential) {
        if let Some(behind) = &self.behind {
            into.merge(behind);
        }
        self.add_small_to(into);
    }

    /// Removes all values and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.clear_small();
        (self.offset, self.patience) = (NOWHERE, FIRST_PATIENCE);
        if let Some(behind) = &mut self.behind {
            behind.clear();
        }
    }

    /// Bytes that it holds beside itself.
    pub fn heap_bytes(&self) -> usize {
        self.behind.as_deref().map_or(0, |behind| size_of::<Exponential>() + behind.heap_bytes())
    }

    /// Position in `counts`, or a number above all of them.
    #[inline]
    fn position(&self, value_ns: u64) -> usize {
        bucket_index(value_ns, self.config.scale()).wrapping_sub(self.offset.into()) as u32 as usize
    }

    /// Records where there is no small count for the value, or no room in it.
    #[inline(never)]
    fn record_slowly(&mut self, value_ns: u64) -> usize {
        if self.offset == NOWHERE && value_ns != 0 {
            // The index of any value at any scale has 15 bits.
            self.offset = (bucket_index(value_ns, self.config.scale()) - FIRST_POSITION) as i16;
            return self.record(value_ns);
        }
        let is_outside = self.position(value_ns) >= SMALL_BUCKETS;
        let before = self.heap_bytes();
        self.behind.get_or_insert_with(|| Box::new(Exponential::new(self.config))).record(value_ns);
        self.outside += u8::from(is_outside);
        let is_misplaced = self.outside == self.patience;
        if is_misplaced {
            self.patience = self.patience.saturating_mul(2);
        }
        // What is not outside has come here because its count, or the sum, is full.
        if is_misplaced || !is_outside {
            self.move_small();
        }
        self.heap_bytes() - before
    }

    /// Empties the small counts, and moves them to where there are most values.
    fn move_small(&mut self) {
        let Some(mut behind) = self.behind.take() else { return };
        self.add_small_to(&mut behind);
        self.clear_small();
        // Where the buckets behind have become coarser, fewer of them are as wide as all small ones.
        let coarser = self.config.scale() - behind.scale();
        let width = (SMALL_BUCKETS >> coarser).max(1);
        if let Some(fullest) = fullest_stretch(behind.counts(), width) {
            self.offset = ((behind.offset() + fullest) << coarser) as i16;
        }
        self.behind = Some(behind);
    }

    fn clear_small(&mut self) {
        (self.sum_ns, self.min_ns, self.max_ns) = (0, u64::MAX, 0);
        self.counts.fill(0);
        self.outside = 0;
    }

    fn add_small_to(&self, into: &mut Exponential) {
        let first = self.counts.iter().position(|count| *count != 0).unwrap_or(SMALL_BUCKETS);
        let end = self.counts.iter().rposition(|count| *count != 0).map_or(first, |last| last + 1);
        let counts = &self.counts[first..end];
        let count = counts.iter().copied().map(u64::from).sum();
        let total = into.count.checked_add(count);
        into.meet(self.config, self.config.scale());
        into.add_counts(self.config.scale(), i32::from(self.offset) + first as i32, counts, total.is_none());
        into.count = total.unwrap_or(u64::MAX);
        into.sum_ns = into.sum_ns.saturating_add(self.sum_ns.into());
        into.min_ns = into.min_ns.min(self.min_ns);
        into.max_ns = into.max_ns.max(self.max_ns);
    }
}

/// Where the stretch of `width` neighbours begins that has the largest sum, before the first where there are fewer; `None`
/// where there are no counts.
fn fullest_stretch(counts: &[u64], width: usize) -> Option<i32> {
    if counts.len() <= width {
        return (!counts.is_empty()).then(|| -((width - counts.len()) as i32 / 2));
    }
    let mut sum: u128 = counts[..width].iter().copied().map(u128::from).sum();
    let (mut fullest, mut fullest_sum) = (0, sum);
    for (start, (left, entered)) in (1..).zip(counts.iter().zip(&counts[width..])) {
        sum = sum - u128::from(*left) + u128::from(*entered);
        if sum > fullest_sum {
            (fullest, fullest_sum) = (start, sum);
        }
    }
    Some(fullest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_small(compact: &Compact, value_ns: u64) -> bool {
        compact.position(value_ns) < SMALL_BUCKETS
    }

    #[test]
    fn the_first_value_has_more_room_above_than_below() {
        let mut compact = Compact::new(Config::default());
        assert!(!is_small(&compact, 1_000_000));
        compact.record(1_000_000);
        assert!(is_small(&compact, 111_000) && is_small(&compact, 12_000_000));
        assert!(!is_small(&compact, 90_000) && !is_small(&compact, 14_000_000));
    }

    #[test]
    fn the_small_counts_move_to_where_most_values_are() {
        let mut compact = Compact::new(Config::default());
        compact.record(5_000_000_000);
        for value_ns in [[200_000; 31], [210_000; 31]].concat() {
            assert!(is_small(&compact, 5_000_000_000) != is_small(&compact, value_ns));
            compact.record(value_ns);
        }
        assert!(is_small(&compact, 205_000) && !is_small(&compact, 5_000_000_000));
    }

    #[test]
    fn they_move_at_the_coarser_scale_of_what_is_behind() {
        let mut compact = Compact::new(Config::default());
        for value_ns in [&[1; 40][..], &[u64::MAX; 40], &[300_000; 100]].concat() {
            compact.record(value_ns);
        }
        assert_eq!(compact.behind.as_ref().map(|behind| behind.scale()), Some(1));
        assert!(is_small(&compact, 300_000));
    }

    #[test]
    fn the_fullest_stretch_is_the_first_of_equals_or_in_the_middle() {
        assert_eq!(fullest_stretch(&[], 3), None);
        assert_eq!(fullest_stretch(&[5, 1], 2), Some(0));
        assert_eq!(fullest_stretch(&[5, 1], 7), Some(-2));
        assert_eq!(fullest_stretch(&[1, 2, 3, 0, 3, 2], 2), Some(1));
        assert_eq!(fullest_stretch(&[1, 9, u64::MAX, u64::MAX, 1], 2), Some(2));
    }
}
