//! From edges to nodes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use geophone_model::{identity::Identity, protocol::Protocol, series::View};

use crate::{Edge, Node, Operation, Tally, Views, health::Thresholds};

/// The nodes that the edges have as ends, sorted by identity.
pub(crate) fn nodes(edges: &[Edge], thresholds: &Thresholds) -> Vec<Node> {
    let mut parts = HashMap::<&Arc<Identity>, Parts<'_>>::new();
    for edge in edges {
        parts.entry(edge.client()).or_default().outbound.push(edge);
        parts.entry(edge.server()).or_default().inbound.push(edge);
    }
    let mut nodes: Vec<Node> =
        parts.into_iter().map(|(identity, parts)| parts.into_node(identity.clone(), thresholds)).collect();
    nodes.sort_unstable_by(|a, b| a.identity().cmp(b.identity()));
    nodes
}

/// The edges that meet in a node.
#[derive(Default)]
struct Parts<'a> {
    inbound: Vec<&'a Edge>,
    outbound: Vec<&'a Edge>,
}

impl Parts<'_> {
    fn into_node(self, identity: Arc<Identity>, thresholds: &Thresholds) -> Node {
        let inbound = sum(&self.inbound, View::Server);
        let operations = inbound.as_ref().map(|tally| operations(&self.inbound, tally.view())).unwrap_or_default();
        let outbound = sum(&self.outbound, View::Client);
        Node::new(identity, inbound, outbound, operations, thresholds)
    }
}

/// The sum of one view of the edges: the preferred one if any of them has it, else the other.
fn sum(edges: &[&Edge], preferred: View) -> Option<Tally> {
    let other = match preferred {
        View::Client => View::Server,
        View::Server => View::Client,
    };
    [preferred, other].into_iter().find_map(|view| {
        let mut tallies = edges.iter().filter_map(|edge| edge.views().of(view));
        let mut sum = tallies.next()?.clone();
        tallies.for_each(|tally| sum.absorb(tally));
        Some(sum)
    })
}

/// What the edges have in common: their operations in one view.
fn operations(edges: &[&Edge], view: View) -> Vec<Operation> {
    let mut sums = BTreeMap::<(Protocol, &Arc<str>), Views>::new();
    for operation in edges.iter().flat_map(|edge| edge.operations()) {
        if let Some(tally) = operation.views.of(view) {
            sums.entry((operation.protocol, &operation.name)).or_default().entry(view).absorb(tally);
        }
    }
    sums.into_iter().map(|((protocol, name), views)| Operation { protocol, name: name.clone(), views }).collect()
}
