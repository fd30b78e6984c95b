//! Identities and subjects that the tests share.

use std::sync::Arc;

use geophone_model::{
    exchange::Observed,
    identity::{Identity, IdentityKind},
    protocol::Protocol,
    series::WindowSnapshot,
    status::{Status, StatusClass},
    time::Timestamp,
};
use geophone_red::{Aggregator, Outcome, Subject};

pub(crate) const SECOND_NS: u64 = 1_000_000_000;

pub(crate) fn process(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Process, None, name))
}

pub(crate) fn external(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::ExternalClient, None, name))
}

/// A `GET` of the path, seen by the server.
pub(crate) fn get<'a>(client: &'a Arc<Identity>, server: &'a Arc<Identity>, path: &'a str) -> Subject<'a> {
    Subject {
        observed: Observed::Server,
        client,
        server,
        delivery: false,
        protocol: Protocol::Http1,
        verb: "GET",
        resource: path,
    }
}

/// A call answered with `200` after a millisecond.
pub(crate) fn ok_at(second: u64) -> Outcome {
    Outcome { status: status(200), ..Outcome::answered(at(second), 1_000_000) }
}

pub(crate) fn status(code: i32) -> Status {
    let class = match code {
        100..400 => StatusClass::Ok,
        400..500 => StatusClass::ClientError,
        0 => StatusClass::NoResponse,
        _ => StatusClass::ServerError,
    };
    Status { class, code: code.into() }
}

pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_ns(second * SECOND_NS)
}

/// Each snapshot as its start in seconds and its requests.
pub(crate) fn starts_and_requests(snapshots: &[WindowSnapshot]) -> Vec<(u64, u64)> {
    let requests = |snapshot: &WindowSnapshot| snapshot.points.iter().map(|point| point.requests).sum();
    snapshots.iter().map(|snapshot| (snapshot.window.start.as_ns() / SECOND_NS, requests(snapshot))).collect()
}

/// Operations of a snapshot with their requests.
pub(crate) fn operations(snapshots: &[WindowSnapshot]) -> Vec<(String, u64)> {
    let points = snapshots.iter().flat_map(|snapshot| &snapshot.points);
    points.map(|point| (point.key.operation.to_string(), point.requests)).collect()
}

pub(crate) fn assert_balanced(aggregator: &Aggregator) {
    assert_eq!(aggregator.ledger().imbalance(), 0, "{}", aggregator.ledger());
}
