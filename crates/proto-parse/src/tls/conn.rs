//! One TLS connection.

mod exchanges;

use alloc::string::String;

use super::message::{Alert, CLIENT_HELLO, ClientHello, Content, SERVER_HELLO, ServerHello};
use super::records::{Event, Message, Messages, Records};
use crate::{Counters, Direction, End, Exchange, Flags, Limits, Span, StatusClass, Want, text};
use exchanges::{Exchanges, Outcome};

/// A parser of one TLS connection; see the [module](super) for what it makes of which shape of traffic.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    phase: Phase,
    to_server: Half,
    to_client: Half,
    /// What the client asked for, or the server chose.
    names: Names,
    exchanges: Exchanges,
    joined_late: bool,
}

/// How far the handshake has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was sent yet.
    Start,
    /// The client has begun. The server has not chosen yet.
    Asked,
    /// The server has chosen this version.
    Chosen(u16),
    /// What follows is encrypted, and counted only.
    Encrypted,
    /// Nothing is of interest any more.
    Over,
}

/// One direction.
#[derive(Debug)]
struct Half {
    records: Records,
    messages: Messages,
    /// An alert in the open, of two bytes, that is not whole.
    alert: Option<u8>,
    /// A ChangeCipherSpec was sent: before TLS 1.3, what follows is encrypted.
    is_encrypted: bool,
    ended: bool,
}

/// What an exchange is called by.
#[derive(Debug, Default)]
struct Names {
    host: String,
    version: &'static str,
    protocols: String,
    has_asked: bool,
    has_early_data: bool,
}

/// RFC 8446 section 4.4.2: what a client sends before its Finished, which is longer, is a Certificate, and that of a client
/// who has none is 8 bytes; with the record's type and the tag of an AEAD it is the shortest that is no alert.
const MIN_CERTIFICATE_BYTES: u16 = 8 + 1 + 16;

const TLS_1_3: u16 = 0x0304;

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        let half = || Half {
            records: Records::default(),
            messages: Messages::default(),
            alert: None,
            is_encrypted: false,
            ended: false,
        };
        Self {
            limits: limits.clone(),
            phase: Phase::Start,
            to_server: half(),
            to_client: half(),
            names: Names::default(),
            exchanges: Exchanges::new(),
            joined_late,
        }
    }

    fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        while !data.is_empty() {
            match self.phase {
                Phase::Over => return,
                Phase::Encrypted => {
                    let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    return self.exchanges.count_encrypted(direction, seen(now_ns, len));
                }
                Phase::Start | Phase::Asked | Phase::Chosen(_) => {
                    let Some(event) = self.half(direction).records.step(now_ns, &mut data) else { return };
                    self.on_event(direction, now_ns, event);
                }
            }
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.phase != Phase::Encrypted {
            return self.gap(direction, now_ns, len);
        }
        let counters = &mut self.exchanges.counters;
        counters.skipped_bytes = counters.skipped_bytes.saturating_add(len);
        self.exchanges.count_encrypted(direction, seen(now_ns, len));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if len == 0 || self.phase == Phase::Over {
            return;
        }
        let counters = &mut self.exchanges.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        if self.phase == Phase::Encrypted {
            return self.exchanges.lose_encrypted(direction, now_ns, len);
        }
        let half = self.half(direction);
        let is_read = match half.records.content() {
            // The end of an encrypted one may be that of the handshake.
            Some(Content::Handshake) => half.is_encrypted || !half.messages.pass(len),
            Some(Content::Alert | Content::ChangeCipherSpec) => true,
            _ => false,
        };
        if is_read || !half.records.pass(len) {
            self.lose_place(now_ns);
            self.exchanges.lose_encrypted(direction, now_ns, len);
        } else {
            self.exchanges.lose_handshake(direction, len);
        }
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        self.half(direction).ended = true;
        let other_ended = self.half(direction.opposite()).ended;
        match self.phase {
            // Who has begun to ask may still be refused when it has said all that it has to say.
            Phase::Start | Phase::Asked | Phase::Chosen(_)
                if direction == Direction::ToClient || other_ended || how == End::Reset =>
            {
                self.close(now_ns);
            }
            Phase::Encrypted if other_ended || how == End::Reset => self.close(now_ns),
            _ => {}
        }
    }

    fn close(&mut self, now_ns: u64) {
        match self.phase {
            Phase::Start | Phase::Asked | Phase::Chosen(_) => {
                self.give_up_headers();
                self.exchanges.break_off_handshake(&self.names, now_ns, &self.limits);
            }
            Phase::Encrypted => self.exchanges.finish_encrypted(now_ns),
            Phase::Over => {}
        }
        self.phase = Phase::Over;
    }

    fn abandon(&mut self) {
        self.exchanges.abandon();
        self.phase = Phase::Over;
    }

    fn want(&self, direction: Direction) -> Want {
        let half = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        match self.phase {
            _ if half.ended => Want::Nothing,
            Phase::Start | Phase::Asked | Phase::Chosen(_) => Want::All,
            Phase::Encrypted => Want::Skip(u64::MAX),
            Phase::Over => Want::Nothing,
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.exchanges.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.exchanges.counters
    }

    fn held_bytes(&self) -> usize {
        let halves = [&self.to_server, &self.to_client];
        let halves = halves.map(|half| half.records.held_bytes().saturating_add(half.messages.held_bytes()));
        let names = self.names.host.capacity().saturating_add(self.names.protocols.capacity());
        halves.into_iter().fold(names, usize::saturating_add).saturating_add(self.exchanges.held_bytes())
    }
}

/// What happens before the connection is encrypted.
impl Connection {
    fn on_event(&mut self, direction: Direction, now_ns: u64, event: Event<'_>) {
        match event {
            Event::Began(header, span) => self.on_record(direction, header.content, header.len, span),
            Event::Content { content, mut data, is_last } => {
                let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                self.exchanges.count_handshake(direction, seen(now_ns, len));
                match content {
                    Content::Handshake if !self.half(direction).is_encrypted => {
                        while self.phase != Phase::Encrypted
                            && let Some(message) = self.next_message(direction, &mut data)
                        {
                            self.on_message(direction, message, now_ns);
                        }
                    }
                    Content::Handshake if is_last && direction == Direction::ToClient => self.establish(),
                    Content::Alert if !self.half(direction).is_encrypted => self.on_alert(direction, data, now_ns),
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

    fn on_alert(&mut self, direction: Direction, data: &[u8], now_ns: u64) {
        for &byte in data {
            let half = self.half(direction);
            let Some(level) = half.alert.take() else {
                half.alert = Some(byte);
                continue;
            };
            match Alert::parse(&[level, byte]) {
                Ok(alert) if alert.ends_handshake() => return self.fail(direction, Some(alert)),
                Ok(_) => {}
                Err(_) => return self.on_malformed(direction, Span::starting(now_ns), now_ns),
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
    fn lose_place(&mut self, now_ns: u64) {
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
    fn give_up_headers(&mut self) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(span) = self.half(direction).records.give_up() {
                self.exchanges.count_handshake(direction, span);
            }
        }
    }
}

impl Names {
    fn ask(&mut self, hello: &ClientHello<'_>, limits: &Limits) {
        // A second one asks for the same (RFC 8446 section 4.1.2), but not for early data any more.
        self.has_asked = true;
        self.has_early_data |= hello.has_early_data;
        self.host.clear();
        let name = hello.server_name.unwrap_or_default();
        // RFC 6066 section 3: the name is ASCII, an internationalised one in its A-label form.
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if is_name && name.len() <= limits.authority_bytes {
            text::copy(&mut self.host, name, limits.authority_bytes);
            self.host.make_ascii_lowercase();
        }
        self.protocols.clear();
        for name in hello.protocol_names() {
            let separator = if self.protocols.is_empty() { "" } else { "," };
            text::append(&mut self.protocols, separator.as_bytes(), limits.resource_bytes);
            text::append(&mut self.protocols, name.as_bytes(), limits.resource_bytes);
        }
    }

    fn choose(&mut self, hello: &ServerHello<'_>, limits: &Limits) {
        self.version = hello.version_name();
        if hello.version < TLS_1_3 {
            text::copy(
                &mut self.protocols,
                hello.protocol_name().unwrap_or_default().as_bytes(),
                limits.resource_bytes,
            );
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

/// So many bytes, seen together.
fn seen(now_ns: u64, len: u64) -> Span {
    let mut span = Span::starting(now_ns);
    span.extend(now_ns, len);
    span
}
