//! What has changed from one map to another.

use std::cmp::Ordering;

use geophone_distribution::Distribution;
use geophone_model::{identity::ServiceId, series::View, time::Window};

use crate::{
    Edge, Node, ServiceMap, Tally, Views,
    summary::{rate_per_second, ratio, seconds},
};

/// What has changed from one map to another; empty where nothing has. All lists are sorted by identity.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Difference {
    /// Nodes that only the later map has.
    pub nodes_added: Vec<ServiceId>,
    /// Nodes that only the earlier map has.
    pub nodes_removed: Vec<ServiceId>,
    /// Nodes whose figures are not the same.
    pub nodes_changed: Vec<NodeChange>,
    /// Edges that only the later map has.
    pub edges_added: Vec<EdgeEnds>,
    /// Edges that only the earlier map has.
    pub edges_removed: Vec<EdgeEnds>,
    /// Edges whose figures are not the same.
    pub edges_changed: Vec<EdgeChange>,
}

/// An edge by the ids of its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeEnds {
    /// The client.
    pub source: ServiceId,
    /// The server.
    pub target: ServiceId,
}

/// A node whose figures are not the same.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NodeChange {
    /// Which node.
    pub id: ServiceId,
    /// What it was asked before; `None` where nobody called it.
    pub before: Option<Figures>,
    /// What it was asked after; `None` where nobody called it.
    pub after: Option<Figures>,
}

/// An edge whose figures are not the same. They are of a view that both maps have of it, the server's if they can be; where
/// there is no such view, each says which one it is of.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeChange {
    /// Which edge.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub ends: EdgeEnds,
    /// The figures before.
    pub before: Option<Figures>,
    /// The figures after.
    pub after: Option<Figures>,
}

/// The figures that are compared. Those of different views cannot be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Figures {
    /// Which end measured.
    pub view: View,
    /// Requests for each second of the map's range.
    pub rate_per_second: f64,
    /// Errors over requests, from 0 to 1.
    pub error_ratio: f64,
    /// The duration that 95 of a hundred calls took at most, in seconds; `None` where no call was answered.
    pub p95_seconds: Option<f64>,
}

impl Difference {
    /// What has changed from `before` to `after`. The ranges may differ in length: rates and ratios are compared, not counts.
    pub fn between(before: &ServiceMap, after: &ServiceMap) -> Self {
        let mut difference = Self::default();
        let ranges = [before.range(), after.range()];
        for nodes in side_by_side(before.nodes(), after.nodes(), Node::identity) {
            difference.compare_nodes(nodes, ranges);
        }
        for edges in side_by_side(before.edges(), after.edges(), |edge| (edge.client(), edge.server())) {
            difference.compare_edges(edges, ranges);
        }
        difference
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        let Self { nodes_added, nodes_removed, nodes_changed, edges_added, edges_removed, edges_changed } = self;
        nodes_added.is_empty()
            && nodes_removed.is_empty()
            && nodes_changed.is_empty()
            && edges_added.is_empty()
            && edges_removed.is_empty()
            && edges_changed.is_empty()
    }

    fn compare_nodes(&mut self, [before, after]: [Option<&Node>; 2], ranges: [Window; 2]) {
        let (before, after) = match [before, after] {
            [Some(before), Some(after)] => (before, after),
            [before, after] => {
                self.nodes_removed.extend(before.map(|node| node.identity().id()));
                self.nodes_added.extend(after.map(|node| node.identity().id()));
                return;
            }
        };
        let id = after.identity().id();
        let [before, after] = figures([before.inbound(), after.inbound()], ranges);
        if before != after {
            self.nodes_changed.push(NodeChange { id, before, after });
        }
    }

    fn compare_edges(&mut self, [before, after]: [Option<&Edge>; 2], ranges: [Window; 2]) {
        let (before, after) = match [before, after] {
            [Some(before), Some(after)] => (before, after),
            [before, after] => {
                self.edges_removed.extend(before.map(EdgeEnds::of));
                self.edges_added.extend(after.map(EdgeEnds::of));
                return;
            }
        };
        let ends = EdgeEnds::of(after);
        let [before, after] = figures(comparable(before.views(), after.views()), ranges);
        if before != after {
            self.edges_changed.push(EdgeChange { ends, before, after });
        }
    }
}

impl EdgeEnds {
    fn of(edge: &Edge) -> Self {
        Self { source: edge.client().id(), target: edge.server().id() }
    }
}

impl Figures {
    fn of(tally: &Tally, range: Window) -> Self {
        Self {
            view: tally.view(),
            rate_per_second: rate_per_second(tally.requests(), range),
            error_ratio: ratio(tally.errors(), tally.requests()),
            p95_seconds: tally.duration().quantile_ns(0.95).map(seconds),
        }
    }
}

fn figures([before, after]: [Option<&Tally>; 2], [range_before, range_after]: [Window; 2]) -> [Option<Figures>; 2] {
    [before.map(|tally| Figures::of(tally, range_before)), after.map(|tally| Figures::of(tally, range_after))]
}

/// The measurements of a view that both have, else what each would show.
fn comparable<'a>(before: &'a Views, after: &'a Views) -> [Option<&'a Tally>; 2] {
    [View::Server, View::Client]
        .map(|view| [before.of(view), after.of(view)])
        .into_iter()
        .find(|[before, after]| before.is_some() && after.is_some())
        .unwrap_or([before.primary(), after.primary()])
}

/// Walks two sorted lists side by side; an item that only one of them has comes without a partner.
fn side_by_side<'a, T, K: Ord>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> impl Iterator<Item = [Option<&'a T>; 2]> {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (before.peek(), after.peek()) {
            (Some(before), Some(after)) => key(before).cmp(&key(after)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        Some([if order.is_le() { before.next() } else { None }, if order.is_ge() { after.next() } else { None }])
    })
}
