//! What a store is given at a time.

use std::sync::Arc;

use geophone_model::series::WindowSnapshot;

use crate::{Event, LedgerRecord, StoredExchange};

/// Rows that are applied together, once.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// Which batch it is.
    pub id: BatchId,
    /// Series points, by window. Snapshots of a window that the store has already are added to it.
    pub windows: Vec<WindowSnapshot>,
    /// Exchanges.
    pub exchanges: Vec<StoredExchange>,
    /// Accounts of the stages.
    pub ledger: Vec<LedgerRecord>,
    /// Notable things.
    pub events: Vec<Event>,
}

impl Batch {
    /// A batch without rows.
    pub const fn new(id: BatchId) -> Self {
        Self { id, windows: Vec::new(), exchanges: Vec::new(), ledger: Vec::new(), events: Vec::new() }
    }
}

/// The name of a batch, the same whenever it is sent again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    /// Who sends it.
    pub agent: Arc<str>,
    /// Which life of the sender it is from. A sender that may have lost count of its sequence starts a new one.
    pub incarnation: u64,
    /// Its number in that life. Numbers are given in order; batches may arrive in another.
    pub sequence: u64,
}

impl BatchId {
    /// An id.
    pub fn new(agent: &str, incarnation: u64, sequence: u64) -> Self {
        Self { agent: agent.into(), incarnation, sequence }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Its rows were written now.
    Now,
    /// It had been applied before: nothing was written.
    Before,
}
