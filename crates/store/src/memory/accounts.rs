//! What the store was given, and what became of it.

use geophone_model::{
    ledger::{LedgerRow, Stage, Unit},
    time::Timestamp,
};

use crate::{Batch, Event, EventKind, LedgerRecord, STORE_SOURCE};

/// Counts since the start. What is held is not counted here, but by those who hold it.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub(super) batches: u64,
    pub(super) duplicate_batches: u64,
    /// Points whose key their window had already.
    pub(super) merged_points: u64,
    seen: Rows,
    duplicate: Rows,
    evicted: Rows,
}

/// Numbers of rows that are counted to the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows {
    points: u64,
    exchanges: u64,
}

impl Rows {
    pub(super) fn of(batch: &Batch) -> Self {
        let points = batch.windows.iter().map(|snapshot| snapshot.points.len() as u64).sum();
        Self { points, exchanges: batch.exchanges.len() as u64 }
    }

    const fn add(&mut self, other: Self) {
        self.points += other.points;
        self.exchanges += other.exchanges;
    }
}

impl Accounts {
    pub(super) fn count_applied(&mut self, given: Rows) {
        self.batches += 1;
        self.seen.add(given);
    }

    pub(super) fn count_duplicate(&mut self, given: Rows) {
        self.duplicate_batches += 1;
        self.seen.add(given);
        self.duplicate.add(given);
    }

    /// Counts what was evicted, and makes an event of the first time.
    pub(super) fn count_evicted(&mut self, points: u64, exchanges: u64, now: Timestamp) -> Vec<Event> {
        let before = self.evicted;
        self.evicted.add(Rows { points, exchanges });
        let first = |before, count, rows| (before == 0 && count > 0).then(|| first_eviction(count, rows, now));
        [first(before.points, points, "series points"), first(before.exchanges, exchanges, "exchanges")]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The store's own record, with so many rows held.
    pub(super) fn record(&self, at: Timestamp, points: u64, exchanges: u64) -> LedgerRecord {
        let Self { seen, duplicate, evicted, .. } = self;
        let points = LedgerRow::new(
            Stage::Store,
            Unit::Points,
            seen.points,
            points,
            &[("duplicate", duplicate.points), ("merged", self.merged_points), ("evicted", evicted.points)],
        );
        let exchanges = LedgerRow::new(
            Stage::Store,
            Unit::Exchanges,
            seen.exchanges,
            exchanges,
            &[("duplicate", duplicate.exchanges), ("evicted", evicted.exchanges)],
        );
        LedgerRecord { source: STORE_SOURCE.into(), incarnation: 0, at, rows: vec![points, exchanges] }
    }
}

fn first_eviction(count: u64, rows: &str, now: Timestamp) -> Event {
    let detail = format!(
        "the memory budget for {rows} is used up: from now on the oldest are evicted; a larger budget keeps them for longer"
    );
    Event { at: now, source: STORE_SOURCE.into(), kind: EventKind::Evicted, count, detail }
}
