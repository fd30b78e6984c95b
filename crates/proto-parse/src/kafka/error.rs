//! Why bytes are no message of Kafka.

use core::fmt;

/// Why the beginning of a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageError {
    /// No message has this size.
    Size,
    /// There is no such API.
    ApiKey,
    /// The API has no such version.
    ApiVersion,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "no message of Kafka has this size",
            Self::ApiKey => "Kafka has no API with this key",
            Self::ApiVersion => "the API of Kafka has no such version",
        })
    }
}

impl core::error::Error for MessageError {}
