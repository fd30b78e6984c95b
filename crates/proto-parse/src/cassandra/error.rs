//! Why a header was not accepted.

use core::fmt;

/// Why the header of an envelope or of a frame was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeaderError {
    /// The version is none of those that are supported, or the direction is the other one.
    Version,
    /// The opcode is unknown, or of the other direction.
    Opcode,
    /// A request has a negative stream id, which are the server's.
    Stream,
    /// The body is longer than the protocol allows.
    TooLarge,
    /// The checksum in a frame's header is not that of the header.
    Checksum,
}

impl HeaderError {
    /// Whether the bytes are of another protocol, as opposed to a malformed message of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        !matches!(self, Self::TooLarge)
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "the version of a CQL envelope is none of 3 to 5 in its direction",
            Self::Opcode => "the opcode of a CQL envelope is none of its direction",
            Self::Stream => "the stream id of a CQL request is negative",
            Self::TooLarge => "the body of a CQL envelope is longer than 256 MiB",
            Self::Checksum => "the header of a CQL frame does not have its checksum",
        })
    }
}

impl core::error::Error for HeaderError {}
