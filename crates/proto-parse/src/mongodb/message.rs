//! Messages: what an observer reads of them.

use super::bson::{self, Elements, Stop, Value};
use super::command::is_about_collection;
use super::error::MessageError;
use super::opcode::Opcode;
use crate::Parsed;
use crate::read::Reader;

/// Bytes of a message, after which it is none (`maxMessageSizeBytes`).
pub const MESSAGE_BYTES_MAX: u32 = 48_000_000;

/// OP_MSG: four bytes of a checksum follow the sections.
const CHECKSUM_PRESENT: i32 = 1;
/// OP_MSG: another message follows without being asked for; of a request, no answer is wanted.
const MORE_TO_COME: i32 = 1 << 1;
/// OP_MSG: the server may answer with several messages.
const EXHAUST_ALLOWED: i32 = 1 << 16;
/// OP_MSG: who does not know one of these bits must not accept the message.
const REQUIRED_BITS: i32 = 0xffff;
/// OP_QUERY: the server may answer with several messages.
const QUERY_EXHAUST: i32 = 1 << 6;
/// OP_REPLY: there is no such cursor.
const REPLY_CURSOR_NOT_FOUND: i32 = 1;
/// OP_REPLY: the one document tells an error.
const REPLY_QUERY_FAILURE: i32 = 1 << 1;
/// The error code of a cursor that is not there.
const CURSOR_NOT_FOUND: i32 = 43;
/// The number of the compressor that does nothing.
const NOT_COMPRESSED: u8 = 0;

/// The header that every message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the message, the header included.
    pub message_bytes: u32,
    /// The sender's own identifier of it.
    pub request_id: i32,
    /// Of a response, the identifier of what it answers; of a request 0.
    pub response_to: i32,
    /// What kind of message it is.
    pub opcode: Opcode,
}

/// What a request says behind its header, as far as it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// The command's name; that of the one which does the same, of a legacy opcode; empty, if it was not seen.
    pub command: &'a [u8],
    /// The database; empty, if it was not seen or there is none.
    pub database: &'a [u8],
    /// The collection; empty, if it was not seen or there is none.
    pub collection: &'a [u8],
    /// Whether it is answered.
    pub answers: Answers,
    /// The server holds the answer back until there is something to tell.
    pub awaits: bool,
    /// The opcode of what is compressed in it.
    pub compressed: Option<Opcode>,
    /// How much of it was there.
    pub extent: Extent,
}

/// How often a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    /// Once.
    #[default]
    Once,
    /// Once, or as often as the server likes.
    Often,
    /// Not at all.
    Never,
}

/// What a response says behind its header, as far as it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Response<'a> {
    /// What failed, if anything did.
    pub error: Option<Error<'a>>,
    /// Another one follows, which answers this one.
    pub more_to_come: bool,
    /// The opcode of what is compressed in it.
    pub compressed: Option<Opcode>,
    /// How much of it was there.
    pub extent: Extent,
}

/// An error, as a server tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Error<'a> {
    /// Its code, if it has one.
    pub code: Option<i32>,
    /// The code's name; empty where it was not told.
    pub name: &'a [u8],
}

/// How far a message was there, and is what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// All that is of interest was there.
    #[default]
    Whole,
    /// The bytes ended before.
    Cut,
    /// The bytes are not what the opcode asks for.
    Malformed,
}

impl Head {
    /// Bytes of a header.
    pub const BYTES: usize = 16;

    /// Parses the header at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// The bytes are no message of MongoDB; as soon as that shows.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, MessageError> {
        let mut reader = Reader(data);
        let incomplete = Ok(Parsed::Incomplete { at_least: Self::BYTES.saturating_sub(data.len()) });
        let Some(len) = reader.i32_le() else { return incomplete };
        let message_bytes = u32::try_from(len)
            .ok()
            .filter(|bytes| (16..=MESSAGE_BYTES_MAX).contains(bytes))
            .ok_or(MessageError::Length)?;
        let (Some(request_id), Some(response_to), Some(opcode)) = (reader.i32_le(), reader.i32_le(), reader.i32_le())
        else {
            return incomplete;
        };
        let opcode = Opcode::from_number(opcode).ok_or(MessageError::Opcode)?;
        Ok(Parsed::Complete { value: Self { message_bytes, request_id, response_to, opcode }, consumed: Self::BYTES })
    }

    /// Reads what is behind the header of a request, of which `rest` may be a beginning.
    #[must_use]
    pub fn request<'a>(&self, rest: &'a [u8]) -> Request<'a> {
        let mut request = Request::default();
        let outcome = read_request(self.opcode, &mut Reader(rest), &mut request);
        request.extent = self.extent(outcome, rest);
        request
    }

    /// Reads what is behind the header of a response, of which `rest` may be a beginning. `to_command`: that it answers a
    /// command, so that its document tells how that went; else its documents are what was asked for.
    #[must_use]
    pub fn response<'a>(&self, rest: &'a [u8], to_command: bool) -> Response<'a> {
        let mut response = Response::default();
        let outcome = read_response(self.opcode, &mut Reader(rest), to_command, &mut response);
        response.extent = self.extent(outcome, rest);
        response
    }

    fn extent(&self, outcome: Result<(), Stop>, rest: &[u8]) -> Extent {
        let there = Self::BYTES.saturating_add(rest.len());
        let is_whole = usize::try_from(self.message_bytes).is_ok_and(|bytes| bytes <= there);
        match outcome {
            Ok(()) => Extent::Whole,
            Err(Stop::Short) if !is_whole => Extent::Cut,
            Err(Stop::Short | Stop::Malformed) => Extent::Malformed,
        }
    }
}

fn read_request<'a>(opcode: Opcode, rest: &mut Reader<'a>, request: &mut Request<'a>) -> Result<(), Stop> {
    match opcode {
        Opcode::Msg => message_request(rest, request),
        Opcode::Query => query(rest, request),
        Opcode::Insert => legacy(b"insert", rest, request),
        Opcode::Update => legacy(b"update", rest, request),
        Opcode::Delete => legacy(b"delete", rest, request),
        Opcode::GetMore => {
            legacy(b"getMore", rest, request)?;
            request.answers = Answers::Once;
            Ok(())
        }
        Opcode::KillCursors => {
            (request.command, request.answers) = (b"killCursors", Answers::Never);
            Ok(())
        }
        Opcode::Command => {
            request.database = rest.until_zero().ok_or(Stop::Short)?;
            request.command = rest.until_zero().filter(|name| is_command(name)).ok_or(Stop::Short)?;
            Ok(())
        }
        Opcode::Compressed => match compressed(rest)? {
            (opcode, NOT_COMPRESSED) if opcode != Opcode::Compressed => read_request(opcode, rest, request),
            (opcode, _) => {
                request.compressed = Some(opcode);
                Ok(())
            }
        },
        Opcode::Reply | Opcode::CommandReply => Err(Stop::Malformed),
    }
}

/// OP_COMPRESSED: the opcode of what is compressed, its length, and by what.
fn compressed(rest: &mut Reader<'_>) -> Result<(Opcode, u8), Stop> {
    let opcode = rest.i32_le().ok_or(Stop::Short)?;
    let opcode = Opcode::from_number(opcode).ok_or(Stop::Malformed)?;
    rest.i32_le().ok_or(Stop::Short)?;
    Ok((opcode, rest.u8().ok_or(Stop::Short)?))
}

/// OP_INSERT, OP_UPDATE, OP_DELETE, OP_GET_MORE: flags or nothing, then the collection's full name.
fn legacy<'a>(command: &'static [u8], rest: &mut Reader<'a>, request: &mut Request<'a>) -> Result<(), Stop> {
    (request.command, request.answers) = (command, Answers::Never);
    rest.i32_le().ok_or(Stop::Short)?;
    set_namespace(rest.until_zero().ok_or(Stop::Short)?, request);
    Ok(())
}

fn set_namespace<'a>(namespace: &'a [u8], request: &mut Request<'a>) {
    let dot = namespace.iter().position(|byte| *byte == b'.').unwrap_or(namespace.len());
    request.database = namespace.get(..dot).unwrap_or_default();
    request.collection = namespace.get(dot..).and_then(|rest| rest.get(1..)).unwrap_or_default();
}

/// OP_QUERY: of the collection `$cmd` it is a command, else a find.
fn query<'a>(rest: &mut Reader<'a>, request: &mut Request<'a>) -> Result<(), Stop> {
    let flags = rest.i32_le().ok_or(Stop::Short)?;
    set_namespace(rest.until_zero().ok_or(Stop::Short)?, request);
    if flags & QUERY_EXHAUST != 0 {
        request.answers = Answers::Often;
    }
    if request.collection != b"$cmd" {
        request.command = b"find";
        return Ok(());
    }
    request.collection = b"";
    // How many to pass over, and how many to return.
    rest.bytes(8).ok_or(Stop::Short)?;
    let (elements, _) = bson::document(rest.0)?;
    command(elements, request)
}

/// OP_MSG: flags, then sections. One is the command, the others are arguments of it.
fn message_request<'a>(rest: &mut Reader<'a>, request: &mut Request<'a>) -> Result<(), Stop> {
    let flags = message_flags(rest)?;
    request.answers = match flags {
        _ if flags & MORE_TO_COME != 0 => Answers::Never,
        _ if flags & EXHAUST_ALLOWED != 0 => Answers::Often,
        _ => Answers::Once,
    };
    let body = body(rest, |argument| {
        // Where many arguments come first, what they are tells the command.
        request.command = match argument {
            b"documents" => b"insert",
            b"updates" => b"update",
            b"deletes" => b"delete",
            b"ops" => b"bulkWrite",
            _ => b"",
        };
    })?;
    command(body, request)
}

fn message_flags(rest: &mut Reader<'_>) -> Result<i32, Stop> {
    let flags = rest.i32_le().ok_or(Stop::Short)?;
    if flags & REQUIRED_BITS & !(CHECKSUM_PRESENT | MORE_TO_COME) != 0 { Err(Stop::Malformed) } else { Ok(flags) }
}

/// The elements of the section that is the body. `argument` is told what the sections before it are.
fn body<'a>(rest: &mut Reader<'a>, mut argument: impl FnMut(&'a [u8])) -> Result<Elements<'a>, Stop> {
    loop {
        match rest.u8().ok_or(Stop::Short)? {
            0 => return bson::document(rest.0).map(|(elements, _)| elements),
            1 => {
                let section = rest.0;
                let len = bson::document_len(section)?;
                argument(Reader(section.get(4..).unwrap_or_default()).until_zero().ok_or(Stop::Short)?);
                rest.bytes(len).ok_or(Stop::Short)?;
            }
            _ => return Err(Stop::Malformed),
        }
    }
}

/// A command: its first element has its name, and often the collection's.
fn command<'a>(mut elements: Elements<'a>, request: &mut Request<'a>) -> Result<(), Stop> {
    let mut first = elements.next()?.ok_or(Stop::Malformed)?;
    // OP_QUERY wraps a command where something else is to be said too, such as a read preference.
    if matches!(first.name, b"$query" | b"query")
        && let Value::Document(inner) = first.value
    {
        elements = bson::document(inner)?.0;
        first = elements.next()?.ok_or(Stop::Malformed)?;
    }
    if !is_command(first.name) {
        return Err(Stop::Malformed);
    }
    request.command = first.name;
    if let Value::Text(collection) = first.value
        && is_about_collection(first.name)
    {
        request.collection = collection;
    }
    while let Some(element) = elements.next()? {
        match (element.name, element.value) {
            (b"$db", Value::Text(database)) => request.database = database,
            (b"collection", Value::Text(collection)) if first.name == b"getMore" => request.collection = collection,
            // Specification "Server Discovery and Monitoring"; a getMore has a time limit only where it waits for data.
            (b"maxAwaitTimeMS", _) => request.awaits = true,
            (b"maxTimeMS", _) if first.name == b"getMore" => request.awaits = true,
            _ => {}
        }
    }
    Ok(())
}

/// Whether it may be a command's name.
fn is_command(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn read_response<'a>(
    opcode: Opcode,
    rest: &mut Reader<'a>,
    to_command: bool,
    response: &mut Response<'a>,
) -> Result<(), Stop> {
    match opcode {
        Opcode::Msg => {
            let flags = message_flags(rest)?;
            response.more_to_come = flags & MORE_TO_COME != 0;
            outcome(body(rest, |_| {})?, response)
        }
        Opcode::Reply => reply(rest, to_command, response),
        Opcode::CommandReply => Ok(()),
        Opcode::Compressed => match compressed(rest)? {
            (opcode, NOT_COMPRESSED) if opcode != Opcode::Compressed => {
                read_response(opcode, rest, to_command, response)
            }
            (opcode, _) => {
                response.compressed = Some(opcode);
                Ok(())
            }
        },
        _ => Err(Stop::Malformed),
    }
}

/// OP_REPLY: flags, a cursor, where its documents begin among all, how many they are, and they.
fn reply<'a>(rest: &mut Reader<'a>, to_command: bool, response: &mut Response<'a>) -> Result<(), Stop> {
    let flags = rest.i32_le().ok_or(Stop::Short)?;
    rest.bytes(16).ok_or(Stop::Short)?;
    if flags & REPLY_CURSOR_NOT_FOUND != 0 {
        response.error = Some(Error { code: Some(CURSOR_NOT_FOUND), name: b"" });
        return Ok(());
    }
    if flags & REPLY_QUERY_FAILURE != 0 {
        response.error = Some(Error::default());
    }
    if flags & REPLY_QUERY_FAILURE != 0 || to_command {
        let (elements, _) = bson::document(rest.0)?;
        return outcome(elements, response);
    }
    Ok(())
}

/// What the document of a response says of how it went. What it says of a single write counts if the whole succeeded.
fn outcome<'a>(mut elements: Elements<'a>, response: &mut Response<'a>) -> Result<(), Stop> {
    let mut whole = Error::default();
    let mut failed = response.error.is_some();
    let mut part = None;
    let mut end = Ok(());
    loop {
        let element = match elements.next() {
            Ok(Some(element)) => element,
            Ok(None) => break,
            // What was there counts.
            Err(stop) => {
                end = Err(stop);
                break;
            }
        };
        match (element.name, element.value) {
            (b"ok", Value::Double(0.0) | Value::Int(0) | Value::Bool(false)) => failed = true,
            // A getLastError succeeds in telling what failed; an old find does so without `ok`.
            (b"err" | b"$err", Value::Text(_)) => failed = true,
            (b"code", Value::Int(code)) => whole.code = i32::try_from(code).ok(),
            (b"codeName", Value::Text(name)) => whole.name = name,
            (b"writeErrors", Value::Document(errors)) => part = first_write_error(errors).or(part),
            (b"writeConcernError", Value::Document(error)) => {
                part = part.or_else(|| bson::document(error).ok().map(|(elements, _)| code_of(elements)));
            }
            _ => {}
        }
    }
    response.error = if failed { Some(whole) } else { part };
    end
}

/// The error of the first write that failed, in an array of such.
fn first_write_error(errors: &[u8]) -> Option<Error<'_>> {
    let (mut elements, _) = bson::document(errors).ok()?;
    match elements.next().ok()??.value {
        Value::Document(error) => bson::document(error).ok().map(|(elements, _)| code_of(elements)),
        _ => None,
    }
}

/// The code and its name in a document that tells an error.
fn code_of(mut elements: Elements<'_>) -> Error<'_> {
    let mut error = Error::default();
    while let Ok(Some(element)) = elements.next() {
        match (element.name, element.value) {
            (b"code", Value::Int(code)) => error.code = i32::try_from(code).ok(),
            (b"codeName", Value::Text(name)) => error.name = name,
            _ => {}
        }
    }
    error
}

#[cfg(test)]
mod tests;
