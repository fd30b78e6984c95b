//! How much each stage may take.

use geophone_resolve::PendingConfig;

/// What an exchange that waits for facts takes, about.
const WAITING_BYTES: usize = 512;

/// The limits of all stages.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Pairing requests with responses.
    pub pipeline: geophone_pipeline::Config,
    /// Saying who both ends were.
    pub resolver: geophone_resolve::Config,
    /// Waiting for facts.
    pub pending: PendingConfig,
    /// Counting.
    pub aggregator: geophone_red::Config,
}

impl Config {
    /// Stages that together stay within `memory_bytes`: half for connections, a quarter for series, an eighth for names, a
    /// sixteenth for exchanges that wait, and the rest for what they estimate too low.
    pub fn within_memory(memory_bytes: u64) -> Self {
        let share = |eighths: u64| usize::try_from(memory_bytes / 8 * eighths).unwrap_or(usize::MAX);
        let mut config = Self::default();
        config.pipeline.memory_budget_bytes = share(4);
        config.aggregator.memory_budget = share(2);
        config.pending.max_exchanges = (share(1) / 2 / WAITING_BYTES).clamp(256, config.pending.max_exchanges);
        config.resolver = geophone_resolve::Config::within_memory(share(1));
        config
    }
}
