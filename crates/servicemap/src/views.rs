//! What both ends of a conversation measured, side by side.

use geophone_distribution::{Distribution, Exponential};
use geophone_model::series::View;

use crate::Tally;

/// The client's and the server's measurement of the same requests, of which at least one exists. They are never added
/// together.
///
/// A tally is large and often one of the two is missing: boxed, a view is a pointer to move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views {
    client: Option<Box<Tally>>,
    server: Option<Box<Tally>>,
}

impl Views {
    /// What was measured at the client.
    pub fn client(&self) -> Option<&Tally> {
        self.client.as_deref()
    }

    /// What was measured at the server.
    pub fn server(&self) -> Option<&Tally> {
        self.server.as_deref()
    }

    /// What was measured at this end.
    pub fn of(&self, view: View) -> Option<&Tally> {
        match view {
            View::Client => self.client(),
            View::Server => self.server(),
        }
    }

    /// The measurement to show where there is room for one: the server's where it exists, else the client's. Which one it is
    /// says [`Tally::view`].
    pub fn primary(&self) -> Option<&Tally> {
        self.server().or(self.client())
    }

    /// Whether requests were measured at one point for both views, so that a difference of the views says nothing.
    pub fn same_point(&self) -> bool {
        [&self.client, &self.server].into_iter().flatten().any(|tally| tally.same_point() > 0)
    }

    /// How much longer a request took for the client than for the server; `None` where one view has no durations or
    /// requests were measured at the [same point](Self::same_point).
    pub fn network_time(&self) -> Option<NetworkTime> {
        if self.same_point() {
            return None;
        }
        let (client, server) = (self.client()?.duration(), self.server()?.duration());
        Some(NetworkTime {
            median_ns: difference(client.quantile_ns(0.5)?.into(), server.quantile_ns(0.5)?.into()),
            mean_ns: difference(mean_ns(client)?, mean_ns(server)?),
        })
    }

    /// The tally of a view, to add points to.
    pub(crate) fn entry(&mut self, view: View) -> &mut Tally {
        self.slot(view).get_or_insert_with(|| Box::new(Tally::new(view)))
    }

    /// Adds a tally to that of the same view.
    pub(crate) fn add(&mut self, tally: &Tally) {
        match self.slot(tally.view()) {
            Some(sum) => sum.absorb(tally),
            none => *none = Some(Box::new(tally.clone())),
        }
    }

    /// Adds each view of `other` to the same view.
    pub(crate) fn absorb(&mut self, other: &Self) {
        [other.client(), other.server()].into_iter().flatten().for_each(|tally| self.add(tally));
    }

    fn slot(&mut self, view: View) -> &mut Option<Box<Tally>> {
        match view {
            View::Client => &mut self.client,
            View::Server => &mut self.server,
        }
    }
}

/// The network and the queues between a client and a server: what the client measured less what the server measured.
///
/// It is a difference of figures over the same time, and not of pairs of requests: where the views cover different
/// requests, it can be below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkTime {
    /// Difference of the medians in nanoseconds, as coarse as the buckets of the durations are.
    pub median_ns: i64,
    /// Difference of the means in nanoseconds; the means are exact.
    pub mean_ns: i64,
}

/// The mean, rounded down to a nanosecond.
fn mean_ns(durations: &Exponential) -> Option<u128> {
    durations.sum_ns().checked_div(durations.count().into())
}

fn difference(client_ns: u128, server_ns: u128) -> i64 {
    let magnitude = i64::try_from(client_ns.abs_diff(server_ns)).unwrap_or(i64::MAX);
    if client_ns >= server_ns { magnitude } else { -magnitude }
}
