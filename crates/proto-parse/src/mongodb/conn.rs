//! One MongoDB connection.

use alloc::string::String;

use super::detect;
use super::error_code::{error_class, error_name};
use super::message::{Answers, Error, Extent, Head, Request};
use crate::framed::{self, Conversation, Message, framed_connection};
use crate::pairing::ByKey;
use crate::{Detection, Direction, Exchange, Flags, Limits, Parsed, Protocol, Shape, Span, StatusClass, text};

framed_connection! {
    /// A parser of one MongoDB connection; see the [module](super) for what it makes of what it meets.
    Connection is a MongoDb
}

/// What is said on a connection.
#[derive(Debug)]
struct MongoDb {
    pairing: ByKey<Asked>,
}

/// What is remembered of a request until it is answered for the last time.
#[derive(Debug, Default)]
struct Asked {
    /// Its answer tells how it went, and is not documents that were asked for.
    is_command: bool,
    /// The answers so far, if there is to be another one.
    answers: Option<(Span, u32)>,
}

impl MongoDb {
    fn new(limits: &Limits, _joined_late: bool) -> Self {
        Self { pairing: ByKey::new(limits) }
    }

    fn request(&mut self, message: &Message<'_>, limits: &Limits, flags: Flags) {
        let Ok(Parsed::Complete { value: head, consumed }) = Head::parse(message.bytes) else { return };
        let request = head.request(message.bytes.get(consumed..).unwrap_or_default());
        let mut flags = flags | message.flags;
        if message.lost {
            flags |= Flags::REQUEST_GAP;
        }
        if request.compressed.is_some() {
            flags |= Flags::OPAQUE;
        }
        // Of what was lost nothing can be said.
        if request.extent == Extent::Malformed && !message.lost && !flags.contains(Flags::REQUEST_TRUNCATED) {
            flags |= Flags::REQUEST_MALFORMED;
            self.pairing.counters.malformed_requests = self.pairing.counters.malformed_requests.saturating_add(1);
        }
        let mut fill = |exchange: &mut Exchange| {
            exchange.protocol = Protocol::MongoDb;
            exchange.request = message.span;
            let verb = request.compressed.map_or(request.command, |opcode| opcode.name().as_bytes());
            text::copy(&mut exchange.verb, verb, limits.verb_bytes);
            if resource(&request, &mut exchange.resource, limits) {
                flags |= Flags::RESOURCE_CUT;
            }
            exchange.flags = flags;
        };
        if request.answers == Answers::Never {
            self.pairing.one_way(|exchange| {
                fill(exchange);
                exchange.end_ns = message.span.last_ns;
            });
            return;
        }
        let open = self.pairing.admit(asked(head.request_id));
        fill(&mut open.exchange);
        open.memo = Asked { is_command: !is_find(head, &request), answers: None };
        open.exchange.shape = if request.awaits { Shape::LongPoll } else { Shape::RequestResponse };
        if request.compressed.is_some() {
            // It may ask for no answer.
            open.may_go_unanswered();
        }
    }

    fn response(&mut self, message: &Message<'_>, limits: &Limits, flags: Flags) {
        let Ok(Parsed::Complete { value: head, consumed }) = Head::parse(message.bytes) else { return };
        let mut flags = flags | message.flags;
        if message.lost {
            flags |= Flags::RESPONSE_GAP;
        }
        let keys = [asked(head.response_to), told(head.response_to)];
        let key = keys.into_iter().find(|key| self.pairing.memo(*key).is_some());
        let Some((key, open)) = key.and_then(|key| self.pairing.answer(key).map(|open| (key, open))) else {
            return self.pairing.count_unmatched_response();
        };
        let response = head.response(message.bytes.get(consumed..).unwrap_or_default(), open.memo.is_command);
        let exchange = &mut open.exchange;
        if response.compressed.is_some() {
            flags |= Flags::OPAQUE;
        }
        set_status(response.error, exchange, limits);
        let is_partial = message.lost || flags.contains(Flags::RESPONSE_TRUNCATED);
        let is_malformed = response.extent == Extent::Malformed && !is_partial;
        if is_malformed {
            exchange.status = StatusClass::ProtocolError;
        }
        let (span, count) = match open.memo.answers {
            None => (message.span, 1),
            Some((mut span, count)) => {
                span.merge(message.span);
                (span, count.saturating_add(1))
            }
        };
        if response.more_to_come || count > 1 {
            exchange.shape = Shape::Stream;
            exchange.response_messages = count;
        }
        if response.more_to_come && !flags.contains(Flags::RESPONSE_TRUNCATED) {
            exchange.flags |= flags;
            exchange.response = Some(span);
            open.memo.answers = Some((span, count));
            self.pairing.rename(key, told(head.request_id));
        } else {
            self.pairing.finish(key, span, flags);
        }
        let counters = &mut self.pairing.counters;
        counters.malformed_responses = counters.malformed_responses.saturating_add(u64::from(is_malformed));
    }
}

impl Conversation for MongoDb {
    type Pairing = ByKey<Asked>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, _direction: Direction, data: &[u8], limits: &Limits) -> framed::Head {
        match Head::parse(data) {
            Ok(Parsed::Complete { value, .. }) => {
                framed::Head::Message { len: u64::from(value.message_bytes), keep: limits.message_bytes }
            }
            Ok(Parsed::Incomplete { at_least }) => {
                framed::Head::NeedMore { bytes: data.len().saturating_add(at_least) }
            }
            Err(_) => framed::Head::Malformed,
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], _limits: &Limits) -> Detection {
        detect::begins(direction, data)
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
}

/// What answers a request of the client's.
fn asked(request_id: i32) -> u64 {
    u64::from(request_id.cast_unsigned())
}

/// What follows an answer: that has an identifier of the server's, who chooses his own.
fn told(request_id: i32) -> u64 {
    asked(request_id) | 1 << 32
}

/// Whether documents are asked for by a legacy opcode, and will be what the answer consists of.
fn is_find(head: Head, request: &Request<'_>) -> bool {
    use super::opcode::Opcode;
    matches!(head.opcode, Opcode::Query | Opcode::GetMore) && matches!(request.command, b"find" | b"getMore")
}

/// Writes `database.collection`, as far as they are known; says whether it was cut.
fn resource(request: &Request<'_>, out: &mut String, limits: &Limits) -> bool {
    let max = limits.resource_bytes;
    let Request { database, collection, .. } = *request;
    let mut is_cut = text::copy(out, database, max);
    if !database.is_empty() && !collection.is_empty() {
        is_cut |= text::append(out, b".", max);
    }
    is_cut | text::append(out, collection, max)
}

fn set_status(error: Option<Error<'_>>, exchange: &mut Exchange, limits: &Limits) {
    let Some(Error { code, name }) = error else {
        // An error in one of several answers stays.
        if exchange.status == StatusClass::NoResponse {
            exchange.status = StatusClass::Ok;
        }
        return;
    };
    exchange.native_status = code;
    // A server that fails without a code is an old one, or none that is known.
    exchange.status = code.map_or(StatusClass::ServerError, error_class);
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let name =
        if is_name && !name.is_empty() { name } else { code.and_then(error_name).unwrap_or_default().as_bytes() };
    text::copy(&mut exchange.error, name, limits.error_bytes);
}

#[cfg(test)]
mod tests;
