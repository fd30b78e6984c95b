//! Why a head was not accepted.

use core::fmt;

/// Why the head of a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadError {
    /// The start line is not one of HTTP/1: these are bytes of another protocol, or the middle of a message.
    NotHttp1,
    /// The start line is one of HTTP/1, but its target or its status is not valid.
    StartLine,
    /// A field line has no colon, or its name is not a token (RFC 9112 section 5.1: no whitespace before the colon).
    FieldName,
    /// `Content-Length` is not a number, or two of them differ.
    ContentLength,
    /// `Transfer-Encoding` is not valid, or does not tell where the message ends.
    TransferEncoding,
    /// A field that decides where the message ends is folded over several lines.
    Folded,
    /// The head, or one line of it, is longer than the limits allow.
    TooLarge,
}

impl HeadError {
    /// Whether the bytes are of another protocol, as opposed to a malformed message of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotHttp1)
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp1 => "the start line is not one of HTTP/1",
            Self::StartLine => "the start line of an HTTP/1 message has an invalid target or status",
            Self::FieldName => "a field line of an HTTP/1 head has no valid name before a colon",
            Self::ContentLength => "the content-length of an HTTP/1 message is not one number",
            Self::TransferEncoding => "the transfer-encoding of an HTTP/1 message does not tell where it ends",
            Self::Folded => "a framing field of an HTTP/1 head is folded",
            Self::TooLarge => "the head of an HTTP/1 message, or one line of it, is over its limit",
        })
    }
}

impl core::error::Error for HeadError {}
