//! A content: the method that it belongs to, a header with its size, and its body in any number of frames.

use alloc::string::String;

use super::code;
use super::conn::Frame;
use crate::{Direction, Exchange, Flags, Limits, Protocol, Span, StatusClass, text};

/// The content under way in one direction of a channel. Its buffer goes round.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) role: Option<Role>,
    pub(super) resource: String,
    pub(super) span: Span,
    pub(super) flags: Flags,
    /// Bytes of it were lost.
    pub(super) lost: bool,
    /// Bytes of the body that are to come; not known before the header.
    remaining: Option<u64>,
}

/// What a content is part of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    /// A message of its own.
    OneWay(OneWay),
    /// The request with this key, which waits for its confirmation.
    Request { key: u64 },
    /// The response to the request with this key.
    Response { key: u64 },
}

/// A message that asks for no answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneWay {
    pub(super) name: &'static str,
    /// The code that it gives.
    pub(super) code: Option<u16>,
}

impl Content {
    /// A method begins one.
    pub(super) fn begin(&mut self, role: Role, resource: &str, frame: &Frame<'_>) {
        self.resource.clear();
        self.resource.push_str(resource);
        (self.role, self.remaining) = (Some(role), None);
        (self.span, self.flags, self.lost) = (frame.span, frame.flags, frame.lost);
    }

    /// Its header says how large it is, if it can be read. Says whether it is over, being empty.
    pub(super) fn size(&mut self, bytes: Option<u64>, frame: &Frame<'_>) -> bool {
        self.extend(frame);
        self.remaining = bytes;
        bytes == Some(0)
    }

    /// A part of its body. Says whether it is over.
    pub(super) fn body(&mut self, frame: &Frame<'_>) -> bool {
        self.extend(frame);
        let Some(remaining) = &mut self.remaining else { return false };
        *remaining = remaining.saturating_sub(frame.content_bytes);
        *remaining == 0
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.role.is_some()
    }

    fn extend(&mut self, frame: &Frame<'_>) {
        self.span.merge(frame.span);
        self.flags |= frame.flags;
        self.lost |= frame.lost;
    }
}

impl OneWay {
    /// Writes all but the resource.
    pub(super) fn fill(&self, exchange: &mut Exchange, direction: Direction, span: Span, limits: &Limits) {
        exchange.protocol = Protocol::Amqp;
        exchange.direction = direction;
        text::copy(&mut exchange.verb, self.name.as_bytes(), limits.verb_bytes);
        exchange.request = span;
        exchange.end_ns = span.last_ns;
        fill_status(exchange, self.code, limits);
    }
}

/// Writes what a code says, or that all is well.
pub(super) fn fill_status(exchange: &mut Exchange, reply_code: Option<u16>, limits: &Limits) {
    exchange.status = reply_code.map_or(StatusClass::Ok, code::status);
    exchange.native_status = reply_code.map(i32::from);
    text::copy(&mut exchange.error, reply_code.map_or("", code::name).as_bytes(), limits.error_bytes);
}
