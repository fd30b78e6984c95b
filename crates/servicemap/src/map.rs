//! The map: who calls whom, in one span of time.

use geophone_model::{
    identity::Identity,
    ledger::Coverage,
    series::{SeriesPoint, WindowSnapshot},
    time::Window,
};

use crate::{Edge, MapBuilder, Node, Summary, Tally, Thresholds, rollup::Rollup, summary::rate_per_second};

/// Settings of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Where one health ends and the next begins.
    pub thresholds: Thresholds,
    /// Most pairs of an edge and an operation that a map keeps, and half of what it holds while it is built:
    /// [`DEFAULT_MAX_ROWS`] unless told otherwise. With both views and latencies over sixty buckets a pair takes three
    /// kilobytes. The pairs that come first in the map's order are kept.
    pub max_rows: usize,
}

/// Most pairs of an edge and an operation, unless told otherwise.
pub const DEFAULT_MAX_ROWS: usize = 50_000;

impl Default for Config {
    fn default() -> Self {
        Self { thresholds: Thresholds::default(), max_rows: DEFAULT_MAX_ROWS }
    }
}

/// Points that are not in a map, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LeftOut {
    /// The point's window does not start in the range.
    pub outside_range: u64,
    /// A distribution of the point contradicts itself.
    pub malformed: u64,
    /// The map was full: see [`Config::max_rows`].
    pub over_limit: u64,
}

/// Who called whom in one span of time: the same for the same points, in whatever order they came.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceMap {
    pub(crate) range: Window,
    pub(crate) config: Config,
    pub(crate) coverage: Coverage,
    pub(crate) left_out: LeftOut,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

impl ServiceMap {
    /// The map of the points whose windows start in `range`. Points do not say how complete they are:
    /// [`from_snapshots`](Self::from_snapshots) has a coverage.
    pub fn build<'a>(points: impl IntoIterator<Item = &'a SeriesPoint>, range: Window, config: Config) -> Self {
        let mut builder = MapBuilder::new(range, config);
        points.into_iter().for_each(|point| builder.add_point(point));
        builder.finish()
    }

    /// The map of the snapshots whose windows start in `range`.
    pub fn from_snapshots<'a>(
        snapshots: impl IntoIterator<Item = &'a WindowSnapshot>,
        range: Window,
        config: Config,
    ) -> Self {
        let mut builder = MapBuilder::new(range, config);
        snapshots.into_iter().for_each(|snapshot| builder.add(snapshot));
        builder.finish()
    }

    /// The map that these edges of this one make, sorted as they are here.
    pub(crate) fn with_edges(&self, edges: Vec<Edge>) -> Self {
        let mut rollup = Rollup::default();
        for edge in &edges {
            let operations = edge.operations().iter();
            operations.for_each(|operation| rollup.announce(edge.client(), edge.server(), operation.views()));
        }
        edges.iter().for_each(|edge| rollup.add(edge));
        let nodes = rollup.finish(&self.config.thresholds);
        let Self { range, config, coverage, left_out, .. } = *self;
        Self { range, config, coverage, left_out, nodes, edges }
    }

    /// The span of time.
    pub const fn range(&self) -> Window {
        self.range
    }

    /// The settings that it was built with.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How much of the traffic the capture delivered in the range.
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Points that were offered and are not in the map. A filter does not change this.
    pub const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Everybody who asks or is asked, sorted by identity. Each is an end of an edge.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Who calls whom, sorted by client and server.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The node of this identity.
    pub fn node(&self, identity: &Identity) -> Option<&Node> {
        let index = self.nodes.binary_search_by(|node| (**node.identity()).cmp(identity)).ok()?;
        self.nodes.get(index)
    }

    /// The edge between these two.
    pub fn edge(&self, client: &Identity, server: &Identity) -> Option<&Edge> {
        let key = |edge: &Edge| (&**edge.client(), &**edge.server()).cmp(&(client, server));
        let index = self.edges.binary_search_by(key).ok()?;
        self.edges.get(index)
    }

    /// Edges by which this one is called, sorted by client.
    pub fn inbound<'a>(&'a self, server: &'a Identity) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| **edge.server() == *server)
    }

    /// Edges by which this one calls others, sorted by server.
    pub fn outbound<'a>(&'a self, client: &'a Identity) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| **edge.client() == *client)
    }

    /// Requests for each second of the range: the same as in the [`summary`](Self::summary), without the work for the rest.
    pub fn rate_per_second(&self, tally: &Tally) -> f64 {
        rate_per_second(tally.requests(), self.range)
    }

    /// The figures of a node's, an edge's or an operation's tally over the range of the map.
    pub fn summary(&self, tally: &Tally) -> Summary {
        Summary::new(tally, self.range, self.coverage)
    }
}
