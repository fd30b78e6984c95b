//! The backend that keeps everything in memory, within a budget.
//!
//! * `config`: how many bytes each kind of rows may take.
//! * `windows`: the points, by window.
//! * `log`: rows in order of time: exchanges, ledger records, events.
//! * `latest`: the last ledger record of each source.
//! * `accounts`: what the store was given, and what became of it.
//! * `size`: how many bytes a row takes.
//!
//! One writer at a time, by a mutex, prepares rows outside of the locks that readers take. Readers hold those only to copy
//! pointers, some hundred at a time, and look at the rows after they have let go.

mod accounts;
mod config;
mod latest;
mod log;
mod size;
#[cfg(test)]
mod tests;
mod windows;

use std::{
    future::ready,
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use geophone_model::{series::WindowSnapshot, time::Timestamp};

use self::{
    accounts::{Accounts, Rows},
    latest::Latest,
    log::RowLog,
    windows::{Merged, Windows},
};
use crate::{
    AppendError, Applied, AppliedBatches, Batch, BoxFuture, Durability, Event, EventQuery, ExchangeQuery, LedgerQuery,
    LedgerRecord, Notice, Page, PointQuery, Publisher, ReadError, Sleepers, Stats, Store, StoredExchange, Subscription,
};

pub use self::config::MemoryConfig;

/// Keeps rows in memory, and evicts the oldest of a kind where there are more of it than its budget allows.
///
/// Its futures never wait: the work is done when a method returns. Reading a long range takes some milliseconds, which a
/// server does best on a thread of its own.
#[derive(Debug)]
pub struct MemoryStore {
    windows: Windows,
    exchanges: RowLog<StoredExchange>,
    ledger: RowLog<LedgerRecord>,
    latest: RwLock<Latest>,
    events: RowLog<Event>,
    publisher: Publisher,
    writer: Mutex<Writer>,
}

/// What only the one who writes needs.
#[derive(Debug, Default)]
struct Writer {
    applied: AppliedBatches,
    accounts: Accounts,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(config: MemoryConfig) -> Self {
        let MemoryConfig { points_bytes, exchanges_bytes, ledger_bytes, events_bytes, distribution } = config;
        Self {
            windows: Windows::new(points_bytes, distribution),
            exchanges: RowLog::new(exchanges_bytes, size::exchange),
            ledger: RowLog::new(ledger_bytes, size::ledger_record),
            latest: RwLock::default(),
            events: RowLog::new(events_bytes, size::event),
            publisher: Publisher::default(),
            writer: Mutex::default(),
        }
    }

    fn apply(&self, mut batch: Batch) -> Result<Applied, AppendError> {
        let mut writer = lock(&self.writer);
        let given = Rows::of(&batch);
        let agent = || batch.id.agent.clone();
        let sequence = batch.id.sequence;
        if writer.applied.contains(&batch.id) {
            writer.accounts.count_duplicate(given);
            return Ok(Applied::Before);
        }
        if !writer.applied.has_room(&batch.id) {
            return Err(AppendError::TooManyGaps { agent: agent(), sequence });
        }
        let merged = match self.windows.merge(take(&mut batch.windows)) {
            Ok(merged) => merged,
            Err(point) => return Err(AppendError::Malformed { agent: agent(), sequence, point }),
        };
        writer.applied.insert(&batch.id);
        writer.accounts.count_applied(given);
        let sleepers = self.write(batch, merged, &mut writer.accounts);
        drop(writer);
        sleepers.wake();
        Ok(Applied::Now)
    }

    /// Writes the rows of a batch, whose windows have been merged with those that are held; evicts what is too much, and
    /// tells the subscribers, those of whom are to be woken that it returns.
    fn write(&self, batch: Batch, merged: Merged, accounts: &mut Accounts) -> Sleepers {
        let Batch { id: _, windows: _, exchanges, mut ledger, events } = batch;
        accounts.merged_points += merged.merged_points;
        let mut notices = self.windows.write(merged);
        let has_windows = !notices.is_empty();
        self.exchanges.extend(exchanges.into_iter().map(|stored| (stored.exchange.end, stored)));
        let evicted = [self.windows.evict(), self.exchanges.evict()];

        let now = self.newest();
        let [points, exchanges] = evicted;
        let own_events = accounts.count_evicted(points, exchanges, now);
        let events = events.into_iter().chain(own_events).map(|event| (event.at, event));
        notices.extend(self.events.extend(events).into_iter().map(Notice::Event));
        self.events.evict();

        if has_windows {
            ledger.push(self.own_record(accounts));
        }
        let records = self.ledger.extend(ledger.into_iter().map(|record| (record.at, record)));
        write(&self.latest).extend(records);
        self.ledger.evict();

        self.publisher.publish(&notices)
    }

    fn own_record(&self, accounts: &Accounts) -> LedgerRecord {
        accounts.record(self.newest(), self.windows.stats().rows, self.exchanges.stats().rows)
    }

    /// The time of the newest row, which is the store's clock: it reads no other.
    fn newest(&self) -> Timestamp {
        [self.windows.stats().newest, self.exchanges.stats().newest].into_iter().flatten().max().unwrap_or_default()
    }

    fn count(&self) -> Stats {
        let writer = lock(&self.writer);
        Stats {
            points: self.windows.stats(),
            exchanges: self.exchanges.stats(),
            ledger: self.ledger.stats(),
            events: self.events.stats(),
            batches: writer.accounts.batches,
            duplicate_batches: writer.accounts.duplicate_batches,
            senders_forgotten: writer.applied.forgotten(),
            subscribers: self.publisher.subscribers(),
            notices_skipped: self.publisher.skipped(),
        }
    }
}

impl Store for MemoryStore {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Applied, AppendError>> {
        Box::pin(ready(self.apply(batch)))
    }

    fn windows(&self, query: PointQuery) -> BoxFuture<'_, Result<Vec<Arc<WindowSnapshot>>, ReadError>> {
        Box::pin(ready(self.windows.read(&query)))
    }

    fn exchanges(&self, query: ExchangeQuery) -> BoxFuture<'_, Result<Page<StoredExchange>, ReadError>> {
        let ExchangeQuery { range, filter, limit, after } = query;
        Box::pin(ready(Ok(self.exchanges.page(range, after, limit, |stored| filter.matches(stored)))))
    }

    fn ledger(&self) -> BoxFuture<'_, Result<Vec<Arc<LedgerRecord>>, ReadError>> {
        // The lock of the writer keeps the counts of the store's own record at one moment.
        let own = self.own_record(&lock(&self.writer).accounts);
        Box::pin(ready(Ok(read(&self.latest).records(own.into()))))
    }

    fn ledger_history(&self, query: LedgerQuery) -> BoxFuture<'_, Result<Page<LedgerRecord>, ReadError>> {
        let LedgerQuery { range, sources, limit, after } = query;
        let matches = |record: &LedgerRecord| is_among(&record.source, &sources);
        Box::pin(ready(Ok(self.ledger.page(range, after, limit, matches))))
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Page<Event>, ReadError>> {
        let EventQuery { range, kinds, sources, limit, after } = query;
        let matches =
            |event: &Event| (kinds.is_empty() || kinds.contains(&event.kind)) && is_among(&event.source, &sources);
        Box::pin(ready(Ok(self.events.page(range, after, limit, matches))))
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats, ReadError>> {
        Box::pin(ready(Ok(self.count())))
    }

    fn durability(&self) -> Durability {
        Durability::Memory
    }

    fn subscribe(&self) -> Subscription {
        self.publisher.subscribe()
    }
}

fn is_among(source: &str, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|one| one == source)
}

// A panic cannot leave rows half written: they are prepared before a lock is taken. So a poisoned lock is as good as new.

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
