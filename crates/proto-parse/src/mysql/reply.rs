//! What a server answers: packets without a type of their own, whose meaning follows from the command and from what came
//! before them.

use super::PayloadError;
use super::command::ReplyKind;
use super::message::{PacketHeader, length_encoded};
use crate::read::Reader;

/// A reply, packet by packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    state: State,
    /// Whether an EOF packet ends the columns of a result, or of a prepared statement; `None` while nothing has told.
    ends_columns: Option<bool>,
    /// Whether a backslash in a string escapes; `None` while no status has told.
    backslash_escapes: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Status,
    Text,
    Login,
    /// The first packet of a result.
    Result,
    /// The columns of a result; so many of them are still to come.
    Columns(u64),
    /// An EOF packet, or the first row already.
    ColumnsEnd,
    Rows,
    Prepared,
    /// The parameters of a prepared statement, behind them so many columns.
    Parameters(u16, u16),
    /// An EOF packet, or the first column already.
    ParametersEnd(u16),
    /// The columns of a prepared statement, or its parameters if it has no columns.
    LastDefinitions(u16),
    LastDefinitionsEnd,
    /// Anything up to EOF.
    UntilEof,
}

/// What a packet makes of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// More packets follow.
    More,
    /// More packets follow, and this one is none of the reply: a report of how far the server has come.
    Interim,
    /// The statement has that number, and more packets follow.
    Prepared(u32),
    /// The client goes on, with a file or an answer about who it is, and then the server.
    ClientsTurn,
    /// The reply is over.
    Done,
    /// The statement has that number, and the reply is over.
    DonePrepared(u32),
    /// The reply is over: the server refuses, or failed.
    Failed(ServerError),
}

/// The content of an ERR packet, but for its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerError {
    /// The server's own code.
    pub code: u16,
    /// The SQLSTATE. There is none before both sides know that they speak the protocol of 4.1.
    pub sqlstate: Option<[u8; 5]>,
}

/// The first byte of a packet that has none of the content that is to be expected.
const OK: u8 = 0;
const AUTH_MORE_DATA: u8 = 1;
const FILE: u8 = 0xfb;
const EOF: u8 = 0xfe;
const ERR: u8 = 0xff;
/// The code of a MariaDB "progress report packet".
const PROGRESS_REPORT: u16 = 0xffff;
/// An OK packet has two numbers of at least a byte and two of two bytes behind its own first.
const OK_BYTES: u32 = 7;
/// Columns that one table may have, and therefore by far more than one result has.
const MAX_COLUMNS: u64 = 0xffff;

/// `SERVER_STATUS_…`.
mod status {
    pub(super) const MORE_RESULTS_EXIST: u16 = 1 << 3;
    pub(super) const CURSOR_EXISTS: u16 = 1 << 6;
    pub(super) const NO_BACKSLASH_ESCAPES: u16 = 1 << 9;
}

impl Reply {
    /// Bytes from the beginning of a payload that tell all that is to be told from it.
    pub const HEAD_BYTES: usize = 32;

    /// The beginning of a reply. `ends_columns`: whether EOF packets come behind columns, if that is known.
    #[must_use]
    pub fn new(kind: ReplyKind, ends_columns: Option<bool>) -> Self {
        let state = match kind {
            ReplyKind::Nothing | ReplyKind::Status => State::Status,
            ReplyKind::Text => State::Text,
            ReplyKind::Results => State::Result,
            ReplyKind::Prepared => State::Prepared,
            ReplyKind::Rows => State::Rows,
            ReplyKind::Login => State::Login,
            ReplyKind::Fields | ReplyKind::Stream => State::UntilEof,
        };
        Self { state, ends_columns, backslash_escapes: None }
    }

    /// Whether EOF packets come behind columns, as far as that has shown.
    #[must_use]
    pub fn ends_columns(&self) -> Option<bool> {
        self.ends_columns
    }

    /// Whether a backslash escapes what is behind it in a string, as the server's last status has it, if there was one.
    #[must_use]
    pub fn backslash_escapes(&self) -> Option<bool> {
        self.backslash_escapes
    }

    /// Takes the next packet's payload of `payload_bytes`, of which `head` is the beginning, or all.
    ///
    /// # Errors
    ///
    /// It cannot come at this place of the reply.
    pub fn packet(&mut self, head: &[u8], payload_bytes: u32) -> Result<Progress, PayloadError> {
        match (self.state, head.first()) {
            (State::Columns(_) | State::Parameters(..) | State::LastDefinitions(_), _) => self.definition(head),
            (_, Some(&ERR)) => failure(head),
            (State::Status | State::Login, Some(&OK)) => {
                // A server from before 4.1 tells less.
                if let Ok(status) = ok_status(head) {
                    self.note(status);
                }
                Ok(Progress::Done)
            }
            (State::Status, Some(&EOF)) | (State::Text, _) => Ok(Progress::Done),
            (State::Login, Some(&(EOF | AUTH_MORE_DATA))) => Ok(Progress::ClientsTurn),
            (State::Status | State::Login, _) => Err(PayloadError::NotMysql),
            (State::Result, Some(_)) => self.result(head, payload_bytes),
            (State::Prepared, Some(&OK)) => self.prepared(head),
            (State::Result | State::Prepared, _) => Err(PayloadError::NotMysql),
            (State::ColumnsEnd, _) => self.columns_end(head, payload_bytes),
            (State::ParametersEnd(columns), Some(&EOF)) if is_eof(payload_bytes) => {
                self.ends_columns = Some(true);
                Ok(self.last_definitions(columns))
            }
            (State::ParametersEnd(columns), _) => {
                self.ends_columns = Some(false);
                self.state = State::LastDefinitions(columns);
                self.definition(head)
            }
            (State::LastDefinitionsEnd, Some(&EOF)) => Ok(Progress::Done),
            (State::LastDefinitionsEnd, _) => Err(PayloadError::NotMysql),
            (State::Rows, Some(&EOF)) if is_terminator(payload_bytes) => self.terminator(head, payload_bytes),
            (State::UntilEof, Some(&EOF)) if is_terminator(payload_bytes) => Ok(Progress::Done),
            (State::Rows | State::UntilEof, _) => Ok(Progress::More),
        }
    }

    /// "Text Resultset": OK, a request for a file, or the count of columns.
    fn result(&mut self, head: &[u8], payload_bytes: u32) -> Result<Progress, PayloadError> {
        match *head {
            [OK, ..] if payload_bytes >= OK_BYTES => Ok(self.end_of_result(ok_status(head)?)),
            [EOF, ..] if is_terminator(payload_bytes) => self.terminator(head, payload_bytes),
            [FILE, ..] => Ok(Progress::ClientsTurn),
            _ => {
                let (columns, has_metadata) = column_count(head, payload_bytes)?;
                self.state = if has_metadata { State::Columns(columns) } else { State::ColumnsEnd };
                Ok(Progress::More)
            }
        }
    }

    /// A column, or a parameter: "Column Definition".
    fn definition(&mut self, head: &[u8]) -> Result<Progress, PayloadError> {
        // The catalogue, always "def"; that is for the protocol of 4.1. None begins with a byte for anything else.
        if matches!(head.first(), None | Some(&(FILE | EOF | ERR))) {
            return Err(PayloadError::NotMysql);
        }
        match self.state {
            State::Columns(left @ 2..) => self.state = State::Columns(left.saturating_sub(1)),
            State::Columns(_) => self.state = State::ColumnsEnd,
            State::Parameters(left @ 2.., columns) => self.state = State::Parameters(left.saturating_sub(1), columns),
            State::Parameters(_, columns) => self.state = State::ParametersEnd(columns),
            State::LastDefinitions(left @ 2..) => self.state = State::LastDefinitions(left.saturating_sub(1)),
            // Where it is not known whether EOF follows, it may be the end: who takes it for that, and meets EOF, is not
            // out of step.
            State::LastDefinitions(_) if self.ends_columns == Some(true) => self.state = State::LastDefinitionsEnd,
            _ => return Ok(Progress::Done),
        }
        Ok(Progress::More)
    }

    fn columns_end(&mut self, head: &[u8], payload_bytes: u32) -> Result<Progress, PayloadError> {
        if head.first() == Some(&EOF) && is_eof(payload_bytes) {
            self.ends_columns = Some(true);
            self.state = State::Rows;
            let status = eof_status(head)?;
            self.note(status);
            // The rows stay in the cursor until they are fetched.
            return Ok(if status & status::CURSOR_EXISTS != 0 { Progress::Done } else { Progress::More });
        }
        self.ends_columns = Some(false);
        self.state = State::Rows;
        if head.first() == Some(&EOF) && is_terminator(payload_bytes) {
            return self.terminator(head, payload_bytes);
        }
        Ok(Progress::More)
    }

    /// The packet behind the last row: EOF, or OK with the first byte of EOF.
    fn terminator(&mut self, head: &[u8], payload_bytes: u32) -> Result<Progress, PayloadError> {
        let status = if is_eof(payload_bytes) { eof_status(head)? } else { ok_status(head)? };
        Ok(self.end_of_result(status))
    }

    fn note(&mut self, status: u16) {
        self.backslash_escapes = Some(status & status::NO_BACKSLASH_ESCAPES == 0);
    }

    fn end_of_result(&mut self, status: u16) -> Progress {
        self.note(status);
        if status & status::MORE_RESULTS_EXIST == 0 {
            return Progress::Done;
        }
        self.state = State::Result;
        Progress::More
    }

    /// "COM_STMT_PREPARE_OK".
    fn prepared(&mut self, head: &[u8]) -> Result<Progress, PayloadError> {
        let mut reader = Reader(head.get(1..).unwrap_or_default());
        let (Some(number), Some(columns), Some(parameters), Some(_)) =
            (reader.u32_le(), reader.u16_le(), reader.u16_le(), reader.array::<3>())
        else {
            return Err(PayloadError::Short);
        };
        // MySQL's clients may ask to be spared the definitions: "metadata_follows".
        let has_metadata = reader.u8() != Some(0);
        self.state = match (parameters, columns) {
            _ if !has_metadata => return Ok(Progress::DonePrepared(number)),
            (0, 0) => return Ok(Progress::DonePrepared(number)),
            (0, columns) => State::LastDefinitions(columns),
            (parameters, 0) => State::LastDefinitions(parameters),
            (parameters, columns) => State::Parameters(parameters, columns),
        };
        Ok(Progress::Prepared(number))
    }

    fn last_definitions(&mut self, columns: u16) -> Progress {
        self.state = State::LastDefinitions(columns);
        Progress::More
    }
}

/// "EOF_Packet": shorter than 9 bytes, or else the byte is the first of a number of eight.
fn is_eof(payload_bytes: u32) -> bool {
    payload_bytes < OK_BYTES
}

/// Whether a packet that begins as EOF is one, or an OK packet in its place. A row that begins with this byte has more than
/// 16 MiB in its first value, and so a full first packet.
fn is_terminator(payload_bytes: u32) -> bool {
    payload_bytes < PacketHeader::FULL
}

/// The status in an EOF packet; one from before 4.1 has none.
fn eof_status(head: &[u8]) -> Result<u16, PayloadError> {
    match *head {
        [_] => Ok(0),
        [_, _, _, low, high, ..] => Ok(u16::from_le_bytes([low, high])),
        _ => Err(PayloadError::Short),
    }
}

/// The status in an OK packet, behind two counts.
fn ok_status(head: &[u8]) -> Result<u16, PayloadError> {
    let mut reader = Reader(head.get(1..).unwrap_or_default());
    let status = length_encoded(&mut reader).and_then(|_| length_encoded(&mut reader)).and_then(|_| reader.u16_le());
    status.ok_or(PayloadError::Short)
}

/// The count of columns, and whether they follow. Both servers have a flag for that where their clients want one: MariaDB
/// behind the count ("metadata follows"), and MySQL's documentation has it in front.
fn column_count(head: &[u8], payload_bytes: u32) -> Result<(u64, bool), PayloadError> {
    let mut reader = Reader(head);
    let first = length_encoded(&mut reader).ok_or(PayloadError::NotMysql)?;
    let (columns, has_metadata) = match *reader.0 {
        [] => (first, true),
        [flag @ (0 | 1)] if first > 0 => (first, flag == 1),
        _ if first <= 1 => (length_encoded(&mut reader).ok_or(PayloadError::NotMysql)?, first == 1),
        _ => return Err(PayloadError::NotMysql),
    };
    let is_whole = usize::try_from(payload_bytes).is_ok_and(|len| len == head.len());
    if is_whole && (1..=MAX_COLUMNS).contains(&columns) {
        Ok((columns, has_metadata))
    } else {
        Err(PayloadError::NotMysql)
    }
}

/// "ERR_Packet".
fn failure(head: &[u8]) -> Result<Progress, PayloadError> {
    let mut reader = Reader(head.get(1..).unwrap_or_default());
    let code = reader.u16_le().ok_or(PayloadError::Short)?;
    if code == PROGRESS_REPORT {
        return Ok(Progress::Interim);
    }
    let sqlstate = match reader.array::<6>() {
        Some([b'#', state @ ..]) if state.iter().all(u8::is_ascii_alphanumeric) => Some(state),
        _ => None,
    };
    Ok(Progress::Failed(ServerError { code, sqlstate }))
}

#[cfg(test)]
mod tests;
