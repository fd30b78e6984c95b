//! One Kafka connection.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Write as _;

use super::api::ApiKey;
use super::detect;
use super::error_code::{error_class, error_name};
use super::message::{Extent, MESSAGE_BYTES_MAX, Request, RequestHead, ResponseHead, SIZE_BYTES, Subject};
use super::topic::TopicId;
use crate::definitions::Definitions;
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::{ByKey, Pairing as _};
use crate::{Detection, Direction, Exchange, Flags, Limits, Parsed, Place, Protocol, Shape, StatusClass, text};

framed_connection! {
    /// A parser of one Kafka connection; see the [module](super) for what it makes of what it meets.
    Connection is a Kafka
}

/// How many bytes of a request are read: what it is about comes first, and records come behind it.
const REQUEST_BYTES: usize = 2 * 1024;

/// How many bytes of a response are to be in its layout before it is taken for one in the middle of a stream.
const LIKENESS_BYTES: usize = 40;

/// What stands for more than one topic or group: their names together would be as good as a new one for every request.
const SEVERAL: &str = "~several";

/// What is said on a connection.
#[derive(Debug)]
struct Kafka {
    pairing: ByKey<Asked>,
    /// The names of topics by their ids, as responses on this connection have told them.
    topics: Definitions<Box<str>>,
    /// What the fetch was about that last named all its topics: the next ones of its session name what has changed.
    session: String,
    /// Requests were seen, so that it is known which responses may come.
    seen: bool,
    /// Behind a SaslHandshake in version 0, what is sent has a size and no head until the client is who it says it is.
    tokens: bool,
}

/// What is remembered of a request: its response does not say what it answers.
#[derive(Debug, Default)]
struct Asked {
    api_key: ApiKey,
    api_version: i16,
}

impl Kafka {
    fn new(limits: &Limits, _joined_late: bool) -> Self {
        Self {
            pairing: ByKey::new(limits),
            topics: Definitions::new(limits.definition_bytes),
            session: String::new(),
            seen: false,
            tokens: false,
        }
    }

    fn request(&mut self, message: &Message<'_>, limits: &Limits, flags: Flags) {
        let Ok(Parsed::Complete { value: head, consumed }) = RequestHead::parse(message.bytes) else {
            return self.pass_token(message);
        };
        (self.seen, self.tokens) = (true, false);
        let request = head.body(message.bytes.get(consumed..).unwrap_or_default());
        let mut flags = flags | message.flags;
        if message.lost {
            flags |= Flags::REQUEST_GAP;
        }
        if request.extent == Extent::Malformed {
            flags |= Flags::REQUEST_MALFORMED;
            self.pairing.counters.malformed_requests = self.pairing.counters.malformed_requests.saturating_add(1);
        }
        let Self { pairing, topics, session, .. } = self;
        let mut fill = |exchange: &mut Exchange| {
            exchange.protocol = Protocol::Kafka;
            exchange.request = message.span;
            name(head.api_key, &mut exchange.verb, limits);
            flags |= resource(&request, topics, session, &mut exchange.resource, limits);
            exchange.flags = flags;
        };
        if request.acks == Some(0) {
            pairing.one_way(|exchange| {
                fill(exchange);
                exchange.end_ns = message.span.last_ns;
            });
            return;
        }
        let open = pairing.admit(key(head.correlation_id));
        open.memo = Asked { api_key: head.api_key, api_version: head.api_version };
        fill(&mut open.exchange);
        open.exchange.shape = shape(head.api_key, &request);
        if head.api_key.sends_records() {
            open.exchange.direction = Direction::ToClient;
        }
    }

    fn response(&mut self, message: &Message<'_>, limits: &Limits, flags: Flags) {
        let Ok(Parsed::Complete { value: head, consumed }) = ResponseHead::parse(message.bytes) else {
            return self.pass_token(message);
        };
        let key = key(head.correlation_id);
        let Some(open) = self.pairing.answer(key) else {
            if self.tokens {
                return self.pass_token(message);
            }
            return self.pairing.count_unmatched_response();
        };
        let Asked { api_key, api_version } = open.memo;
        let topics = &mut self.topics;
        let learn = |id: TopicId, name: &[u8]| learn(topics, id, name);
        let response = head.body(api_key, api_version, message.bytes.get(consumed..).unwrap_or_default(), learn);
        let mut flags = flags | message.flags;
        if message.lost {
            flags |= Flags::RESPONSE_GAP;
        }
        let exchange = &mut open.exchange;
        // Of what is cut, that no error was seen says nothing.
        let is_partial = message.lost || flags.contains(Flags::RESPONSE_TRUNCATED);
        let is_known = response.error != 0 || !is_partial || response.extent == Extent::Whole;
        exchange.native_status = is_known.then_some(i32::from(response.error));
        exchange.status = class(api_key, response.error);
        if let Some(name) = error_name(response.error) {
            text::copy(&mut exchange.error, name.as_bytes(), limits.error_bytes);
        }
        if response.extent == Extent::Malformed {
            exchange.status = StatusClass::ProtocolError;
            self.pairing.counters.malformed_responses = self.pairing.counters.malformed_responses.saturating_add(1);
        }
        self.tokens |= api_key == ApiKey::SASL_HANDSHAKE && api_version == 0 && response.error == 0;
        self.pairing.finish(key, message.span, flags);
        let counters = &mut self.pairing.counters;
        counters.definitions_evicted = counters.definitions_evicted.saturating_add(self.topics.take_evicted());
    }

    /// Whether a response in the middle of a stream is one that is waited for. So many zeros are in responses that the
    /// likeness of one is found at wrong places too; but hardly with the right id, and then not in the right layout.
    fn is_expected(&self, head: ResponseHead, rest: &[u8]) -> Detection {
        let Some(Asked { api_key, api_version }) = self.pairing.memo(key(head.correlation_id)) else {
            return Detection::NoMatch;
        };
        match head.body(*api_key, *api_version, rest, |_, _| {}).extent {
            Extent::Whole => Detection::Match,
            Extent::Cut if rest.len() < LIKENESS_BYTES => Detection::NeedMore,
            Extent::Cut => Detection::Match,
            Extent::Malformed => Detection::NoMatch,
        }
    }

    /// What is neither a request nor a response is part of an authentication.
    fn pass_token(&mut self, message: &Message<'_>) {
        let counters = &mut self.pairing.counters;
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(message.span.bytes);
    }
}

impl Conversation for Kafka {
    type Pairing = ByKey<Asked>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head {
        let (parsed, keep) = match direction {
            Direction::ToServer => {
                (RequestHead::parse(data).map(|head| head.map(|head| head.message_bytes)), REQUEST_BYTES)
            }
            Direction::ToClient => {
                (ResponseHead::parse(data).map(|head| head.map(|head| head.message_bytes)), limits.message_bytes)
            }
        };
        match parsed {
            Ok(Parsed::Complete { value, .. }) => Head::Message { len: wire_bytes(value), keep },
            Ok(Parsed::Incomplete { at_least }) => Head::NeedMore { bytes: data.len().saturating_add(at_least) },
            Err(_) if self.tokens => token(data),
            Err(_) => Head::Malformed,
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], _limits: &Limits) -> Detection {
        // Whatever is taken for a message is passed over to its end: not more than 16 MiB on a mere likeness.
        if data.first().is_some_and(|byte| *byte != 0) {
            return Detection::NoMatch;
        }
        match direction {
            Direction::ToServer => detect::request(data, 0),
            Direction::ToClient => match ResponseHead::parse(data) {
                Ok(Parsed::Complete { value, consumed }) if self.seen => {
                    self.is_expected(value, data.get(consumed..).unwrap_or_default())
                }
                _ => detect::response(Place::Middle, data),
            },
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.request(message, limits, Flags::default()),
            Direction::ToClient => self.response(message, limits, Flags::default()),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.request(message, limits, Flags::REQUEST_TRUNCATED),
            Direction::ToClient => self.response(message, limits, Flags::RESPONSE_TRUNCATED),
        }
    }

    fn lost(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.session.clear(),
            Direction::ToClient => self.pairing.responses_lost(),
        }
    }

    fn held_bytes(&self) -> usize {
        self.topics.held_bytes().saturating_add(self.session.capacity())
    }
}

/// Correlation ids are the client's to choose.
fn key(correlation_id: i32) -> u64 {
    u64::from(correlation_id.cast_unsigned())
}

/// Bytes of a message with the size in front of it.
fn wire_bytes(message_bytes: u32) -> u64 {
    u64::from(message_bytes).saturating_add(SIZE_BYTES as u64)
}

/// What has a size and no head.
fn token(data: &[u8]) -> Head {
    match data.first_chunk().map(|size| u32::from_be_bytes(*size)) {
        None => Head::NeedMore { bytes: SIZE_BYTES },
        Some(bytes) if bytes > MESSAGE_BYTES_MAX => Head::Malformed,
        Some(bytes) => Head::Message { len: wire_bytes(bytes), keep: 0 },
    }
}

fn name(api_key: ApiKey, out: &mut String, limits: &Limits) {
    match api_key.name() {
        Some(name) => {
            text::copy(out, name.as_bytes(), limits.verb_bytes);
        }
        // A newer one than is known.
        None => {
            out.clear();
            let _ = write!(out, "api_{}", api_key.0);
        }
    }
}

/// Writes what a request is about, and says what is to be noticed about that.
fn resource(
    request: &Request<'_>,
    topics: &mut Definitions<Box<str>>,
    session: &mut String,
    out: &mut String,
    limits: &Limits,
) -> Flags {
    let mut flags = Flags::default();
    let is_cut = match request.subject {
        Subject::Nothing => text::copy(out, b"", limits.resource_bytes),
        Subject::Several => text::copy(out, SEVERAL.as_bytes(), limits.resource_bytes),
        Subject::Name(name) => text::copy(out, name, limits.resource_bytes),
        Subject::Topic(id) => match topics.find(&id.0) {
            Some(name) => text::copy(out, name.as_bytes(), limits.resource_bytes),
            None => {
                flags |= Flags::REFERENCE_UNKNOWN;
                text::copy(out, &id.text(), limits.resource_bytes)
            }
        },
    };
    if is_cut {
        flags |= Flags::RESOURCE_CUT;
    }
    match request.session_epoch {
        // KIP-227: all topics are named with 0, which begins a session, and with -1, which ends it or has none.
        Some(i32::MIN..=0) => session.clone_from(out),
        Some(_) if session.is_empty() => flags |= Flags::REFERENCE_UNKNOWN,
        Some(_) if out.is_empty() => out.clone_from(session),
        Some(_) if out != session => {
            text::copy(out, SEVERAL.as_bytes(), limits.resource_bytes);
            session.clone_from(out);
        }
        Some(_) | None => {}
    }
    flags
}

/// Remembers a topic's name.
fn learn(topics: &mut Definitions<Box<str>>, id: TopicId, name: &[u8]) {
    let is_known = topics.find(&id.0).is_some_and(|known| known.as_bytes() == name);
    if !is_known && let Ok(name) = core::str::from_utf8(name) {
        topics.define(&id.0, name.into(), name.len());
    }
}

/// A fetch waits until there are records, for as long as it says; who joins a group waits for the others.
fn shape(api_key: ApiKey, request: &Request<'_>) -> Shape {
    let is_held_back = match api_key {
        ApiKey::JOIN_GROUP | ApiKey::SYNC_GROUP => true,
        _ => request.max_wait_ms.is_some_and(|max_wait_ms| max_wait_ms > 0),
    };
    if is_held_back { Shape::LongPoll } else { Shape::RequestResponse }
}

/// Who is to blame. That a server does not know the version of an ApiVersions request is how client and server find one
/// that both know (KIP-511).
fn class(api_key: ApiKey, error: i16) -> StatusClass {
    const UNSUPPORTED_VERSION: i16 = 35;
    if api_key == ApiKey::API_VERSIONS && error == UNSUPPORTED_VERSION { StatusClass::Ok } else { error_class(error) }
}

#[cfg(test)]
mod tests;
