//! The way of a request: from its first message into the pairing.

use super::{Memo, Phase, Postgres, Rest};
use crate::framed::Message;
use crate::postgres::message::HEAD_BYTES;
use crate::postgres::request::{Named, Request, Text};
use crate::postgres::setting::mentions_conforming_strings;
use crate::postgres::startup::Startup;
use crate::postgres::statement::Statement;
use crate::sql::Dialect;
use crate::{Direction, Exchange, Flags, Limits, Protocol, Span, text};

/// What a login is called: as in libpq, for in SQL it is nothing.
const LOGIN: &str = "connect";
const CANCEL: &str = "cancel";
const FUNCTION_CALL: &str = "call";

impl Postgres {
    /// The client's first messages.
    pub(super) fn on_startup(&mut self, message: &Message<'_>, limits: &Limits) {
        match Startup::read(message.bytes) {
            Some(Startup::Cancel) => {
                if let Some(exchange) = self.pairing.one_way() {
                    exchange.protocol = Protocol::Postgres;
                    exchange.verb.push_str(CANCEL);
                    exchange.request = message.span;
                    exchange.end_ns = message.span.last_ns;
                    exchange.flags |= message.flags;
                }
            }
            Some(Startup::Encryption) => {
                self.log_in(message);
                self.phase = Phase::EncryptionAsked;
            }
            Some(Startup::Session { database }) => {
                self.phase = Phase::Messages;
                // Of parameters in pieces, the database is not certain.
                let database = if message.lost { b"" } else { database };
                if let Some(exchange) = self.log_in(message) {
                    let is_cut = text::copy(&mut exchange.resource, database, limits.resource_bytes);
                    if is_cut {
                        exchange.flags |= Flags::RESOURCE_CUT;
                    }
                }
            }
            None => {}
        }
    }

    /// The login, which begins with the first message, that may have asked for encryption.
    fn log_in(&mut self, message: &Message<'_>) -> Option<&mut Exchange> {
        if !self.pairing.front().is_some_and(|open| open.memo.is_login) {
            let memo = Memo { is_login: true, ends_when_ready: true, ..Memo::default() };
            let exchange = self.admit(message.span, message_flags(message), memo)?;
            exchange.verb.push_str(LOGIN);
            self.end_group();
        } else if let Some(open) = self.pairing.front() {
            open.exchange.request.merge(message.span);
            open.exchange.flags |= message_flags(message);
        }
        self.pairing.front().map(|open| &mut open.exchange)
    }

    pub(super) fn on_request(&mut self, message: &Message<'_>, limits: &Limits) {
        let content = message.bytes.get(HEAD_BYTES..).unwrap_or_default();
        let kind = message.bytes.first().copied().unwrap_or_default();
        let Some(request) = Request::read(kind, content) else {
            return self.on_unreadable_request(kind, message);
        };
        match request {
            Request::Parse { statement, text } => {
                let dialect = self.dialect_of(text, message);
                self.extend_rest(message, Named::Statement(statement));
                self.statements.parse(statement, text, message.lost, dialect, limits);
                self.count_evicted();
            }
            Request::Bind { portal, statement } => {
                self.extend_rest(message, Named::Statement(statement));
                self.statements.bind(portal, statement);
                self.count_evicted();
            }
            Request::Describe(named) => self.extend_rest(message, named),
            Request::Close(named) => self.statements.close(named),
            Request::Execute { portal } => self.execute(message, Some(portal)),
            Request::Sync => self.sync(),
            Request::Query(text) => self.query(message, text, limits),
            Request::FunctionCall { function } => self.call(message, Some(function)),
            Request::CopyData | Request::CopyDone => self.extend_front(message, Flags::default()),
            Request::CopyFail => self.extend_front(message, Flags::CANCELLED),
            Request::Password => {
                if let Some(open) = self.pairing.front().filter(|open| open.memo.is_login) {
                    open.exchange.request.merge(message.span);
                }
            }
            Request::Flush | Request::Terminate => {}
        }
    }

    /// A message whose names are longer than what is read of them, were lost, or are not there.
    fn on_unreadable_request(&mut self, kind: u8, message: &Message<'_>) {
        if !message.lost && u64::try_from(message.bytes.len()) == Ok(message.len) {
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        match kind {
            b'P' | b'B' => {
                self.may_change_dialect = true;
                self.rest.extend(message);
                self.statements.forget_unnamed();
            }
            b'D' => self.rest.extend(message),
            b'E' => self.execute(message, None),
            b'F' => self.call(message, None),
            _ => {}
        }
    }

    /// The connection ended within a message.
    pub(super) fn on_broken_request(&mut self, message: &Message<'_>, limits: &Limits) {
        if self.phase != Phase::Messages || message.bytes.first() != Some(&b'Q') {
            return;
        }
        let bytes = message.bytes.get(HEAD_BYTES..).unwrap_or_default();
        let text = Text { bytes, is_whole: false };
        let mut statement = Statement::default();
        statement.parse(text, false, self.dialect_of(text, message), limits);
        let memo = Memo { ends_when_ready: true, ..Memo::default() };
        if let Some(exchange) = self.admit(message.span, message_flags(message) | Flags::REQUEST_TRUNCATED, memo) {
            statement.name(exchange);
        }
        self.end_group();
    }

    fn query(&mut self, message: &Message<'_>, text: Text<'_>, limits: &Limits) {
        // Of what was prepared and not run nothing is left to tell.
        self.rest.clear();
        let dialect = self.dialect_of(text, message);
        let memo = Memo { ends_when_ready: true, ..Memo::default() };
        if let Some(exchange) = self.admit(message.span, message_flags(message), memo) {
            let Exchange { verb, resource, .. } = exchange;
            let is_whole = crate::sql::fingerprint(dialect, text.bytes, limits, verb, resource);
            if !is_whole || !text.is_whole || message.lost {
                exchange.flags |= Flags::RESOURCE_CUT;
            }
        }
        self.end_group();
    }

    /// By which rules the server will read a text that comes now.
    ///
    /// It tells when the setting changes that they depend on, but what was sent ahead of the text and is not answered may change it:
    /// by its own text, by one that was prepared with it, or by the end of a transaction that had changed it. So
    /// behind the first text with the setting's name, or one that may have it, the rules are known only while nothing
    /// is unanswered; the same goes for the session's beginning, which tells the setting for the first time.
    fn dialect_of(&mut self, text: Text<'_>, message: &Message<'_>) -> Dialect {
        let is_answered = self.groups.len() == 0 && !self.pairing.is_in_doubt();
        let is_told =
            is_answered || !(self.may_change_dialect || self.pairing.front().is_some_and(|open| open.memo.is_login));
        if !self.may_change_dialect {
            self.may_change_dialect = !text.is_whole || message.lost || mentions_conforming_strings(text.bytes);
        }
        if is_told { self.dialect } else { self.dialect.with_unknown_backslash_escapes() }
    }

    /// Calls a function; `None` for one whose object id was lost.
    fn call(&mut self, message: &Message<'_>, function: Option<u32>) {
        self.rest.clear();
        let memo = Memo { ends_when_ready: true, ..Memo::default() };
        if let Some(exchange) = self.admit(message.span, message_flags(message), memo) {
            exchange.verb.push_str(FUNCTION_CALL);
            match function {
                Some(function) => push_number(function, &mut exchange.resource),
                None => exchange.flags |= Flags::REFERENCE_UNKNOWN,
            }
        }
        self.end_group();
    }

    /// Runs a portal, with all that was prepared for it; `None` for one whose name could not be read.
    fn execute(&mut self, message: &Message<'_>, portal: Option<&[u8]>) {
        self.rest.extend(message);
        let Rest { span, flags, .. } = self.rest;
        self.rest.clear();
        let span = span.unwrap_or(message.span);
        if self.admit(span, flags, Memo::default()).is_none() {
            return;
        }
        let Self { pairing, statements, .. } = self;
        if let Some(open) = pairing.newest() {
            statements.find(portal.map(Named::Portal)).name(&mut open.exchange);
        }
    }

    fn sync(&mut self) {
        self.begin_group();
        let Self { statements, groups, rest, pairing, .. } = self;
        if !pairing.is_in_doubt()
            && let Some(group) = groups.current()
        {
            (group.rest.span, group.rest.flags) = (rest.span, rest.flags);
            group.rest.statement.copy(statements.find(rest.subject()));
        }
        self.rest.clear();
        self.end_group();
    }

    /// The group that is sent ends here.
    fn end_group(&mut self) {
        if self.pairing.is_in_doubt() {
            return;
        }
        match self.groups.current() {
            Some(group) => group.is_ended = true,
            None => self.lose_count(),
        }
    }

    /// A group is sent from here on, if none is.
    fn begin_group(&mut self) {
        if !self.groups.is_sending() {
            self.pairing.note_request();
            self.forget_groups_of_dropped();
        }
    }

    /// What the pairing has given up has no group any more.
    pub(super) fn forget_groups_of_dropped(&mut self) {
        if self.pairing.open_len() != self.groups.open_len() {
            self.forget_groups();
        }
    }

    /// Takes in a message that prepares something and runs nothing.
    fn extend_rest(&mut self, message: &Message<'_>, subject: Named<'_>) {
        self.begin_group();
        self.rest.extend(message);
        self.rest.concern(subject);
        if !self.pairing.is_in_doubt() && self.groups.current().is_none() {
            self.lose_count();
        }
    }

    /// More of the request that is being answered: data for COPY.
    fn extend_front(&mut self, message: &Message<'_>, flags: Flags) {
        if let Some(open) = self.pairing.front().filter(|open| open.memo.takes_data) {
            open.exchange.request.merge(message.span);
            open.exchange.flags |= flags | message_flags(message);
        }
    }

    /// Gives a request to the pairing; `None` if it is only counted.
    fn admit(&mut self, request: Span, flags: Flags, memo: Memo) -> Option<&mut Exchange> {
        let is_admitted = self.pairing.admit(self.turn).is_some();
        let open = self.groups.open_len().saturating_add(usize::from(is_admitted));
        if self.pairing.open_len() != open {
            // What was open was given up.
            self.forget_groups();
        }
        if !self.pairing.is_in_doubt() {
            let Some(group) = self.groups.current() else {
                self.lose_count();
                return None;
            };
            if is_admitted {
                self.groups.open();
            } else {
                group.evicted = group.evicted.saturating_add(1);
            }
        }
        if !is_admitted {
            return None;
        }
        self.pairing.take_live();
        let open = self.pairing.newest()?;
        open.memo = memo;
        open.exchange.protocol = Protocol::Postgres;
        open.exchange.direction = Direction::ToServer;
        open.exchange.request = request;
        open.exchange.flags |= flags;
        Some(&mut open.exchange)
    }

    fn count_evicted(&mut self) {
        let evicted = self.statements.take_evicted();
        let counters = &mut self.pairing.counters;
        counters.definitions_evicted = counters.definitions_evicted.saturating_add(evicted);
    }
}

fn message_flags(message: &Message<'_>) -> Flags {
    if message.lost { message.flags | Flags::REQUEST_GAP } else { message.flags }
}

/// Appends a number in decimal digits, without an allocation.
fn push_number(number: u32, out: &mut alloc::string::String) {
    let mut divisor = 1_000_000_000_u32;
    while divisor > 1 && number < divisor {
        divisor /= 10;
    }
    while divisor > 0 {
        let digit = number.checked_div(divisor).unwrap_or(0) % 10;
        out.extend(char::from_digit(digit, 10));
        divisor /= 10;
    }
}
