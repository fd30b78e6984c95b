//! Windows that are open, and their series.

use std::hash::BuildHasher;

use geophone_distribution::Config;
use geophone_model::time::{Timestamp, Window};
use hashbrown::HashTable;

use crate::{accumulator::Accumulator, key::Key, subject::Outcome};

/// Closed windows whose memory is kept for the next ones.
const MAX_SPARE_WINDOWS: usize = 2;

/// A place that no series has.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The open windows.
#[derive(Debug)]
pub(crate) struct Windows {
    length_ns: u64,
    distribution: Config,
    hasher: foldhash::fast::RandomState,
    /// In order of time.
    open: Vec<OpenWindow>,
    /// Index of the window that was used last: nearly always the one that is wanted next.
    recent: usize,
    series: usize,
    /// Accumulators of closed windows, cleared, and at most twice as many as windows have lately had.
    spare_series: Vec<Accumulator>,
    spare_windows: Vec<OpenWindow>,
    typical_series: usize,
    /// Bytes of all accumulators, the spare ones included.
    bytes: usize,
}

#[derive(Debug)]
pub(crate) struct OpenWindow {
    pub(crate) window: Window,
    /// Whether it was over already when it was opened.
    pub(crate) late: bool,
    /// Indexes into `series`, by the hash of the key. The keys are in the series only: with them in the table it would not
    /// fit into a second-level cache, and a series that is found is going to be written anyway.
    index: HashTable<u32>,
    pub(crate) series: Vec<Accumulator>,
}

/// Where a series is, until the next window is opened or closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    window: usize,
    series: u32,
}

impl Windows {
    pub(crate) fn new(length_ns: u64, distribution: Config) -> Self {
        Self {
            length_ns: length_ns.max(1),
            distribution,
            hasher: foldhash::fast::RandomState::default(),
            open: Vec::new(),
            recent: 0,
            series: 0,
            spare_series: Vec::new(),
            spare_windows: Vec::new(),
            typical_series: 0,
            bytes: 0,
        }
    }

    /// The open window that `at` falls into, by its index.
    #[inline]
    pub(crate) fn find(&mut self, at: Timestamp) -> Option<usize> {
        if self.open.get(self.recent).is_some_and(|recent| recent.window.contains(at)) {
            return Some(self.recent);
        }
        self.recent = self.position(self.containing(at)).ok()?;
        Some(self.recent)
    }

    /// Opens the window that `at` falls into. `late` says whether it is over already.
    pub(crate) fn open(&mut self, window: Window, late: bool) -> usize {
        let at = self.position(window).unwrap_or_else(|at| {
            let spare = self.spare_windows.pop();
            let mut opened =
                spare.unwrap_or_else(|| OpenWindow { window, late, index: HashTable::new(), series: Vec::new() });
            (opened.window, opened.late) = (window, late);
            self.open.insert(at, opened);
            at
        });
        self.recent = at;
        at
    }

    /// The window that `at` falls into, open or not.
    pub(crate) fn containing(&self, at: Timestamp) -> Window {
        Window::containing(at, self.length_ns)
    }

    pub(crate) fn window(&self, window: usize) -> &OpenWindow {
        &self.open[window]
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &OpenWindow> {
        self.open.iter()
    }

    /// How many windows are open.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// How many series all of them have together.
    pub(crate) fn series_len(&self) -> usize {
        self.series
    }

    #[inline]
    pub(crate) fn find_series(&self, window: usize, key: &Key) -> Option<Slot> {
        let OpenWindow { index, series, .. } = &self.open[window];
        let found = index.find(self.hasher.hash_one(key), |&at| series[at as usize].key == *key)?;
        Some(Slot { window, series: *found })
    }

    /// Adds a series that is not there.
    pub(crate) fn add_series(&mut self, window: usize, key: Key) -> Slot {
        let accumulator = match self.spare_series.pop() {
            Some(mut spare) => {
                spare.key = key;
                spare
            }
            None => {
                let new = Accumulator::new(key, self.distribution);
                self.bytes += bytes_of(&new);
                new
            }
        };
        let hasher = &self.hasher;
        let OpenWindow { index, series, .. } = &mut self.open[window];
        let at = series.len() as u32;
        series.push(accumulator);
        index.insert_unique(hasher.hash_one(key), at, |&at| hasher.hash_one(series[at as usize].key));
        self.series += 1;
        Slot { window, series: at }
    }

    /// Counts an exchange in the series of a key, if there is one. `place` is where it may be, and then where it is.
    #[inline]
    pub(crate) fn add_to_known(&mut self, window: usize, key: &Key, place: &mut u32, outcome: &Outcome) -> bool {
        let OpenWindow { index, series, .. } = &mut self.open[window];
        if series.get(*place as usize).is_none_or(|series| series.key != *key) {
            let Some(at) = index.find(self.hasher.hash_one(key), |&at| series[at as usize].key == *key) else {
                return false;
            };
            *place = *at;
        }
        self.bytes += series[*place as usize].add(outcome, false);
        true
    }

    /// Counts an exchange in a series.
    pub(crate) fn add(&mut self, slot: Slot, outcome: &Outcome, same_point: bool) {
        self.bytes += self.open[slot.window].series[slot.series as usize].add(outcome, same_point);
    }

    /// Takes the first window out, if it ends no later than `until`. Give it back with [`recycle`](Self::recycle).
    pub(crate) fn close_first(&mut self, until: Timestamp) -> Option<OpenWindow> {
        if self.open.first()?.window.end() > until {
            return None;
        }
        self.recent = 0;
        let closed = self.open.remove(0);
        self.series -= closed.series.len();
        Some(closed)
    }

    /// Keeps the memory of a closed window for the next one.
    pub(crate) fn recycle(&mut self, mut closed: OpenWindow) {
        if !closed.late {
            self.typical_series = closed.series.len().max(self.typical_series - self.typical_series / 8);
        }
        for mut accumulator in closed.series.drain(..) {
            accumulator.clear();
            self.spare_series.push(accumulator);
        }
        let keep = (2 * self.typical_series).min(self.spare_series.len());
        for surplus in self.spare_series.drain(keep..) {
            self.bytes -= bytes_of(&surplus);
        }
        if self.spare_windows.len() < MAX_SPARE_WINDOWS {
            closed.index.clear();
            closed.index.shrink_to(2 * self.typical_series, |_| unreachable!("it is empty"));
            closed.series.shrink_to(2 * self.typical_series);
            self.spare_windows.push(closed);
        }
    }

    /// Bytes held by the series, open and spare.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes
    }

    fn position(&self, window: Window) -> Result<usize, usize> {
        self.open.binary_search_by_key(&window.start, |open| open.window.start)
    }
}

/// Bytes of an accumulator and of its place in an index.
fn bytes_of(accumulator: &Accumulator) -> usize {
    size_of::<Accumulator>() + size_of::<u32>() + 1 + accumulator.heap_bytes()
}
