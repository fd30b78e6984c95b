//! The books: at every stage, *seen = passed on + each named reason for not passing on*, in the stage's own unit.

use std::fmt;

/// A stage of the way of the data, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Stage {
    /// The kernel's hooks: packets (or system calls) in, records out.
    Hook,
    /// The way from the kernel to the decoder: records.
    Decode,
    /// Assignment of packets to connections: packets.
    Flow,
    /// Putting a direction's bytes in order: stream bytes.
    Reassembly,
    /// Parsing: messages.
    Parse,
    /// Pairing of requests with responses: requests.
    Pair,
    /// Knowing who holds what: sockets and processes that were heard of; those that are passed are known now.
    Resolve,
    /// Naming both ends and counting: exchanges.
    Aggregate,
    /// Keeping: series points, exchanges.
    Store,
}

impl Stage {
    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Decode => "decode",
            Self::Flow => "flow",
            Self::Reassembly => "reassembly",
            Self::Parse => "parse",
            Self::Pair => "pair",
            Self::Resolve => "resolve",
            Self::Aggregate => "aggregate",
            Self::Store => "store",
        }
    }
}

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unit {
    /// Packets, or system calls where those are hooked.
    Packets,
    /// Records in the ring.
    Records,
    /// Bytes of streams or datagrams.
    Bytes,
    /// Protocol messages.
    Messages,
    /// Exchanges.
    Exchanges,
    /// Points of series.
    Points,
    /// Sockets.
    Sockets,
    /// Processes.
    Processes,
}

impl Unit {
    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Records => "records",
            Self::Bytes => "bytes",
            Self::Messages => "messages",
            Self::Exchanges => "exchanges",
            Self::Points => "points",
            Self::Sockets => "sockets",
            Self::Processes => "processes",
        }
    }
}

/// The account of one stage in one unit, counted since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LedgerRow {
    /// The stage.
    pub stage: Stage,
    /// What is counted.
    pub unit: Unit,
    /// What arrived.
    pub seen: u64,
    /// What was handed to the next stage.
    pub passed: u64,
    /// What was not, by reason. Reasons that never happened are listed with zero, so that a reader knows that they could.
    pub withheld: Vec<Withheld>,
}

/// A reason for not passing on, and how often it applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Withheld {
    /// The reason, a word or two in snake case: `ring_full`, `unwanted`, `retransmitted`.
    pub reason: std::borrow::Cow<'static, str>,
    /// How many.
    pub count: u64,
}

impl LedgerRow {
    /// A row from its numbers.
    pub fn new(stage: Stage, unit: Unit, seen: u64, passed: u64, withheld: &[(&'static str, u64)]) -> Self {
        let withheld = withheld.iter().map(|&(reason, count)| Withheld { reason: reason.into(), count }).collect();
        Self { stage, unit, seen, passed, withheld }
    }

    /// *seen − passed − withheld*: zero where the books balance, positive where something vanished without a reason.
    pub fn imbalance(&self) -> i128 {
        let withheld: i128 = self.withheld.iter().map(|w| i128::from(w.count)).sum();
        i128::from(self.seen) - i128::from(self.passed) - withheld
    }
}

impl fmt::Display for LedgerRow {
    /// One line: `hook packets: seen 10 = passed 7 + unwanted 3`; reasons with zero are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: seen {} = passed {}", self.stage.as_str(), self.unit.as_str(), self.seen, self.passed)?;
        for withheld in self.withheld.iter().filter(|w| w.count != 0) {
            write!(f, " + {} {}", withheld.reason, withheld.count)?;
        }
        match self.imbalance() {
            0 => Ok(()),
            off => write!(f, " (OFF BY {off})"),
        }
    }
}

/// How much of what was wanted in a window was delivered, and what could not be used: never an estimate of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coverage {
    /// Stream bytes that a parser wanted and that are known to have passed.
    pub wanted_bytes: u64,
    /// Of these, the ones that reached a parser.
    pub delivered_bytes: u64,
    /// Messages that found no partner.
    pub unpaired_messages: u64,
    /// Times that a parser lost its place in a stream.
    pub desyncs: u64,
    /// Records that the kernel could not hand over.
    pub lost_records: u64,
}

impl Coverage {
    /// Delivered over wanted, from 0 to 1; 1 where nothing was wanted.
    pub fn ratio(self) -> f64 {
        if self.wanted_bytes == 0 { 1.0 } else { self.delivered_bytes as f64 / self.wanted_bytes as f64 }
    }

    /// Adds another window's or another agent's coverage.
    pub const fn merge(&mut self, other: Self) {
        let Self { wanted_bytes, delivered_bytes, unpaired_messages, desyncs, lost_records } = other;
        self.wanted_bytes = self.wanted_bytes.saturating_add(wanted_bytes);
        self.delivered_bytes = self.delivered_bytes.saturating_add(delivered_bytes);
        self.unpaired_messages = self.unpaired_messages.saturating_add(unpaired_messages);
        self.desyncs = self.desyncs.saturating_add(desyncs);
        self.lost_records = self.lost_records.saturating_add(lost_records);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_where_everything_went() {
        let row = LedgerRow::new(Stage::Hook, Unit::Packets, 10, 7, &[("unwanted", 3), ("ring_full", 0)]);
        assert_eq!(row.imbalance(), 0);
        assert_eq!(row.to_string(), "hook packets: seen 10 = passed 7 + unwanted 3");
    }

    #[test]
    fn what_vanished_is_shouted() {
        let row = LedgerRow::new(Stage::Parse, Unit::Messages, 10, 7, &[]);
        assert_eq!(row.to_string(), "parse messages: seen 10 = passed 7 (OFF BY 3)");
    }

    #[test]
    fn coverage_of_nothing_is_full() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.ratio(), 1.0);
        coverage.merge(Coverage { wanted_bytes: 4, delivered_bytes: 3, ..Coverage::default() });
        assert_eq!(coverage.ratio(), 0.75);
    }
}
