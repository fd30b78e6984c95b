//! Which part of a map to look at.

use std::collections::HashSet;

use geophone_model::{identity::Identity, protocol::Protocol};
use geophone_path_pattern::PathPattern;

use crate::{Edge, Health, Operation, ServiceMap};

/// Conditions on the series of a map. All of them have to hold; of several values of one condition, any.
///
/// A filter selects series, and the map is drawn again from those. So every figure is of the matching series only, a node
/// is left exactly when it is an end of an edge that is left, and filtering twice is filtering once.
///
/// Namespace, service and externals select edges by their ends; protocol and path select operations of these; rate selects
/// edges by what their selected operations add up to. Health comes last: it selects nodes by the figures so far, and of the
/// edges so far all that touch one of them stay.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Edges with an end in one of these namespaces.
    pub namespaces: Vec<String>,
    /// Edges with one of these ends: a service id, a name, or `namespace/name`.
    pub services: Vec<String>,
    /// Operations whose path template this matches.
    pub path: Option<PathPattern>,
    /// Operations of these protocols.
    pub protocols: Vec<Protocol>,
    /// Edges with an end of this health.
    pub health: Vec<Health>,
    /// Edges with at least so many requests a second, in the view that [`Views::primary`](crate::Views::primary) shows.
    pub min_rate_per_second: Option<f64>,
    /// Edges between services of ours only. What outsiders ask is not in the figures then either.
    pub hide_externals: bool,
}

impl ServiceMap {
    /// The map of the series that match.
    pub fn filter(&self, filter: &Filter) -> Self {
        let ends = filter.matching_ends(self);
        let edges = self.edges().iter().filter(|edge| filter.keeps_ends(edge, ends.as_ref()));
        let edges =
            edges.filter_map(|edge| filter.narrow(edge, self)).filter(|edge| filter.keeps_rate(edge, self)).collect();
        let selected = self.with_edges(edges);
        if filter.health.is_empty() { selected } else { selected.filter_health(&filter.health) }
    }

    fn filter_health(&self, wanted: &[Health]) -> Self {
        let nodes = self.nodes().iter().filter(|node| wanted.contains(&node.verdict().health));
        let ends: HashSet<&Identity> = nodes.map(|node| &**node.identity()).collect();
        let edges = self.edges().iter().filter(|edge| either_end(edge, &ends)).cloned().collect();
        self.with_edges(edges)
    }
}

impl Filter {
    /// The nodes that namespace and service ask for; `None` where they ask for nothing.
    fn matching_ends<'a>(&self, map: &'a ServiceMap) -> Option<HashSet<&'a Identity>> {
        if self.namespaces.is_empty() && self.services.is_empty() {
            return None;
        }
        let identities = map.nodes().iter().map(|node| &**node.identity());
        Some(identities.filter(|identity| self.is_in_namespace(identity) && self.is_service(identity)).collect())
    }

    fn is_in_namespace(&self, identity: &Identity) -> bool {
        self.namespaces.is_empty() || identity.namespace.as_ref().is_some_and(|own| self.namespaces.contains(own))
    }

    fn is_service(&self, identity: &Identity) -> bool {
        let id = identity.id();
        let is = |wanted: &String| {
            *wanted == identity.name
                || wanted == id.as_str()
                || (identity.namespace.is_some() && *wanted == identity.to_string())
        };
        self.services.is_empty() || self.services.iter().any(is)
    }

    /// The edge with the matching operations only; `None` where there are none.
    fn narrow(&self, edge: &Edge, map: &ServiceMap) -> Option<Edge> {
        let operations: Vec<&Operation> =
            edge.operations().iter().filter(|operation| self.matches_operation(operation)).collect();
        match operations.len() {
            0 => None,
            len if len == edge.operations().len() => Some(edge.clone()),
            _ => {
                let operations = operations.into_iter().cloned().collect();
                Some(Edge::new(edge.client().clone(), edge.server().clone(), operations, &map.config().thresholds))
            }
        }
    }

    fn matches_operation(&self, operation: &Operation) -> bool {
        (self.protocols.is_empty() || self.protocols.contains(&operation.protocol))
            && self.path.as_ref().is_none_or(|path| path.is_match(path_of(&operation.name)))
    }

    fn keeps_ends(&self, edge: &Edge, ends: Option<&HashSet<&Identity>>) -> bool {
        ends.is_none_or(|ends| either_end(edge, ends))
            && (!self.hide_externals || (edge.client().kind.is_local() && edge.server().kind.is_local()))
    }

    fn keeps_rate(&self, edge: &Edge, map: &ServiceMap) -> bool {
        let rate = || edge.views().primary().map_or(0.0, |tally| map.rate_per_second(tally));
        self.min_rate_per_second.is_none_or(|min| rate() >= min)
    }
}

fn either_end(edge: &Edge, ends: &HashSet<&Identity>) -> bool {
    ends.contains(&**edge.client()) || ends.contains(&**edge.server())
}

/// The path of `GET /users/{id}`. An operation without a verb is a path as a whole.
fn path_of(operation: &str) -> &str {
    operation.split_once(' ').map_or(operation, |(_verb, path)| path)
}
