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
            Entry::Occupied(mut entry) => {
                entry.get_mut().points.extend(snapshot.points);
                entry.get_mut().coverage.merge(snapshot.coverage);
            }
        }
    }
    let mut merged: Vec<_> = windows.into_values().collect();
    for snapshot in &mut merged {
        snapshot.points = fold(take(&mut snapshot.points), resolution)?;
    }
    Ok(merged)
}

/// A snapshot and a further one of the same window, both as they come from [`merge`]: sorted and checked. The first stays as
/// it is, for those who are reading it; points of either that meet no other are taken without a look.
pub fn merge_with(
    held: &WindowSnapshot,
    further: WindowSnapshot,
    resolution: Config,
) -> Result<WindowSnapshot, MalformedPoint> {
    if let Some(stray) = further.points.iter().find(|point| point.window != held.window) {
        return Err(MalformedPoint::other_window(stray, held.window));
    }
    let resolution = without_scale(resolution);
    let mut coverage = held.coverage;
    coverage.merge(further.coverage);
    let mut points = Vec::with_capacity(held.points.len() + further.points.len());
    let mut further = further.points.into_iter().peekable();
    for point in &held.points {
        while let Some(before) = further.next_if(|next| next.key < point.key) {
            points.push(before);
        }
        points.push(match further.next_if(|next| next.key == point.key) {
            Some(same) => add_up(same, [point.clone()], resolution)?,
            None => point.clone(),
        });
    }
    points.extend(further);
    points.shrink_to_fit();
    Ok(WindowSnapshot { window: held.window, points, coverage })
}

/// A point has a scale of its own.
fn without_scale(resolution: Config) -> Config {
    Config::new(MAX_SCALE, resolution.max_buckets()).unwrap_or(resolution)
}

/// Sorts points by their keys and makes one of those that have the same. Every point is checked.
fn fold(mut points: Vec<SeriesPoint>, resolution: Config) -> Result<Vec<SeriesPoint>, MalformedPoint> {
    points.sort_by(|a, b| a.key.cmp(&b.key));
    let mut folded = Vec::with_capacity(points.len());
    let mut points = points.into_iter().peekable();
    while let Some(mut point) = points.next() {
        if points.peek().is_some_and(|next| next.key == point.key) {
            let key = point.key.clone();
            let same = std::iter::from_fn(|| points.next_if(|next| next.key == key));
            point = add_up(point, same, resolution)?;
        } else {
            normalise(&mut point, resolution)?;
            rank(&mut point.exemplars);
        }
        folded.push(point);
    }
    Ok(folded)
}

/// Points of one key as one.
fn add_up(
    mut point: SeriesPoint,
    same: impl IntoIterator<Item = SeriesPoint>,
    resolution: Config,
) -> Result<SeriesPoint, MalformedPoint> {
    let mut sum = Sum::of(&point, resolution)?;
    for same in same {
        sum.add(Sum::of(&same, resolution)?);
        point.exemplars.extend(same.exemplars);
    }
    sum.put_into(&mut point);
    rank(&mut point.exemplars);
    Ok(point)
}

/// Puts exemplars that may come from anywhere in their order, the slowest few of them.
fn rank(exemplars: &mut Vec<Exemplar>) {
    if exemplars.len() > 1 {
        let unordered = take(exemplars);
        unordered.into_iter().for_each(|exemplar| keep_slowest(exemplars, exemplar));
    }
}
