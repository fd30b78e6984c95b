//! Grafana's node graph panel.
//!
//! The fields have the names that the panel looks for, which is case-insensitive
//! (<https://grafana.com/docs/grafana/latest/panels-visualizations/visualizations/node-graph/#data-api>). The two lists are
//! the panel's two frames, `nodes` and `edges`.

use geophone_distribution::Distribution;
use geophone_model::protocol::Role;

use crate::{
    Edge, Node, ServiceMap, Tally,
    export::label,
    summary::{ratio, seconds},
    text::duration,
};

/// The rows of the panel's two frames.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NodeGraph {
    /// A row for each node, sorted by identity.
    pub nodes: Vec<NodeRow>,
    /// A row for each edge, sorted by client and server.
    pub edges: Vec<EdgeRow>,
}

/// A circle.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NodeRow {
    /// The service id.
    pub id: String,
    /// The name.
    pub title: String,
    /// What kind of server it is, where it is a special one, else what it was found by.
    pub subtitle: String,
    /// Requests a second that it gets; empty where nobody calls it.
    pub mainstat: String,
    /// The 95th percentile of their durations; empty where no call was answered.
    pub secondarystat: String,
    /// Share of the requests that went well. The three shares add up to 1, or are missing where nobody calls it.
    #[cfg_attr(feature = "serde", serde(rename = "arc__ok"))]
    pub arc_ok: Option<f64>,
    /// Share of the requests that the client got wrong.
    #[cfg_attr(feature = "serde", serde(rename = "arc__client_error"))]
    pub arc_client_error: Option<f64>,
    /// Share of the requests that failed.
    #[cfg_attr(feature = "serde", serde(rename = "arc__error"))]
    pub arc_error: Option<f64>,
    /// The colour of its health, used where there are no shares.
    pub color: String,
    /// Its health.
    #[cfg_attr(feature = "serde", serde(rename = "detail__health"))]
    pub detail_health: String,
    /// The reason for its health.
    #[cfg_attr(feature = "serde", serde(rename = "detail__reason"))]
    pub detail_reason: String,
    /// Which end measured the figures; empty where nobody calls it.
    #[cfg_attr(feature = "serde", serde(rename = "detail__view"))]
    pub detail_view: String,
}

/// An arrow.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeRow {
    /// `source/target`: neither of them has a slash.
    pub id: String,
    /// Id of the client's row.
    pub source: String,
    /// Id of the server's row.
    pub target: String,
    /// Requests a second.
    pub mainstat: String,
    /// The 95th percentile of the durations; empty where no call was answered.
    pub secondarystat: String,
    /// The colour of its health.
    pub color: String,
    /// Its health.
    #[cfg_attr(feature = "serde", serde(rename = "detail__health"))]
    pub detail_health: String,
    /// The reason for its health.
    #[cfg_attr(feature = "serde", serde(rename = "detail__reason"))]
    pub detail_reason: String,
    /// What the client measured; empty where it did not.
    #[cfg_attr(feature = "serde", serde(rename = "detail__client"))]
    pub detail_client: String,
    /// What the server measured; empty where it did not.
    #[cfg_attr(feature = "serde", serde(rename = "detail__server"))]
    pub detail_server: String,
}

impl ServiceMap {
    /// The map for Grafana's node graph panel.
    pub fn to_grafana(&self) -> NodeGraph {
        NodeGraph {
            nodes: self.nodes().iter().map(|node| self.grafana_node(node)).collect(),
            edges: self.edges().iter().map(|edge| self.grafana_edge(edge)).collect(),
        }
    }

    fn grafana_node(&self, node: &Node) -> NodeRow {
        let inbound = node.inbound();
        let shares = inbound.map(shares);
        NodeRow {
            id: node.identity().id().to_string(),
            title: label::name(node.identity()),
            subtitle: match node.role() {
                Role::Service => node.identity().kind.as_str(),
                role => role.as_str(),
            }
            .to_owned(),
            mainstat: inbound.map(|tally| label::rate_of(self, tally)).unwrap_or_default(),
            secondarystat: inbound.and_then(label::p95_of).unwrap_or_default(),
            arc_ok: shares.map(|[ok, _, _]| ok),
            arc_client_error: shares.map(|[_, client_error, _]| client_error),
            arc_error: shares.map(|[_, _, error]| error),
            color: label::colour(node.verdict().health).to_owned(),
            detail_health: node.verdict().health.to_string(),
            detail_reason: node.verdict().reason.clone(),
            detail_view: inbound.map(|tally| tally.view().as_str().to_owned()).unwrap_or_default(),
        }
    }

    fn grafana_edge(&self, edge: &Edge) -> EdgeRow {
        let (source, target) = (edge.client().id().to_string(), edge.server().id().to_string());
        let primary = edge.views().primary();
        EdgeRow {
            id: format!("{source}/{target}"),
            source,
            target,
            mainstat: primary.map(|tally| label::rate_of(self, tally)).unwrap_or_default(),
            secondarystat: primary.and_then(label::p95_of).unwrap_or_default(),
            color: label::colour(edge.verdict().health).to_owned(),
            detail_health: edge.verdict().health.to_string(),
            detail_reason: edge.verdict().reason.clone(),
            detail_client: edge.views().client().map(view_detail).unwrap_or_default(),
            detail_server: edge.views().server().map(view_detail).unwrap_or_default(),
        }
    }
}

/// What went well, what the client got wrong and what failed; `ok` takes what rounding leaves, so that they add up to 1.
fn shares(tally: &Tally) -> [f64; 3] {
    let client_error = ratio(tally.client_errors(), tally.requests());
    let error = ratio(tally.errors(), tally.requests());
    [1.0 - client_error - error, client_error, error]
}

/// `80 requests, 3 errors, median 4.56 ms`.
fn view_detail(tally: &Tally) -> String {
    let median =
        tally.duration().quantile_ns(0.5).map(|median_ns| format!(", median {}", duration(seconds(median_ns))));
    format!("{} requests, {} errors{}", tally.requests(), tally.errors(), median.unwrap_or_default())
}
