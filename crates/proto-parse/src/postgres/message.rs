//! What all messages behind the start-up share: a byte that says their type, and their length.

use core::fmt;

use crate::read::Reader;
use crate::{Direction, Parsed};

/// The head of a message behind the start-up (documentation, "Message Formats").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The byte that says what it is: `Q` for Query. The same byte means other things in the other direction.
    pub kind: u8,
    /// Bytes of the whole message, this head included: one more than its length field says.
    pub len: u32,
}

/// Bytes of a [`Head`].
pub(super) const HEAD_BYTES: usize = 5;

/// Longest message but for those that carry texts, rows and data: what the server accepts (`PQ_SMALL_MESSAGE_LIMIT`)...
const MAX_SMALL_REQUEST_BYTES: u32 = 10_000;
/// ... and what libpq does, past which it takes the stream for broken.
const MAX_SMALL_RESPONSE_BYTES: u32 = 30_000;
/// Longest message: what the server accepts (`PQ_LARGE_MESSAGE_LIMIT`), the most that it allocates at once.
const MAX_LARGE_BYTES: u32 = 0x3fff_fffe;

impl Head {
    /// Parses the head of a message of a direction at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// No message of that direction has this type, or none of this type this length.
    pub fn parse(direction: Direction, data: &[u8]) -> Result<Parsed<Self>, MessageError> {
        let mut reader = Reader(data);
        let kind = reader.u8();
        if let Some(kind) = kind
            && lengths(direction, kind).is_none()
        {
            return Err(MessageError::Kind);
        }
        let (Some(kind), Some(len)) = (kind, reader.u32_be()) else {
            return Ok(Parsed::Incomplete { at_least: HEAD_BYTES.saturating_sub(data.len()).max(1) });
        };
        let (shortest, longest) = lengths(direction, kind).ok_or(MessageError::Kind)?;
        if !(shortest..=longest).contains(&len) {
            return Err(MessageError::Length);
        }
        Ok(Parsed::Complete { value: Self { kind, len: len.saturating_add(1) }, consumed: HEAD_BYTES })
    }
}

/// The least and the most that the length field of a message of this type says.
const fn lengths(direction: Direction, kind: u8) -> Option<(u32, u32)> {
    Some(match (direction, kind) {
        (Direction::ToServer, b'S' | b'H' | b'X' | b'c') => (4, 4),
        // Texts, values, data.
        (Direction::ToServer, b'Q' | b'f') => (5, MAX_LARGE_BYTES),
        (Direction::ToServer, b'P') => (8, MAX_LARGE_BYTES),
        (Direction::ToServer, b'B') => (12, MAX_LARGE_BYTES),
        (Direction::ToServer, b'F') => (12, MAX_LARGE_BYTES),
        (Direction::ToServer, b'd') => (4, MAX_LARGE_BYTES),
        // A kind and a name, a name and a count, what answers a request for authentication.
        (Direction::ToServer, b'C' | b'D') => (6, MAX_SMALL_REQUEST_BYTES),
        (Direction::ToServer, b'E') => (9, MAX_SMALL_REQUEST_BYTES),
        (Direction::ToServer, b'p') => (4, 65_535),
        (Direction::ToClient, b'1' | b'2' | b'3' | b'n' | b's' | b'I' | b'c') => (4, 4),
        (Direction::ToClient, b'Z') => (5, 5),
        // Rows and their description, data, texts.
        (Direction::ToClient, b'D' | b'T') => (6, MAX_LARGE_BYTES),
        (Direction::ToClient, b'd') => (4, MAX_LARGE_BYTES),
        (Direction::ToClient, b'V') => (8, MAX_LARGE_BYTES),
        (Direction::ToClient, b'E' | b'N') => (5, MAX_LARGE_BYTES),
        (Direction::ToClient, b'A') => (10, MAX_LARGE_BYTES),
        (Direction::ToClient, b'G' | b'H' | b'W') => (7, MAX_SMALL_RESPONSE_BYTES),
        (Direction::ToClient, b'K' | b'v') => (12, MAX_SMALL_RESPONSE_BYTES),
        (Direction::ToClient, b'R') => (8, MAX_SMALL_RESPONSE_BYTES),
        // A type for each of at most 65,535 parameters.
        (Direction::ToClient, b't') => (6, 6 + 4 * 65_535),
        (Direction::ToClient, b'C' | b'S') => (5, MAX_SMALL_RESPONSE_BYTES),
        _ => return None,
    })
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageError {
    /// No message of its direction has its type.
    Kind,
    /// No message of its type is that long, or that short.
    Length,
    /// Its content is not what its type promises.
    Content,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "the type of a PostgreSQL message is not one of its direction",
            Self::Length => "the length of a PostgreSQL message is not one of its type",
            Self::Content => "the content of a PostgreSQL message is not that of its type",
        })
    }
}

impl core::error::Error for MessageError {}

/// Parses a whole message at the beginning of `data`, whose content `read` understands.
pub(super) fn whole<'a, T>(
    direction: Direction,
    data: &'a [u8],
    read: impl FnOnce(u8, &'a [u8]) -> Option<T>,
) -> Result<Parsed<T>, MessageError> {
    let head = match Head::parse(direction, data)? {
        Parsed::Complete { value, .. } => value,
        Parsed::Incomplete { at_least } => return Ok(Parsed::Incomplete { at_least }),
    };
    let consumed = usize::try_from(head.len).map_err(|_| MessageError::Length)?;
    let Some(content) = data.get(HEAD_BYTES..consumed) else {
        return Ok(Parsed::Incomplete { at_least: consumed.saturating_sub(data.len()).max(1) });
    };
    read(head.kind, content).map(|value| Parsed::Complete { value, consumed }).ok_or(MessageError::Content)
}
