//! What is served, and what "now" is with it.

use std::{fmt, sync::Arc};

use geophone_model::time::{Timestamp, Window};

/// What "now" is: the end of a range that has none.
#[derive(Clone)]
#[non_exhaustive]
pub enum Now {
    /// What this says, which is a wall clock where traffic is captured live.
    Provided(Arc<dyn Fn() -> Timestamp + Send + Sync>),
    /// The time of the newest row in the store, whoever writes it.
    NewestRow,
    /// The end of a recording that was replayed. Where a query has no range at all, it is about the whole recording.
    EndOf(Recording),
}

/// A file with traffic that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What people call it: the file's name, without the way to it.
    pub name: String,
    /// From its first event to its last; of no length where it has none.
    pub range: Window,
}

impl Now {
    /// The recording whose end it is.
    pub(crate) const fn recording(&self) -> Option<&Recording> {
        match self {
            Self::EndOf(recording) => Some(recording),
            Self::Provided(_) | Self::NewestRow => None,
        }
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provided(_) => f.write_str("Provided"),
            Self::NewestRow => f.write_str("NewestRow"),
            Self::EndOf(recording) => f.debug_tuple("EndOf").field(recording).finish(),
        }
    }
}
