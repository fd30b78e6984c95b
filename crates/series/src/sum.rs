//! What points add up to.

use std::{borrow::Cow, mem::take};

use geophone_distribution::{Config, Distribution, Exponential, PartsError};
use geophone_model::series::{Buckets, SeriesPoint};

use crate::{MalformedPoint, from_buckets, into_buckets};

/// What errors call the distributions of a point.
const DURATION: &str = "duration";
const FIRST_BYTE: &str = "first byte";
const LIFETIME: &str = "lifetime";

/// What any number of series points add up to: integers, which stop at their maximum, and distributions, which merge by
/// adding. No order of points gives another sum.
///
/// It does not know what its points have in common: who adds must not put the client's and the server's view of an edge
/// together, since that is the same request twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Number of requests, however they ended.
    pub requests: u64,
    /// Requests that were measured once for both views.
    pub same_point: u64,
    /// Long-lived exchanges, whose lifetimes are no latencies.
    pub streams: u64,
    /// Stream bytes of the requests.
    pub request_bytes: u64,
    /// Stream bytes of the responses.
    pub response_bytes: u64,
    /// First request byte to last response byte, of the calls that were answered.
    pub duration: Exponential,
    /// First request byte to first byte of the final response.
    pub first_byte: Exponential,
    /// Lifetimes of the streams.
    pub lifetime: Exponential,
}

impl Sum {
    /// The sum of one point, which is checked. What is finer or larger than `resolution` allows is made coarser.
    #[inline]
    pub fn of(point: &SeriesPoint, resolution: Config) -> Result<Self, MalformedPoint> {
        let read = |distribution, buckets: &Buckets| {
            from_buckets(buckets.clone(), resolution)
                .map_err(|source| MalformedPoint::distribution(point, distribution, source))
        };
        Ok(Self {
            requests: point.requests,
            same_point: point.same_point,
            streams: point.streams,
            request_bytes: point.request_bytes,
            response_bytes: point.response_bytes,
            duration: read(DURATION, &point.duration)?,
            first_byte: read(FIRST_BYTE, &point.first_byte)?,
            lifetime: read(LIFETIME, &point.lifetime)?,
        })
    }

    /// Makes this the numbers of a point.
    pub(crate) fn put_into(self, point: &mut SeriesPoint) {
        let Self { requests, same_point, streams, request_bytes, response_bytes, duration, first_byte, lifetime } =
            self;
        (point.requests, point.same_point, point.streams) = (requests, same_point, streams);
        (point.request_bytes, point.response_bytes) = (request_bytes, response_bytes);
        point.duration = into_buckets(duration);
        point.first_byte = into_buckets(first_byte);
        point.lifetime = into_buckets(lifetime);
    }

    /// Adds another sum.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.add_counts(&other);
        join(&mut self.duration, Cow::Owned(other.duration));
        join(&mut self.first_byte, Cow::Owned(other.first_byte));
        join(&mut self.lifetime, Cow::Owned(other.lifetime));
    }

    /// Adds another sum, which is needed further.
    pub fn absorb(&mut self, other: &Self) {
        self.add_counts(other);
        join(&mut self.duration, Cow::Borrowed(&other.duration));
        join(&mut self.first_byte, Cow::Borrowed(&other.first_byte));
        join(&mut self.lifetime, Cow::Borrowed(&other.lifetime));
    }

    fn add_counts(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.same_point = self.same_point.saturating_add(other.same_point);
        self.streams = self.streams.saturating_add(other.streams);
        self.request_bytes = self.request_bytes.saturating_add(other.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(other.response_bytes);
    }
}

/// Checks a point by itself, and makes its distributions what those of a [`Sum`] of it are.
pub(crate) fn normalise(point: &mut SeriesPoint, resolution: Config) -> Result<(), MalformedPoint> {
    let normalise = |buckets: &mut Buckets| -> Result<(), PartsError> {
        *buckets = into_buckets(from_buckets(take(buckets), resolution)?);
        Ok(())
    };
    normalise(&mut point.duration).map_err(|source| MalformedPoint::distribution(point, DURATION, source))?;
    normalise(&mut point.first_byte).map_err(|source| MalformedPoint::distribution(point, FIRST_BYTE, source))?;
    normalise(&mut point.lifetime).map_err(|source| MalformedPoint::distribution(point, LIFETIME, source))
}

/// The scale of a distribution without values says nothing, and must not make others coarser; of two without values the
/// coarser scale stays. One that begins with others is a copy of them, without a spare byte.
fn join(into: &mut Exponential, from: Cow<'_, Exponential>) {
    match (into.is_empty(), from.is_empty()) {
        (true, true) => into.coarsen_to(from.scale()),
        (false, true) => {}
        (true, false) => *into = from.into_owned(),
        (false, false) => into.merge(&from),
    }
}
