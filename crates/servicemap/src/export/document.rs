//! The map in plain figures, as the JSON that programs read.
//!
//! With the feature `serde`, `serde_json::to_string(&map.to_document(Detail::Services))` is the export. Its schema, with
//! [`SCHEMA`] for a version: a field is never renamed or given another unit without a new version; fields may be added.
//! Times are seconds since the Unix epoch, durations seconds, sizes bytes and ratios from 0 to 1.

use geophone_model::{
    identity::{IdentityKind, ServiceId},
    ledger::Coverage,
    protocol::{Protocol, Role},
};

use crate::{Edge, Health, LeftOut, NetworkTime, Node, Operation, ServiceMap, Summary, Tally, Views, summary::seconds};

/// Version of the schema.
pub const SCHEMA: u32 = 1;

/// How much a document has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Detail {
    /// Nodes and edges, with empty lists of protocols and operations.
    #[default]
    Services,
    /// Nodes and edges, with their breakdown by protocol and operation.
    Operations,
}

/// A service map.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Start of the range, in seconds since the Unix epoch.
    pub start_seconds: f64,
    /// Length of the range.
    pub length_seconds: f64,
    /// How much of the traffic the capture delivered in the range.
    pub coverage: Coverage,
    /// Points that were offered and are not in the map.
    pub left_out: LeftOut,
    /// Services, external clients and external services, sorted by identity.
    pub nodes: Vec<NodeDocument>,
    /// Who calls whom, sorted by client and server.
    pub edges: Vec<EdgeDocument>,
}

/// A service, or somebody outside.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NodeDocument {
    /// Its id, which stays the same and needs no escaping in a URL.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: IdentityKind,
    /// What kind of server it is, by the protocols that it is spoken to in.
    pub role: Role,
    /// The protocols that it is spoken to in, as a server; sorted.
    pub protocols: Vec<Protocol>,
    /// Its namespace, where it has one.
    pub namespace: Option<String>,
    /// How well it answers.
    pub health: Health,
    /// Why, for people.
    pub reason: String,
    /// What it was asked, in the server's view where one exists and in its clients' view otherwise; null where nobody calls
    /// it.
    pub inbound: Option<Summary>,
    /// What it asked others, in the client's view where one exists and in the servers' view otherwise; null where it calls
    /// nobody.
    pub outbound: Option<Summary>,
    /// What it was asked by operation, in the view of `inbound`; sorted by protocol and name.
    pub operations: Vec<NodeOperation>,
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NodeOperation {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its name: `GET /users/{id}`.
    pub name: String,
    /// What was measured of it.
    pub figures: Summary,
}

/// All that one service asks of another.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeDocument {
    /// Id of the client.
    pub source: ServiceId,
    /// Id of the server.
    pub target: ServiceId,
    /// How well it is: the worse of what its two ends say.
    pub health: Health,
    /// Why, for people.
    pub reason: String,
    /// What both ends measured.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub views: ViewFigures,
    /// The breakdown by protocol, sorted.
    pub protocols: Vec<EdgeProtocol>,
    /// The breakdown by operation, sorted by protocol and name.
    pub operations: Vec<EdgeOperation>,
}

/// What both ends of an edge measured, side by side and never added.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ViewFigures {
    /// What the client measured; null where it did not.
    pub client: Option<Summary>,
    /// What the server measured; null where it did not.
    pub server: Option<Summary>,
    /// Whether requests were measured at one point for both views.
    pub same_point: bool,
    /// What the client measured less what the server measured; null where one of them has no durations or there are
    /// requests of the same point.
    pub network_time_seconds: Option<NetworkSeconds>,
}

/// The network and the queues between a client and a server.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NetworkSeconds {
    /// Difference of the medians, as coarse as the buckets of the durations are.
    pub median: f64,
    /// Difference of the means.
    pub mean: f64,
}

/// The part of an edge that is of one protocol.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeProtocol {
    /// The protocol.
    pub protocol: Protocol,
    /// What both ends measured.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub views: ViewFigures,
}

/// The part of an edge that is of one operation.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeOperation {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its name.
    pub name: String,
    /// Whether a server sent it of its own accord, as a broker delivers.
    pub delivery: bool,
    /// What both ends measured.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub views: ViewFigures,
}

impl ServiceMap {
    /// The map in plain figures.
    pub fn to_document(&self, detail: Detail) -> Document {
        Document {
            schema: SCHEMA,
            start_seconds: seconds(self.range().start.as_ns()),
            length_seconds: seconds(self.range().length_ns),
            coverage: self.coverage(),
            left_out: self.left_out(),
            nodes: self.nodes().iter().map(|node| self.node_document(node, detail)).collect(),
            edges: self.edges().iter().map(|edge| self.edge_document(edge, detail)).collect(),
        }
    }

    /// A node of this map in plain figures.
    pub fn node_document(&self, node: &Node, detail: Detail) -> NodeDocument {
        let identity = node.identity();
        NodeDocument {
            id: identity.id(),
            name: identity.name.clone(),
            kind: identity.kind,
            role: node.role(),
            protocols: node.protocols().to_vec(),
            namespace: identity.namespace.clone(),
            health: node.verdict().health,
            reason: node.verdict().reason.clone(),
            inbound: node.inbound().map(|tally| self.summary(tally)),
            outbound: node.outbound().map(|tally| self.summary(tally)),
            operations: match detail {
                Detail::Services => Vec::new(),
                Detail::Operations => node.operations().iter().flat_map(|of| self.node_operation(of)).collect(),
            },
        }
    }

    /// An edge of this map in plain figures.
    pub fn edge_document(&self, edge: &Edge, detail: Detail) -> EdgeDocument {
        let (protocols, operations) = match detail {
            Detail::Services => (Vec::new(), Vec::new()),
            Detail::Operations => (self.edge_protocols(edge), self.edge_operations(edge)),
        };
        EdgeDocument {
            source: edge.client().id(),
            target: edge.server().id(),
            health: edge.verdict().health,
            reason: edge.verdict().reason.clone(),
            views: self.view_figures(edge.views()),
            protocols,
            operations,
        }
    }

    fn node_operation(&self, operation: &Operation) -> Option<NodeOperation> {
        let figures = self.summary(operation.views().primary()?);
        Some(NodeOperation { protocol: operation.protocol(), name: operation.name().to_string(), figures })
    }

    fn edge_protocols(&self, edge: &Edge) -> Vec<EdgeProtocol> {
        let protocols = edge.protocols().into_iter();
        protocols.map(|(protocol, views)| EdgeProtocol { protocol, views: self.view_figures(&views) }).collect()
    }

    fn edge_operations(&self, edge: &Edge) -> Vec<EdgeOperation> {
        let operation = |operation: &Operation| EdgeOperation {
            protocol: operation.protocol(),
            name: operation.name().to_string(),
            delivery: operation.is_delivery(),
            views: self.view_figures(operation.views()),
        };
        edge.operations().iter().map(operation).collect()
    }

    fn view_figures(&self, views: &Views) -> ViewFigures {
        let summary = |tally: &Tally| self.summary(tally);
        ViewFigures {
            client: views.client().map(summary),
            server: views.server().map(summary),
            same_point: views.same_point(),
            network_time_seconds: views.network_time().map(NetworkSeconds::from),
        }
    }
}

impl From<NetworkTime> for NetworkSeconds {
    fn from(time: NetworkTime) -> Self {
        Self { median: time.median_ns as f64 / 1e9, mean: time.mean_ns as f64 / 1e9 }
    }
}
