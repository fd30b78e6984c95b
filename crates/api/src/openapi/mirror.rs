//! The shapes of the service map's documents, which know nothing of OpenAPI. A test holds every answer against them, so that
//! they cannot drift from what they mirror.
#![expect(dead_code, reason = "they are read by the derive, and by nobody else")]

use utoipa::ToSchema;

/// Quantiles of a distribution in seconds, by nearest rank. The mean and the largest value are exact, the others within
/// 4.43 %.
#[derive(ToSchema)]
pub(crate) struct Quantiles {
    /// Number of values.
    count: u64,
    /// Sum over count.
    mean: f64,
    /// The median.
    p50: f64,
    /// Nine of ten values are at most this.
    p90: f64,
    /// 95 of a hundred values are at most this.
    p95: f64,
    /// 99 of a hundred values are at most this.
    p99: f64,
    /// 999 of a thousand values are at most this.
    p999: f64,
    /// The largest value.
    max: f64,
}

/// What the capture missed in the range.
#[derive(ToSchema)]
pub(crate) struct Coverage {
    /// Bytes that a parser wanted and that are known to have passed.
    wanted_bytes: u64,
    /// Of these, the ones that reached a parser.
    delivered_bytes: u64,
    /// Messages that found no partner.
    unpaired_messages: u64,
    /// Times that a parser lost its place in a stream.
    desyncs: u64,
    /// Records that the kernel could not hand over.
    lost_records: u64,
}

/// Requests, errors and durations.
#[derive(ToSchema)]
pub(crate) struct Summary {
    /// Which end measured: `client` or `server`.
    view: String,
    /// Number of requests, whatever came of them.
    requests: u64,
    /// Requests that the server failed: HTTP 5xx, an answer that broke the protocol, no answer.
    errors: u64,
    /// Requests that the server says the client got wrong (HTTP 4xx); not among the errors.
    client_errors: u64,
    /// Requests a second.
    rate_per_second: f64,
    /// Errors over requests, from 0 to 1.
    error_ratio: f64,
    /// Requests that were measured once for both views.
    same_point: u64,
    /// Long-lived exchanges, whose lifetimes are not among the durations.
    streams: u64,
    /// Bytes of the requests.
    request_bytes: u64,
    /// Bytes of the responses.
    response_bytes: u64,
    /// First request byte to last response byte; null where no call was answered.
    duration_seconds: Option<Quantiles>,
    /// First request byte to first response byte; null where no call was answered.
    first_byte_seconds: Option<Quantiles>,
    /// Lifetimes of the streams; null where there were none.
    lifetime_seconds: Option<Quantiles>,
    /// What the capture missed.
    coverage: Coverage,
}

/// What both ends of an edge measured, side by side and never added.
#[derive(ToSchema)]
pub(crate) struct ViewFigures {
    /// What the client measured; null where it did not.
    client: Option<Summary>,
    /// What the server measured; null where it did not.
    server: Option<Summary>,
    /// Whether requests were measured at one point for both views.
    same_point: bool,
    /// What the client measured less what the server measured; null where that says nothing.
    network_time_seconds: Option<NetworkSeconds>,
}

/// The network and the queues between a client and a server.
#[derive(ToSchema)]
pub(crate) struct NetworkSeconds {
    /// Difference of the medians.
    median: f64,
    /// Difference of the means.
    mean: f64,
}

/// An operation of a service.
#[derive(ToSchema)]
pub(crate) struct NodeOperation {
    /// Its protocol.
    protocol: String,
    /// Its name: `GET /users/{id}`.
    name: String,
    /// What was measured of it.
    figures: Summary,
}

/// The part of an edge that is of one protocol.
#[derive(ToSchema)]
pub(crate) struct EdgeProtocol {
    /// The protocol.
    protocol: String,
    #[serde(flatten)]
    views: ViewFigures,
}

/// The part of an edge that is of one operation.
#[derive(ToSchema)]
pub(crate) struct EdgeOperation {
    /// Its protocol.
    protocol: String,
    /// Its name.
    name: String,
    /// Whether a server sent it of its own accord, as a broker delivers.
    delivery: bool,
    #[serde(flatten)]
    views: ViewFigures,
}

/// All that one service asks of another.
#[derive(ToSchema)]
pub(crate) struct EdgeDocument {
    /// Id of the client.
    source: String,
    /// Id of the server.
    target: String,
    /// How well it is, the worse of what its two ends say: `unknown`, `healthy`, `degraded` or `failing`.
    health: String,
    /// Why, for people.
    reason: String,
    #[serde(flatten)]
    views: ViewFigures,
    /// The breakdown by protocol, sorted.
    protocols: Vec<EdgeProtocol>,
    /// The breakdown by operation, sorted by protocol and name.
    operations: Vec<EdgeOperation>,
}

/// A service, or somebody outside.
#[derive(ToSchema)]
pub(crate) struct NodeDocument {
    /// Its id, which stays the same and needs no escaping in a URL.
    id: String,
    /// Its name.
    name: String,
    /// What it was found by.
    kind: String,
    /// What kind of server it is, by the protocols that it is spoken to in: `service`, `database`, `cache`, `queue` or `name_server`.
    role: String,
    /// The protocols that it is spoken to in, as a server; sorted.
    protocols: Vec<String>,
    /// Its namespace, where it has one.
    namespace: Option<String>,
    /// How well it answers: `unknown`, `healthy`, `degraded` or `failing`.
    health: String,
    /// Why, for people.
    reason: String,
    /// What it was asked; null where nobody calls it.
    inbound: Option<Summary>,
    /// What it asked others; null where it calls nobody.
    outbound: Option<Summary>,
    /// What it was asked by operation, sorted by protocol and name.
    operations: Vec<NodeOperation>,
}

/// Points that are not in a map, by reason.
#[derive(ToSchema)]
pub(crate) struct LeftOut {
    /// The point's window does not start in the range.
    outside_range: u64,
    /// A distribution of the point contradicts itself.
    malformed: u64,
    /// The map was full.
    over_limit: u64,
}

/// A map in plain figures.
#[derive(ToSchema)]
pub(crate) struct Document {
    /// Version of the map's schema.
    schema: u32,
    /// Start of what was measured, in seconds since the Unix epoch.
    start_seconds: f64,
    /// Length of what was measured.
    length_seconds: f64,
    /// How much of the traffic the capture delivered.
    coverage: Coverage,
    /// Points that were offered and are not in the map.
    left_out: LeftOut,
    /// Services, external clients and external services, sorted by identity.
    nodes: Vec<NodeDocument>,
    /// Who calls whom, sorted by client and server.
    edges: Vec<EdgeDocument>,
}

/// What has changed from one map to another.
#[derive(ToSchema)]
pub(crate) struct Difference {
    /// Ids of nodes that only the later map has.
    nodes_added: Vec<String>,
    /// Ids of nodes that only the earlier map has.
    nodes_removed: Vec<String>,
    /// Nodes whose figures are not the same.
    nodes_changed: Vec<NodeChange>,
    /// Edges that only the later map has.
    edges_added: Vec<EdgeEnds>,
    /// Edges that only the earlier map has.
    edges_removed: Vec<EdgeEnds>,
    /// Edges whose figures are not the same.
    edges_changed: Vec<EdgeChange>,
}

/// A node whose figures are not the same.
#[derive(ToSchema)]
pub(crate) struct NodeChange {
    /// Its id.
    id: String,
    /// What it was asked before; null where nobody called it.
    before: Option<Figures>,
    /// What it was asked after; null where nobody called it.
    after: Option<Figures>,
}

/// An edge by the ids of its ends.
#[derive(ToSchema)]
pub(crate) struct EdgeEnds {
    /// The client.
    source: String,
    /// The server.
    target: String,
}

/// An edge whose figures are not the same.
#[derive(ToSchema)]
pub(crate) struct EdgeChange {
    #[serde(flatten)]
    ends: EdgeEnds,
    /// The figures before.
    before: Option<Figures>,
    /// The figures after.
    after: Option<Figures>,
}

/// The figures that are compared.
#[derive(ToSchema)]
pub(crate) struct Figures {
    /// Which end measured: `client` or `server`.
    view: String,
    /// Requests a second.
    rate_per_second: f64,
    /// Errors over requests, from 0 to 1.
    error_ratio: f64,
    /// The duration that 95 of a hundred calls took at most; null where no call was answered.
    p95_seconds: Option<f64>,
}

/// The rows of the two frames of Grafana's node graph panel.
#[derive(ToSchema)]
pub(crate) struct NodeGraph {
    /// A row for each node, with the fields that the panel looks for.
    nodes: Vec<NodeRow>,
    /// A row for each edge, with the fields that the panel looks for.
    edges: Vec<EdgeRow>,
}

/// A circle.
#[derive(ToSchema)]
pub(crate) struct NodeRow {
    /// The service's id.
    id: String,
    /// Its name.
    title: String,
    /// Its kind.
    subtitle: String,
    /// Requests a second.
    mainstat: String,
    /// The 95th percentile of the durations.
    secondarystat: String,
    /// Share of the requests that went well.
    #[schema(rename = "arc__ok")]
    arc_ok: Option<f64>,
    /// Share of the requests that the client got wrong.
    #[schema(rename = "arc__client_error")]
    arc_client_error: Option<f64>,
    /// Share of the requests that failed.
    #[schema(rename = "arc__error")]
    arc_error: Option<f64>,
    /// The colour of its health.
    color: String,
    /// Its health.
    #[schema(rename = "detail__health")]
    detail_health: String,
    /// The reason for its health.
    #[schema(rename = "detail__reason")]
    detail_reason: String,
    /// Which end measured.
    #[schema(rename = "detail__view")]
    detail_view: String,
}

/// An arrow.
#[derive(ToSchema)]
pub(crate) struct EdgeRow {
    /// `source/target`.
    id: String,
    /// The client's id.
    source: String,
    /// The server's id.
    target: String,
    /// Requests a second.
    mainstat: String,
    /// The 95th percentile of the durations.
    secondarystat: String,
    /// The colour of its health.
    color: String,
    /// Its health.
    #[schema(rename = "detail__health")]
    detail_health: String,
    /// The reason for its health.
    #[schema(rename = "detail__reason")]
    detail_reason: String,
    /// What the client measured.
    #[schema(rename = "detail__client")]
    detail_client: String,
    /// What the server measured.
    #[schema(rename = "detail__server")]
    detail_server: String,
}
