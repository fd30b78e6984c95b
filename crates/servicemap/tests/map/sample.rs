//! Points to draw maps of.

use std::sync::Arc;

use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    identity::{Identity, IdentityKind},
    protocol::Protocol,
    series::{Buckets, SeriesKey, SeriesPoint, View},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_series::into_buckets;
use geophone_servicemap::{Config, ServiceMap};

pub(crate) const MS: u64 = 1_000_000;

/// The ten seconds that the maps of these tests are of.
pub(crate) const RANGE: Window =
    Window { start: Timestamp::from_ns(1_700_000_000_000_000_000), length_ns: 10_000 * MS };

pub(crate) fn service(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Process, None, name))
}

pub(crate) fn external_client(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::ExternalClient, None, name))
}

pub(crate) fn container(namespace: &str, name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Container, Some(namespace), name))
}

/// A point of successful requests from `client` to `server`, to be changed by the methods of [`Sample`].
pub(crate) fn point(view: View, client: &Arc<Identity>, server: &Arc<Identity>, requests: u64) -> SeriesPoint {
    let (local, peer) = match view {
        View::Client => (client, server),
        View::Server => (server, client),
    };
    SeriesPoint {
        key: SeriesKey {
            view,
            local: local.clone(),
            peer: peer.clone(),
            protocol: Protocol::Http1,
            operation: "GET /".into(),
            status: Status { class: StatusClass::Ok, code: 200.into() },
            delivery: false,
        },
        window: RANGE,
        requests,
        same_point: 0,
        streams: 0,
        request_bytes: 0,
        response_bytes: 0,
        duration: Buckets::default(),
        first_byte: Buckets::default(),
        lifetime: Buckets::default(),
        exemplars: Vec::new(),
    }
}

pub(crate) trait Sample {
    fn operation(self, operation: &str) -> Self;
    fn outcome(self, class: StatusClass) -> Self;
    fn durations(self, durations_ns: &[u64]) -> Self;
    fn same_point(self) -> Self;
}

impl Sample for SeriesPoint {
    fn operation(mut self, operation: &str) -> Self {
        self.key.operation = operation.into();
        self
    }

    fn outcome(mut self, class: StatusClass) -> Self {
        self.key.status = Status { class, code: 0.into() };
        self
    }

    fn durations(mut self, durations_ns: &[u64]) -> Self {
        self.duration = buckets(durations_ns);
        self.first_byte = buckets(&durations_ns.iter().map(|ns| ns / 2).collect::<Vec<_>>());
        self
    }

    fn same_point(mut self) -> Self {
        self.same_point = self.requests;
        self
    }
}

pub(crate) fn buckets(values_ns: &[u64]) -> Buckets {
    let mut distribution = Exponential::default();
    values_ns.iter().for_each(|value_ns| distribution.record(*value_ns));
    into_buckets(distribution)
}

pub(crate) fn map(points: &[SeriesPoint]) -> ServiceMap {
    ServiceMap::build(points, RANGE, Config::default())
}

/// A visitor asks a shop's web server, which asks a cart and a database; the cart fails one of ten.
pub(crate) fn shop() -> ServiceMap {
    let (visitor, web) = (external_client("internet"), container("front", "web"));
    let (cart, db) = (container("back", "cart"), service("postgres"));
    map(&[
        point(View::Server, &visitor, &web, 40).durations(&[10 * MS; 40]),
        point(View::Client, &web, &cart, 90).operation("GET /carts/{id}").durations(&[5 * MS; 90]),
        point(View::Client, &web, &cart, 10)
            .operation("POST /carts/{id}/items")
            .outcome(StatusClass::ServerError)
            .durations(&[6 * MS; 10]),
        point(View::Server, &web, &cart, 90).operation("GET /carts/{id}").durations(&[4 * MS; 90]),
        point(View::Server, &web, &cart, 10)
            .operation("POST /carts/{id}/items")
            .outcome(StatusClass::ServerError)
            .durations(&[4 * MS; 10]),
        point(View::Server, &cart, &db, 20).durations(&[MS; 20]).same_point(),
        point(View::Client, &cart, &db, 20).durations(&[MS; 20]).same_point(),
    ])
}
