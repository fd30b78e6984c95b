//! The way of a response: from a server's packets to a finished exchange.

use super::requests::{CONNECT, set_verb};
use super::{ClientsTurn, Dialog, Phase, Response, header, payload};
use crate::framed::{Message, Next};
use crate::mysql::PayloadError;
use crate::mysql::command::ReplyKind;
use crate::mysql::handshake::{Capabilities, Greeting};
use crate::mysql::message::PacketHeader;
use crate::mysql::reply::{Progress, Reply, ServerError};
use crate::pairing::Pairing as _;
use crate::sql::Dialect;
use crate::{Direction, Exchange, Flags, Limits, Protocol, StatusClass, text};

impl Dialog {
    /// Whether the packet may be the server's next one.
    pub(super) fn is_servers_due(&self, header: PacketHeader) -> bool {
        if self.phase == Phase::Greeting {
            return header.sequence == 0 && header.payload_bytes > 0;
        }
        // What goes on, be it read or passed over, goes on counting; a reply counts on from its request.
        header.sequence == self.server_sequence || (self.response.is_none() && self.begins_response(header))
    }

    /// Whether the packet is the first one of a reply, while none is under way.
    fn begins_response(&self, header: PacketHeader) -> bool {
        match self.pairing.peek() {
            Some(open) => header.sequence == open.memo.reply_sequence,
            // What answers a request that was not seen, or an error that answers none: the server shuts down, or nobody has
            // said anything for long.
            None => matches!(header.sequence, 0 | 1),
        }
    }

    pub(super) fn on_response_packet(&mut self, message: &Message<'_>, limits: &Limits) {
        let header = header(message);
        self.searches_responses = false;
        if self.phase == Phase::Greeting {
            self.server_sequence = header.sequence.wrapping_add(1);
            return self.on_greeting(message, limits);
        }
        if self.response.is_none() && !self.begin_response(message, header) {
            self.server_sequence = header.sequence.wrapping_add(1);
            return;
        }
        self.server_sequence = header.sequence.wrapping_add(1);
        let Some(response) = &mut self.response else { return };
        let was_full = core::mem::replace(&mut response.full, header.is_continued());
        response.span.merge(message.span);
        if message.lost {
            response.flags |= Flags::RESPONSE_GAP;
        }
        if was_full {
            return;
        }
        let (payload, payload_bytes) = payload(message);
        match response.reply.packet(payload, payload_bytes) {
            Ok(progress) => self.on_progress(progress, header, limits),
            // What was lost of the packet says what it is.
            Err(_) if message.lost => self.cut_response(),
            Err(PayloadError::NotMysql | PayloadError::Short) => self.on_malformed_response(),
        }
    }

    /// Takes the first packet of a response. `false` if it answers nothing that is known, or is none.
    fn begin_response(&mut self, message: &Message<'_>, header: PacketHeader) -> bool {
        if !self.begins_response(header) {
            // The rest of what was passed over. It may be the EOF packet behind definitions that was not waited for.
            let (payload, payload_bytes) = payload(message);
            if payload_bytes == 5 && payload.first() == Some(&0xfe) {
                self.ends_columns = Some(true);
            }
            return false;
        }
        let Some(open) = self.pairing.peek() else {
            self.pairing.count_unmatched_response();
            return false;
        };
        let kind = open.memo.reply;
        let (payload, payload_bytes) = payload(message);
        if message.lost && payload.is_empty() && payload_bytes > 0 {
            // Its answer, and nothing of it was seen.
            self.lose_responses();
            return false;
        }
        self.pairing.count_response();
        let span = crate::Span::starting(message.span.first_ns);
        let reply = Reply::new(kind, self.ends_columns);
        self.response = Some(Response { kind, reply, span, flags: message.flags, full: false });
        true
    }

    fn on_progress(&mut self, progress: Progress, header: PacketHeader, limits: &Limits) {
        match progress {
            Progress::More => {}
            Progress::Interim => {
                self.pairing.counters.interim = self.pairing.counters.interim.saturating_add(1);
                if let Some(response) = &mut self.response {
                    response.flags |= Flags::INTERIM;
                }
            }
            Progress::Prepared(number) => self.define_statement(number),
            Progress::ClientsTurn => {
                self.client_sequence = header.sequence.wrapping_add(1);
                let is_login = self.response.as_ref().is_some_and(|response| response.kind == ReplyKind::Login);
                self.clients_turn = if is_login { ClientsTurn::Login } else { ClientsTurn::File { full: false } };
            }
            Progress::DonePrepared(number) => {
                self.define_statement(number);
                self.on_success();
            }
            Progress::Done => self.on_success(),
            Progress::Failed(error) => {
                if let Some(open) = self.pairing.front() {
                    set_error(&mut open.exchange, error, limits);
                }
                self.finish_response(Flags::default());
            }
        }
    }

    fn define_statement(&mut self, number: u32) {
        let Self { pairing, statements, .. } = self;
        if let Some(statement) = pairing.front().and_then(|open| open.memo.statement.take()) {
            statements.define(number, statement, &mut pairing.counters);
        }
    }

    fn on_success(&mut self) {
        let is_compressed = self.capabilities.intersects(Capabilities::COMPRESS | Capabilities::ZSTD);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::Ok;
            if open.memo.resets_session {
                self.statements.clear();
            } else if open.memo.reply == ReplyKind::Login && is_compressed {
                open.exchange.flags |= Flags::OPAQUE;
                self.next = Next::Opaque;
            }
        }
        self.finish_response(Flags::default());
    }

    /// The packet cannot be there: where the reply ends is not known, but where packets do is.
    fn on_malformed_response(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.malformed_responses = counters.malformed_responses.saturating_add(1);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::ProtocolError;
        }
        self.finish_response(Flags::RESPONSE_TRUNCATED);
    }

    /// The response under way is over, or as much of it as will be told.
    fn finish_response(&mut self, flags: Flags) {
        let Some(response) = self.response.take() else { return };
        if self.clients_turn == ClientsTurn::Login {
            // Some questions are none: "caching_sha2_password" says that it has an answer already.
            self.clients_turn = ClientsTurn::None;
        }
        if let Some(learned) = response.reply.ends_columns() {
            self.ends_columns = Some(learned);
        }
        if let Some(escapes) = response.reply.backslash_escapes() {
            self.dialect = Dialect::MYSQL.with_backslash_escapes(escapes);
        }
        if let Some(open) = self.pairing.front().filter(|open| open.memo.is_unfinished) {
            open.exchange.flags |= Flags::REQUEST_UNFINISHED;
        }
        self.pairing.finish(response.span, response.flags | flags);
    }

    /// The rest of the response under way will not be seen. Rows that came say that all went well as far as that.
    fn cut_response(&mut self) {
        let Some(response) = &self.response else { return };
        if let Some(open) = self.pairing.front()
            && matches!(response.kind, ReplyKind::Results | ReplyKind::Rows | ReplyKind::Fields | ReplyKind::Stream)
            && self.clients_turn == ClientsTurn::None
        {
            open.exchange.status = StatusClass::Ok;
        }
        self.finish_response(Flags::RESPONSE_TRUNCATED);
    }

    fn on_greeting(&mut self, message: &Message<'_>, limits: &Limits) {
        self.phase = Phase::Login;
        let (payload, payload_bytes) = payload(message);
        if let Ok(greeting) = Greeting::parse(payload) {
            self.capabilities = greeting.capabilities;
            return;
        }
        // "Too many connections", and who may not connect at all: an error in place of a greeting.
        match Reply::new(ReplyKind::Login, None).packet(payload, payload_bytes) {
            Ok(Progress::Failed(error)) => {
                let Some(exchange) = self.pairing.one_way() else { return };
                exchange.protocol = Protocol::MySql;
                exchange.direction = Direction::ToClient;
                set_verb(exchange, CONNECT, limits);
                exchange.request = message.span;
                exchange.end_ns = message.span.last_ns;
                set_error(exchange, error, limits);
            }
            _ if message.lost => {}
            _ => {
                let counters = &mut self.pairing.counters;
                counters.malformed_responses = counters.malformed_responses.saturating_add(1);
            }
        }
    }

    pub(super) fn lose_responses(&mut self) {
        self.phase = Phase::Commands;
        self.cut_response();
        self.clients_turn = ClientsTurn::None;
        self.pairing.responses_lost();
        self.turn.answer_may_be_lost = true;
        self.searches_responses = true;
    }

    /// The connection ended within a packet of the server's.
    pub(super) fn break_response(&mut self, message: &Message<'_>, limits: &Limits) {
        let header = header(message);
        let (payload, payload_bytes) = payload(message);
        if self.phase == Phase::Greeting {
            return;
        }
        if payload.is_empty() {
            // Not even whether it is an error is known.
            if let Some(open) = self.pairing.front() {
                open.exchange.flags |= Flags::RESPONSE_TRUNCATED;
            }
            return;
        }
        if self.response.is_none() && !self.begin_response(message, header) {
            return;
        }
        let Some(response) = &mut self.response else { return };
        response.span.merge(message.span);
        if response.full {
            return;
        }
        let status = match response.reply.packet(payload, payload_bytes) {
            Ok(Progress::Done | Progress::DonePrepared(_)) => StatusClass::Ok,
            Ok(Progress::Failed(error)) => {
                if let Some(open) = self.pairing.front() {
                    set_error(&mut open.exchange, error, limits);
                }
                return self.finish_response(Flags::RESPONSE_TRUNCATED);
            }
            _ => return,
        };
        if let Some(open) = self.pairing.front() {
            open.exchange.status = status;
        }
        self.finish_response(Flags::RESPONSE_TRUNCATED);
    }

    /// The server has ended: of a stream this is the end, of any other response a break.
    pub(super) fn end_response(&mut self, now_ns: u64) {
        let Some(response) = &mut self.response else { return };
        if response.kind != ReplyKind::Stream {
            return self.cut_response();
        }
        response.span.extend(now_ns, 0);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::Ok;
        }
        self.finish_response(Flags::default());
    }
}

fn set_error(exchange: &mut Exchange, error: ServerError, limits: &Limits) {
    exchange.status = error.class();
    exchange.native_status = Some(i32::from(error.code));
    if let Some(sqlstate) = &error.sqlstate {
        text::copy(&mut exchange.error, sqlstate, limits.error_bytes);
    }
}
