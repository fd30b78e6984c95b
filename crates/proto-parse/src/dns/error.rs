//! What can be wrong with a message.

use core::fmt;

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DnsError {
    /// There are fewer bytes than a header has.
    Header,
    /// The first question has no valid name, or ends behind the message.
    Question,
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "a DNS message is shorter than its header",
            Self::Question => "the first question of a DNS message is not valid",
        })
    }
}

impl core::error::Error for DnsError {}
