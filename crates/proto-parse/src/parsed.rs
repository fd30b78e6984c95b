//! What a message-level parser returns.

/// What a message-level parser made of a slice that was not malformed.
///
/// A message-level parser is a pure function `fn(&[u8], &Limits) -> Result<Parsed<T>, E>`. "More bytes are needed" is
/// a value and not an error, and `E` tells a malformed message from bytes of another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed<T> {
    /// The slice begins with a whole `T`.
    Complete {
        /// What was parsed.
        value: T,
        /// How many bytes of the slice it took.
        consumed: usize,
    },
    /// The slice is a proper prefix of what may become a `T`.
    Incomplete {
        /// How many bytes more are needed at the least, never 0.
        at_least: usize,
    },
}

impl<T> Parsed<T> {
    /// The same with what was parsed turned into something else.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Parsed<U> {
        match self {
            Self::Complete { value, consumed } => Parsed::Complete { value: into(value), consumed },
            Self::Incomplete { at_least } => Parsed::Incomplete { at_least },
        }
    }
}
