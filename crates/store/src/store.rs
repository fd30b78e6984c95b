//! The trait that every backend implements.

use std::{pin::Pin, sync::Arc};

use geophone_model::series::WindowSnapshot;

use crate::{
    AppendError, Applied, Batch, Durability, Event, EventQuery, ExchangeQuery, LedgerQuery, LedgerRecord, Page,
    PointQuery, ReadError, Stats, StoredExchange, Subscription,
};

/// What a method of [`Store`] returns: a boxed future, since an `async fn` would make the trait unfit for `Arc<dyn Store>`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place that keeps rows and gives them back.
///
/// A batch is applied once, whole or not at all. A reader may see a part of it while it is being applied; when
/// [`append`](Self::append) has returned, everybody sees all of it. Neither readers nor writers wait for each other for
/// longer than it takes to look at some hundred rows.
pub trait Store: Send + Sync {
    /// Applies a batch, or finds that it has been applied before. Where it fails, nothing of it was applied, and it may be
    /// sent again.
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Applied, AppendError>>;

    /// The windows that start in a range, oldest first, each once, with the points that match, sorted by their keys, each key once:
    /// snapshots of the same window, from several agents or late, come merged. A window without a matching point is still
    /// there, for its coverage.
    fn windows(&self, query: PointQuery) -> BoxFuture<'_, Result<Vec<Arc<WindowSnapshot>>, ReadError>>;

    /// A page of the exchanges that ended in a range, newest first.
    fn exchanges(&self, query: ExchangeQuery) -> BoxFuture<'_, Result<Page<StoredExchange>, ReadError>>;

    /// The latest record of each source, sorted by source; the store's own is among them.
    fn ledger(&self) -> BoxFuture<'_, Result<Vec<Arc<LedgerRecord>>, ReadError>>;

    /// A page of the records of a range, newest first.
    fn ledger_history(&self, query: LedgerQuery) -> BoxFuture<'_, Result<Page<LedgerRecord>, ReadError>>;

    /// A page of the events of a range, newest first.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Page<Event>, ReadError>>;

    /// How much it holds, and what it no longer does.
    fn stats(&self) -> BoxFuture<'_, Result<Stats, ReadError>>;

    /// What a restart loses.
    fn durability(&self) -> Durability;

    /// Notices of what is written from now on.
    fn subscribe(&self) -> Subscription;
}
