//! Requests and responses: what an observer reads of them.

use core::ops::ControlFlow;

use super::api::ApiKey;
use super::error::MessageError;
use super::schema::{self, Meaning, Value, Visitor};
use super::topic::TopicId;
use super::wire::{Encoding, Reader, Stop};
use crate::Parsed;

/// Bytes of the field in front of every message that says how long the message is.
pub const SIZE_BYTES: usize = 4;

/// Bytes of a message, after which it is none. A broker takes 100 MiB unless it is told otherwise
/// (`socket.request.max.bytes`), and answers with what the client allows, the size being an INT32.
pub const MESSAGE_BYTES_MAX: u32 = 1 << 30;

/// The fixed part of a request's header, with the size in front of it: where it ends and which response is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHead {
    /// Bytes of the message, without the size itself.
    pub message_bytes: u32,
    /// What is asked for.
    pub api_key: ApiKey,
    /// In which layout.
    pub api_version: i16,
    /// What the response will repeat.
    pub correlation_id: i32,
}

/// The fixed part of a response's header, with the size in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead {
    /// Bytes of the message, without the size itself.
    pub message_bytes: u32,
    /// What the request said.
    pub correlation_id: i32,
}

/// What a request says behind its head, as far as it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// Of `produce`: from how many replicas an acknowledgement is asked for; with 0 there is no response.
    pub acks: Option<i16>,
    /// Of `fetch` and `share_fetch`: how long the broker may wait for records, in milliseconds.
    pub max_wait_ms: Option<i32>,
    /// Of `fetch`: 0 and -1 name all topics, any other only what has changed since the last one (KIP-227).
    pub session_epoch: Option<i32>,
    /// Whether the layout holds.
    pub extent: Extent,
}

/// What a response says behind its head, as far as it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Response {
    /// The first error code that is not 0: of the whole, or of one topic, partition or group.
    pub error: i16,
    /// Whether the layout holds.
    pub extent: Extent,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject<'a> {
    /// Nothing in particular, or nothing that was seen.
    #[default]
    Nothing,
    /// One topic or one consumer group, by its name.
    Name(&'a [u8]),
    /// One topic, by its id.
    Topic(TopicId),
    /// More than one.
    Several,
}

/// How far a layout was found in the bytes that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// All that is of interest was there.
    #[default]
    Whole,
    /// The bytes ended before.
    Cut,
    /// The bytes are not in the layout.
    Malformed,
}

impl RequestHead {
    /// Bytes of the size and of the head.
    pub const BYTES: usize = SIZE_BYTES + 8;

    /// Parses the size and the head at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// The bytes are no request that Kafka knows; as soon as that shows.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, MessageError> {
        let mut reader = Reader::new(data, usize::MAX);
        let head = Self::read(&mut reader);
        parsed(head, data, Self::BYTES)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, HeadStop> {
        let message_bytes = message_bytes(reader, 8)?;
        let api_key = ApiKey(reader.int16()?);
        if !api_key.is_plausible() {
            return Err(HeadStop::Error(MessageError::ApiKey));
        }
        let api_version = reader.int16()?;
        if !api_key.has_plausible_version(api_version) {
            return Err(HeadStop::Error(MessageError::ApiVersion));
        }
        Ok(Self { message_bytes, api_key, api_version, correlation_id: reader.int32()? })
    }

    /// Reads what is behind the head, of which `rest` may be a beginning.
    #[must_use]
    pub fn body<'a>(&self, rest: &'a [u8]) -> Request<'a> {
        let mut asking = Asking::default();
        let outcome = asking.read(*self, reader(rest, self.message_bytes, Self::BYTES));
        asking.request.extent = Extent::of(outcome);
        asking.request
    }
}

impl ResponseHead {
    /// Bytes of the size and of the head.
    pub const BYTES: usize = SIZE_BYTES + 4;

    /// Parses the size and the head at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// No response has this size.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, MessageError> {
        let mut reader = Reader::new(data, usize::MAX);
        let head = message_bytes(&mut reader, 4)
            .and_then(|message_bytes| Ok(Self { message_bytes, correlation_id: reader.int32()? }));
        parsed(head, data, Self::BYTES)
    }

    /// Reads what is behind the head, of which `rest` may be a beginning, given the request's API and version. `learn`
    /// takes the names of topics and their ids.
    pub fn body(&self, api_key: ApiKey, api_version: i16, rest: &[u8], learn: impl FnMut(TopicId, &[u8])) -> Response {
        let mut answering = Answering { response: Response::default(), topic: None, learn };
        let outcome = answering.read(api_key, api_version, reader(rest, self.message_bytes, Self::BYTES));
        answering.response.extent = Extent::of(outcome);
        answering.response
    }
}

impl Extent {
    fn of(outcome: Result<(), Stop>) -> Self {
        match outcome {
            Ok(()) | Err(Stop::Enough) => Self::Whole,
            Err(Stop::Short) => Self::Cut,
            Err(Stop::Malformed) => Self::Malformed,
        }
    }
}

/// Reads `rest`, which follows a head of `head_bytes` in a message of `message_bytes`.
fn reader(rest: &[u8], message_bytes: u32, head_bytes: usize) -> Reader<'_> {
    let there = head_bytes.saturating_sub(SIZE_BYTES).saturating_add(rest.len());
    Reader::new(rest, usize::try_from(message_bytes).unwrap_or(usize::MAX).saturating_sub(there))
}

/// Why no head was read.
enum HeadStop {
    Short,
    Error(MessageError),
}

impl From<Stop> for HeadStop {
    fn from(_: Stop) -> Self {
        // Integers alone are in a head: of those, there can only be too few bytes.
        Self::Short
    }
}

fn message_bytes(reader: &mut Reader<'_>, at_least: u32) -> Result<u32, HeadStop> {
    let bytes = reader.int32()?;
    u32::try_from(bytes)
        .ok()
        .filter(|bytes| (at_least..=MESSAGE_BYTES_MAX).contains(bytes))
        .ok_or(HeadStop::Error(MessageError::Size))
}

fn parsed<T>(head: Result<T, HeadStop>, data: &[u8], consumed: usize) -> Result<Parsed<T>, MessageError> {
    match head {
        Ok(value) => Ok(Parsed::Complete { value, consumed }),
        Err(HeadStop::Short) => {
            // The size first: no message may be shorter than what is waited for.
            let needed = if data.len() < SIZE_BYTES { SIZE_BYTES } else { consumed };
            Ok(Parsed::Incomplete { at_least: needed.saturating_sub(data.len()) })
        }
        Err(HeadStop::Error(error)) => Err(error),
    }
}

/// Takes what a request says.
#[derive(Debug, Default)]
struct Asking<'a> {
    request: Request<'a>,
}

impl<'a> Asking<'a> {
    fn read(&mut self, head: RequestHead, mut reader: Reader<'a>) -> Result<(), Stop> {
        let RequestHead { api_key, api_version, .. } = head;
        let header_version = api_key.request_header_version(api_version);
        if header_version >= 1 {
            // The client id is not compact in any version, so that a server can read a header that it does not know.
            reader.string(Encoding::Fixed)?;
        }
        if header_version >= 2 {
            reader.pass_tagged_fields(Encoding::Flexible)?;
        }
        let Some(layout) = api_key.request(api_version) else { return Ok(()) };
        schema::walk(layout, api_version, api_key.encoding(api_version), &mut reader, self)
    }
}

impl<'a> Visitor<'a> for Asking<'a> {
    fn visit(&mut self, meaning: Meaning, value: Value<'a>) -> ControlFlow<()> {
        let request = &mut self.request;
        match (meaning, value) {
            (Meaning::Subject, Value::Count(count)) => match count {
                None | Some(0) => return ControlFlow::Break(()),
                Some(1) => {}
                Some(_) => {
                    request.subject = Subject::Several;
                    return ControlFlow::Break(());
                }
            },
            (Meaning::Subject, Value::Text(Some(name))) => request.subject = Subject::Name(name),
            // A topic has an id or a name, and a zero or a null in place of the other.
            (Meaning::SubjectId, Value::Uuid(id)) if id != [0; 16] => request.subject = Subject::Topic(TopicId(id)),
            // 0 is a group. The id of a transaction is as good as a new one for each of them.
            (Meaning::KeyType, Value::Int(key_type)) if key_type != 0 => {
                request.subject = Subject::Nothing;
                return ControlFlow::Break(());
            }
            (Meaning::Acks, Value::Int(acks)) => request.acks = i16::try_from(acks).ok(),
            (Meaning::MaxWaitMs, Value::Int(max_wait_ms)) => request.max_wait_ms = Some(max_wait_ms),
            (Meaning::SessionEpoch, Value::Int(epoch)) => request.session_epoch = Some(epoch),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Takes what a response says.
struct Answering<'a, F> {
    response: Response,
    topic: Option<&'a [u8]>,
    learn: F,
}

impl<'a, F: FnMut(TopicId, &[u8])> Answering<'a, F> {
    fn read(&mut self, api_key: ApiKey, api_version: i16, mut reader: Reader<'a>) -> Result<(), Stop> {
        if api_key.response_header_version(api_version) >= 1 {
            reader.pass_tagged_fields(Encoding::Flexible)?;
        }
        let Some(layout) = api_key.response(api_version) else { return Ok(()) };
        schema::walk(layout, api_version, api_key.encoding(api_version), &mut reader, self)
    }
}

impl<'a, F: FnMut(TopicId, &[u8])> Visitor<'a> for Answering<'a, F> {
    fn visit(&mut self, meaning: Meaning, value: Value<'a>) -> ControlFlow<()> {
        match (meaning, value) {
            (Meaning::Error, Value::Int(error)) if self.response.error == 0 => {
                self.response.error = i16::try_from(error).unwrap_or_default();
            }
            (Meaning::Subject, Value::Text(name)) => self.topic = name,
            (Meaning::SubjectId, Value::Uuid(id)) if id != [0; 16] => {
                if let Some(name) = self.topic.take() {
                    (self.learn)(TopicId(id), name);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
