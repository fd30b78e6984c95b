//! How much each stage may take.

use geophone_resolve::PendingConfig;

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
    /// Stages that together stay within `memory_bytes`: half for connections, a quarter for series, an eighth for names, and an
    /// eighth for what waits and for what they estimate too low.
    pub fn within_memory(memory_bytes: u64) -> Self {
        let share = |eighths: u64| usize::try_from(memory_bytes / 8 * eighths).unwrap_or(usize::MAX);
        let mut config = Self::default();
        config.pipeline.memory_budget_bytes = share(4);
        config.aggregator.memory_budget = share(2);
        config.resolver = geophone_resolve::Config::within_memory(share(1));
        config
    }
}
