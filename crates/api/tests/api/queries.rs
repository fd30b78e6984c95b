//! How long a query may take, and how many run at a time.

use std::{future::pending, sync::Arc, time::Duration};

use geophone_api::Config;
use geophone_model::series::WindowSnapshot;
use geophone_store::{
    AppendError, Applied, Batch, BoxFuture, Durability, Event, EventQuery, ExchangeQuery, LedgerQuery, LedgerRecord,
    MemoryStore, Page, PointQuery, ReadError, Stats, Store, StoredExchange, Subscription,
};

use crate::fixture::{app_with, get};

/// A store whose series never come, and whose exchanges fail.
struct Broken(MemoryStore);

impl Store for Broken {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Applied, AppendError>> {
        self.0.append(batch)
    }

    fn windows(&self, _: PointQuery) -> BoxFuture<'_, Result<Vec<Arc<WindowSnapshot>>, ReadError>> {
        Box::pin(pending())
    }

    fn exchanges(&self, _: ExchangeQuery) -> BoxFuture<'_, Result<Page<StoredExchange>, ReadError>> {
        Box::pin(async { Err(ReadError::Backend { backend: "broken", source: "the disk is gone".into() }) })
    }

    fn ledger(&self) -> BoxFuture<'_, Result<Vec<Arc<LedgerRecord>>, ReadError>> {
        self.0.ledger()
    }

    fn ledger_history(&self, query: LedgerQuery) -> BoxFuture<'_, Result<Page<LedgerRecord>, ReadError>> {
        self.0.ledger_history(query)
    }

    fn events(&self, _: EventQuery) -> BoxFuture<'_, Result<Page<Event>, ReadError>> {
        panic!("a bug in a backend")
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats, ReadError>> {
        self.0.stats()
    }

    fn durability(&self) -> Durability {
        self.0.durability()
    }

    fn subscribe(&self) -> Subscription {
        self.0.subscribe()
    }
}

fn broken() -> Arc<dyn Store> {
    Arc::new(Broken(MemoryStore::new(Default::default())))
}

/// Longer than any answer takes that comes at all.
const LONG: Duration = Duration::from_secs(60);

/// The runtime is not waited for: a thread of it waits for the series that never come.
fn with_broken_store(timeout: Duration, test: impl AsyncFnOnce(axum::Router)) {
    let mut config = Config::default();
    config.timeout = timeout;
    config.max_queries = 1;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(test(app_with(broken(), config)));
    runtime.shutdown_background();
}

#[test]
fn a_query_that_takes_too_long_is_given_up_and_goes_on_to_count_as_running() {
    with_broken_store(Duration::from_millis(50), async |app| {
        let answer = get(&app, "/api/v1/services").await;
        let (status, _, detail) = answer.problem();
        assert_eq!((status, &answer.headers["retry-after"]), (503, &"1".parse().unwrap()));
        assert!(detail.contains("took longer than 50ms"), "{detail}");
        let (status, _, detail) = get(&app, "/api/v1/exchanges").await.problem();
        assert_eq!(status, 503);
        assert!(detail.contains("too many queries"), "{detail}");
        assert_eq!(get(&app, "/healthz").await.status, 200, "what is no query is answered");
    });
}

#[test]
fn a_backend_that_fails_is_named() {
    with_broken_store(LONG, async |app| {
        let (status, _, detail) = get(&app, "/api/v1/exchanges").await.problem();
        assert_eq!((status, &*detail), (500, "cannot read from the broken store: the disk is gone"));
    });
}

#[test]
fn a_backend_that_panics_costs_one_answer() {
    with_broken_store(LONG, async |app| {
        assert_eq!(get(&app, "/api/v1/events").await.problem().0, 500);
        assert_eq!(get(&app, "/metrics").await.status, 200, "its place is free again");
    });
}
