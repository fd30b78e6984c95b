//! What a server sends.

use super::Sqlstate;
use super::message::{self, MessageError};
use crate::read::Reader;
use crate::{Direction, Parsed};

/// A message of a server's (documentation, "Message Formats", those marked B or F & B), as far as an observer reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response<'a> {
    /// Says how the client is to prove who it is, or that it has: never looked into.
    Authentication,
    /// What a cancel request is to quote: never looked into.
    BackendKeyData,
    /// The Bind, Close or Parse that is next has been carried out, or a description says that there is none.
    Acknowledgement,
    /// A statement has been carried out, or as much of it as was asked for.
    Complete,
    /// COPY waits for data.
    CopyIn,
    /// COPY is about to send data.
    CopyOut,
    /// Both sides send data from here on: streaming replication.
    CopyBoth,
    /// A piece of COPY's data.
    CopyData,
    /// All data has been sent.
    CopyDone,
    /// A row, or a description of rows or parameters.
    Rows,
    /// What was asked for has failed.
    Error(Failure),
    /// What a function has returned.
    FunctionCallResult,
    /// The server knows a smaller minor version, or not all options.
    NegotiateProtocolVersion,
    /// A warning or a remark.
    Notice,
    /// Somebody has notified a channel that the client listens on. What with is never looked into.
    Notification {
        /// The channel's name.
        channel: &'a [u8],
    },
    /// A setting of the session, at its beginning and when it changes.
    ParameterStatus {
        /// The setting's name.
        name: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// All that was asked for has been answered.
    ReadyForQuery,
}

/// What is kept of an error (documentation, "Error and Notice Message Fields"); its message may quote values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Field `C`.
    pub code: Option<Sqlstate>,
    /// The server ends the connection with it: field `V`, in servers before 9.6 field `S`.
    pub is_fatal: bool,
}

impl<'a> Response<'a> {
    /// Parses the message at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// It is none of a server's.
    pub fn parse(data: &'a [u8]) -> Result<Parsed<Self>, MessageError> {
        message::whole(Direction::ToClient, data, Self::read)
    }

    /// Reads a message of this type from its content, or from as much of the front of that as matters. `None` if the content
    /// is not that of the type, or breaks off before what decides.
    pub(super) fn read(kind: u8, content: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(content);
        Some(match kind {
            b'R' => Self::Authentication,
            b'K' => Self::BackendKeyData,
            b'1' | b'2' | b'3' | b'n' => Self::Acknowledgement,
            b'C' | b'I' | b's' => Self::Complete,
            b'G' => Self::CopyIn,
            b'H' => Self::CopyOut,
            b'W' => Self::CopyBoth,
            b'd' => Self::CopyData,
            b'c' => Self::CopyDone,
            b'D' | b'T' | b't' => Self::Rows,
            b'E' => Self::Error(Failure::read(reader)),
            b'V' => Self::FunctionCallResult,
            b'v' => Self::NegotiateProtocolVersion,
            b'N' => Self::Notice,
            b'A' => {
                reader.u32_be()?;
                Self::Notification { channel: reader.until_zero()? }
            }
            b'S' => {
                let name = reader.until_zero()?;
                Self::ParameterStatus { name, value: reader.until_zero()? }
            }
            // In or out of a transaction: that is the client's business.
            b'Z' if matches!(content, [] | [b'I' | b'T' | b'E', ..]) => Self::ReadyForQuery,
            _ => return None,
        })
    }
}

impl Failure {
    /// Reads the fields up to the code: severity, severity in English and code come first in all servers.
    fn read(mut reader: Reader<'_>) -> Self {
        let mut failure = Self { code: None, is_fatal: false };
        while let Some(field) = reader.u8().filter(|&field| field != 0) {
            let Some(value) = reader.until_zero() else { break };
            match field {
                b'S' | b'V' => failure.is_fatal |= matches!(value, b"FATAL" | b"PANIC"),
                b'C' => {
                    failure.code = Sqlstate::parse(value);
                    break;
                }
                _ => {}
            }
        }
        failure
    }
}
