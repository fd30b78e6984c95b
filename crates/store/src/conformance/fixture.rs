//! Rows to write.

use std::sync::Arc;

use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape, TraceContext},
    identity::{Identity, IdentityKind},
    ledger::{Coverage, LedgerRow, Stage, Unit},
    net::{ConnectionId, Endpoint, NetNs},
    protocol::Protocol,
    series::{Buckets, Exemplar, SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::{Status, StatusClass},
    time::{Timestamp, Window},
};
use geophone_series::into_buckets;

use crate::{Applied, Batch, BatchId, Event, EventKind, ExchangeQuery, LedgerRecord, Page, Store, StoredExchange};

/// Length of a window, in nanoseconds.
pub(crate) const WINDOW_NS: u64 = 10_000_000_000;

pub(crate) const EVERYTHING: Window = Window { start: Timestamp::MIN, length_ns: u64::MAX };

pub(crate) fn at(ns: u64) -> Timestamp {
    Timestamp::from_ns(ns)
}

pub(crate) fn range(from: u64, to: u64) -> Window {
    Window { start: at(from), length_ns: to - from }
}

pub(crate) fn service(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Unit, None, name))
}

/// The `number`th window since the epoch.
pub(crate) fn window(number: u64) -> Window {
    Window { start: at(number * WINDOW_NS), length_ns: WINDOW_NS }
}

/// A point of the server's view, with a request for each duration.
pub(crate) fn point(window: Window, client: &str, server: &str, operation: &str, durations_ns: &[u64]) -> SeriesPoint {
    let trace = |id| TraceContext { trace_id: [id; 16], span_id: [id; 8], flags: 1 };
    let exemplar = |(index, duration_ns): (usize, &u64)| Exemplar {
        at: window.start,
        duration_ns: *duration_ns,
        trace: trace(index as u8 + 1),
    };
    SeriesPoint {
        key: SeriesKey {
            view: View::Server,
            local: service(server),
            peer: service(client),
            protocol: Protocol::Http1,
            operation: operation.into(),
            status: Status { class: StatusClass::Ok, code: 200.into() },
            delivery: false,
        },
        window,
        requests: durations_ns.len() as u64,
        same_point: 0,
        streams: 0,
        request_bytes: 100 * durations_ns.len() as u64,
        response_bytes: 1000 * durations_ns.len() as u64,
        duration: buckets(durations_ns),
        first_byte: buckets(&[]),
        lifetime: buckets(&[]),
        exemplars: durations_ns.iter().enumerate().map(exemplar).collect(),
    }
}

pub(crate) fn buckets(values_ns: &[u64]) -> Buckets {
    let mut distribution = Exponential::default();
    values_ns.iter().for_each(|value| distribution.record(*value));
    into_buckets(distribution)
}

pub(crate) fn snapshot(window: Window, points: Vec<SeriesPoint>) -> WindowSnapshot {
    let coverage = Coverage { wanted_bytes: 10, delivered_bytes: 9, ..Coverage::default() };
    WindowSnapshot { window, points, coverage }
}

/// An exchange that ended at `end_ns` and took 100 ns, `GET /users/1` of client `web` to server `db`.
pub(crate) fn exchange(end_ns: u64) -> StoredExchange {
    let party = |port| Party { endpoint: Endpoint::new([10, 0, 0, 1].into(), port), dialled: None, cookie: None };
    let end = at(end_ns);
    let start = end.minus_ns(100);
    StoredExchange {
        exchange: Exchange {
            connection: ConnectionId(1),
            observed: Observed::SamePoint,
            netns: NetNs(0),
            client: party(40_000),
            server: party(80),
            protocol: Protocol::Http1,
            shape: Shape::Call,
            verb: "GET".into(),
            resource: "/users/1".into(),
            authority: "db".into(),
            status: Status { class: StatusClass::Ok, code: 200.into() },
            request: Message { first: start, last: start, bytes: 80 },
            response: Some(Message { first: end, last: end, bytes: 120 }),
            end,
            flags: ExchangeFlags::default(),
            ..Exchange::blank()
        },
        client: service("web"),
        server: service("db"),
        operation: "GET /users/{id}".into(),
    }
}

pub(crate) fn ledger_record(source: &str, at_ns: u64, seen: u64) -> LedgerRecord {
    let row = LedgerRow::new(Stage::Hook, Unit::Packets, seen, seen, &[("unwanted", 0)]);
    LedgerRecord { source: source.into(), incarnation: 1, at: at(at_ns), rows: vec![row] }
}

pub(crate) fn event(source: &str, kind: EventKind, at_ns: u64) -> Event {
    Event { at: at(at_ns), source: source.into(), kind, count: 0, detail: format!("{} at {at_ns}", kind.as_str()) }
}

/// A batch of the suite's own agent.
pub(crate) fn batch(sequence: u64) -> Batch {
    Batch::new(BatchId::new("suite", 1, sequence))
}

pub(crate) fn batch_of_windows(sequence: u64, windows: Vec<WindowSnapshot>) -> Batch {
    let mut batch = batch(sequence);
    batch.windows = windows;
    batch
}

pub(crate) fn batch_of_exchanges(sequence: u64, exchanges: Vec<StoredExchange>) -> Batch {
    let mut batch = batch(sequence);
    batch.exchanges = exchanges;
    batch
}

/// Appends a batch that has not been applied before.
pub(crate) async fn append(store: &dyn Store, batch: Batch) {
    let applied = store.append(batch).await.expect("the batch is sound");
    assert_eq!(applied, Applied::Now, "no such batch was appended before");
}

/// All pages of a query.
pub(crate) async fn pages(store: &dyn Store, query: &ExchangeQuery) -> Vec<Page<StoredExchange>> {
    let mut pages = Vec::new();
    let mut query = query.clone();
    loop {
        let page = store.exchanges(query.clone()).await.expect("exchanges can be read");
        assert!(page.rows.len() <= query.limit, "a page of {} rows has more than {}", page.rows.len(), query.limit);
        query.after = page.next;
        pages.push(page);
        if query.after.is_none() {
            return pages;
        }
    }
}

/// All exchanges that a query finds.
pub(crate) async fn all(store: &dyn Store, query: &ExchangeQuery) -> Vec<Arc<StoredExchange>> {
    pages(store, query).await.into_iter().flat_map(|page| page.rows).map(|row| row.value).collect()
}
