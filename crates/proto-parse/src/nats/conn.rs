//! One NATS connection.

mod from_client;
mod from_server;
mod ordered;

use alloc::string::String;

use ordered::Ordered;

use super::detect;
use super::line::{LINE_BYTES, Line};
use super::subject::push_subject;
use crate::framed::{self, Conversation, Head, framed_connection};
use crate::pairing::{ByKey, Pairing as _};
use crate::{Detection, Direction, Exchange, Flags, Limits, Protocol, Span, StatusClass, hash, text};

framed_connection! {
    /// A parser of one NATS connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Session
}

/// What is said on a connection; see the [module](super) for what becomes of which shape of traffic.
///
/// The keys of open requests are numbers of their inboxes, or their place in the order of those that have none.
#[derive(Debug)]
struct Session {
    pairing: ByKey<()>,
    ordered: Ordered,
    /// The client asked for an answer to each line.
    is_verbose: bool,
    /// [`Limits::error_bytes`].
    error_bytes: usize,
    /// The lines under way that are longer than is looked at at once.
    from_client: Option<LongLine>,
    from_server: Option<LongLine>,
}

/// A line that is longer than is looked at at once.
#[derive(Debug, Clone, Copy)]
struct LongLine {
    kind: LongKind,
    span: Span,
    flags: Flags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LongKind {
    Connect,
    /// What is not an exchange.
    Other,
}

/// What a request is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key<'a> {
    /// The client's, to be answered in this inbox.
    Asked(&'a [u8]),
    /// One that was delivered to the client, to be answered in this inbox.
    Delivered(&'a [u8]),
    /// One that is answered in its order, by its number.
    Ordered(u64),
    /// The server's `PING`.
    ServerPing,
}

impl Key<'_> {
    /// As a number. Two bits are the kind's, so that kinds are not mixed up.
    fn number(self) -> u64 {
        let (kind, number) = match self {
            Self::Asked(inbox) => (0, hash::of_text(inbox)),
            Self::Delivered(inbox) => (1, hash::of_text(inbox)),
            Self::Ordered(serial) => (2, serial),
            Self::ServerPing => (3, 0),
        };
        (number << 2) | kind
    }

    /// Whether a number is that of a request that was delivered.
    fn is_delivered(number: u64) -> bool {
        number & 3 == 1
    }
}

impl Session {
    fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            pairing: ByKey::new(limits),
            ordered: Ordered::new(limits, joined_late),
            is_verbose: false,
            error_bytes: limits.error_bytes,
            from_client: None,
            from_server: None,
        }
    }

    fn long_line(&mut self, direction: Direction) -> &mut Option<LongLine> {
        match direction {
            Direction::ToServer => &mut self.from_client,
            Direction::ToClient => &mut self.from_server,
        }
    }

    /// A message that asks for no answer.
    fn one_way(&mut self, what: &What<'_>) {
        self.pairing.one_way(|exchange| {
            what.give(exchange);
            exchange.end_ns = exchange.request.last_ns;
        });
    }

    /// A request.
    fn admit(&mut self, key: Key<'_>, what: &What<'_>) {
        // Whether a subscriber answers is his own affair: what he does not answer in time was delivered nevertheless.
        if let Some(oldest) = self.pairing.next_evicted().filter(|oldest| Key::is_delivered(*oldest)) {
            self.pairing.finish_silent(oldest);
        }
        what.give(&mut self.pairing.admit(key.number()).exchange);
    }

    /// An answer to a request. `false`, if there is no such request.
    fn answer(&mut self, key: u64, how: Outcome, span: Span, flags: Flags) -> bool {
        let Some(open) = self.pairing.answer(key) else { return false };
        open.exchange.status = how.status;
        open.exchange.native_status = how.native_status;
        text::copy(&mut open.exchange.error, how.error.as_bytes(), self.error_bytes);
        self.pairing.finish(key, span, flags);
        true
    }
}

/// How a request went.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    status: StatusClass,
    native_status: Option<i32>,
    error: &'static str,
}

impl Outcome {
    const OK: Self = Self { status: StatusClass::Ok, native_status: None, error: "" };
}

/// What an exchange says of the message that it is, or begins with.
#[derive(Debug, Clone, Copy)]
struct What<'a> {
    direction: Direction,
    verb: &'static str,
    subject: &'a [u8],
    span: Span,
    flags: Flags,
    limits: &'a Limits,
}

impl What<'_> {
    fn give(&self, exchange: &mut Exchange) {
        exchange.protocol = Protocol::Nats;
        exchange.direction = self.direction;
        replace(&mut exchange.verb, self.verb);
        exchange.request = self.span;
        exchange.flags = self.flags;
        if push_subject(&mut exchange.resource, self.subject, self.limits) {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }
}

fn replace(text: &mut String, by: &str) {
    text.clear();
    text.push_str(by);
}

impl Conversation for Session {
    type Pairing = ByKey<()>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head {
        let long_line = match direction {
            Direction::ToServer => self.from_client,
            Direction::ToClient => self.from_server,
        };
        head(direction, data, long_line.is_some(), limits)
    }

    fn begins(&self, direction: Direction, data: &[u8], _limits: &Limits) -> Detection {
        detect::begins(direction, data)
    }

    fn message(&mut self, direction: Direction, message: &framed::Message<'_>, limits: &Limits) {
        let flags = match (message.lost, direction) {
            (false, _) => message.flags,
            (true, _) => message.flags | Flags::REQUEST_GAP,
        };
        if let Some(mut long) = self.long_line(direction).take() {
            long.span.merge(message.span);
            long.flags |= flags;
            return self.continue_line(direction, long, message.bytes, limits);
        }
        match (Line::parse(direction, text_of(message.bytes)), direction) {
            (Ok(line), _) if !message.bytes.contains(&b'\n') => {
                let kind = match line {
                    Line::Connect { verbose } => {
                        self.is_verbose = verbose;
                        LongKind::Connect
                    }
                    _ => LongKind::Other,
                };
                *self.long_line(direction) = Some(LongLine { kind, span: message.span, flags });
            }
            (Ok(line), Direction::ToServer) => self.on_client_line(&line, message.span, flags, limits),
            (Ok(line), Direction::ToClient) => self.on_server_line(&line, message, flags, limits),
            // Only whole lines that are valid come here.
            (Err(_), _) => {}
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &framed::Message<'_>, limits: &Limits) {
        // Of a line that is whole the payload may break off.
        if message.bytes.contains(&b'\n') {
            let flags = message.flags | Flags::REQUEST_TRUNCATED;
            match (Line::parse(direction, text_of(message.bytes)), direction) {
                (Ok(line), Direction::ToServer) => self.on_client_line(&line, message.span, flags, limits),
                (Ok(line), Direction::ToClient) => self.on_server_line(&line, message, flags, limits),
                (Err(_), _) => {}
            }
        }
    }

    fn lost(&mut self, direction: Direction) {
        *self.long_line(direction) = None;
        match direction {
            Direction::ToServer => self.ordered.lose_requests(),
            Direction::ToClient => {
                self.pairing.responses_lost();
                for key in self.ordered.lose_answers() {
                    self.pairing.discard(key);
                }
            }
        }
    }

    fn unanswered(&mut self, now_ns: u64) {
        while let Some(key) = self.ordered.next_silent() {
            self.pairing.finish_silent(key);
        }
        self.pairing.finish_silent_where(Key::is_delivered);
        self.pairing.finish_unanswered(now_ns);
    }

    fn held_bytes(&self) -> usize {
        self.ordered.held_bytes()
    }
}

/// Headers that have a status are this long at the most, as far as the status.
const STATUS_BYTES: u64 = 16;

/// A line and the payload behind it, to the one who reads messages of known length. `is_continued`: the line began before.
fn head(direction: Direction, data: &[u8], is_continued: bool, limits: &Limits) -> Head {
    let max = LINE_BYTES.min(limits.message_bytes);
    let visible = data.get(..max).unwrap_or(data);
    let line = memchr::memchr(b'\n', visible).and_then(|at| visible.get(..at));
    let line_len = line.map_or(visible.len(), |line| line.len().saturating_add(1));
    let message = |behind: u64, kept_behind: u64| Head::Message {
        len: u64::try_from(line_len).unwrap_or(u64::MAX).saturating_add(behind),
        keep: line_len.saturating_add(usize::try_from(kept_behind).unwrap_or(0)),
    };
    let is_whole = line.is_some();
    if !is_whole && visible.len() < max {
        let may_be_line = is_continued || detect::may_become_line(direction, visible);
        return if may_be_line { Head::NeedMore { bytes: data.len().saturating_add(1) } } else { Head::Malformed };
    }
    if is_continued {
        return message(0, 0);
    }
    match Line::parse(direction, text_of(visible.get(..line_len).unwrap_or(visible))) {
        Ok(Line::Message(sent)) if is_whole => {
            let status = if direction == Direction::ToClient { sent.header_bytes.min(STATUS_BYTES) } else { 0 };
            message(sent.bytes.saturating_add(b"\r\n".len() as u64), status)
        }
        Ok(line) if is_whole || line.may_be_long() => message(0, 0),
        _ => Head::Malformed,
    }
}

/// The line at the beginning of `data`, without its end.
fn text_of(data: &[u8]) -> &[u8] {
    let line = memchr::memchr(b'\n', data).and_then(|at| data.get(..at)).unwrap_or(data);
    line.strip_suffix(b"\r").unwrap_or(line)
}
