//! Several snapshots of a window become one.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    mem::take,
};

use geophone_distribution::{Config, MAX_SCALE};
use geophone_model::{
    series::{Exemplar, SeriesPoint, WindowSnapshot},
    time::Window,
};

use crate::{MalformedPoint, Sum, keep_slowest, sum::normalise};

/// Puts snapshots together, of one window or of many, from one aggregator or from many: one snapshot for each window, in
/// order of time, its points sorted by key, each key once.
///
/// Counts are added, up to `u64::MAX`; distributions are merged, the coarser scale wins; the slowest
/// [`MAX_EXEMPLARS`](crate::MAX_EXEMPLARS) stay. The result depends on what is merged and not on its order or grouping.
/// Every point is checked, also where it meets no other.
///
/// `max_buckets` of `resolution` caps the distributions of the result, and must be that of the aggregators for the result to
/// be what one aggregator would have given. Its scale does not matter, since a point has its own.
pub fn merge(
    snapshots: impl IntoIterator<Item = WindowSnapshot>,
    resolution: Config,
) -> Result<Vec<WindowSnapshot>, MalformedPoint> {
    let resolution = without_scale(resolution);
    let mut windows: BTreeMap<Window, WindowSnapshot> = BTreeMap::new();
    for snapshot in snapshots {
        if let Some(stray) = snapshot.points.iter().find(|point| point.window != snapshot.window) {
            return Err(MalformedPoint::other_window(stray, snapshot.window));
        }
        match windows.entry(snapshot.window) {
            Entry::Vacant(entry) => _ = entry.insert(snapshot),
            Entry::Occupied(mut entry) => put_together(entry.get_mut(), snapshot),
        }
    }
    let mut merged: Vec<_> = windows.into_values().collect();
    for snapshot in &mut merged {
        snapshot.points = fold(take(&mut snapshot.points), resolution, Alone::Checked)?;
    }
    Ok(merged)
}

/// Adds a snapshot to another of the same window, both from [`merge`]: a point that meets no other is not checked again.
/// Where it fails, `into` is of no use any more.
pub fn merge_into(into: &mut WindowSnapshot, from: WindowSnapshot, resolution: Config) -> Result<(), MalformedPoint> {
    if let Some(stray) = from.points.iter().find(|point| point.window != into.window) {
        return Err(MalformedPoint::other_window(stray, into.window));
    }
    put_together(into, from);
    into.points = fold(take(&mut into.points), without_scale(resolution), Alone::Taken)?;
    Ok(())
}

/// A point has a scale of its own.
fn without_scale(resolution: Config) -> Config {
    Config::new(MAX_SCALE, resolution.max_buckets()).unwrap_or(resolution)
}

fn put_together(into: &mut WindowSnapshot, from: WindowSnapshot) {
    into.points.extend(from.points);
    into.coverage.merge(from.coverage);
}

/// What is done with a point whose key no other has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alone {
    /// It may come from anywhere.
    Checked,
    /// It has been checked.
    Taken,
}

/// Sorts points by their keys and makes one of those that have the same.
fn fold(mut points: Vec<SeriesPoint>, resolution: Config, alone: Alone) -> Result<Vec<SeriesPoint>, MalformedPoint> {
    points.sort_by(|a, b| a.key.cmp(&b.key));
    let mut folded = Vec::with_capacity(points.len());
    let mut points = points.into_iter().peekable();
    while let Some(mut point) = points.next() {
        if points.peek().is_some_and(|next| next.key == point.key) {
            let mut sum = Sum::of(&point, resolution)?;
            while let Some(same) = points.next_if(|next| next.key == point.key) {
                sum.add(Sum::of(&same, resolution)?);
                point.exemplars.extend(same.exemplars);
            }
            sum.put_into(&mut point);
        } else if alone == Alone::Checked {
            normalise(&mut point, resolution)?;
        }
        rank(&mut point.exemplars);
        folded.push(point);
    }
    Ok(folded)
}

/// Puts exemplars that may come from anywhere in their order, the slowest few of them.
fn rank(exemplars: &mut Vec<Exemplar>) {
    if exemplars.len() > 1 {
        let unordered = take(exemplars);
        unordered.into_iter().for_each(|exemplar| keep_slowest(exemplars, exemplar));
    }
}
