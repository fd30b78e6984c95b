//! The way of a response: from its first message to a finished exchange.

use super::{Phase, Postgres};
use crate::framed::{Message, Next};
use crate::pairing::Pairing as _;
use crate::postgres::message::HEAD_BYTES;
use crate::postgres::response::{Failure, Response};
use crate::postgres::setting::CONFORMING_STRINGS;
use crate::read::Reader;
use crate::sql::Dialect;
use crate::{Direction, Exchange, Flags, Limits, Protocol, Shape, Span, StatusClass, text};

/// What a message to who listens on a channel is called, as in the protocol.
const NOTIFICATION: &str = "notification";

impl Postgres {
    /// The one byte that answers a request for encryption.
    pub(super) fn on_encryption_answer(&mut self, message: &Message<'_>) {
        self.phase = Phase::Startup;
        if message.bytes == b"N" {
            // Refused: the client goes on without, or asks for another kind.
            return;
        }
        // GSSAPI has no parser here.
        self.next = if message.bytes == b"S" { Next::Protocol(Protocol::Tls) } else { Next::Opaque };
        self.extend_response(message);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::Ok;
            open.exchange.flags |= Flags::OPAQUE;
        }
        self.finish_front();
        self.forget_groups();
    }

    pub(super) fn on_response(&mut self, message: &Message<'_>, limits: &Limits) {
        let content = message.bytes.get(HEAD_BYTES..).unwrap_or_default();
        let kind = message.bytes.first().copied().unwrap_or_default();
        let response = Response::read(kind, content);
        if message.flags.intersects(Flags::RESYNCED | Flags::JOINED_LATE) {
            // What was searched may have held answers.
            self.lose_responses();
        }
        let is_login = self.pairing.front().is_some_and(|open| open.memo.is_login);
        // Those come at any time, and are part of a response if they come within one.
        let is_unasked = matches!(kind, b'A' | b'N' | b'S') && !is_login && self.response.is_none();
        if !is_unasked && self.groups.front().is_some_and(|group| group.open > 0) {
            self.extend_response(message);
        }
        match response {
            None => self.on_unreadable_response(kind, content, message),
            Some(Response::Complete | Response::FunctionCallResult) => self.complete(),
            Some(Response::CopyIn) => self.take_data(),
            Some(Response::CopyBoth) => {
                if let Some(open) = self.pairing.front() {
                    open.exchange.shape = Shape::Stream;
                    open.exchange.status = StatusClass::Ok;
                    open.memo.takes_data = true;
                }
            }
            Some(Response::Error(failure)) => self.fail(failure, message),
            Some(Response::ReadyForQuery) => self.ready(message),
            Some(Response::Notification { channel }) => self.notify(channel, message, limits),
            Some(Response::ParameterStatus { name: CONFORMING_STRINGS, value }) => {
                self.dialect = Dialect::POSTGRESQL.with_backslash_escapes(value == b"off");
            }
            Some(_) => {}
        }
    }

    /// A message of which what is read breaks off, by a loss or by its length, or that is not what it should be.
    fn on_unreadable_response(&mut self, kind: u8, content: &[u8], message: &Message<'_>) {
        // The setting that matters, or one whose name is not known.
        if kind == b'S' && Reader(content).until_zero().is_none_or(|name| name == CONFORMING_STRINGS) {
            self.dialect = self.dialect.with_unknown_backslash_escapes();
        }
        if !message.lost && u64::try_from(message.bytes.len()) == Ok(message.len) {
            let counters = &mut self.pairing.counters;
            counters.malformed_responses = counters.malformed_responses.saturating_add(1);
        }
    }

    fn extend_response(&mut self, message: &Message<'_>) {
        let response = self.response.get_or_insert(Span::starting(message.span.first_ns));
        response.merge(message.span);
        self.response_flags |= message.flags;
        if message.lost {
            self.response_flags |= Flags::RESPONSE_GAP;
        }
    }

    /// A statement was carried out. A Query may hold more of them; of the last one in a group its end has the last word:
    /// it commits.
    fn complete(&mut self) {
        let Some(group) = self.groups.front() else {
            self.has_unasked = true;
            return;
        };
        let is_last = group.is_last();
        let Some(open) =
            self.pairing.front().filter(|open| group.open > 0 && (open.memo.ends_when_ready || !open.memo.is_decided))
        else {
            return self.pairing.count_unmatched_response();
        };
        open.exchange.status = StatusClass::Ok;
        open.memo.is_decided = true;
        if !open.memo.ends_when_ready && !is_last {
            self.finish_front();
        }
    }

    /// The server waits for the data of COPY. Where it was asked to by Execute, a Sync that was sent right behind that is passed
    /// over, and another one is to come behind the data (documentation, "COPY Operations").
    fn take_data(&mut self) {
        let Some(group) = self.groups.front().filter(|group| group.open > 0) else { return };
        let Some(open) = self.pairing.front() else { return };
        open.memo.takes_data = true;
        if !open.memo.ends_when_ready {
            group.is_ended = false;
        }
    }

    fn fail(&mut self, failure: Failure, message: &Message<'_>) {
        let Some(group) = self.groups.front() else {
            // To nobody, or to a client that is not known to have asked.
            if failure.is_fatal {
                self.pairing.count_unmatched_response();
            } else {
                self.has_unasked = true;
            }
            return;
        };
        let is_last = group.is_last();
        let is_of_rest = group.rest.span.is_some() || (!group.is_ended && self.rest.span.is_some());
        let is_failing = core::mem::replace(&mut group.has_failed, true);
        let open = self.pairing.front().filter(|open| group.open > 0 && !(open.memo.is_decided && is_of_rest));
        if let Some(open) = open {
            blame(failure, &mut open.exchange);
            open.memo.is_decided = true;
            if failure.is_fatal || (!open.memo.ends_when_ready && !is_last) {
                self.finish_front();
            }
        } else if is_of_rest && !is_failing {
            self.fail_rest(failure, message);
        } else {
            self.pairing.count_unmatched_response();
        }
    }

    /// What was prepared, and not run, has failed.
    fn fail_rest(&mut self, failure: Failure, message: &Message<'_>) {
        let Self { pairing, groups, statements, rest, .. } = self;
        let Some(group) = groups.front() else { return };
        let Some(exchange) = pairing.aside() else { return };
        exchange.protocol = Protocol::Postgres;
        if let Some(span) = group.rest.span.take() {
            exchange.request = span;
            exchange.flags |= group.rest.flags;
            group.rest.statement.name(exchange);
        } else {
            exchange.request = rest.span.take().unwrap_or(message.span);
            exchange.flags |= rest.flags;
            statements.find(rest.subject()).name(exchange);
            rest.clear();
        }
        blame(failure, exchange);
        exchange.response = Some(message.span);
        exchange.end_ns = message.span.last_ns;
        exchange.flags |= message.flags;
    }

    /// The front group is answered.
    fn ready(&mut self, message: &Message<'_>) {
        if self.groups.front().is_none() {
            if core::mem::take(&mut self.has_unasked) {
                self.pairing.count_unmatched_response();
            }
            self.pairing.note_answer();
            return;
        }
        if self.pairing.front().is_some_and(|open| open.memo.is_decided || open.memo.is_login) {
            if let Some(open) = self.pairing.front().filter(|open| open.memo.is_login && !open.memo.is_decided) {
                open.exchange.status = StatusClass::Ok;
            }
            self.finish_front();
        }
        while let Some(group) = self.groups.front().filter(|group| group.open > 0) {
            if !group.has_failed {
                // What it came to was lost, or is another group's.
                self.pairing.count_unmatched_response();
                self.lose_count();
                return self.pairing.note_answer();
            }
            if let Some(open) = self.pairing.front() {
                open.exchange.status = StatusClass::ClientError;
            }
            self.response = Some(Span { bytes: 0, ..message.span });
            self.response_flags = Flags::SKIPPED;
            self.finish_front();
        }
        self.groups.pop();
        self.response = None;
        self.response_flags = Flags::default();
        self.pairing.note_answer();
        if self.groups.len() == 0 {
            self.pairing.owe_nothing();
        }
    }

    /// The response to the front request is over.
    pub(super) fn finish_front(&mut self) {
        let flags = core::mem::take(&mut self.response_flags);
        if let Some(response) = self.response.take()
            && self.pairing.has_open()
        {
            self.pairing.count_response();
            self.pairing.finish(response, flags);
            self.groups.finish();
        }
    }

    /// Responses were lost. If one request is open and no other group, what comes next is its.
    pub(super) fn lose_responses(&mut self) {
        self.is_answering = false;
        self.has_unasked = false;
        self.turn.answer_may_be_lost = true;
        // The setting may have changed.
        self.dialect = self.dialect.with_unknown_backslash_escapes();
        if self.phase == Phase::EncryptionAsked {
            self.phase = Phase::Startup;
        }
        self.pairing.responses_lost();
        if self.groups.len() != 1 || !self.pairing.has_open() {
            self.pairing.drop_open();
            self.forget_groups();
        } else if self.response.is_some() {
            self.response_flags |= Flags::RESPONSE_GAP;
        }
    }

    fn notify(&mut self, channel: &[u8], message: &Message<'_>, limits: &Limits) {
        if let Some(exchange) = self.pairing.one_way() {
            exchange.protocol = Protocol::Postgres;
            exchange.direction = Direction::ToClient;
            exchange.verb.push_str(NOTIFICATION);
            if text::copy(&mut exchange.resource, channel, limits.resource_bytes) {
                exchange.flags |= Flags::RESOURCE_CUT;
            }
            exchange.request = message.span;
            exchange.end_ns = message.span.last_ns;
            exchange.flags |= message.flags;
        }
    }
}

/// Writes what has failed into its exchange.
fn blame(failure: Failure, exchange: &mut Exchange) {
    exchange.error.clear();
    exchange.status = StatusClass::ServerError;
    if let Some(code) = failure.code {
        exchange.status = code.class();
        exchange.error.push_str(code.as_str());
    }
}
