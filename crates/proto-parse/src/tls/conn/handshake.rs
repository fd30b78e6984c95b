//! The handshake: from the client's first byte to where all is encrypted, or is over.

use super::exchanges::Outcome;
use super::{Connection, Phase, TLS_1_3, seen};
use crate::tls::message::{Alert, CLIENT_HELLO, ClientHello, Content, SERVER_HELLO, ServerHello};
use crate::tls::records::{Event, Message, Messages};
use crate::{Direction, Flags, Span, StatusClass};

/// RFC 8446 section 4.4.2: what a client sends before its Finished, which is longer, is a Certificate, and that of a client
/// who has none is 8 bytes; with the record's type and the tag of an AEAD it is the shortest that is no alert.
const MIN_CERTIFICATE_BYTES: u16 = 8 + 1 + 16;

impl Connection {
    pub(super) fn on_event(&mut self, direction: Direction, now_ns: u64, event: Event<'_>) {
        match event {
            Event::Began(header, span) => self.on_record(direction, header.content, header.len, span),
            Event::Content { content, data, is_last } => {
                match content {
                    _ if self.half(direction).is_encrypted => {}
                    Content::Handshake => return self.on_messages(direction, now_ns, data),
                    Content::Alert => return self.on_alerts(direction, now_ns, data),
                    _ => {}
                }
                let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                self.exchanges.count_handshake(direction, seen(now_ns, len));
                match content {
                    Content::Handshake if is_last && direction == Direction::ToClient => self.establish(),
                    Content::Alert if is_last => self.fail(direction, None),
                    Content::ChangeCipherSpec if is_last => {
                        // RFC 8446 section D.4: of no meaning from TLS 1.3 on.
                        let phase = self.phase;
                        self.half(direction).is_encrypted |= matches!(phase, Phase::Chosen(..TLS_1_3));
                    }
                    _ => {}
                }
            }
            Event::Malformed(span) => self.on_malformed(direction, span, now_ns),
        }
    }

    /// Handshake messages in the open, or parts of them.
    fn on_messages(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut rest = data;
        while !rest.is_empty() {
            let before = rest.len();
            let message = self.next_message(direction, &mut rest);
            let taken = u64::try_from(before.saturating_sub(rest.len())).unwrap_or(u64::MAX);
            self.exchanges.count_handshake(direction, seen(now_ns, taken));
            if let Some(message) = message {
                self.on_message(direction, message, now_ns);
            }
            if matches!(self.phase, Phase::Encrypted | Phase::Over) {
                // What follows is what it would be if it came later.
                return crate::Connection::bytes(self, direction, now_ns, rest);
            }
        }
    }

    /// A record begins.
    fn on_record(&mut self, direction: Direction, content: Content, len: u16, header: Span) {
        match (self.phase, direction, content) {
            (Phase::Start, Direction::ToServer, Content::Handshake) => {
                self.phase = Phase::Asked;
                self.exchanges.ask(header, self.joined_late);
            }
            (Phase::Asked | Phase::Chosen(_), Direction::ToClient, Content::Handshake | Content::Alert) => {
                self.exchanges.answer(header);
            }
            (Phase::Chosen(TLS_1_3..), Direction::ToServer, Content::ApplicationData) => {
                if len < MIN_CERTIFICATE_BYTES && !self.names.has_early_data {
                    self.exchanges.count_handshake(direction, header);
                    return self.fail(direction, None);
                }
                self.establish();
                self.exchanges.count_encrypted(direction, header);
            }
            (Phase::Start, ..) | (Phase::Asked, Direction::ToClient, Content::ApplicationData) => {
                self.lose_place(header.first_ns);
                self.exchanges.count_encrypted(direction, header);
            }
            _ => self.exchanges.count_handshake(direction, header),
        }
    }

    fn next_message(&mut self, direction: Direction, data: &mut &[u8]) -> Option<Message> {
        let hello_bytes = self.limits.message_bytes;
        self.half(direction).messages.step(data, hello_bytes)
    }

    /// A handshake message is over.
    fn on_message(&mut self, direction: Direction, message: Message, now_ns: u64) {
        let Self { limits, phase, to_server, to_client, names, exchanges, .. } = self;
        match (*phase, direction, message.kind) {
            (Phase::Asked, Direction::ToServer, CLIENT_HELLO) if !message.is_held => {
                exchanges.flag_handshake(Flags::RESOURCE_CUT);
            }
            (Phase::Asked, Direction::ToServer, CLIENT_HELLO) => match ClientHello::body(to_server.messages.body()) {
                Some(hello) => names.ask(&hello, limits),
                None => exchanges.count_malformed_hello(),
            },
            (Phase::Asked, Direction::ToClient, SERVER_HELLO) => {
                match ServerHello::body(to_client.messages.body()).filter(|_| message.is_held) {
                    Some(hello) if hello.is_retry => exchanges.count_retry(),
                    Some(hello) => {
                        *phase = Phase::Chosen(hello.version);
                        names.choose(&hello, limits);
                    }
                    None => self.on_malformed(direction, Span::starting(now_ns), now_ns),
                }
            }
            // A connection that was joined in the middle of its handshake.
            (Phase::Asked, Direction::ToServer, _) if !names.has_asked => self.lose_place(now_ns),
            _ => {}
        }
    }

    /// Alerts in the open, or parts of them.
    fn on_alerts(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut rest = data;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            self.exchanges.count_handshake(direction, seen(now_ns, 1));
            let half = self.half(direction);
            let Some(level) = half.alert.take() else {
                half.alert = Some(byte);
                continue;
            };
            match Alert::parse(&[level, byte]) {
                Ok(alert) if alert.ends_handshake() => self.fail(direction, Some(alert)),
                Ok(_) => {}
                Err(_) => self.on_malformed(direction, Span::starting(now_ns), now_ns),
            }
            if matches!(self.phase, Phase::Encrypted | Phase::Over) {
                // What follows is what it would be if it came later.
                return crate::Connection::bytes(self, direction, now_ns, rest);
            }
        }
    }

    /// A side ends the handshake, and says why unless that is encrypted.
    fn fail(&mut self, by: Direction, alert: Option<Alert>) {
        let (status, code, name) = match alert {
            Some(alert) => (blame(by, alert.is_own_fault()), Some(i32::from(alert.description)), alert.name()),
            None => (blame(by, false), None, ""),
        };
        let outcome = Outcome { status, code, name, flags: Flags::default() };
        self.exchanges.finish_handshake(&self.names, &outcome, &self.limits);
        self.phase = Phase::Over;
    }

    /// The handshake is done.
    fn establish(&mut self) {
        let outcome = Outcome { status: StatusClass::Ok, code: None, name: "", flags: Flags::default() };
        let end_ns = self.exchanges.finish_handshake(&self.names, &outcome, &self.limits);
        self.encrypt(end_ns, Flags::default());
    }

    /// What comes next cannot be read, and what came before was no whole handshake.
    pub(super) fn lose_place(&mut self, now_ns: u64) {
        let flags = if self.joined_late && !self.names.has_asked {
            Flags::JOINED_LATE
        } else {
            self.exchanges.counters.desyncs = self.exchanges.counters.desyncs.saturating_add(1);
            Flags::RESYNCED
        };
        self.exchanges.drop_handshake();
        self.encrypt(now_ns, flags);
    }

    fn encrypt(&mut self, now_ns: u64, flags: Flags) {
        self.phase = Phase::Encrypted;
        self.exchanges.start_encrypted(&self.names, now_ns, flags, &self.limits);
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(span) = self.half(direction).records.give_up() {
                self.exchanges.count_encrypted(direction, span);
            }
            self.half(direction).messages = Messages::default();
        }
    }

    /// What should be a record, or a server's hello, is none. The span has what is not counted of it.
    fn on_malformed(&mut self, direction: Direction, span: Span, now_ns: u64) {
        self.half(direction).records.give_up();
        let counters = &mut self.exchanges.counters;
        match (self.phase, direction) {
            (Phase::Start, _) if self.joined_late => {
                self.lose_place(now_ns);
                self.exchanges.count_encrypted(direction, span);
            }
            (Phase::Start, _) => {
                counters.desyncs = counters.desyncs.saturating_add(1);
                counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(span.bytes);
                self.phase = Phase::Over;
            }
            (Phase::Asked, Direction::ToClient) => {
                counters.desyncs = counters.desyncs.saturating_add(1);
                counters.malformed_responses = counters.malformed_responses.saturating_add(1);
                self.exchanges.answer(span);
                let flags = Flags::RESPONSE_TRUNCATED;
                let outcome = Outcome { status: StatusClass::ProtocolError, code: None, name: "", flags };
                self.exchanges.finish_handshake(&self.names, &outcome, &self.limits);
                self.phase = Phase::Over;
            }
            _ => {
                self.lose_place(now_ns);
                self.exchanges.count_encrypted(direction, span);
            }
        }
    }

    /// The rest of a header will not be seen.
    pub(super) fn give_up_headers(&mut self) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(span) = self.half(direction).records.give_up() {
                self.exchanges.count_handshake(direction, span);
            }
        }
    }
}

/// Who says that something is wrong blames the other side, unless it says that it is its own fault.
const fn blame(by: Direction, is_own_fault: bool) -> StatusClass {
    match (by, is_own_fault) {
        (Direction::ToServer, true) | (Direction::ToClient, false) => StatusClass::ClientError,
        (Direction::ToServer, false) | (Direction::ToClient, true) => StatusClass::ServerError,
    }
}
