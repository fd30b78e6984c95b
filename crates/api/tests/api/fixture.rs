//! A store with known rows, and how to ask the API about them.
//!
//! For 15 minutes from [`START`], in each window of ten seconds:
//!
//! * `web` asks `db` for `GET /users/{id}` ten times, of which two fail with 500; both ends measure it, 10 ms at the client
//!   and 8 ms at the server;
//! * `10.9.9.9`, from outside, asks `web` for `GET /` five times, of which one is a 404; `web` measures 20 ms.
//!
//! Each second, one exchange of `web` with `db` is kept.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use geophone_api::{ApiState, Config, Now, router};
use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape, TraceContext},
    identity::{Identity, IdentityKind},
    ledger::{Coverage, LedgerRow, Stage, Unit},
    net::{ConnectionId, NetNs},
    protocol::Protocol,
    series::{Buckets, SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_store::{
    Batch, BatchId, Event, EventKind, LedgerRecord, MemoryConfig, MemoryStore, Store, StoredExchange,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Start of the rows, in seconds since the Unix epoch: 2023-11-14T22:13:20Z.
pub(crate) const START: u64 = 1_700_000_000;

/// Number of windows.
pub(crate) const WINDOWS: u64 = 90;

pub(crate) const SECOND: u64 = 1_000_000_000;

const MS: u64 = 1_000_000;

pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(crate) fn web() -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Unit, None, "web.service"))
}

pub(crate) fn db() -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Container, Some("shop"), "db"))
}

pub(crate) fn outside() -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::ExternalClient, None, "10.9.9.9"))
}

/// The `number`th window.
pub(crate) fn window(number: u64) -> Window {
    Window { start: Timestamp::from_ns((START + number * 10) * SECOND), length_ns: 10 * SECOND }
}

pub(crate) fn status(code: i32) -> Status {
    let class = match code {
        0 => StatusClass::NoResponse,
        400..500 => StatusClass::ClientError,
        500..600 => StatusClass::ServerError,
        _ => StatusClass::Ok,
    };
    Status { class, code: code.into() }
}

pub(crate) fn point(
    window: Window,
    view: View,
    [client, server]: [Arc<Identity>; 2],
    operation: &str,
    code: i32,
    (requests, duration_ns): (u64, u64),
) -> SeriesPoint {
    let (local, peer) = match view {
        View::Client => (client, server),
        View::Server => (server, client),
    };
    let key = SeriesKey {
        view,
        local,
        peer,
        protocol: Protocol::Http1,
        operation: operation.into(),
        status: status(code),
        delivery: false,
    };
    SeriesPoint {
        key,
        window,
        requests,
        same_point: 0,
        streams: 0,
        request_bytes: 100 * requests,
        response_bytes: 1000 * requests,
        duration: buckets(requests, duration_ns),
        first_byte: buckets(requests, duration_ns / 2),
        lifetime: buckets(0, 0),
        exemplars: Vec::new(),
    }
}

fn buckets(count: u64, value_ns: u64) -> Buckets {
    let mut distribution = Exponential::default();
    distribution.record_n(value_ns, count);
    let geophone_distribution::Buckets { scale, offset, counts, zero_count, sum_ns, min_ns, max_ns } =
        distribution.into_parts();
    Buckets { scale, offset, counts, zero_count, sum_ns: sum_ns.try_into().unwrap(), min_ns, max_ns }
}

/// What happens in each window.
pub(crate) fn snapshot(number: u64) -> WindowSnapshot {
    let window = window(number);
    let inner = |view, code, requests, duration_ns| {
        point(window, view, [web(), db()], "GET /users/{id}", code, (requests, duration_ns))
    };
    let outer = |code, requests| point(window, View::Server, [outside(), web()], "GET /", code, (requests, 20 * MS));
    let points = vec![
        inner(View::Client, 200, 8, 10 * MS),
        inner(View::Client, 500, 2, 10 * MS),
        inner(View::Server, 200, 8, 8 * MS),
        inner(View::Server, 500, 2, 8 * MS),
        outer(200, 4),
        outer(404, 1),
    ];
    WindowSnapshot {
        window,
        points,
        coverage: Coverage { wanted_bytes: 100, delivered_bytes: 99, ..Coverage::default() },
    }
}

/// An exchange of `web` with `db` that ended in the middle of the `number`th second: `GET /users/number`. It took as many
/// milliseconds, every tenth one failed, every hundredth one is part of a trace.
pub(crate) fn exchange(number: u64) -> StoredExchange {
    let end = Timestamp::from_ns((START + number) * SECOND + SECOND / 2);
    let start = end.minus_ns(number * MS);
    let party = |address: &str| Party { endpoint: address.parse().unwrap(), dialled: None, cookie: None };
    let trace_id = u128::from_str_radix(TRACE_ID, 16).unwrap().to_be_bytes();
    let exchange = Exchange {
        connection: ConnectionId(number),
        observed: Observed::SamePoint,
        netns: NetNs(1),
        client: party("10.0.0.1:40000"),
        server: party("[2001:db8::2]:80"),
        protocol: Protocol::Http1,
        shape: Shape::Call,
        verb: "GET".into(),
        resource: format!("/users/{number}"),
        authority: "db.example".into(),
        status: status(if number.is_multiple_of(10) { 503 } else { 200 }),
        request: Message { first: start, last: start, bytes: 80 },
        response: Some(Message { first: end.minus_ns(number * MS / 2), last: end, bytes: 500 }),
        end,
        flags: ExchangeFlags(ExchangeFlags::JOINED_LATE.0 | ExchangeFlags::AMBIGUOUS_FRAMING.0),
        trace: number.is_multiple_of(100).then_some(TraceContext { trace_id, span_id: [0xab; 8], flags: 1 }),
        ..Exchange::blank()
    };
    StoredExchange { exchange, client: web(), server: db(), operation: "GET /users/{id}".into() }
}

pub(crate) fn batch(sequence: u64) -> Batch {
    Batch::new(BatchId::new("agent", 1, sequence))
}

pub(crate) async fn filled_store() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new(MemoryConfig::default()));
    let mut batch = batch(0);
    batch.windows = (0..WINDOWS).map(snapshot).collect();
    batch.exchanges = (0..WINDOWS * 10).map(exchange).collect();
    for minute in 0..15 {
        let at = Timestamp::from_ns((START + minute * 60) * SECOND);
        let seen = 100 * (minute + 1);
        let row = LedgerRow::new(Stage::Hook, Unit::Packets, seen, seen - 3, &[("ring_full", 3), ("unwanted", 0)]);
        batch.ledger.push(LedgerRecord { source: "agent".into(), incarnation: 1, at, rows: vec![row] });
        let (kind, detail) = (EventKind::RecordsLost, "the ring was full".into());
        batch.events.push(Event { at, source: "agent".into(), kind, count: 3, detail });
    }
    store.append(batch).await.unwrap();
    store
}

pub(crate) async fn app() -> Router {
    app_with(filled_store().await, Config::default())
}

pub(crate) fn app_with(store: Arc<dyn Store>, config: Config) -> Router {
    router(ApiState::new(store, Now::NewestRow, config))
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The JSON of a good answer.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// Status, parameter and detail of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, String) {
        let body = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(body["status"], self.status.as_u16());
        assert!(
            body["type"].as_str().unwrap().starts_with("urn:geophone:problem:") && body["title"].is_string(),
            "{body}"
        );
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), text("parameter"), text("detail"))
    }
}

pub(crate) fn request(uri: &str) -> Request<Body> {
    Request::get(uri).header("host", "localhost:8080").body(Body::empty()).unwrap()
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

pub(crate) async fn get(app: &Router, uri: &str) -> Answer {
    send(app, request(uri)).await
}

/// Encodes a value for a query.
pub(crate) fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
