//! The points, by window.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use geophone_distribution::Config;
use geophone_model::{
    series::WindowSnapshot,
    time::{Timestamp, Window},
};

use geophone_series::{MalformedPoint, merge, merge_with};

use super::{read, size, write};
use crate::{Notice, PointFilter, PointQuery, ReadError, RowStats};

/// Merged snapshots in order of their start, within a budget.
#[derive(Debug)]
pub(super) struct Windows {
    held: RwLock<Held>,
    budget_bytes: u64,
    resolution: Config,
}

#[derive(Debug, Default)]
struct Held {
    /// By start and length.
    snapshots: BTreeMap<(Timestamp, u64), Arc<WindowSnapshot>>,
    points: u64,
    bytes: u64,
    evicted_points: u64,
}

/// Windows as they will be, once they are written.
pub(super) struct Merged {
    windows: Vec<Arc<WindowSnapshot>>,
    /// Points whose key their window had already.
    pub(super) merged_points: u64,
}

impl Windows {
    pub(super) fn new(budget_bytes: u64, resolution: Config) -> Self {
        Self { held: RwLock::default(), budget_bytes, resolution }
    }

    /// Puts snapshots together with what is held of their windows, and changes nothing of that: the merge is made on copies,
    /// outside of the lock, and may find that a point is none.
    pub(super) fn merge(&self, snapshots: Vec<WindowSnapshot>) -> Result<Merged, MalformedPoint> {
        let given_points = count_points(&snapshots);
        let mut held_points = 0;
        let with_held = |snapshot: WindowSnapshot| {
            // Cloned is the pointer: the lock is let go before the work begins.
            let held = read(&self.held).snapshots.get(&key(snapshot.window)).cloned();
            let Some(held) = held else { return Ok(snapshot) };
            held_points += held.points.len();
            merge_with(&held, snapshot, self.resolution)
        };
        let windows: Vec<_> =
            merge(snapshots, self.resolution)?.into_iter().map(with_held).collect::<Result<_, MalformedPoint>>()?;
        let merged_points = (held_points + given_points - count_points(&windows)) as u64;
        Ok(Merged { windows: windows.into_iter().map(Arc::new).collect(), merged_points })
    }

    /// Holds what was merged, in place of what was held of the same windows. Between the two, nobody else may write.
    pub(super) fn write(&self, merged: Merged) -> Vec<Notice> {
        let windows: Vec<_> =
            merged.windows.into_iter().map(|snapshot| (size::snapshot(&snapshot) as u64, snapshot)).collect();
        // What is replaced is freed when the lock has been let go: locals go in reverse order.
        let mut replaced = Vec::new();
        let mut held = write(&self.held);
        let notices = windows.into_iter().map(|(bytes, snapshot)| {
            let WindowSnapshot { window, ref points, coverage } = *snapshot;
            let notice = Notice::Window { window, points: points.len(), coverage };
            held.points += points.len() as u64;
            held.bytes += bytes;
            if let Some(before) = held.snapshots.insert(key(window), snapshot) {
                held.discount(&before);
                replaced.push(before);
            }
            notice
        });
        notices.collect()
    }

    /// Drops the oldest windows until the rest is within the budget, and tells how many points went with them.
    pub(super) fn evict(&self) -> u64 {
        let mut dropped = Vec::new();
        let mut held = write(&self.held);
        while held.bytes > self.budget_bytes {
            let Some((_, snapshot)) = held.snapshots.pop_first() else { break };
            held.discount(&snapshot);
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
    /// Takes a snapshot that is no longer held out of the counts.
    fn discount(&mut self, snapshot: &WindowSnapshot) {
        self.points -= snapshot.points.len() as u64;
        self.bytes -= size::snapshot(snapshot) as u64;
    }
}

fn count_points(snapshots: &[WindowSnapshot]) -> usize {
    snapshots.iter().map(|snapshot| snapshot.points.len()).sum()
}

/// Windows are in order of their start; those that begin together, in order of their length.
fn key(window: Window) -> (Timestamp, u64) {
    (window.start, window.length_ns)
}

/// The snapshot itself where every point matches, else a copy of those that do.
fn narrow(snapshot: Arc<WindowSnapshot>, filter: &PointFilter) -> Arc<WindowSnapshot> {
    if filter.is_empty() || snapshot.points.iter().all(|point| filter.matches(&point.key)) {
        return snapshot;
    }
    let points = snapshot.points.iter().filter(|point| filter.matches(&point.key)).cloned().collect();
    Arc::new(WindowSnapshot { window: snapshot.window, points, coverage: snapshot.coverage })
}
