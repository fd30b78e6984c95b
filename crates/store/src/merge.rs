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

/// The order is total, so that equally slow ones are the same ones whatever came first.
fn keep_slowest(exemplars: &mut Vec<Exemplar>) {
    exemplars.sort_by_key(|&Exemplar { at, duration_ns, trace }| {
        Reverse((duration_ns, trace.trace_id, trace.span_id, trace.flags, at))
    });
    exemplars.truncate(MAX_EXEMPLARS);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance::fixture::{point, snapshot, window};

    fn merged(snapshots: impl IntoIterator<Item = WindowSnapshot>) -> WindowSnapshot {
        let mut merged = snapshot(window(1), Vec::new());
        snapshots.into_iter().for_each(|snapshot| merge_snapshots(&mut merged, snapshot).unwrap());
        merged
    }

    proptest! {
        /// Requests of a few keys, spread over snapshots in one way and in another, are the same window, which counts every
        /// one of them.
        #[test]
        fn it_makes_no_difference_how_requests_are_spread_over_snapshots(
            requests in prop::collection::vec((0..3_usize, 1..u64::from(u32::MAX), 0..4_usize, 0..4_usize), 0..40),
        ) {
            const OPERATIONS: [&str; 3] = ["GET /a", "GET /b", "POST /a"];
            let spread = |by: fn(&(usize, u64, usize, usize)) -> usize| {
                let parts = (0..4).map(|part| {
                    let own = requests.iter().filter(|request| by(request) == part);
                    let points = own.map(|(operation, duration_ns, ..)| {
                        let mut point = point(window(1), "web", "db", OPERATIONS[*operation], &[*duration_ns]);
                        // Which exemplar is whose must not depend on the snapshot.
                        point.exemplars[0].trace.trace_id = u128::from(*duration_ns).to_be_bytes();
                        point
                    });
                    snapshot(window(1), points.collect())
                });
                merged(parts)
            };
            let (one, other) = (spread(|request| request.2), spread(|request| 3 - request.3));
            prop_assert_eq!(&one, &other);
            for (index, operation) in OPERATIONS.iter().enumerate() {
                let durations = requests.iter().filter(|request| request.0 == index).map(|request| request.1);
                let found = one.points.iter().find(|point| &*point.key.operation == *operation);
                prop_assert_eq!(found.map_or(0, |point| point.requests), durations.clone().count() as u64);
                prop_assert_eq!(found.map_or(0, |point| point.duration.sum_ns), durations.sum::<u64>());
            }
        }
    }

    #[test]
    fn a_window_is_left_alone_by_what_is_malformed() {
        let mut bad = snapshot(window(1), vec![point(window(1), "web", "db", "GET /", &[1])]);
        bad.points[0].first_byte.max_ns = 5;
        let mut into = snapshot(window(1), Vec::new());
        let error = merge_snapshots(&mut into, bad).unwrap_err();
        assert!(error.to_string().starts_with("a point of `GET /` has a first byte distribution"), "{error}");
        assert_eq!(into, snapshot(window(1), Vec::new()));
    }
}
