//! What happened, in numbers.

use geophone_model::ledger::{LedgerRow, Stage, Unit};

/// What an aggregator counted since its start, in exchanges unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Given to the aggregator.
    pub seen: u64,
    /// Counted in a window, each once, whether it counts in one view or in both.
    pub recorded: u64,
    /// Withheld: they ended so far ahead of the clock that they would have taken a window from those that did not.
    pub ahead_of_clock: u64,
    /// Withheld: too many windows were open, because nobody advanced the watermark.
    pub windows_full: u64,
    /// Withheld: there was no room for one more series, not even a folded one.
    pub series_full: u64,
    /// Recorded in both views, because they were measured at one point for both.
    pub same_point: u64,
    /// Recorded in a window that was over already, so that it is handed out again.
    pub late: u64,
    /// Recorded under `~other` because their service had too many operations.
    pub operations_folded: u64,
    /// Views of exchanges recorded under `~other` and without a status code because there were too many series.
    pub series_folded: u64,
    /// Ends of exchanges recorded as `~other` because there were too many identities.
    pub identities_folded: u64,
    /// Operations that were forgotten after an idle time.
    pub operations_expired: u64,
    /// Identities that were forgotten after an idle time.
    pub identities_expired: u64,
    /// Positions in paths that were found to be variable.
    pub positions_learned: u64,
    /// Paths that were templated without learning from them, because there was no room for what they teach.
    pub paths_unlearned: u64,
    /// Times so far ahead of the others that they were not believed at once.
    pub clock_jumps_held: u64,
}

impl Counters {
    /// The account of the aggregation: `seen = recorded + withheld`, by reason.
    pub fn ledger(&self) -> LedgerRow {
        let withheld = [
            ("ahead_of_clock", self.ahead_of_clock),
            ("windows_full", self.windows_full),
            ("series_full", self.series_full),
        ];
        LedgerRow::new(Stage::Aggregate, Unit::Exchanges, self.seen, self.recorded, &withheld)
    }
}
