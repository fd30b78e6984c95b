//! Why a payload was not accepted.

use core::fmt;

/// Why the payload of a packet was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is nothing that may come at this place: bytes of another protocol, or the middle of a message.
    NotMysql,
    /// It begins as something of this protocol and is not whole.
    Short,
}

impl PayloadError {
    /// Whether the bytes are of another protocol, as opposed to a malformed message of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotMysql)
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotMysql => "the payload is nothing that MySQL sends at this place",
            Self::Short => "the payload of a MySQL packet is shorter than what it begins with",
        })
    }
}

impl core::error::Error for PayloadError {}
