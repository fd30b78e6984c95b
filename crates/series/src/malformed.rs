//! Points that are none.

use std::sync::Arc;

use geophone_distribution::PartsError;
use geophone_model::{
    identity::Identity,
    series::SeriesPoint,
    time::{Timestamp, Window},
};

/// A point that no counting could have given. Those of an aggregator are none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedPoint {
    /// A distribution of it contradicts itself.
    #[error(
        "the point of `{operation}` of {server} in the window of {start} has a {distribution} distribution that \
         contradicts itself: {source}; leave that snapshot out"
    )]
    Distribution {
        /// The operation of the point.
        operation: Arc<str>,
        /// Its server.
        server: Arc<Identity>,
        /// When its window starts.
        start: Timestamp,
        /// Which of its distributions.
        distribution: &'static str,
        /// What is wrong with it.
        source: PartsError,
    },
    /// It belongs to another window than the snapshot that it came in.
    #[error(
        "the point of `{operation}` of {server} is of the window of {}, and came in a snapshot of the window of {}; \
         leave that snapshot out",
        .found.start, .expected.start
    )]
    OtherWindow {
        /// The operation of the point.
        operation: Arc<str>,
        /// Its server.
        server: Arc<Identity>,
        /// The window of the snapshot.
        expected: Window,
        /// The window of the point.
        found: Window,
    },
}

impl MalformedPoint {
    pub(crate) fn distribution(point: &SeriesPoint, distribution: &'static str, source: PartsError) -> Self {
        let (operation, server) = names(point);
        Self::Distribution { operation, server, start: point.window.start, distribution, source }
    }

    pub(crate) fn other_window(point: &SeriesPoint, expected: Window) -> Self {
        let (operation, server) = names(point);
        Self::OtherWindow { operation, server, expected, found: point.window }
    }
}

fn names(point: &SeriesPoint) -> (Arc<str>, Arc<Identity>) {
    (point.key.operation.clone(), point.key.server().clone())
}
