//! How much a store holds.

use geophone_model::time::Timestamp;

/// What a restart loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Everything: rows live in the memory of the process.
    Memory,
    /// Nothing that [`append`](crate::Store::append) has confirmed.
    Durable,
}

impl Durability {
    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Durable => "durable",
        }
    }
}

/// How much a store holds, and what it no longer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Series points.
    pub points: RowStats,
    /// Exchanges.
    pub exchanges: RowStats,
    /// Ledger records.
    pub ledger: RowStats,
    /// Events.
    pub events: RowStats,
    /// Batches that were applied.
    pub batches: u64,
    /// Batches that came again and changed nothing.
    pub duplicate_batches: u64,
    /// Senders whose batches are no longer remembered, so that one of them, sent again, would be applied again.
    pub senders_forgotten: u64,
    /// Subscriptions that are open.
    pub subscribers: usize,
    /// Notices that subscribers were too slow for.
    pub notices_skipped: u64,
}

/// The same for one kind of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowStats {
    /// Rows that it holds.
    pub rows: u64,
    /// Bytes that they take, an estimate from above.
    pub bytes: u64,
    /// Bytes that they may take; `None` where there is no limit but the disk.
    pub budget_bytes: Option<u64>,
    /// Rows that were dropped to stay within the budget.
    pub evicted: u64,
    /// The time of the oldest row: the end of an exchange, the start of a window.
    pub oldest: Option<Timestamp>,
    /// The time of the newest row: the end of an exchange, the end of a window.
    pub newest: Option<Timestamp>,
}
