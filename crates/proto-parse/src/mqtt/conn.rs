//! One MQTT connection.

mod answers;

use alloc::boxed::Box;
use alloc::string::String;

use super::code::reason_status;
use super::detect::begins;
use super::message::{FixedHeader, MAX_HEADER_BYTES, Packet, Publish, string, variable_integer};
use crate::definitions::Definitions;
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::ByKey;
use crate::read::Reader;
use crate::{Counters, Detection, Direction, Exchange, Flags, Limits, Parsed, Protocol, Span, StatusClass, text};

framed_connection! {
    /// A parser of one MQTT connection; see the [module](super) for what it makes of what it meets.
    Connection is a Dialogue
}

/// What client and broker say to each other.
#[derive(Debug)]
pub(super) struct Dialogue {
    limits: Limits,
    pairing: ByKey<Asked>,
    /// The protocol level that CONNECT said: 3, 4 or 5.
    level: Option<u8>,
    /// Topics by direction and alias.
    aliases: Definitions<Box<[u8]>>,
    /// The topic of the message that is read.
    topic: String,
}

/// What is remembered of a request.
#[derive(Debug, Default)]
struct Asked {
    /// Topic filters, each of which has a code in the answer.
    filters: usize,
    /// The response, as far as it has come.
    response: Option<Span>,
}

/// A packet, as far as it is read.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    direction: Direction,
    /// What is behind the fixed header.
    content: &'a [u8],
    /// Bytes behind the fixed header.
    content_bytes: u64,
    span: Span,
    /// It is the first one since the place in the stream was lost.
    flags: Flags,
    /// Bytes of it were lost.
    lost: bool,
    /// The connection ended within it.
    is_cut: bool,
}

/// What a packet asks for. With the identifier, it is the key of a request; the publishes of both directions have identifiers
/// of their own (section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connect,
    Publish(Direction),
    Subscribe,
    Unsubscribe,
    Ping,
    Auth,
}

/// What is kept of a PUBLISH packet behind the topic: the identifier, and properties in which an alias is looked for.
const PROPERTIES_BYTES: usize = 512;

/// What is kept of CONNECT: its level stands before anything secret.
const CONNECT_BYTES: usize = 2 + 6 + 1;

/// What stands for more than one filter: their names together would be as good as new ones for every request.
const SEVERAL: &str = "~several";

impl Conversation for Dialogue {
    fn head(&self, _direction: Direction, data: &[u8], limits: &Limits) -> Head {
        let (header, consumed) = match FixedHeader::parse(data) {
            Err(_) => return Head::Malformed,
            Ok(Parsed::Incomplete { at_least }) => {
                return Head::NeedMore { bytes: data.len().saturating_add(at_least) };
            }
            Ok(Parsed::Complete { value, consumed }) => (value, consumed),
        };
        let keep = match header.packet {
            Packet::Connect => consumed.saturating_add(CONNECT_BYTES),
            Packet::Publish { .. } => {
                let topic_at = consumed.saturating_add(2);
                let Some(&[.., high, low]) = data.get(..topic_at) else { return Head::NeedMore { bytes: topic_at } };
                let topic_len = usize::from(u16::from_be_bytes([high, low]));
                if u64::try_from(topic_at.saturating_add(topic_len)).is_ok_and(|end| end > header.len) {
                    return Head::Malformed;
                }
                topic_at.saturating_add(topic_len).saturating_add(PROPERTIES_BYTES)
            }
            Packet::Subscribe | Packet::Unsubscribe | Packet::Suback | Packet::Unsuback => limits.message_bytes,
            _ => consumed.saturating_add(MAX_HEADER_BYTES),
        };
        Head::Message { len: header.len, keep }
    }

    fn begins(&self, direction: Direction, data: &[u8], limits: &Limits) -> Detection {
        begins(direction, data, limits)
    }

    fn began(&mut self, _direction: Direction) {}

    fn message(&mut self, direction: Direction, message: &Message<'_>, _limits: &Limits) {
        if self.packet(direction, message, false).is_none() {
            if message.lost {
                return self.lost(direction);
            }
            let malformed = match direction {
                Direction::ToServer => &mut self.pairing.counters.malformed_requests,
                Direction::ToClient => &mut self.pairing.counters.malformed_responses,
            };
            *malformed = malformed.saturating_add(1);
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, _limits: &Limits) {
        let Ok(Parsed::Complete { value, .. }) = FixedHeader::parse(message.bytes) else { return };
        if matches!(value.packet, Packet::Connect | Packet::Publish { .. } | Packet::Subscribe | Packet::Unsubscribe) {
            // Of one that says too little, nothing is known.
            let _ = self.packet(direction, message, true);
        }
    }

    fn lost(&mut self, direction: Direction) {
        // Who asked in this direction and may have been answered unseen has perhaps asked anew with the same identifier.
        let mut from = 0;
        while let Some(key) = self.pairing.key_from(from) {
            let open = self.pairing.peek(key);
            if open.is_some_and(|open| open.exchange.direction == direction && open.may_be_answered()) {
                self.pairing.discard(key);
            }
            from = key.saturating_add(1);
        }
        self.pairing.responses_lost();
    }

    fn unanswered(&mut self, now_ns: u64) {
        self.pairing.finish_unanswered(now_ns);
    }

    fn abandon(&mut self) {
        self.pairing.abandon();
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.pairing.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.pairing.counters
    }

    fn counters_mut(&mut self) -> &mut Counters {
        &mut self.pairing.counters
    }

    fn held_bytes(&self) -> usize {
        self.pairing.held_bytes().saturating_add(self.aliases.held_bytes())
    }
}

/// What asks, or tells.
impl Dialogue {
    pub(super) fn new(limits: &Limits, _joined_late: bool) -> Self {
        Self {
            limits: limits.clone(),
            pairing: ByKey::new(limits),
            level: None,
            aliases: Definitions::new(limits.definition_bytes),
            topic: String::new(),
        }
    }

    /// Takes a packet; `None` if it cannot be read.
    fn packet(&mut self, direction: Direction, message: &Message<'_>, is_cut: bool) -> Option<()> {
        let Ok(Parsed::Complete { value: FixedHeader { packet, len }, consumed }) = FixedHeader::parse(message.bytes)
        else {
            return None;
        };
        let content = message.bytes.get(consumed..)?;
        let content_bytes = len.saturating_sub(u64::try_from(consumed).unwrap_or(0));
        let Message { span, flags, lost, .. } = *message;
        let seen = Seen { direction, content, content_bytes, span, flags, lost, is_cut };
        match packet {
            Packet::Connect => self.connect(&seen),
            Packet::Publish { qos, dup } => self.publish(&seen, qos, dup),
            Packet::Subscribe => self.subscribe(&seen, Kind::Subscribe, "SUBSCRIBE"),
            Packet::Unsubscribe => self.subscribe(&seen, Kind::Unsubscribe, "UNSUBSCRIBE"),
            Packet::Pingreq => {
                self.admit(key(Kind::Ping, 0), &seen, "PINGREQ");
                Some(())
            }
            Packet::Disconnect => self.disconnect(&seen),
            Packet::Auth => self.authenticate(&seen),
            Packet::Connack => self.connack(&seen),
            Packet::Puback | Packet::Pubcomp => self.acknowledge(&seen, false),
            Packet::Pubrec => self.acknowledge(&seen, true),
            Packet::Pubrel => self.release(&seen),
            Packet::Suback => self.suback(&seen, Kind::Subscribe),
            Packet::Unsuback => self.suback(&seen, Kind::Unsubscribe),
            Packet::Pingresp => {
                self.finish(key(Kind::Ping, 0), &seen, None, StatusClass::Ok);
                Some(())
            }
        }
    }

    fn connect(&mut self, seen: &Seen<'_>) -> Option<()> {
        let mut reader = Reader(seen.content);
        self.level = string(&mut reader).and_then(|_name| reader.u8());
        self.aliases.clear();
        self.admit(key(Kind::Connect, 0), seen, "CONNECT");
        Some(())
    }

    fn publish(&mut self, seen: &Seen<'_>, qos: u8, dup: bool) -> Option<()> {
        let publish = Publish::parse(seen.content, qos).ok()?;
        let flags = self.read_topic(seen.direction, &publish);
        let Some(id) = publish.id else {
            let Self { limits, pairing, topic, .. } = self;
            pairing.one_way(|exchange| {
                fill(exchange, seen, "PUBLISH", limits);
                exchange.resource.push_str(topic);
                exchange.end_ns = seen.span.last_ns;
                exchange.status = StatusClass::Ok;
                exchange.flags |= flags;
            });
            return Some(());
        };
        let key = key(Kind::Publish(seen.direction), id);
        if dup && let Some(open) = self.pairing.get(key) {
            open.exchange.request.merge(seen.span);
            return Some(());
        }
        let Self { limits, pairing, topic, .. } = self;
        let exchange = &mut pairing.admit(key).exchange;
        fill(exchange, seen, "PUBLISH", limits);
        exchange.resource.push_str(topic);
        exchange.flags |= flags;
        Some(())
    }

    /// Reads what a message is about.
    fn read_topic(&mut self, direction: Direction, publish: &Publish<'_>) -> Flags {
        let Self { limits, pairing, level, aliases, topic, .. } = self;
        let alias_key = |alias: u16| {
            let [high, low] = alias.to_be_bytes();
            [u8::from(direction == Direction::ToClient), high, low]
        };
        if publish.topic.is_empty() {
            let alias = publish.topic_alias();
            let Some(known) = alias.and_then(|alias| aliases.find(&alias_key(alias))) else {
                topic.clear();
                return Flags::REFERENCE_UNKNOWN;
            };
            return when(text::copy(topic, known, limits.resource_bytes), Flags::RESOURCE_CUT);
        }
        if *level == Some(LEVEL_5)
            && let Some(key) = publish.topic_alias().map(alias_key)
            && aliases.find(&key).is_none_or(|known| **known != *publish.topic)
        {
            aliases.define(&key, publish.topic.into(), publish.topic.len());
            let counters = &mut pairing.counters;
            counters.definitions_evicted = counters.definitions_evicted.saturating_add(aliases.take_evicted());
        }
        when(text::copy(topic, publish.topic, limits.resource_bytes), Flags::RESOURCE_CUT)
    }

    /// SUBSCRIBE or UNSUBSCRIBE.
    fn subscribe(&mut self, seen: &Seen<'_>, kind: Kind, verb: &'static str) -> Option<()> {
        let mut reader = Reader(seen.content);
        let id = reader.u16_be()?;
        let options_bytes = usize::from(kind == Kind::Subscribe);
        let is_whole = u64::try_from(seen.content.len()).is_ok_and(|len| len == seen.content_bytes);
        // Without having seen CONNECT, it is of the version in which it has the right length.
        let plain = Filters::read(reader.0, options_bytes);
        let with_properties = || {
            let mut reader = reader;
            let len = variable_integer(&mut reader).ok().and_then(|len| usize::try_from(len).ok())?;
            reader.bytes(len)?;
            Some(Filters::read(reader.0, options_bytes))
        };
        let filters = match self.level {
            Some(LEVEL_5) => with_properties()?,
            Some(_) => plain,
            None if is_whole && plain.rest > 0 => with_properties().unwrap_or(plain),
            None => plain,
        };
        let first = filters.first?;
        let resource = if filters.count > 1 { SEVERAL.as_bytes() } else { first };
        let Self { limits, pairing, .. } = self;
        let open = pairing.admit(key(kind, id));
        fill(&mut open.exchange, seen, verb, limits);
        let is_cut = text::copy(&mut open.exchange.resource, resource, limits.resource_bytes);
        open.exchange.flags |= when(is_cut, Flags::RESOURCE_CUT);
        open.memo.filters = filters.count;
        Some(())
    }

    /// Who says so goes.
    fn disconnect(&mut self, seen: &Seen<'_>) -> Option<()> {
        let code = self.reason(seen.content);
        let status = reason_status(seen.direction, code.unwrap_or(0));
        let waiting = [Kind::Connect, Kind::Auth].map(|kind| key(kind, 0));
        if seen.direction == Direction::ToClient
            && let Some(key) = waiting.into_iter().find(|key| self.pairing.get(*key).is_some())
        {
            self.finish(key, seen, code, status);
            return Some(());
        }
        let Self { limits, pairing, .. } = self;
        pairing.one_way(|exchange| {
            fill(exchange, seen, "DISCONNECT", limits);
            exchange.end_ns = seen.span.last_ns;
            exchange.status = status;
            exchange.native_status = code.map(i32::from);
        });
        Some(())
    }

    /// Section 4.12 of 5: rounds within CONNECT, or of their own.
    fn authenticate(&mut self, seen: &Seen<'_>) -> Option<()> {
        let [connect, own] = [Kind::Connect, Kind::Auth].map(|kind| key(kind, 0));
        let code = self.reason(seen.content);
        match seen.direction {
            Direction::ToServer => {
                let waiting = [connect, own].into_iter().find(|key| self.pairing.get(*key).is_some());
                match waiting.and_then(|key| self.pairing.get(key)) {
                    Some(open) => open.exchange.request.merge(seen.span),
                    None => {
                        let Self { limits, pairing, .. } = self;
                        fill(&mut pairing.admit(own).exchange, seen, "AUTH", limits);
                    }
                }
            }
            // Section 3.15.2.1: 0x18 asks to go on.
            Direction::ToClient if code == Some(0) || code.is_none() => self.finish(own, seen, code, StatusClass::Ok),
            Direction::ToClient => {}
        }
        Some(())
    }

    /// The reason in the first byte of what may be empty: then all is well, and version 5 says so (section 3.14.2.1).
    fn reason(&self, content: &[u8]) -> Option<u8> {
        content.first().copied().or((self.level == Some(LEVEL_5)).then_some(0))
    }

    /// Takes a request without a resource.
    fn admit(&mut self, key: u64, seen: &Seen<'_>, verb: &'static str) {
        let Self { limits, pairing, .. } = self;
        fill(&mut pairing.admit(key).exchange, seen, verb, limits);
    }
}

/// The filters of SUBSCRIBE or UNSUBSCRIBE.
#[derive(Debug, Clone, Copy)]
struct Filters<'a> {
    first: Option<&'a [u8]>,
    count: usize,
    /// Bytes behind the last one.
    rest: usize,
}

impl<'a> Filters<'a> {
    fn read(data: &'a [u8], options_bytes: usize) -> Self {
        let mut filters = Self { first: None, count: 0, rest: data.len() };
        let mut reader = Reader(data);
        while let Some(filter) = string(&mut reader).filter(|filter| !filter.is_empty())
            && reader.bytes(options_bytes).is_some()
        {
            filters.first = filters.first.or(Some(filter));
            filters.count = filters.count.saturating_add(1);
            filters.rest = reader.0.len();
        }
        filters
    }
}

/// Writes what all packets that ask or tell have in common.
fn fill(exchange: &mut Exchange, seen: &Seen<'_>, verb: &str, limits: &Limits) {
    exchange.protocol = Protocol::Mqtt;
    exchange.direction = seen.direction;
    text::copy(&mut exchange.verb, verb.as_bytes(), limits.verb_bytes);
    exchange.request = seen.span;
    exchange.flags |= seen.flags | when(seen.lost, Flags::REQUEST_GAP) | when(seen.is_cut, Flags::REQUEST_TRUNCATED);
}

fn when(condition: bool, flag: Flags) -> Flags {
    if condition { flag } else { Flags::default() }
}

fn key(kind: Kind, id: u16) -> u64 {
    let kind = match kind {
        Kind::Connect => 0_u64,
        Kind::Publish(Direction::ToServer) => 1,
        Kind::Publish(Direction::ToClient) => 2,
        Kind::Subscribe => 3,
        Kind::Unsubscribe => 4,
        Kind::Ping => 5,
        Kind::Auth => 6,
    };
    kind << 16 | u64::from(id)
}

/// Section 3.1.2.2 of 5.
const LEVEL_5: u8 = 5;
