//! The figures that people read, from what was counted.

use geophone_distribution::{Distribution, Exponential};
use geophone_model::{ledger::Coverage, series::View, time::Window};

use crate::Tally;

/// Requests, errors and durations over a span of time: seconds, bytes and ratios from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Summary {
    /// Which end measured.
    pub view: View,
    /// Number of requests, whatever came of them.
    pub requests: u64,
    /// Requests that the server failed: HTTP 5xx, an answer that broke the protocol, no answer.
    pub errors: u64,
    /// Requests that the server says the client got wrong (HTTP 4xx); not among the errors.
    pub client_errors: u64,
    /// Requests for each second of the span; zero where the span has no length.
    pub rate_per_second: f64,
    /// Errors over requests; zero where there were no requests.
    pub error_ratio: f64,
    /// Requests that were measured once for both views.
    pub same_point: u64,
    /// Long-lived exchanges (upgrades, tunnels), whose lifetimes are not among the durations.
    pub streams: u64,
    /// Bytes of the requests, heads and bodies.
    pub request_bytes: u64,
    /// Bytes of the responses, heads and bodies.
    pub response_bytes: u64,
    /// First request byte to last response byte, of the calls that were answered; `None` where none was.
    pub duration_seconds: Option<Quantiles>,
    /// First request byte to first byte of the final response; `None` where no call was answered.
    pub first_byte_seconds: Option<Quantiles>,
    /// Lifetimes of the streams; `None` where there were none.
    pub lifetime_seconds: Option<Quantiles>,
    /// How much of the traffic the capture delivered in the span, of all services together.
    pub coverage: Coverage,
}

impl Summary {
    /// The figures of what `tally` counted in `range`, of which `coverage` says how complete it is.
    pub fn new(tally: &Tally, range: Window, coverage: Coverage) -> Self {
        Self {
            view: tally.view(),
            requests: tally.requests(),
            errors: tally.errors(),
            client_errors: tally.client_errors(),
            rate_per_second: rate_per_second(tally.requests(), range),
            error_ratio: ratio(tally.errors(), tally.requests()),
            same_point: tally.same_point(),
            streams: tally.streams(),
            request_bytes: tally.request_bytes(),
            response_bytes: tally.response_bytes(),
            duration_seconds: Quantiles::of(tally.duration()),
            first_byte_seconds: Quantiles::of(tally.first_byte()),
            lifetime_seconds: Quantiles::of(tally.lifetime()),
            coverage,
        }
    }
}

/// Quantiles of a distribution in seconds, by nearest rank. The mean and the largest value are exact, the others as near as
/// the buckets are: within 4.43 % at the default scale.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Quantiles {
    /// Number of values.
    pub count: u64,
    /// Sum over count.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten values are at most this.
    pub p90: f64,
    /// 95 of a hundred values are at most this.
    pub p95: f64,
    /// 99 of a hundred values are at most this.
    pub p99: f64,
    /// 999 of a thousand values are at most this.
    pub p999: f64,
    /// The largest value.
    pub max: f64,
}

impl Quantiles {
    /// The quantiles of a distribution of nanoseconds; `None` where it has no values.
    pub fn of(distribution: &Exponential) -> Option<Self> {
        let seconds = |q| distribution.quantile_ns(q).map(seconds);
        Some(Self {
            count: distribution.count(),
            mean: distribution.mean_ns()? / NS_PER_SECOND,
            p50: seconds(0.5)?,
            p90: seconds(0.9)?,
            p95: seconds(0.95)?,
            p99: seconds(0.99)?,
            p999: seconds(0.999)?,
            max: seconds(1.0)?,
        })
    }
}

const NS_PER_SECOND: f64 = 1e9;

/// Nanoseconds in seconds.
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / NS_PER_SECOND
}

/// Requests for each second of `range`.
pub(crate) fn rate_per_second(requests: u64, range: Window) -> f64 {
    if range.length_ns == 0 { 0.0 } else { requests as f64 / seconds(range.length_ns) }
}

/// `part` over `whole`; zero where there is no whole.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
