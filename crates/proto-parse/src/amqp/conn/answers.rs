//! What the server says.

use super::requests::{login_key, no_bytes, publish_key};
use super::{Dialogue, Frame, SERIAL_BITS, key, when};
use crate::amqp::channel::short_string;
use crate::amqp::content::{OneWay, Role, fill_status};
use crate::amqp::message::Method;
use crate::amqp::method::{
    ACK, BASIC, CHANNEL, CHANNEL_CLOSE, CHANNEL_OPEN, CONNECTION, CONNECTION_CLOSE, DELIVER, Description, GET_OK, NACK,
    PUBLISH, RETURN, SECURE, START, TUNE, request,
};
use crate::read::Reader;
use crate::{Direction, Flags, StatusClass, text};

impl Dialogue {
    pub(super) fn server_method(&mut self, frame: &Frame<'_>, method: &Method<'_>) {
        let mut arguments = Reader(method.arguments);
        match (method.class, method.method) {
            // In between of the login.
            (CONNECTION, START | SECURE) => {}
            (CONNECTION, TUNE) => self.finish(Some(login_key()), frame, None),
            (BASIC, DELIVER) => {
                let _consumer = short_string(&mut arguments);
                let _number_and_redelivered = arguments.bytes(8 + 1);
                let cut = self.read_route(&mut arguments);
                self.begin_message(frame, cut, OneWay { name: "deliver", code: None });
            }
            (BASIC, RETURN) => {
                let code = arguments.u16_be();
                let _text = short_string(&mut arguments);
                let cut = self.read_route(&mut arguments);
                self.begin_message(frame, cut, OneWay { name: "return", code });
            }
            (BASIC, ACK) => self.confirm(frame, &mut arguments, StatusClass::Ok),
            (BASIC, NACK) => self.confirm(frame, &mut arguments, StatusClass::ServerError),
            (CONNECTION, CONNECTION_CLOSE) | (CHANNEL, CHANNEL_CLOSE) => self.close(frame, method),
            _ => match (method.answered(), method.description()) {
                (Some(answered), _) => self.answer(frame, method, answered),
                (None, Some(description)) if method.is_sent(Direction::ToClient) => {
                    self.resource.clear();
                    self.one_way(frame, &OneWay { name: description.name, code: None });
                }
                // What nobody knows.
                (None, _) => {}
            },
        }
    }

    /// A message to the client begins.
    fn begin_message(&mut self, frame: &Frame<'_>, cut: Flags, message: OneWay) {
        let frame = &Frame { flags: frame.flags | cut, ..*frame };
        if self.channel(frame.channel).is_some() {
            self.begin_content(frame, Role::OneWay(message));
        } else {
            self.one_way(frame, &message);
        }
    }

    /// The answer to a method of the client's.
    fn answer(&mut self, frame: &Frame<'_>, method: &Method<'_>, answered: &Description) {
        let key = self.oldest(frame.channel, answered.class, answered.method);
        if let Some(channel) = self.channels.get_mut(&frame.channel) {
            channel.answered = true;
        }
        match (key, method.class, method.method) {
            (Some(key), BASIC, GET_OK) => {
                if let Some(open) = self.pairing.answer(key) {
                    fill_status(&mut open.exchange, None, &self.limits);
                }
                self.resource.clear();
                self.begin_content(frame, Role::Response { key });
            }
            (key, ..) => self.finish(key, frame, None),
        }
        match (answered.class, answered.method) {
            (CHANNEL, CHANNEL_CLOSE) => self.end_channel(frame.channel, frame.span.last_ns),
            // What was known of a channel of this number was another one's.
            (CHANNEL, CHANNEL_OPEN) if key.is_none() => self.end_channel(frame.channel, frame.span.last_ns),
            _ => {}
        }
    }

    /// The server closes the channel, or the connection, and may say for which method.
    fn close(&mut self, frame: &Frame<'_>, method: &Method<'_>) {
        let mut arguments = Reader(method.arguments);
        let code = arguments.u16_be();
        // It quotes what the client has said.
        let _text = short_string(&mut arguments);
        let (class, number) = (arguments.u16_be().unwrap_or(0), arguments.u16_be().unwrap_or(0));
        match self.at_fault(frame.channel, class, number) {
            _ if code.is_none() => self.count_malformed(Direction::ToClient),
            Some(key) => self.finish(Some(key), frame, code),
            None => {
                self.resource.clear();
                let name = request(class, number).map_or("", |failed| failed.name);
                text::copy(&mut self.resource, name.as_bytes(), self.limits.resource_bytes);
                let name = method.name();
                self.one_way(frame, &OneWay { name, code });
            }
        }
        if frame.channel != 0 {
            self.end_channel(frame.channel, frame.span.last_ns);
        }
    }

    /// The request for which the server closes: the oldest of its kind, as methods are carried out in order; of messages that
    /// wait for confirmation, the only one.
    fn at_fault(&mut self, channel: u16, class: u16, method: u16) -> Option<u64> {
        // RabbitMQ names no method where it does not let a client in.
        if channel == 0 && (class, method) == (0, 0) && self.pairing.get(login_key()).is_some() {
            return Some(login_key());
        }
        let kind = key(0, class, method, 0) >> SERIAL_BITS;
        let of_kind = |key: &u64| key >> SERIAL_BITS & 0xffff == kind;
        let on_channel = |key: &u64| channel == 0 || key >> super::CHANNEL_SHIFT == u64::from(channel);
        let mut keys = self.pairing.iter_mut().map(|(key, _)| key).filter(|key| of_kind(key) && on_channel(key));
        let first = keys.next()?;
        let is_only = keys.next().is_none();
        let is_certain = is_only || (channel != 0 && (class, method) != (BASIC, PUBLISH));
        is_certain.then_some(first)
    }

    /// The broker has taken, or could not take, the message with a number, or all up to it.
    fn confirm(&mut self, frame: &Frame<'_>, arguments: &mut Reader<'_>, status: StatusClass) {
        let number = arguments.array().map(u64::from_be_bytes);
        let (Some(number), Some(bits)) = (number, arguments.u8()) else {
            return self.pairing.count_unmatched_response();
        };
        let last = if bits & 1 == 1 && number == 0 {
            key(frame.channel, BASIC, PUBLISH, u32::MAX)
        } else {
            publish_key(frame.channel, number)
        };
        let first = if bits & 1 == 1 { key(frame.channel, BASIC, PUBLISH, 0) } else { last };
        let mut span = frame.span;
        let mut known = false;
        while let Some(key) = self.pairing.key_from(first).filter(|key| *key <= last) {
            known = true;
            // One before it may have been confirmed by what was lost.
            if key != last && self.pairing.get(key).is_some_and(|open| open.may_be_answered()) {
                self.pairing.discard(key);
                continue;
            }
            if let Some(open) = self.pairing.answer(key) {
                open.exchange.status = status;
                if status != StatusClass::Ok {
                    text::copy(&mut open.exchange.error, b"nack", self.limits.error_bytes);
                }
            }
            self.pairing.finish(key, span, frame.flags | when(frame.lost, Flags::RESPONSE_GAP));
            // One frame answers them all, and is counted once.
            span = no_bytes(span);
        }
        if let Some(channel) = self.channels.get_mut(&frame.channel) {
            channel.confirms.confirm(number);
        }
        if !known {
            self.pairing.count_unmatched_response();
        }
    }

    /// The request with this key is answered by one frame.
    fn finish(&mut self, key: Option<u64>, frame: &Frame<'_>, code: Option<u16>) {
        let Some((key, open)) = key.and_then(|key| self.pairing.answer(key).map(|open| (key, open))) else {
            return self.pairing.count_unmatched_response();
        };
        fill_status(&mut open.exchange, code, &self.limits);
        self.pairing.finish(key, frame.span, frame.flags | when(frame.lost, Flags::RESPONSE_GAP));
    }
}
