//! Why bytes were not accepted.

use core::fmt;

/// Why bytes were not accepted as a command or a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RespError {
    /// A line is not one of RESP.
    NotResp,
    /// A line is one of RESP, but cannot be there: the end of nothing, or what is streamed nested deeper than the limit.
    Misplaced,
}

impl RespError {
    /// Whether the bytes are of another protocol, as opposed to a malformed message of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotResp)
    }
}

impl fmt::Display for RespError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotResp => "a line is not one of RESP",
            Self::Misplaced => "a line of RESP cannot be where it is",
        })
    }
}

impl core::error::Error for RespError {}
