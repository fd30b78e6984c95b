//! The reply under way, and what decides what it is.

mod answers;

use alloc::string::String;

use memchr::memchr;

use super::pubsub::{Notice, Subscriptions};
use super::{head_of, need};
use crate::framed::{Head, Message};
use crate::redis::detect;
use crate::redis::nesting::Nesting;
use crate::redis::refusal::CODE_BYTES;
use crate::redis::token::{Kind, LINE_BYTES, Token};
use crate::{Detection, Direction, Exchange, Flags, Limits, Parsed, Protocol, Span, StatusClass};

/// Bytes of a push's first word, and of the numbers behind it, that are read.
const WORD_BYTES: usize = 32;

/// The reply under way, and what of the connection's state decides what a reply is.
#[derive(Debug)]
pub(super) struct Replies {
    nesting: Nesting,
    is_under_way: bool,
    role: Role,
    /// Tokens of the value itself that were taken, its head included.
    index: u32,
    span: Span,
    flags: Flags,
    /// Bytes of it were lost.
    has_gap: bool,
    /// How the front request's answer goes that consists of several values, or is a stream.
    answer: Option<(Span, Flags)>,
    /// What a delivery says.
    verb: String,
    resource: String,
    resource_cut: bool,
    subscriptions: Subscriptions,
    /// Pushes have a type of their own.
    is_resp3: bool,
    /// The answer under way is the stream of MONITOR.
    is_monitored: bool,
    /// The place in the stream was lost.
    is_lost: bool,
}

/// What a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its first token is to come, behind attributes.
    Undecided,
    /// A push, or an array that may be one: its first element says what it is.
    Notice { is_push: bool },
    /// An answer to the front request, or to none.
    Answer,
    /// A message that was delivered, or another push.
    OneWay,
    /// One of the answers that a command for channels gets.
    Confirmation(Notice),
    /// A line of MONITOR.
    MonitorLine,
    /// What it is was lost.
    Unknown,
}

impl Replies {
    pub(super) fn new(joined_late: bool) -> Self {
        Self {
            nesting: Nesting::default(),
            is_under_way: false,
            role: Role::Undecided,
            index: 0,
            span: Span::default(),
            flags: Flags::default(),
            has_gap: false,
            answer: None,
            verb: String::new(),
            resource: String::new(),
            resource_cut: false,
            subscriptions: if joined_late { Subscriptions::unknown() } else { Subscriptions::default() },
            is_resp3: false,
            is_monitored: false,
            is_lost: joined_late,
        }
    }

    pub(super) fn head(&self, data: &[u8], limits: &Limits) -> Head {
        if self.nesting.is_in_line() {
            let visible = data.get(..LINE_BYTES).unwrap_or(data);
            let len = match memchr(b'\n', visible) {
                Some(at) => at.saturating_add(1),
                None if visible.len() == LINE_BYTES => LINE_BYTES,
                None => return need(data, 1),
            };
            return Head::Message { len: u64::try_from(len).unwrap_or(u64::MAX), keep: len };
        }
        match Token::parse(data) {
            Ok(Parsed::Complete { value: token, .. }) if self.admits(token, limits) => {
                head_of(token, self.wanted(token, limits))
            }
            Ok(Parsed::Incomplete { at_least }) => need(data, at_least),
            _ => Head::Malformed,
        }
    }

    #[inline]
    fn admits(&self, token: Token, limits: &Limits) -> bool {
        if self.is_under_way {
            self.nesting.admits(token, limits.depth).is_ok()
        } else {
            !matches!(token.kind, Kind::Chunk | Kind::End)
        }
    }

    /// How many bytes of a string are read.
    #[inline]
    fn wanted(&self, token: Token, limits: &Limits) -> usize {
        match self.role {
            _ if token.kind == Kind::BulkError => CODE_BYTES,
            Role::Notice { .. } => WORD_BYTES,
            Role::OneWay if self.index == 2 => limits.resource_bytes.saturating_add(1),
            _ => 0,
        }
    }

    /// Whether a reply begins with `data`, in a stream whose place was lost. Most tell nothing of themselves in the middle of
    /// others; lines of MONITOR and deliveries do.
    pub(super) fn begins(&self, data: &[u8]) -> Detection {
        if self.is_monitored && data.starts_with(b"+") {
            return begins_monitor_line(data);
        }
        match detect::begins_notice(data) {
            Detection::Match if self.is_resp3 && data.starts_with(b"*") => Detection::NoMatch,
            detection => detection,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.is_under_way || (self.answer.is_some() && !self.is_monitored)
    }

    /// Whether the place in the stream was lost.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    pub(super) fn extend(&mut self, message: &Message<'_>) {
        if !core::mem::replace(&mut self.is_under_way, true) {
            self.nesting.start();
            self.role = Role::Undecided;
            self.index = 0;
            self.span = message.span;
            self.flags = message.flags;
            self.has_gap = false;
            self.is_lost = false;
        } else {
            self.span.merge(message.span);
            self.flags |= message.flags;
        }
        self.has_gap |= message.lost;
    }

    /// Whether the next token is the first of the value itself, behind its attributes.
    fn is_at_value(&self) -> bool {
        self.role == Role::Undecided && self.nesting.is_at_value()
    }

    /// Writes a message that was delivered into its exchange.
    fn give(&mut self, exchange: &mut Exchange) {
        exchange.protocol = Protocol::Redis;
        exchange.direction = Direction::ToClient;
        core::mem::swap(&mut exchange.verb, &mut self.verb);
        core::mem::swap(&mut exchange.resource, &mut self.resource);
        exchange.status = StatusClass::Ok;
        exchange.request = self.span;
        exchange.end_ns = self.span.last_ns;
        exchange.flags = self.flags;
        if self.has_gap {
            exchange.flags |= Flags::REQUEST_GAP;
        }
        if self.resource_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }
}

/// `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` (Redis documentation, "MONITOR").
fn is_monitor_line(token: Token, data: &[u8]) -> bool {
    token.kind == Kind::Simple && token.text(data).first().is_some_and(u8::is_ascii_digit)
}

/// Whether a line of MONITOR begins with `data`: ten digits of seconds, which suffice until 2286, six of microseconds.
fn begins_monitor_line(data: &[u8]) -> Detection {
    let fits = data.iter().take(18).enumerate().all(|(at, byte)| match at {
        0 => *byte == b'+',
        11 => *byte == b'.',
        _ => byte.is_ascii_digit(),
    });
    match fits {
        false => Detection::NoMatch,
        true if data.len() < 18 => Detection::NeedMore,
        true => Detection::Match,
    }
}
