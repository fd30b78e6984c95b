//! What a client sends behind the start-up.

use super::message::{self, MessageError};
use crate::read::Reader;
use crate::{Direction, Parsed};

/// A message of a client's (documentation, "Message Formats", those marked F or F & B), as far as an observer reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Gives a portal a prepared statement and values for its parameters.
    Bind {
        /// Empty for the unnamed portal.
        portal: &'a [u8],
        /// Empty for the unnamed statement.
        statement: &'a [u8],
    },
    /// Gives up a prepared statement or a portal.
    Close(Named<'a>),
    /// A piece of the data that COPY asked for.
    CopyData,
    /// All data has been sent.
    CopyDone,
    /// The client gives COPY up.
    CopyFail,
    /// Asks for a description.
    Describe(Named<'a>),
    /// Runs a portal.
    Execute {
        /// Empty for the unnamed portal.
        portal: &'a [u8],
    },
    /// Asks to be told what there is so far.
    Flush,
    /// Calls a function by its object id.
    FunctionCall {
        /// The function's object id.
        function: u32,
    },
    /// Prepares a statement.
    Parse {
        /// Its name, empty for the unnamed statement.
        statement: &'a [u8],
        /// What it is.
        text: Text<'a>,
    },
    /// An answer to a request for authentication: never looked into.
    Password,
    /// Runs a text of any number of statements.
    Query(Text<'a>),
    /// Ends a group of messages: all that came before is to be answered.
    Sync,
    /// Ends the connection.
    Terminate,
}

/// A prepared statement or a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the kinds are called in the documentation, with the name")]
pub enum Named<'a> {
    Portal(&'a [u8]),
    Statement(&'a [u8]),
}

/// A text of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// What there is of it.
    pub bytes: &'a [u8],
    /// The zero byte at its end was there.
    pub is_whole: bool,
}

impl<'a> Request<'a> {
    /// Parses the message at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// It is none of a client's.
    pub fn parse(data: &'a [u8]) -> Result<Parsed<Self>, MessageError> {
        message::whole(Direction::ToServer, data, Self::read)
    }

    /// Reads a message of this type from its content, or from as much of the front of that as matters. `None` if the content
    /// is not that of the type, or breaks off before what decides.
    pub(super) fn read(kind: u8, content: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(content);
        Some(match kind {
            b'B' => {
                let portal = reader.until_zero()?;
                Self::Bind { portal, statement: reader.until_zero()? }
            }
            b'C' => Self::Close(Named::read(&mut reader)?),
            b'd' => Self::CopyData,
            b'c' => Self::CopyDone,
            b'f' => Self::CopyFail,
            b'D' => Self::Describe(Named::read(&mut reader)?),
            b'E' => Self::Execute { portal: reader.until_zero()? },
            b'H' => Self::Flush,
            b'F' => Self::FunctionCall { function: reader.u32_be()? },
            b'P' => {
                let statement = reader.until_zero()?;
                Self::Parse { statement, text: Text::read(&mut reader) }
            }
            b'p' => Self::Password,
            b'Q' => Self::Query(Text::read(&mut reader)),
            b'S' => Self::Sync,
            b'X' => Self::Terminate,
            _ => return None,
        })
    }
}

impl<'a> Named<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        match reader.u8()? {
            b'P' => reader.until_zero().map(Self::Portal),
            b'S' => reader.until_zero().map(Self::Statement),
            _ => None,
        }
    }
}

impl<'a> Text<'a> {
    fn read(reader: &mut Reader<'a>) -> Self {
        match reader.until_zero() {
            Some(bytes) => Self { bytes, is_whole: true },
            None => Self { bytes: core::mem::take(&mut reader.0), is_whole: false },
        }
    }
}
