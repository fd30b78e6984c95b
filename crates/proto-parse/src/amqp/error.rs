//! What can be wrong with a frame or a method.

use core::fmt;

/// Why bytes are not a frame or a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmqpError {
    /// The first bytes are neither a frame's nor the protocol header.
    NotAmqp,
    /// A frame of this kind has another length.
    FrameLength,
    /// A method ends within its identifier.
    Method,
}

impl AmqpError {
    /// Whether the bytes are of another protocol, as opposed to a malformed frame of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotAmqp)
    }
}

impl fmt::Display for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAmqp => "the first bytes are not an AMQP 0-9-1 frame's",
            Self::FrameLength => "an AMQP frame has a length that its kind does not have",
            Self::Method => "an AMQP method ends within its identifier",
        })
    }
}

impl core::error::Error for AmqpError {}
