//! From edges to nodes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use geophone_model::{
    identity::Identity,
    protocol::{Protocol, Role},
    series::View,
};

use crate::{Edge, Node, Operation, Tally, Views, health::Thresholds, node::Figures};

/// Nodes in the making. Which view a node shows depends on all of its edges, and has to be known before the first of them is
/// added: so all are announced first.
#[derive(Default)]
pub(crate) struct Rollup {
    nodes: HashMap<Arc<Identity>, Sums>,
}

/// What the edges of a node add up to.
#[derive(Default)]
struct Sums {
    /// Whether any edge has the view that is preferred: the server's of what it is asked, the client's of what it asks.
    has_server_inbound: bool,
    has_client_outbound: bool,
    outbound: Option<Tally>,
    operations: BTreeMap<(Protocol, Arc<str>, bool), Views>,
    /// Exchanges in which it was the protocol's server.
    served: BTreeMap<Protocol, u64>,
}

impl Rollup {
    /// Says that there will be an edge from `client` to `server` with an operation of these views.
    pub(crate) fn announce(&mut self, client: &Arc<Identity>, server: &Arc<Identity>, views: &Views) {
        self.node(client).has_client_outbound |= views.client().is_some();
        self.node(server).has_server_inbound |= views.server().is_some();
    }

    /// Adds an edge that was announced.
    pub(crate) fn add(&mut self, edge: &Edge) {
        let client = self.node(edge.client());
        let view = if client.has_client_outbound { View::Client } else { View::Server };
        for tally in edge.operations().iter().filter_map(|operation| operation.views.of(view)) {
            add(&mut client.outbound, tally);
        }

        let server = self.node(edge.server());
        let view = if server.has_server_inbound { View::Server } else { View::Client };
        for operation in edge.operations() {
            if let Some(tally) = operation.views.of(view) {
                let key = (operation.protocol, operation.name.clone(), operation.delivery);
                server.operations.entry(key).or_default().add(tally);
            }
        }
        for operation in edge.operations() {
            let by = if operation.delivery { edge.client() } else { edge.server() };
            let requests = operation.views.primary().map_or(0, Tally::requests);
            let served = self.node(by).served.entry(operation.protocol).or_default();
            *served = served.saturating_add(requests);
        }
    }

    /// The nodes, sorted by identity.
    pub(crate) fn finish(self, thresholds: &Thresholds) -> Vec<Node> {
        let mut nodes: Vec<Node> =
            self.nodes.into_iter().map(|(identity, sums)| sums.into_node(identity, thresholds)).collect();
        nodes.sort_unstable_by(|a, b| a.identity().cmp(b.identity()));
        nodes
    }

    fn node(&mut self, identity: &Arc<Identity>) -> &mut Sums {
        self.nodes.entry(identity.clone()).or_default()
    }
}

impl Sums {
    fn into_node(self, identity: Arc<Identity>, thresholds: &Thresholds) -> Node {
        let operations = self.operations.into_iter();
        let operations: Vec<_> = operations
            .map(|((protocol, name, delivery), views)| Operation { protocol, name, delivery, views })
            .collect();
        // Each operation has the one view that the node shows.
        let mut inbound = None;
        operations.iter().filter_map(|operation| operation.views.primary()).for_each(|tally| add(&mut inbound, tally));
        let role = role_of(&self.served);
        let protocols = self.served.into_keys().collect();
        Node::new(identity, role, protocols, Figures { inbound, outbound: self.outbound, operations }, thresholds)
    }
}

/// What a server is by what most of the exchanges were that it served; among equals, the more special one.
fn role_of(served: &BTreeMap<Protocol, u64>) -> Role {
    let mut by_role = BTreeMap::<Role, u64>::new();
    for (protocol, requests) in served {
        let sum = by_role.entry(protocol.role()).or_default();
        *sum = sum.saturating_add(*requests);
    }
    by_role.into_iter().max_by_key(|(_, requests)| *requests).map_or(Role::Service, |(role, _)| role)
}

fn add(sum: &mut Option<Tally>, tally: &Tally) {
    match sum {
        Some(sum) => sum.absorb(tally),
        none => *none = Some(tally.clone()),
    }
}
