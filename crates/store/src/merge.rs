//! Snapshots of the same window, put together.

use std::cmp::Reverse;

use geophone_distribution::{Config, Distribution, Exponential, PartsError};
use geophone_model::{
    series::{Buckets, Exemplar, SeriesPoint, WindowSnapshot},
    time::Window,
};

/// Most exemplars of a point: the slowest ones.
pub const MAX_EXEMPLARS: usize = 4;

/// A point that no counting could have given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedPoint {
    /// A distribution of it contradicts itself.
    #[error("a point of `{operation}` has a {distribution} distribution that contradicts itself: {source}")]
    Distribution {
        /// The operation of the point.
        operation: String,
        /// Which of its distributions.
        distribution: &'static str,
        /// What is wrong with it.
        source: PartsError,
    },
    /// It belongs to another window than the snapshot that it came in.
    #[error("a point of `{operation}` belongs to the window at {}, and came in a snapshot of the window at {}", found.start, expected.start)]
    OtherWindow {
        /// The operation of the point.
        operation: String,
        /// The window of the snapshot.
        expected: Window,
        /// The window of the point.
        found: Window,
    },
}

/// Adds `from` to `into`, a snapshot of the same window: the result has the points of both, sorted by their keys, each key
/// once. Counts add, so that the order of snapshots makes no difference; of the exemplars the [`MAX_EXEMPLARS`] slowest of a
/// key are left. Where a point is malformed, `into` is as it was.
pub fn merge_snapshots(into: &mut WindowSnapshot, from: WindowSnapshot) -> Result<(), MalformedPoint> {
    check(&from)?;
    merge_checked(into, from);
    Ok(())
}

/// The same for a snapshot that has been checked.
pub(crate) fn merge_checked(into: &mut WindowSnapshot, from: WindowSnapshot) {
    into.coverage.merge(from.coverage);
    into.points.extend(from.points);
    into.points.sort_by(|a, b| a.key.cmp(&b.key));
    into.points.dedup_by(|later, earlier| later.key == earlier.key && merge_point(earlier, later).is_ok());
    into.points.iter_mut().for_each(|point| keep_slowest(&mut point.exemplars));
}

/// That every point of a snapshot can be merged.
pub(crate) fn check(snapshot: &WindowSnapshot) -> Result<(), MalformedPoint> {
    for point in &snapshot.points {
        if point.window != snapshot.window {
            let (operation, expected) = (point.key.operation.to_string(), snapshot.window);
            return Err(MalformedPoint::OtherWindow { operation, expected, found: point.window });
        }
        for (distribution, buckets) in
            [("duration", &point.duration), ("first byte", &point.first_byte), ("lifetime", &point.lifetime)]
        {
            read(buckets).map_err(|source| MalformedPoint::Distribution {
                operation: point.key.operation.to_string(),
                distribution,
                source,
            })?;
        }
    }
    Ok(())
}

fn merge_point(into: &mut SeriesPoint, from: &SeriesPoint) -> Result<(), PartsError> {
    let duration = merged(&into.duration, &from.duration)?;
    let first_byte = merged(&into.first_byte, &from.first_byte)?;
    let lifetime = merged(&into.lifetime, &from.lifetime)?;
    (into.duration, into.first_byte, into.lifetime) = (duration, first_byte, lifetime);
    into.requests = into.requests.saturating_add(from.requests);
    into.same_point = into.same_point.saturating_add(from.same_point);
    into.streams = into.streams.saturating_add(from.streams);
    into.request_bytes = into.request_bytes.saturating_add(from.request_bytes);
    into.response_bytes = into.response_bytes.saturating_add(from.response_bytes);
    into.exemplars.extend_from_slice(&from.exemplars);
    Ok(())
}

/// The scale of a distribution without values says nothing, and must not make the other one coarser.
fn merged(a: &Buckets, b: &Buckets) -> Result<Buckets, PartsError> {
    if b.count() == 0 {
        return Ok(a.clone());
    }
    if a.count() == 0 {
        return Ok(b.clone());
    }
    let mut sum = read(a)?;
    sum.merge(&read(b)?);
    let geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } = sum.into_parts();
    let sum_ns = u64::try_from(sum_ns).unwrap_or(u64::MAX);
    Ok(Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns })
}

fn read(buckets: &Buckets) -> Result<Exponential, PartsError> {
    let Buckets { scale, offset, ref counts, zero_count, sum_ns, min_ns, max_ns } = *buckets;
    let (counts, sum_ns) = (counts.clone(), sum_ns.into());
    let parts = geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns };
    Exponential::from_parts(parts, Config::default())
}

fn keep_slowest(exemplars: &mut Vec<Exemplar>) {
    exemplars.sort_by_key(|one| (Reverse(one.duration_ns), one.at, one.trace.trace_id, one.trace.span_id));
    exemplars.truncate(MAX_EXEMPLARS);
}
