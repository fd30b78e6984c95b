//! The rows that are not series.

use std::sync::Arc;

use geophone_model::{exchange::Exchange, identity::Identity, ledger::LedgerRow, time::Timestamp};

/// An exchange, and who the two ends were at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredExchange {
    /// What was measured.
    pub exchange: Exchange,
    /// Who asked.
    pub client: Arc<Identity>,
    /// Who was asked.
    pub server: Arc<Identity>,
    /// The series' name of what was asked: `GET /users/{id}`.
    pub operation: Arc<str>,
}

/// The accounts of one source at one time, counted since the start of its incarnation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRecord {
    /// Who keeps the accounts: an agent, or [`STORE_SOURCE`].
    pub source: Arc<str>,
    /// Which life of the source they are from: numbers of different lives are not comparable.
    pub incarnation: u64,
    /// When they were read.
    pub at: Timestamp,
    /// An account for each stage and unit.
    pub rows: Vec<LedgerRow>,
}

/// The source of a store's own accounts and events.
pub const STORE_SOURCE: &str = "store";

/// Something that a person who looks at the figures of its time should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// Whom it happened to.
    pub source: Arc<str>,
    /// What happened.
    pub kind: EventKind,
    /// How many, where the kind counts something; else zero.
    pub count: u64,
    /// The details, for people.
    pub detail: String,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// An agent began to work.
    AgentStarted,
    /// An agent ended its work as it was told to.
    AgentStopped,
    /// A capture hook was attached.
    CaptureAttached,
    /// A capture hook could not be attached; the details say why.
    CaptureUnavailable,
    /// The kernel could not hand over `count` records.
    RecordsLost,
    /// A recording could not go on; the details say why.
    RecordingEnded,
    /// For the first time, rows of a kind were evicted to stay within the memory budget, `count` of them.
    Evicted,
}

impl EventKind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::AgentStarted,
        Self::AgentStopped,
        Self::CaptureAttached,
        Self::CaptureUnavailable,
        Self::RecordsLost,
        Self::RecordingEnded,
        Self::Evicted,
    ];

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgentStarted => "agent_started",
            Self::AgentStopped => "agent_stopped",
            Self::CaptureAttached => "capture_attached",
            Self::CaptureUnavailable => "capture_unavailable",
            Self::RecordsLost => "records_lost",
            Self::RecordingEnded => "recording_ended",
            Self::Evicted => "evicted",
        }
    }
}
