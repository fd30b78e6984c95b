//! What a client sends first, and until a server has answered it: messages without a type.

use super::message::MessageError;
use crate::Parsed;
use crate::read::Reader;

/// The first message of a connection (documentation, "Message Formats": StartupMessage, SSLRequest, GSSENCRequest,
/// CancelRequest).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Startup<'a> {
    /// Asks to end what another connection is waiting for. It is not answered.
    Cancel,
    /// Asks for encryption by TLS or GSSAPI; the answer is one byte.
    Encryption,
    /// Begins a session.
    Session {
        /// The database: the parameter of that name, else the user's name. Other parameters are not kept.
        database: &'a [u8],
    },
}

/// Bytes of the length and of the code that tells the messages apart.
pub(super) const STARTUP_HEAD_BYTES: usize = 8;

/// Longest one (`MAX_STARTUP_PACKET_LENGTH` of the server).
const MAX_STARTUP_BYTES: u32 = 10_000;

/// What the code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Cancel,
    Encryption,
    Session,
}

/// Major and minor number of version 3.0, of which there are servers that speak higher minor ones.
const VERSION_3: u32 = 3 << 16;

impl Code {
    /// The three requests take numbers of versions that nobody will have.
    const fn parse(code: u32) -> Option<Self> {
        Some(match code {
            80_877_102 => Self::Cancel,
            80_877_103 | 80_877_104 => Self::Encryption,
            VERSION_3..=0x3_ffff => Self::Session,
            _ => return None,
        })
    }
}

impl<'a> Startup<'a> {
    /// Parses the message at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// It is none of these.
    pub fn parse(data: &'a [u8]) -> Result<Parsed<Self>, MessageError> {
        let len = match startup_len(data)? {
            Parsed::Complete { value, .. } => usize::try_from(value).map_err(|_| MessageError::Length)?,
            Parsed::Incomplete { at_least } => return Ok(Parsed::Incomplete { at_least }),
        };
        let Some(message) = data.get(..len) else {
            return Ok(Parsed::Incomplete { at_least: len.saturating_sub(data.len()).max(1) });
        };
        let value = Self::read(message).ok_or(MessageError::Content)?;
        Ok(Parsed::Complete { value, consumed: len })
    }

    /// Reads a message, or as much of its front as there is. `None` if it is none, or breaks off before its code.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(message);
        reader.u32_be()?;
        match Code::parse(reader.u32_be()?)? {
            Code::Cancel => Some(Self::Cancel),
            Code::Encryption => Some(Self::Encryption),
            Code::Session => {
                let (mut user, mut database) = (None, None);
                // "A zero byte is required as a terminator after the last name/value pair."
                while let Some(name) = reader.until_zero().filter(|name| !name.is_empty()) {
                    let Some(value) = reader.until_zero() else { break };
                    match name {
                        b"user" => user = Some(value),
                        b"database" => database = Some(value),
                        _ => {}
                    }
                }
                // "The database to connect to. Defaults to the user name."
                let database = database.filter(|name| !name.is_empty()).or(user).unwrap_or_default();
                Some(Self::Session { database })
            }
        }
    }
}

/// The length of the message at the beginning of `data`.
pub(super) fn startup_len(data: &[u8]) -> Result<Parsed<u32>, MessageError> {
    // The length is small, so that its first bytes tell other protocols apart.
    if data.iter().take(2).any(|&byte| byte != 0) {
        return Err(MessageError::Length);
    }
    let mut reader = Reader(data);
    let (Some(len), Some(code)) = (reader.u32_be(), reader.u32_be()) else {
        return Ok(Parsed::Incomplete { at_least: STARTUP_HEAD_BYTES.saturating_sub(data.len()).max(1) });
    };
    let shortest_and_longest = match Code::parse(code).ok_or(MessageError::Kind)? {
        // Process and key, whose length varies from version 3.2 on.
        Code::Cancel => 16..=268,
        Code::Encryption => 8..=8,
        Code::Session => 9..=MAX_STARTUP_BYTES,
    };
    if !shortest_and_longest.contains(&len) {
        return Err(MessageError::Length);
    }
    Ok(Parsed::Complete { value: len, consumed: STARTUP_HEAD_BYTES })
}
