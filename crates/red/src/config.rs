//! What can be set.

use geophone_model::time::Window;

/// Lengths, caps and budgets of an [`Aggregator`](crate::Aggregator). A cap of zero counts as one.
///
/// ```
/// let mut config = geophone_red::Config::default();
/// config.max_operations = 50;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Length of a window in nanoseconds.
    pub window_ns: u64,
    /// How long after its end a window stays open for exchanges that arrive late, in nanoseconds.
    pub allowed_lateness_ns: u64,
    /// How far ahead of all before it a time may be and be believed at once, in nanoseconds. What is further ahead is
    /// believed when a second time, next to it and not the same, follows: so a long pause is over with its second event, and
    /// a single event from a broken clock closes no window.
    pub max_step_ns: u64,
    /// Most windows open at a time. Half of them may be further ahead of the clock than `max_step_ns`.
    pub max_windows: usize,
    /// Most series in all open windows together. The last eighth is for those that others are folded into: first without
    /// operation and status code; in the last sixteenth without the names of external ends as well.
    pub max_series: usize,
    /// Most identities; further ones are folded into one for each kind, named `~other`. External ones may be three quarters
    /// of them.
    pub max_identities: usize,
    /// Most operations of a service; further ones are folded into `~other`. A quarter of them may be operations that were
    /// never answered but with 404 or 405, as a scan for weak spots asks for.
    pub max_operations: usize,
    /// How many windows an identity or an operation is kept that nothing is counted for.
    pub idle_windows: u64,
    /// Paths that are remembered with their operations, rounded up to a power of two.
    pub path_cache_entries: usize,
    /// How paths are templated.
    pub template: crate::template::Config,
    /// How fine the distributions of durations are.
    pub distribution: geophone_distribution::Config,
    /// Bytes that the aggregator may hold, by its own [estimate](crate::Aggregator::memory_bytes). At the budget, new
    /// identities and operations are folded, and new series withheld; existing series go on counting.
    pub memory_budget: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window_ns: Window::DEFAULT_LENGTH_NS,
            allowed_lateness_ns: 2_000_000_000,
            max_step_ns: 600_000_000_000,
            max_windows: 512,
            max_series: 20_000,
            max_identities: 4_096,
            max_operations: 200,
            idle_windows: 360,
            path_cache_entries: 4_096,
            template: crate::template::Config::default(),
            distribution: geophone_distribution::Config::default(),
            memory_budget: 32 << 20,
        }
    }
}
