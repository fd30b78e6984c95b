//! What can go wrong, by operation.

use std::sync::Arc;

use crate::{MAX_RUNS, MalformedPoint};

/// Why a batch was not applied. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// A point of the batch contradicts itself. Sending it again will not help.
    #[error("cannot append batch {sequence} of agent `{agent}`: {point}")]
    Malformed {
        /// Who sent it.
        agent: Arc<str>,
        /// Its number.
        sequence: u64,
        /// What is wrong.
        #[source]
        point: MalformedPoint,
    },
    /// So many earlier batches of the sender are missing that the store cannot remember which ones it has.
    #[error(
        "cannot append batch {sequence} of agent `{agent}`: there are more than {MAX_RUNS} gaps before it; \
         send the missing batches first, or start a new incarnation"
    )]
    TooManyGaps {
        /// Who sent it.
        agent: Arc<str>,
        /// Its number.
        sequence: u64,
    },
    /// The backend failed.
    #[error("cannot append to the {backend} store: {source}")]
    Backend {
        /// Which backend.
        backend: &'static str,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why rows were not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The range has more points than the query allows.
    #[error("cannot read the series: the range has more than {max_points} matching points; ask for a shorter range")]
    TooManyPoints {
        /// What the query allows.
        max_points: usize,
    },
    /// The backend failed.
    #[error("cannot read from the {backend} store: {source}")]
    Backend {
        /// Which backend.
        backend: &'static str,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
