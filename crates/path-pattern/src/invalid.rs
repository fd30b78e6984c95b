//! Why a pattern was not taken.

use crate::MAX_PATTERN_LEN;

/// Why a path pattern was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPathPattern {
    /// It is no regular expression.
    #[error("path pattern `{pattern}` is no regular expression, at byte {position}: {reason}")]
    Syntax {
        /// The pattern.
        pattern: String,
        /// Offset in bytes of what is wrong, from the start of the pattern.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is longer than [`MAX_PATTERN_LEN`].
    #[error("path pattern has {len} bytes: take one of at most {MAX_PATTERN_LEN}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Its compiled form is too large.
    #[error("path pattern `{pattern}` is too large once compiled: take smaller repetitions")]
    TooLarge {
        /// The pattern.
        pattern: String,
    },
}

impl InvalidPathPattern {
    pub(crate) fn syntax(pattern: &str, error: &regex_syntax::Error) -> Self {
        let (position, reason) = match error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            other => (0, other.to_string()),
        };
        Self::Syntax { pattern: pattern.to_owned(), position, reason }
    }
}
