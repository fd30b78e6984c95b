//! What can be wrong with a record or a handshake message.

use core::fmt;

/// Why bytes are not a record, a hello or an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsError {
    /// The first bytes are not a record's.
    NotTls,
    /// A record is longer than its version allows, or has no content where it must have some.
    RecordLength,
    /// A handshake message is not the one that was asked for.
    OtherMessage,
    /// A field of a hello ends behind what contains it.
    Hello,
    /// An alert has not two bytes, or an unknown level.
    Alert,
}

impl TlsError {
    /// Whether the bytes are of another protocol, as opposed to a malformed message of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotTls)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTls => "the first bytes are not a TLS record's",
            Self::RecordLength => "the length of a TLS record is not allowed",
            Self::OtherMessage => "the TLS handshake message is of another type",
            Self::Hello => "a field of a TLS hello is longer than what contains it",
            Self::Alert => "a TLS alert is not a level and a description",
        })
    }
}

impl core::error::Error for TlsError {}
