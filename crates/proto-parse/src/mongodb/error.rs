//! Why bytes are no message of MongoDB.

use core::fmt;

/// Why the head of a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageError {
    /// No message has this length.
    Length,
    /// There is no such opcode.
    Opcode,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "no message of MongoDB has this length",
            Self::Opcode => "MongoDB has no such opcode",
        })
    }
}

impl core::error::Error for MessageError {}
