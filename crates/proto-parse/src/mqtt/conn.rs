//! One MQTT connection.

mod answers;
mod requests;

use alloc::boxed::Box;
use alloc::string::String;

use super::detect::begins;
use super::message::{FixedHeader, MAX_HEADER_BYTES, Packet};
use crate::definitions::Definitions;
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::{ByKey, Pairing as _};
use crate::{Detection, Direction, Exchange, Flags, Limits, Parsed, Protocol, Span, StatusClass, text};

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
pub(super) struct Asked {
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

impl Conversation for Dialogue {
    type Pairing = ByKey<Asked>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

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

    fn held_bytes(&self) -> usize {
        self.aliases.held_bytes()
    }
}

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
