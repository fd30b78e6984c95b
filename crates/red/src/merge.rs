//! Several snapshots of a window become one.

use std::collections::BTreeMap;

use geophone_distribution::{Config, Distribution, Exponential, MAX_SCALE, PartsError};
use geophone_model::{
    series::{Buckets, SeriesPoint, WindowSnapshot},
    time::Window,
};

use crate::{accumulator::to_buckets, exemplars::keep_slowest};

/// Puts snapshots together, of one window or of many, from one aggregator or from many: one snapshot for each window, in
/// order of time, its points sorted by key.
///
/// Counts are added, up to `u64::MAX`; distributions are merged, the coarser scale wins; the slowest exemplars are kept.
/// The result depends on what is merged and not on its order or grouping. `max_buckets` of `resolution` must be that of the
/// aggregators for the result to be what one aggregator would have given; its scale does not matter, since a snapshot has
/// its own.
///
/// ```
/// # fn snapshots_of_all_nodes() -> Vec<geophone_model::series::WindowSnapshot> { Vec::new() }
/// let windows = geophone_red::merge(snapshots_of_all_nodes(), Default::default())?;
/// # Ok::<(), geophone_red::MergeError>(())
/// ```
pub fn merge(
    snapshots: impl IntoIterator<Item = WindowSnapshot>,
    resolution: Config,
) -> Result<Vec<WindowSnapshot>, MergeError> {
    let config = Config::new(MAX_SCALE, resolution.max_buckets()).unwrap_or(resolution);
    let mut windows: BTreeMap<Window, WindowSnapshot> = BTreeMap::new();
    for WindowSnapshot { window, points, coverage } in snapshots {
        let merged = windows.entry(window).or_insert_with(|| WindowSnapshot {
            window,
            points: Vec::new(),
            coverage: geophone_model::ledger::Coverage::default(),
        });
        if let Some(stray) = points.iter().find(|point| point.window != window) {
            return Err(MergeError::Window { expected: window, found: stray.window });
        }
        merged.points.extend(points);
        merged.coverage.merge(coverage);
    }
    let mut merged: Vec<_> = windows.into_values().collect();
    for snapshot in &mut merged {
        snapshot.points = merge_points(std::mem::take(&mut snapshot.points), config)?;
    }
    Ok(merged)
}

/// Why snapshots could not be merged. Those of an [`Aggregator`](crate::Aggregator) always can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A distribution is none.
    #[error(
        "merging the series `{operation}` of {server} in the window of {window}: {source}; leave that snapshot out",
        window = .window.start,
    )]
    Distribution {
        /// The operation of the series.
        operation: String,
        /// Its server.
        server: String,
        /// Its window.
        window: Window,
        /// What is wrong with it.
        source: PartsError,
    },
    /// A point in a snapshot of another window.
    #[error(
        "merging snapshots of the window of {}: a point is of the window of {}; leave that snapshot out",
        .expected.start, .found.start
    )]
    Window {
        /// The window of the snapshot.
        expected: Window,
        /// The window of the point.
        found: Window,
    },
}

fn merge_points(mut points: Vec<SeriesPoint>, config: Config) -> Result<Vec<SeriesPoint>, MergeError> {
    points.sort_by(|a, b| a.key.cmp(&b.key));
    let mut merged: Vec<SeriesPoint> = Vec::with_capacity(points.len());
    for point in points {
        match merged.last_mut().filter(|last| last.key == point.key) {
            Some(last) => add_point(last, point, config)?,
            None => merged.push(point),
        }
    }
    Ok(merged)
}

fn add_point(into: &mut SeriesPoint, point: SeriesPoint, config: Config) -> Result<(), MergeError> {
    let SeriesPoint {
        key,
        window,
        requests,
        same_point,
        streams,
        request_bytes,
        response_bytes,
        duration,
        first_byte,
        lifetime,
        exemplars,
    } = point;
    into.requests = into.requests.saturating_add(requests);
    into.same_point = into.same_point.saturating_add(same_point);
    into.streams = into.streams.saturating_add(streams);
    into.request_bytes = into.request_bytes.saturating_add(request_bytes);
    into.response_bytes = into.response_bytes.saturating_add(response_bytes);
    let pairs = [(&mut into.duration, duration), (&mut into.first_byte, first_byte), (&mut into.lifetime, lifetime)];
    for (into, buckets) in pairs {
        add_buckets(into, buckets, config).map_err(|source| MergeError::Distribution {
            operation: key.operation.to_string(),
            server: key.server().to_string(),
            window,
            source,
        })?;
    }
    for exemplar in exemplars {
        keep_slowest(&mut into.exemplars, exemplar);
    }
    Ok(())
}

fn add_buckets(into: &mut Buckets, buckets: Buckets, config: Config) -> Result<(), PartsError> {
    // An empty one has no resolution that could matter.
    if buckets.count() == 0 {
        return Ok(());
    }
    if into.count() == 0 {
        *into = buckets;
        return Ok(());
    }
    let mut merged = from_buckets(std::mem::take(into), config)?;
    merged.merge(&from_buckets(buckets, config)?);
    *into = to_buckets(&merged);
    Ok(())
}

fn from_buckets(buckets: Buckets, config: Config) -> Result<Exponential, PartsError> {
    let Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } = buckets;
    let parts =
        geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns: sum_ns.into(), min_ns, max_ns };
    Exponential::from_parts(parts, config)
}
