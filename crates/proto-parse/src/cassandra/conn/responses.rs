//! The way of a response: from an envelope to a finished exchange.

use alloc::vec::Vec;

use super::requests::{key, readable};
use super::{Compression, Dialog};
use crate::cassandra::body::{self, error_code};
use crate::cassandra::message::{EnvelopeHeader, Opcode};
use crate::cassandra::segments::Framing;
use crate::framed::Message;
use crate::pairing::Pairing as _;
use crate::{Direction, Exchange, Flags, Limits, Protocol, StatusClass, text};

impl Dialog {
    pub(super) fn on_response(&mut self, header: EnvelopeHeader, body: &[u8], message: &Message<'_>, limits: &Limits) {
        self.answer(header, body, message, Flags::default(), limits);
    }

    /// The connection ended within a response.
    pub(super) fn break_response(
        &mut self,
        header: EnvelopeHeader,
        body: &[u8],
        message: &Message<'_>,
        limits: &Limits,
    ) {
        self.answer(header, body, message, Flags::RESPONSE_TRUNCATED, limits);
    }

    fn answer(
        &mut self,
        header: EnvelopeHeader,
        body: &[u8],
        message: &Message<'_>,
        mut flags: Flags,
        limits: &Limits,
    ) {
        let mut buffer = Vec::new();
        let readable = readable(header, body, self.compression, &mut buffer, limits);
        if readable.is_none() {
            flags |= Flags::OPAQUE;
        }
        let body = readable.and_then(|body| body::behind_flagged(body, header.flags, true)).unwrap_or_default();
        flags |= message.flags;
        // Section 2.3 (section 2.4.1.3 of version 5): negative streams are the server's own.
        if header.stream < 0 {
            if message.lost {
                flags |= Flags::REQUEST_GAP;
            }
            return self.on_event(header.opcode, body, message, flags, limits);
        }
        if message.lost {
            flags |= Flags::RESPONSE_GAP;
        }
        let Self { pairing, statements, .. } = self;
        let Some(open) = pairing.answer(key(header.stream)) else {
            return pairing.count_unmatched_response();
        };
        set_status(&mut open.exchange, header.opcode, body, limits);
        let is_ready = matches!(header.opcode, Opcode::Ready | Opcode::Authenticate);
        if open.memo.is_startup_of_5 && is_ready && !flags.contains(Flags::RESPONSE_TRUNCATED) {
            self.framing = Some(Framing { direction: None, has_compression: self.compression != Compression::None });
        }
        let statement = open.memo.statement.take();
        if let (Opcode::Result, Some(statement), Some(id)) = (header.opcode, statement, body::prepared_id(body)) {
            let bytes = statement.held_bytes();
            statements.define(id, statement, bytes);
            let evicted = &mut pairing.counters.definitions_evicted;
            *evicted = evicted.saturating_add(statements.take_evicted());
        }
        pairing.finish(key(header.stream), message.span, flags);
        if self.framing.is_some() {
            // What a client sent ahead of the answer to STARTUP is not answered any more, as nobody knows in which framing.
            self.pairing.responses_lost();
            self.pairing.requests_lost();
        }
    }

    fn on_event(&mut self, opcode: Opcode, body: &[u8], message: &Message<'_>, flags: Flags, limits: &Limits) {
        self.pairing.one_way(|exchange| {
            exchange.protocol = Protocol::Cassandra;
            exchange.direction = Direction::ToClient;
            text::copy(&mut exchange.verb, opcode.name().as_bytes(), limits.verb_bytes);
            if let (Opcode::Event, Some(kind)) = (opcode, body::event_type(body)) {
                text::copy(&mut exchange.resource, kind, limits.resource_bytes);
            }
            exchange.request = message.span;
            exchange.end_ns = message.span.last_ns;
            exchange.flags |= flags;
        });
    }
}

/// An error whose code was not seen is the server's.
fn set_status(exchange: &mut Exchange, opcode: Opcode, body: &[u8], limits: &Limits) {
    if opcode != Opcode::Error {
        exchange.status = StatusClass::Ok;
        return;
    }
    exchange.status = StatusClass::ServerError;
    if let Some(code) = error_code(body) {
        exchange.status = code.class();
        exchange.native_status = Some(code.0);
        text::copy(&mut exchange.error, code.name().as_bytes(), limits.error_bytes);
    }
}
