//! Requests, errors and durations, counted per window.

use std::sync::Arc;

use crate::{
    exchange::TraceContext,
    identity::Identity,
    ledger::Coverage,
    protocol::Protocol,
    status::Status,
    time::{Timestamp, Window},
};

/// Which end of an edge measured. The two views of an edge are never added together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum View {
    /// Measured at the client.
    Client,
    /// Measured at the server.
    Server,
}

impl View {
    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// What a series counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SeriesKey {
    /// Which end measured.
    pub view: View,
    /// The end that measured: the client in the client's view, the server in the server's.
    pub local: Arc<Identity>,
    /// The other end.
    pub peer: Arc<Identity>,
    /// The protocol.
    pub protocol: Protocol,
    /// A low-cardinality name of what was asked: `GET /users/{id}`, or [`OTHER_OPERATION`].
    pub operation: Arc<str>,
    /// How it ended.
    pub status: Status,
    /// Whether a server sent it of its own accord: see [`Exchange::delivery`](crate::exchange::Exchange::delivery).
    pub delivery: bool,
}

impl SeriesKey {
    /// Who asked.
    pub const fn client(&self) -> &Arc<Identity> {
        match self.view {
            View::Client => &self.local,
            View::Server => &self.peer,
        }
    }

    /// Who was asked.
    pub const fn server(&self) -> &Arc<Identity> {
        match self.view {
            View::Client => &self.peer,
            View::Server => &self.local,
        }
    }
}

/// The operation that a service's operations past its cap are folded into.
pub const OTHER_OPERATION: &str = "~other";

/// One series in one window.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SeriesPoint {
    /// What is counted.
    pub key: SeriesKey,
    /// When.
    pub window: Window,
    /// Exchanges that ended in the window.
    pub requests: u64,
    /// Of these, the ones measured at one point for both views, so that a difference of the views means nothing.
    pub same_point: u64,
    /// Of these, long-lived ones and long polls, whose lifetimes are in [`lifetime`](Self::lifetime) and not in the durations.
    pub streams: u64,
    /// Stream bytes of the requests.
    pub request_bytes: u64,
    /// Stream bytes of the responses.
    pub response_bytes: u64,
    /// First request byte to last response byte, of the calls that were answered.
    pub duration: Buckets,
    /// First request byte to first byte of the final response.
    pub first_byte: Buckets,
    /// Lifetimes of the streams.
    pub lifetime: Buckets,
    /// Single exchanges that stand for the rest, at most a few.
    pub exemplars: Vec<Exemplar>,
}

/// All series of one window, and how far they can be trusted.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowSnapshot {
    /// The window.
    pub window: Window,
    /// Its series, each key once.
    pub points: Vec<SeriesPoint>,
    /// What the capture missed in the window.
    pub coverage: Coverage,
}

/// A distribution in plain numbers: base-2 exponential buckets as OpenTelemetry and Prometheus native histograms have
/// them. With `base = 2^(2^-scale)`, `counts[i]` is the number of values in `(base^(offset+i), base^(offset+i+1)]`
/// nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Buckets {
    /// Resolution: `2^scale` buckets to each doubling.
    pub scale: i8,
    /// Index of the first bucket in `counts`.
    pub offset: i32,
    /// Number of values in each bucket.
    pub counts: Vec<u64>,
    /// Number of values that are zero.
    pub zero_count: u64,
    /// Sum of all values in nanoseconds, at most `u64::MAX`.
    pub sum_ns: u64,
    /// Smallest value in nanoseconds; zero where there is none.
    pub min_ns: u64,
    /// Largest value in nanoseconds; zero where there is none.
    pub max_ns: u64,
}

impl Buckets {
    /// Number of values.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.zero_count, |total, count| total.saturating_add(*count))
    }
}

/// One exchange that stands for others in its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exemplar {
    /// When it ended.
    pub at: Timestamp,
    /// Its duration in nanoseconds.
    pub duration_ns: u64,
    /// Its trace.
    pub trace: TraceContext,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::IdentityKind, status::Status};

    #[test]
    fn the_view_says_who_asked() {
        let web = Arc::new(Identity::new(IdentityKind::Process, None, "web"));
        let db = Arc::new(Identity::new(IdentityKind::Process, None, "db"));
        let key = |view, local: &Arc<Identity>, peer: &Arc<Identity>| SeriesKey {
            view,
            local: local.clone(),
            peer: peer.clone(),
            protocol: Protocol::Http1,
            operation: "GET /".into(),
            status: Status::default(),
            delivery: false,
        };
        for key in [key(View::Client, &web, &db), key(View::Server, &db, &web)] {
            assert_eq!((key.client(), key.server()), (&web, &db));
        }
    }

    #[test]
    fn zeroes_count() {
        let buckets = Buckets { counts: vec![1, 0, 2], zero_count: 4, ..Buckets::default() };
        assert_eq!(buckets.count(), 7);
    }
}
