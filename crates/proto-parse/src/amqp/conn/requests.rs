//! What the client says.

use super::{Dialogue, Frame, key, when};
use crate::amqp::channel::{Channel, Mode, read_arguments, short_string, write_name};
use crate::amqp::content::{OneWay, Role};
use crate::amqp::message::{Method, PROTOCOL_HEADER};
use crate::amqp::method::{
    BASIC, CHANNEL, CHANNEL_CLOSE_OK, CHANNEL_OPEN, CONFIRM, CONNECTION, Description, LOGIN, PUBLISH, SECURE_OK,
    SELECT, START, START_OK,
};
use crate::read::Reader;
use crate::{Direction, Flags, Protocol, Span, StatusClass, text};

/// The key of the login, which is on channel 0 and comes once.
pub(super) fn login_key() -> u64 {
    key(0, CONNECTION, START, 0)
}

impl Dialogue {
    /// The client says which version it speaks; or the server does, which then does not speak the client's.
    pub(super) fn protocol_header(&mut self, frame: &Frame<'_>, bytes: &[u8]) {
        match frame.direction {
            Direction::ToServer => {
                self.resource.clear();
                self.admit(login_key(), frame, &LOGIN);
                if bytes != PROTOCOL_HEADER {
                    self.count_malformed(Direction::ToServer);
                }
            }
            Direction::ToClient => match self.pairing.answer(login_key()) {
                Some(open) => {
                    open.exchange.status = StatusClass::ClientError;
                    self.pairing.finish(login_key(), frame.span, frame.flags);
                }
                None => self.pairing.count_unmatched_response(),
            },
        }
    }

    pub(super) fn client_method(&mut self, frame: &Frame<'_>, method: &Method<'_>) {
        match (method.class, method.method) {
            // What comes with it is secret, and is not looked at.
            (CONNECTION, START_OK | SECURE_OK) => {
                if let Some(open) = self.pairing.get(login_key()) {
                    open.exchange.request.merge(frame.span);
                }
            }
            (BASIC, PUBLISH) => self.publish(frame, method),
            (CHANNEL, CHANNEL_CLOSE_OK) => {
                self.channels.remove(&frame.channel);
            }
            (class, number) => match method.description() {
                Some(description) if method.is_sent(Direction::ToServer) => {
                    match (class, number) {
                        (CHANNEL, CHANNEL_OPEN) => {
                            self.end_channel(frame.channel, frame.span.last_ns);
                            if let Some(channel) = self.channel(frame.channel) {
                                channel.in_doubt = false;
                            }
                        }
                        (CONFIRM, SELECT) => {
                            if let Some(channel) = self.channel(frame.channel) {
                                channel.confirms.mode = Mode::Next(1);
                            }
                        }
                        _ => {}
                    }
                    self.ask(frame, method, description);
                }
                // The answers to what the server said, and what nobody knows.
                _ => {}
            },
        }
    }

    /// A method that may ask for an answer.
    fn ask(&mut self, frame: &Frame<'_>, method: &Method<'_>, description: &'static Description) {
        let mut resource = core::mem::take(&mut self.resource);
        resource.clear();
        let (is_cut, is_answered) = read_arguments(method, description, &mut resource, self.limits.resource_bytes);
        self.resource = resource;
        let cut = when(is_cut, Flags::RESOURCE_CUT);
        let frame = &Frame { flags: frame.flags | cut, ..*frame };
        if !is_answered {
            return self.one_way(frame, &OneWay { name: description.name, code: None });
        }
        let waits = self.waits(frame.channel);
        let Some(channel) = self.channel(frame.channel) else { return self.evict() };
        if !channel.is_certain(waits) {
            return self.count_unmatched();
        }
        let Channel { doubtful_before, next_serial, .. } = channel;
        let (doubtful_before, serial) = (*doubtful_before, *next_serial);
        *next_serial = next_serial.wrapping_add(1);
        // A client that waits asks anew only when it was answered: then what is open was answered unseen.
        while let Some(oldest) = self.oldest(frame.channel, description.class, description.method) {
            if oldest & u64::from(u32::MAX) >= u64::from(doubtful_before) {
                if let Some(channel) = self.channels.get_mut(&frame.channel) {
                    channel.overlaps = true;
                }
                break;
            }
            self.pairing.discard(oldest);
        }
        self.admit(key(frame.channel, description.class, description.method, serial), frame, description);
    }

    /// Whether a method on a channel waits for its answer.
    fn waits(&self, channel: u16) -> bool {
        let publishes = key(channel, BASIC, PUBLISH, 0)..=key(channel, BASIC, PUBLISH, u32::MAX);
        let ends = key(channel, u16::MAX, u16::MAX, u32::MAX);
        let before = self.pairing.key_from(key(channel, 0, 0, 0)).is_some_and(|key| key < *publishes.start());
        before || self.pairing.key_from(publishes.end().saturating_add(1)).is_some_and(|key| key <= ends)
    }

    /// A message to be routed.
    fn publish(&mut self, frame: &Frame<'_>, method: &Method<'_>) {
        let mut arguments = Reader(method.arguments);
        let _reserved = arguments.u16_be();
        let cut = self.read_route(&mut arguments);
        let frame = &Frame { flags: frame.flags | cut, ..*frame };
        let is_waiting = self.oldest(frame.channel, BASIC, PUBLISH).is_some();
        let Some(channel) = self.channel(frame.channel) else { return self.evict() };
        let number = channel.confirms.number(is_waiting);
        let role = match (number, method.description()) {
            (Some(number), Some(description)) => {
                let key = publish_key(frame.channel, number);
                self.admit(key, frame, description);
                Role::Request { key }
            }
            _ => Role::OneWay(OneWay { name: "publish", code: None }),
        };
        self.begin_content(frame, role);
    }

    /// Reads an exchange and a routing key, and takes the former for the resource or, for the default exchange, the latter: it
    /// is the name of a queue then (section 3.1.3.1).
    pub(super) fn read_route(&mut self, arguments: &mut Reader<'_>) -> Flags {
        let exchange = short_string(arguments).unwrap_or_default();
        let routing_key = short_string(arguments).unwrap_or_default();
        let name = if exchange.is_empty() { routing_key } else { exchange };
        when(write_name(name, &mut self.resource, self.limits.resource_bytes), Flags::RESOURCE_CUT)
    }

    /// Takes a request, whose resource has been read.
    fn admit(&mut self, key: u64, frame: &Frame<'_>, description: &Description) {
        let Self { limits, pairing, resource, .. } = self;
        let exchange = &mut pairing.admit(key).exchange;
        exchange.protocol = Protocol::Amqp;
        text::copy(&mut exchange.verb, description.name.as_bytes(), limits.verb_bytes);
        exchange.resource.push_str(resource);
        exchange.request = frame.span;
        exchange.flags |= frame.flags | when(frame.lost, Flags::REQUEST_GAP);
    }

    /// A request on one channel too many.
    fn evict(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.requests = counters.requests.saturating_add(1);
        counters.requests_evicted = counters.requests_evicted.saturating_add(1);
    }

    fn count_unmatched(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.requests = counters.requests.saturating_add(1);
        counters.requests_unmatched = counters.requests_unmatched.saturating_add(1);
    }
}

/// The key of a publish that is confirmed: its number, modulo 2^32. So many are never open at once.
pub(super) fn publish_key(channel: u16, number: u64) -> u64 {
    key(channel, BASIC, PUBLISH, 0) | (number & u64::from(u32::MAX))
}

/// Nothing of a response, which is counted elsewhere.
pub(super) fn no_bytes(at: Span) -> Span {
    Span { bytes: 0, ..at }
}
