//! What was counted, as exact numbers that can be put together.

use geophone_distribution::{Config, Exponential};
use geophone_model::series::{SeriesPoint, View};
use geophone_series::{MalformedPoint, Sum};

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
    sum: Sum,
}

impl Tally {
    /// Nothing counted yet, as `view` sees it.
    pub fn new(view: View) -> Self {
        Self { view, outcomes: Outcomes::default(), sum: Sum::default() }
    }

    /// Adds a point. Where that fails, nothing of it was added.
    pub fn add(&mut self, point: &SeriesPoint) -> Result<(), AddPointError> {
        if point.key.view != self.view {
            return Err(AddPointError::OtherView { expected: self.view, found: point.key.view });
        }
        self.add_decoded(Decoded::new(point).map_err(|point| AddPointError::Malformed { point })?);
        Ok(())
    }

    /// Adds a point of the same view.
    pub(crate) fn add_decoded(&mut self, decoded: Decoded<'_>) {
        let Decoded { point, sum } = decoded;
        debug_assert_eq!(self.view, point.key.view, "the two views of an edge are never added");
        self.outcomes.add(point.key.status.class, point.requests);
        self.sum.add(sum);
    }

    /// Adds what another tally of the same view counted.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let Self { view, outcomes, sum } = other;
        debug_assert_eq!(self.view, *view, "the two views of an edge are never added");
        self.outcomes.absorb(outcomes);
        self.sum.absorb(sum);
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
    pub const fn requests(&self) -> u64 {
        self.sum.requests
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
        self.sum.same_point
    }

    /// Long-lived exchanges, whose lifetimes are no latencies.
    pub const fn streams(&self) -> u64 {
        self.sum.streams
    }

    /// Stream bytes of the requests.
    pub const fn request_bytes(&self) -> u64 {
        self.sum.request_bytes
    }

    /// Stream bytes of the responses.
    pub const fn response_bytes(&self) -> u64 {
        self.sum.response_bytes
    }

    /// First request byte to last response byte, of the calls that were answered.
    pub const fn duration(&self) -> &Exponential {
        &self.sum.duration
    }

    /// First request byte to first byte of the final response.
    pub const fn first_byte(&self) -> &Exponential {
        &self.sum.first_byte
    }

    /// Lifetimes of the streams.
    pub const fn lifetime(&self) -> &Exponential {
        &self.sum.lifetime
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
    /// The point is none.
    #[error("cannot add a point: {point}")]
    Malformed {
        /// What is wrong with it.
        #[source]
        point: MalformedPoint,
    },
}

/// A point whose distributions have been read, and do not contradict themselves.
pub(crate) struct Decoded<'a> {
    point: &'a SeriesPoint,
    sum: Sum,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(point: &'a SeriesPoint) -> Result<Self, MalformedPoint> {
        Ok(Self { point, sum: Sum::of(point, Config::default())? })
    }
}
