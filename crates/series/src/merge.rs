//! Several snapshots of a window become one.

use std::collections::BTreeMap;

use geophone_distribution::{Config, MAX_SCALE};
use geophone_model::{
    ledger::Coverage,
    series::{Exemplar, SeriesPoint, WindowSnapshot},
    time::Window,
};

use crate::{MalformedPoint, Sum, keep_slowest};

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
    let resolution = Config::new(MAX_SCALE, resolution.max_buckets()).unwrap_or(resolution);
    let mut windows: BTreeMap<Window, WindowSnapshot> = BTreeMap::new();
    for WindowSnapshot { window, points, coverage } in snapshots {
        if let Some(stray) = points.iter().find(|point| point.window != window) {
            return Err(MalformedPoint::other_window(stray, window));
        }
        let nothing = || WindowSnapshot { window, points: Vec::new(), coverage: Coverage::default() };
        let merged = windows.entry(window).or_insert_with(nothing);
        merged.points.extend(points);
        merged.coverage.merge(coverage);
    }
    let mut merged: Vec<_> = windows.into_values().collect();
    for snapshot in &mut merged {
        snapshot.points = merge_points(std::mem::take(&mut snapshot.points), resolution)?;
    }
    Ok(merged)
}

fn merge_points(mut points: Vec<SeriesPoint>, resolution: Config) -> Result<Vec<SeriesPoint>, MalformedPoint> {
    points.sort_by(|a, b| a.key.cmp(&b.key));
    let mut merged = Vec::with_capacity(points.len());
    let mut points = points.into_iter().peekable();
    while let Some(mut point) = points.next() {
        let mut sum = Sum::take(&mut point, resolution)?;
        rank(&mut point.exemplars);
        while let Some(mut same) = points.next_if(|next| next.key == point.key) {
            sum.add(Sum::take(&mut same, resolution)?);
            same.exemplars.into_iter().for_each(|exemplar| keep_slowest(&mut point.exemplars, exemplar));
        }
        sum.put(&mut point);
        merged.push(point);
    }
    Ok(merged)
}

/// Puts exemplars that may come from anywhere in their order, the slowest few of them.
fn rank(exemplars: &mut Vec<Exemplar>) {
    if exemplars.len() > 1 {
        let unordered = std::mem::take(exemplars);
        unordered.into_iter().for_each(|exemplar| keep_slowest(exemplars, exemplar));
    }
}
