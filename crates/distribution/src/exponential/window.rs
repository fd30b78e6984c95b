//! The populated stretch of buckets.

/// Buckets that the first allocation has room for: two doublings at the default scale.
const FIRST_CAPACITY: usize = 16;

/// Counts of contiguous buckets. The first and the last are never zero, so that equal contents are equal windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Index of the bucket that `counts` starts with; zero where there is none.
    offset: i32,
    counts: Vec<u64>,
}

impl Window {
    /// Takes counts that start at bucket `offset`, and drops the zeros at both ends.
    pub(super) fn from_counts(offset: i32, mut counts: Vec<u64>) -> Self {
        counts.truncate(counts.iter().rposition(|count| *count != 0).map_or(0, |last| last + 1));
        let leading = counts.iter().position(|count| *count != 0).unwrap_or(0);
        counts.drain(..leading);
        let offset = if counts.is_empty() { 0 } else { offset + leading as i32 };
        Self { offset, counts }
    }

    pub(super) fn offset(&self) -> i32 {
        self.offset
    }

    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    pub(super) fn into_counts(self) -> Vec<u64> {
        self.counts
    }

    /// First and last bucket; `None` where all are empty.
    pub(super) fn extent(&self) -> Option<(i32, i32)> {
        (!self.counts.is_empty()).then(|| (self.offset, self.offset + self.counts.len() as i32 - 1))
    }

    /// The count of bucket `index`, if it is in the window.
    pub(super) fn bucket_mut(&mut self, index: i32) -> Option<&mut u64> {
        // An index below the offset wraps to a number above every length.
        self.counts.get_mut(index.wrapping_sub(self.offset) as u32 as usize)
    }

    /// The count of bucket `index`, if it is in the window and neither the first nor the last there: then its values lie
    /// between others, and none of them is a new extreme.
    #[inline]
    pub(super) fn inner_bucket_mut(&mut self, index: i32) -> Option<&mut u64> {
        let position = index.wrapping_sub(self.offset).wrapping_sub(1) as u32 as usize;
        self.counts.get_mut(1..)?.split_last_mut()?.1.get_mut(position)
    }

    /// Stretches the window to all buckets from `first` to `last`. The caller puts counts into the ends that are new.
    pub(super) fn stretch(&mut self, first: i32, last: i32, max_buckets: usize) {
        let Some((own_first, own_last)) = self.extent() else {
            self.grow_to((last - first + 1) as usize, max_buckets);
            self.offset = first;
            return;
        };
        let before = (own_first - first).max(0) as usize;
        let after = (last - own_last).max(0) as usize;
        let old_len = self.counts.len();
        self.grow_to(before + old_len + after, max_buckets);
        if before > 0 {
            self.counts.copy_within(..old_len, before);
            self.counts[..before.min(old_len)].fill(0);
            self.offset = first;
        }
    }

    /// Makes every `2^steps` buckets one.
    pub(super) fn coarsen(&mut self, steps: u32) {
        if steps == 0 || self.counts.is_empty() {
            return;
        }
        let offset = self.offset >> steps;
        for position in 0..self.counts.len() {
            let count = std::mem::take(&mut self.counts[position]);
            let target = ((self.offset + position as i32) >> steps) - offset;
            let target = &mut self.counts[target as usize];
            *target = target.saturating_add(count);
        }
        let last = (self.offset + self.counts.len() as i32 - 1) >> steps;
        self.counts.truncate((last - offset + 1) as usize);
        self.offset = offset;
    }

    /// Adds the counts of buckets from `offset` on that are `2^steps` times finer, into a window that spans them.
    /// `saturates` says whether a sum can be above `u64::MAX`.
    pub(super) fn add<C: Copy + Into<u64>>(&mut self, offset: i32, counts: &[C], steps: u32, saturates: bool) {
        if counts.is_empty() {
            return;
        }
        let first = offset >> steps;
        let targets = &mut self.counts[(first - self.offset) as usize..];
        if steps == 0 && !saturates {
            // The usual case, a loop that vectorises.
            for (target, count) in targets.iter_mut().zip(counts) {
                *target += (*count).into();
            }
        } else {
            for (index, count) in (offset..).zip(counts) {
                let target = &mut targets[((index >> steps) - first) as usize];
                *target = target.saturating_add((*count).into());
            }
        }
    }

    /// Bytes that the counts take, and the room for more of them.
    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }

    /// Removes all counts and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.counts.clear();
        self.offset = 0;
    }

    /// Lengthens `counts` with zeros. The capacity doubles, but never past the cap.
    fn grow_to(&mut self, len: usize, max_buckets: usize) {
        if len > self.counts.capacity() {
            let capacity = (2 * self.counts.capacity()).max(FIRST_CAPACITY).min(max_buckets).max(len);
            self.counts.reserve_exact(capacity - self.counts.len());
        }
        self.counts.resize(len, 0);
    }
}

/// How many times the buckets from `first` to `last` have to be made coarser by two to be at most `max_buckets`.
pub(super) fn steps_to_fit(first: i32, last: i32, max_buckets: u16) -> u32 {
    let mut steps = 0;
    while (last >> steps) - (first >> steps) >= i32::from(max_buckets) {
        steps += 1;
    }
    steps
}
