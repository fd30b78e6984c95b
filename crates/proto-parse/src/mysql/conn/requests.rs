//! The way of a request: from a client's packets into the pairing.

use super::{ClientsTurn, Dialog, Memo, Phase, UNTOLD, header, payload};
use crate::framed::{Message, Next};
use crate::mysql::command::{Command, ReplyKind, StatementId, query_text};
use crate::mysql::handshake::{Capabilities, Login};
use crate::mysql::message::PacketHeader;
use crate::sql::{Dialect, Statement, fingerprint};
use crate::{Exchange, Flags, Limits, Protocol, Shape, text};

/// The name of a login, which has no command.
pub(super) const CONNECT: &str = "CONNECT";
/// The name of the packet with which a client turns to TLS.
const SSL_REQUEST: &str = "SSL_REQUEST";

impl Dialog {
    /// Whether the packet may be the client's next one. A command has the number 0; what belongs to one goes on counting.
    pub(super) fn is_clients_due(&self, header: PacketHeader) -> bool {
        match (self.phase, self.clients_turn) {
            (Phase::Greeting | Phase::Login, _) => header.sequence == 1,
            (Phase::Commands, ClientsTurn::None) => is_command(header),
            (Phase::Commands, _) => header.sequence == self.client_sequence || self.takes_no_turn(header),
        }
    }

    /// Whether the packet is a command, although the server had asked for something else: it has gone on without.
    pub(super) fn takes_no_turn(&self, header: PacketHeader) -> bool {
        let is_asked = matches!(self.clients_turn, ClientsTurn::File { .. } | ClientsTurn::Login);
        is_asked && self.response.is_none() && is_command(header)
    }

    pub(super) fn on_request_packet(&mut self, message: &Message<'_>, limits: &Limits) {
        let header = header(message);
        self.client_sequence = header.sequence.wrapping_add(1);
        if self.phase != Phase::Commands {
            return self.on_login(message, header, limits);
        }
        if self.takes_no_turn(header) {
            self.clients_turn = ClientsTurn::None;
        }
        match self.clients_turn {
            ClientsTurn::None => self.on_command(message, header, limits),
            ClientsTurn::Rest => self.on_rest(message, header),
            ClientsTurn::File { full } => {
                let is_end = header.payload_bytes == 0 && !full;
                self.clients_turn =
                    if is_end { ClientsTurn::None } else { ClientsTurn::File { full: header.is_continued() } };
                self.extend_front(message);
            }
            ClientsTurn::Login => {
                self.clients_turn = ClientsTurn::None;
                self.extend_front(message);
            }
        }
    }

    /// Takes a packet that belongs to the front request, whose reply goes on behind it.
    fn extend_front(&mut self, message: &Message<'_>) {
        if self.response.is_none() {
            return;
        }
        self.server_sequence = self.client_sequence;
        if let Some(open) = self.pairing.front() {
            open.exchange.request.merge(message.span);
            open.exchange.flags |= gap(message);
        }
    }

    fn on_login(&mut self, message: &Message<'_>, header: PacketHeader, limits: &Limits) {
        self.phase = Phase::Commands;
        let (payload, payload_bytes) = payload(message);
        let Ok(login) = Login::parse(payload, payload_bytes) else {
            return self.on_malformed_login(message);
        };
        if login.is_ssl_request {
            // What comes from here on is TLS, and the login is within.
            self.next = Next::Protocol(Protocol::Tls);
            if let Some(exchange) = self.pairing.one_way() {
                exchange.protocol = Protocol::MySql;
                set_verb(exchange, SSL_REQUEST, limits);
                set_span(exchange, message);
                exchange.flags |= Flags::OPAQUE;
            }
            return;
        }
        self.capabilities = self.capabilities & login.capabilities;
        self.ends_columns = Some(!self.capabilities.intersects(Capabilities::DEPRECATE_EOF));
        if let Some(open) = self.pairing.admit(self.turn) {
            open.exchange.protocol = Protocol::MySql;
            set_verb(&mut open.exchange, CONNECT, limits);
            open.memo.reply = ReplyKind::Login;
            open.memo.reply_sequence = header.sequence.wrapping_add(1);
        }
        self.settle(message);
    }

    fn on_malformed_login(&mut self, message: &Message<'_>) {
        if !message.lost {
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        self.pairing.count_unknown_request();
        self.lose_requests();
    }

    fn on_command(&mut self, message: &Message<'_>, header: PacketHeader, limits: &Limits) {
        let (payload, payload_bytes) = payload(message);
        let Some(command) = payload.first().copied().and_then(Command::from_byte) else {
            return self.on_unknown_command(message, payload);
        };
        if command.reply() == ReplyKind::Nothing {
            return self.on_one_way(command, message, limits);
        }
        let dialect = self.dialect();
        let mut statement = None;
        let is_cut = usize::try_from(payload_bytes).is_ok_and(|len| len > payload.len());
        if command == Command::StmtPrepare {
            let text = payload.get(1..).unwrap_or_default();
            let prepared = Statement::new(dialect, text, is_cut, limits);
            self.statements.send(prepared.clone());
            statement = Some(prepared);
        }
        if header.is_continued() {
            self.clients_turn = ClientsTurn::Rest;
        }
        let Self { pairing, statements, .. } = self;
        let Some(open) = pairing.admit(self.turn) else { return };
        let exchange = &mut open.exchange;
        exchange.protocol = Protocol::MySql;
        if command.reply() == ReplyKind::Stream {
            exchange.shape = Shape::Stream;
        }
        match command {
            Command::Query => name_query(dialect, payload, is_cut, exchange, limits),
            Command::StmtPrepare => {
                if let Some(statement) = &statement {
                    statement.name_use(command.name(), exchange, limits);
                }
            }
            Command::StmtExecute | Command::StmtBulkExecute | Command::StmtFetch => {
                match StatementId::parse(payload).and_then(|id| statements.find(id)) {
                    Some(statement) if command == Command::StmtFetch => {
                        statement.name_use(command.name(), exchange, limits);
                    }
                    Some(statement) => statement.name(exchange),
                    None => {
                        set_verb(exchange, command.name(), limits);
                        exchange.flags |= Flags::REFERENCE_UNKNOWN;
                    }
                }
            }
            Command::InitDb | Command::CreateDb | Command::DropDb | Command::FieldList => {
                set_verb(exchange, command.name(), limits);
                // A table's name ends with a zero, and a pattern for its columns follows.
                let name = payload.get(1..).unwrap_or_default().split(|&byte| byte == 0).next().unwrap_or_default();
                if text::copy(&mut exchange.resource, name, limits.resource_bytes) {
                    exchange.flags |= Flags::RESOURCE_CUT;
                }
            }
            _ => set_verb(exchange, command.name(), limits),
        }
        open.memo = Memo {
            reply: command.reply(),
            reply_sequence: header.sequence.wrapping_add(1),
            statement,
            is_unfinished: header.is_continued(),
            resets_session: matches!(command, Command::ChangeUser | Command::ResetConnection),
        };
        self.settle(message);
    }

    /// The dialect of the next text: what is not answered yet may change the server's mode before it is read.
    fn dialect(&self) -> Dialect {
        if self.pairing.has_open() { UNTOLD } else { self.dialect }
    }

    /// A command that the documentations do not have, or of which that byte was lost.
    fn on_unknown_command(&mut self, message: &Message<'_>, payload: &[u8]) {
        if !payload.is_empty() {
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        if header(message).is_continued() {
            self.clients_turn = ClientsTurn::Rest;
        }
        self.pairing.count_unknown_request();
        self.pairing.requests_lost(0);
    }

    fn on_one_way(&mut self, command: Command, message: &Message<'_>, limits: &Limits) {
        let (payload, _) = payload(message);
        if let (Command::StmtClose, Some(id)) = (command, StatementId::parse(payload)) {
            self.statements.close(id);
        }
        if header(message).is_continued() {
            self.clients_turn = ClientsTurn::Rest;
        }
        if let Some(exchange) = self.pairing.one_way() {
            exchange.protocol = Protocol::MySql;
            set_verb(exchange, command.name(), limits);
            set_span(exchange, message);
        }
    }

    /// The rest of a command, behind a full packet.
    fn on_rest(&mut self, message: &Message<'_>, header: PacketHeader) {
        if !header.is_continued() {
            self.clients_turn = ClientsTurn::None;
        }
        if let Some(open) = self.pairing.newest().filter(|open| open.memo.is_unfinished) {
            open.exchange.request.merge(message.span);
            open.exchange.flags |= gap(message);
            open.memo.reply_sequence = header.sequence.wrapping_add(1);
            open.memo.is_unfinished = header.is_continued();
        }
    }

    /// The request under way is over, or its first packet is.
    fn settle(&mut self, message: &Message<'_>) {
        if let Some(exchange) = self.pairing.take_live() {
            set_span(exchange, message);
        }
    }

    pub(super) fn lose_requests(&mut self) {
        self.phase = Phase::Commands;
        self.clients_turn = ClientsTurn::None;
        self.pairing.requests_lost(1);
    }

    /// The connection ended within a packet of the client's.
    pub(super) fn break_request(&mut self, message: &Message<'_>, limits: &Limits) {
        let (payload, _) = payload(message);
        if self.phase == Phase::Commands && self.clients_turn == ClientsTurn::None && !payload.is_empty() {
            let open_before = self.pairing.counters.open_requests;
            self.on_command(message, header(message), limits);
            if self.pairing.counters.open_requests > open_before
                && let Some(open) = self.pairing.newest()
            {
                open.exchange.flags |= Flags::REQUEST_TRUNCATED;
            }
        }
    }
}

/// What a command begins with.
fn is_command(header: PacketHeader) -> bool {
    header.sequence == 0 && header.payload_bytes > 0
}

fn name_query(dialect: Dialect, payload: &[u8], is_cut: bool, exchange: &mut Exchange, limits: &Limits) {
    let Some(text) = query_text(payload) else {
        set_verb(exchange, Command::Query.name(), limits);
        exchange.flags |= Flags::RESOURCE_CUT;
        return;
    };
    if !fingerprint(dialect, text, limits, &mut exchange.verb, &mut exchange.resource) || is_cut {
        exchange.flags |= Flags::RESOURCE_CUT;
    }
}

/// Names an exchange after a command.
pub(super) fn set_verb(exchange: &mut Exchange, name: &str, limits: &Limits) {
    text::copy(&mut exchange.verb, name.as_bytes(), limits.verb_bytes);
}

/// The times of a message that asks for no answer.
fn set_span(exchange: &mut Exchange, message: &Message<'_>) {
    exchange.request = message.span;
    exchange.end_ns = message.span.last_ns;
    exchange.flags |= message.flags | gap(message);
}

fn gap(message: &Message<'_>) -> Flags {
    if message.lost { Flags::REQUEST_GAP } else { Flags::default() }
}
