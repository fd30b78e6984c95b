//! Into the store, batch by batch.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use geophone_model::{ledger::LedgerRow, series::WindowSnapshot, time::Timestamp};
use geophone_store::{Batch, BatchId, Event, EventKind, LedgerRecord, Store, StoredExchange};

/// The name under which this process writes.
pub(crate) const SOURCE: &str = "geophone";

/// Writes what was made.
pub(crate) struct Sink {
    store: Arc<dyn Store>,
    incarnation: u64,
    sequence: u64,
    events: Vec<Event>,
}

impl Sink {
    /// A sink whose incarnation is the time at which it began.
    pub(crate) fn new(store: Arc<dyn Store>, begun: Timestamp) -> Self {
        Self { store, incarnation: begun.as_ns(), sequence: 0, events: Vec::new() }
    }

    /// Notes something that a person should know; it is written with the next batch.
    pub(crate) fn note(&mut self, at: Timestamp, kind: EventKind, count: u64, detail: impl Into<String>) {
        self.events.push(Event { at, source: SOURCE.into(), kind, count, detail: detail.into() });
    }

    /// Writes the rows that have been made, with the accounts at this time.
    pub(crate) fn write(
        &mut self,
        windows: Vec<WindowSnapshot>,
        exchanges: Vec<StoredExchange>,
        at: Timestamp,
        ledger: Vec<LedgerRow>,
    ) -> Result<()> {
        let mut batch = Batch::new(BatchId::new(SOURCE, self.incarnation, self.sequence));
        self.sequence += 1;
        (batch.windows, batch.exchanges) = (windows, exchanges);
        batch.events = std::mem::take(&mut self.events);
        batch.ledger = vec![LedgerRecord { source: SOURCE.into(), incarnation: self.incarnation, at, rows: ledger }];
        // The memory store's futures are ready at once; a slower one may take its time here, off the server's thread.
        pollster::block_on(self.store.append(batch)).context("cannot write to the store")?;
        Ok(())
    }
}
