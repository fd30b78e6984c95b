//! What was counted, as exact numbers that can be put together.

use std::borrow::Cow;

use geophone_distribution::{Config, Distribution, Exponential, PartsError};
use geophone_model::series::{Buckets, SeriesPoint, View};

use crate::Outcomes;

/// The sum of any number of series points of one view.
///
/// It holds integers and distributions that merge by adding, so that the order of the points changes nothing. The figures
/// that people read come from it by [`Summary::new`](crate::Summary::new).
///
/// A tally belongs to a view from the start and takes no point of the other: the same request, measured at both of its
/// ends, is one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    view: View,
    outcomes: Outcomes,
    same_point: u64,
    streams: u64,
    request_bytes: u64,
    response_bytes: u64,
    duration: Exponential,
    first_byte: Exponential,
    lifetime: Exponential,
}

impl Tally {
    /// Nothing counted yet, as `view` sees it.
    pub fn new(view: View) -> Self {
        Self {
            view,
            outcomes: Outcomes::default(),
            same_point: 0,
            streams: 0,
            request_bytes: 0,
            response_bytes: 0,
            duration: Exponential::default(),
            first_byte: Exponential::default(),
            lifetime: Exponential::default(),
        }
    }

    /// Adds a point. Where that fails, nothing of it was added.
    pub fn add(&mut self, point: &SeriesPoint) -> Result<(), AddPointError> {
        if point.key.view != self.view {
            return Err(AddPointError::OtherView { expected: self.view, found: point.key.view });
        }
        self.add_decoded(Decoded::new(point)?);
        Ok(())
    }

    /// Adds a point of the same view.
    pub(crate) fn add_decoded(&mut self, decoded: Decoded<'_>) {
        let Decoded { point, duration, first_byte, lifetime } = decoded;
        debug_assert_eq!(self.view, point.key.view, "the two views of an edge are never added");
        self.outcomes.add(point.key.status.class, point.requests);
        self.same_point = self.same_point.saturating_add(point.same_point);
        self.streams = self.streams.saturating_add(point.streams);
        self.request_bytes = self.request_bytes.saturating_add(point.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(point.response_bytes);
        merge(&mut self.duration, Cow::Owned(duration));
        merge(&mut self.first_byte, Cow::Owned(first_byte));
        merge(&mut self.lifetime, Cow::Owned(lifetime));
    }

    /// Adds what another tally of the same view counted.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let Self { view, outcomes, same_point, streams, request_bytes, response_bytes, .. } = other;
        debug_assert_eq!(self.view, *view, "the two views of an edge are never added");
        self.outcomes.absorb(outcomes);
        self.same_point = self.same_point.saturating_add(*same_point);
        self.streams = self.streams.saturating_add(*streams);
        self.request_bytes = self.request_bytes.saturating_add(*request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(*response_bytes);
        merge(&mut self.duration, Cow::Borrowed(&other.duration));
        merge(&mut self.first_byte, Cow::Borrowed(&other.first_byte));
        merge(&mut self.lifetime, Cow::Borrowed(&other.lifetime));
    }

    /// Which end measured.
    pub const fn view(&self) -> View {
        self.view
    }

    /// Number of requests by what came of them.
    pub const fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Number of requests, whatever came of them.
    pub fn requests(&self) -> u64 {
        self.outcomes.requests()
    }

    /// Requests that the server failed: [`Outcomes::errors`].
    pub fn errors(&self) -> u64 {
        self.outcomes.errors()
    }

    /// Requests that the server says the client got wrong (HTTP 4xx); not among the [`errors`](Self::errors).
    pub fn client_errors(&self) -> u64 {
        self.outcomes.client_errors()
    }

    /// Requests that were measured once for both views.
    pub const fn same_point(&self) -> u64 {
        self.same_point
    }

    /// Long-lived exchanges, whose lifetimes are no latencies.
    pub const fn streams(&self) -> u64 {
        self.streams
    }

    /// Stream bytes of the requests.
    pub const fn request_bytes(&self) -> u64 {
        self.request_bytes
    }

    /// Stream bytes of the responses.
    pub const fn response_bytes(&self) -> u64 {
        self.response_bytes
    }

    /// First request byte to last response byte, of the calls that were answered.
    pub const fn duration(&self) -> &Exponential {
        &self.duration
    }

    /// First request byte to first byte of the final response.
    pub const fn first_byte(&self) -> &Exponential {
        &self.first_byte
    }

    /// Lifetimes of the streams.
    pub const fn lifetime(&self) -> &Exponential {
        &self.lifetime
    }
}

/// Why a point was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddPointError {
    /// The point was measured at the other end.
    #[error(
        "cannot add a point of the {} view to a tally of the {} view: keep a tally for each",
        found.as_str(),
        expected.as_str()
    )]
    OtherView {
        /// The view of the tally.
        expected: View,
        /// The view of the point.
        found: View,
    },
    /// A distribution of the point contradicts itself.
    #[error("cannot read the {distribution} distribution of a point: {source}")]
    Malformed {
        /// Which of its distributions.
        distribution: &'static str,
        /// What is wrong with it.
        source: PartsError,
    },
}

/// A point whose distributions have been read, and do not contradict themselves.
pub(crate) struct Decoded<'a> {
    point: &'a SeriesPoint,
    duration: Exponential,
    first_byte: Exponential,
    lifetime: Exponential,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(point: &'a SeriesPoint) -> Result<Self, AddPointError> {
        let read = |distribution, buckets| {
            distribution_of(buckets).map_err(|source| AddPointError::Malformed { distribution, source })
        };
        Ok(Self {
            point,
            duration: read("duration", &point.duration)?,
            first_byte: read("first byte", &point.first_byte)?,
            lifetime: read("lifetime", &point.lifetime)?,
        })
    }
}

fn distribution_of(buckets: &Buckets) -> Result<Exponential, PartsError> {
    let Buckets { scale, offset, ref counts, zero_count, sum_ns, min_ns, max_ns } = *buckets;
    let (counts, sum_ns) = (counts.clone(), sum_ns.into());
    let parts = geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns };
    Exponential::from_parts(parts, Config::default())
}

/// The scale of a distribution without values says nothing, and must not make others coarser. One that begins with others is
/// a copy of them, without a spare byte.
fn merge(into: &mut Exponential, from: Cow<'_, Exponential>) {
    if from.is_empty() {
        return;
    }
    if into.is_empty() { *into = from.into_owned() } else { into.merge(&from) }
}
