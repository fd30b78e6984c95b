//! How many bytes each kind of rows may take, and how fine distributions are.

/// Budgets in bytes, each of its own kind of rows, so that many exchanges never drive out the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// For series points: half of the whole unless told otherwise.
    pub points_bytes: u64,
    /// For exchanges: seven sixteenths of the whole unless told otherwise.
    pub exchanges_bytes: u64,
    /// For the history of the ledger: a thirty-second of the whole unless told otherwise.
    pub ledger_bytes: u64,
    /// For events: a thirty-second of the whole unless told otherwise.
    pub events_bytes: u64,
    /// Of how many buckets a distribution may be; larger ones are made coarser. It is to be that of the aggregators.
    pub distribution: geophone_distribution::Config,
}

impl MemoryConfig {
    /// The whole budget, unless told otherwise: 256 MiB.
    pub const DEFAULT_BYTES: u64 = 256 << 20;

    /// Shares of a budget for all kinds together.
    pub fn within(bytes: u64) -> Self {
        Self {
            points_bytes: bytes / 2,
            exchanges_bytes: bytes / 16 * 7,
            ledger_bytes: bytes / 32,
            events_bytes: bytes / 32,
            distribution: geophone_distribution::Config::default(),
        }
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self::within(Self::DEFAULT_BYTES)
    }
}
