//! The points, by window.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use geophone_model::{
    ledger::Coverage,
    series::WindowSnapshot,
    time::{Timestamp, Window},
};

use super::{read, size, write};
use crate::{Notice, PointFilter, PointQuery, ReadError, RowStats, merge::merge_checked};

/// Merged snapshots in order of their start, within a budget.
#[derive(Debug)]
pub(super) struct Windows {
    held: RwLock<Held>,
    budget_bytes: u64,
}

#[derive(Debug, Default)]
struct Held {
    /// By start and length.
    snapshots: BTreeMap<(Timestamp, u64), Arc<WindowSnapshot>>,
    points: u64,
    bytes: u64,
    evicted_points: u64,
}

/// What became of a snapshot.
pub(super) struct Written {
    /// Points whose key the window had already.
    pub(super) merged_points: u64,
    pub(super) notice: Notice,
}

impl Windows {
    pub(super) fn new(budget_bytes: u64) -> Self {
        Self { held: RwLock::default(), budget_bytes }
    }

    /// Adds a checked snapshot. Only one may write at a time: the merge is made on a copy, outside of the lock.
    pub(super) fn add(&self, snapshot: WindowSnapshot) -> Written {
        let window = snapshot.window;
        let key = (window.start, window.length_ns);
        let before = read(&self.held).snapshots.get(&key).cloned();
        let mut merged = before.as_deref().cloned().unwrap_or_else(|| empty(window));
        let points_given = (merged.points.len() + snapshot.points.len()) as u64;
        merge_checked(&mut merged, snapshot);

        let notice = Notice::Window { window, points: merged.points.len(), coverage: merged.coverage };
        let points = merged.points.len() as u64;
        let bytes = size::snapshot(&merged) as u64;
        let merged = Arc::new(merged);

        let mut held = write(&self.held);
        held.remove(before.as_deref());
        held.points += points;
        held.bytes += bytes;
        held.snapshots.insert(key, merged);
        Written { merged_points: points_given - points, notice }
    }

    /// Drops the oldest windows until the rest is within the budget, and tells how many points went with them.
    pub(super) fn evict(&self) -> u64 {
        let mut dropped = Vec::new();
        let mut held = write(&self.held);
        while held.bytes > self.budget_bytes {
            let Some((_, snapshot)) = held.snapshots.pop_first() else { break };
            held.remove(Some(&snapshot));
            dropped.push(snapshot);
        }
        let points = dropped.iter().map(|snapshot| snapshot.points.len() as u64).sum();
        held.evicted_points += points;
        drop(held);
        points
    }

    /// What matches of the windows that start in the range.
    pub(super) fn read(&self, query: &PointQuery) -> Result<Vec<Arc<WindowSnapshot>>, ReadError> {
        let PointQuery { range, ref filter, max_points } = *query;
        let mut points = 0;
        let mut matching = Vec::new();
        for snapshot in self.in_range(range) {
            let snapshot = narrow(snapshot, filter);
            points += snapshot.points.len();
            if points > max_points {
                return Err(ReadError::TooManyPoints { max_points });
            }
            matching.push(snapshot);
        }
        Ok(matching)
    }

    fn in_range(&self, range: Window) -> Vec<Arc<WindowSnapshot>> {
        let (first, end) = ((range.start, 0), (range.end(), 0));
        read(&self.held).snapshots.range(first..end).map(|(_, snapshot)| snapshot.clone()).collect()
    }

    pub(super) fn stats(&self) -> RowStats {
        let held = read(&self.held);
        RowStats {
            rows: held.points,
            bytes: held.bytes,
            budget_bytes: Some(self.budget_bytes),
            evicted: held.evicted_points,
            oldest: held.snapshots.first_key_value().map(|(_, snapshot)| snapshot.window.start),
            newest: held.snapshots.last_key_value().map(|(_, snapshot)| snapshot.window.end()),
        }
    }
}

impl Held {
    /// Takes a snapshot out of the counts.
    fn remove(&mut self, snapshot: Option<&WindowSnapshot>) {
        if let Some(snapshot) = snapshot {
            self.points -= snapshot.points.len() as u64;
            self.bytes -= size::snapshot(snapshot) as u64;
        }
    }
}

fn empty(window: Window) -> WindowSnapshot {
    WindowSnapshot { window, points: Vec::new(), coverage: Coverage::default() }
}

/// The snapshot itself where every point matches, else a copy of those that do.
fn narrow(snapshot: Arc<WindowSnapshot>, filter: &PointFilter) -> Arc<WindowSnapshot> {
    if filter.is_empty() || snapshot.points.iter().all(|point| filter.matches(&point.key)) {
        return snapshot;
    }
    let points = snapshot.points.iter().filter(|point| filter.matches(&point.key)).cloned().collect();
    Arc::new(WindowSnapshot { window: snapshot.window, points, coverage: snapshot.coverage })
}
