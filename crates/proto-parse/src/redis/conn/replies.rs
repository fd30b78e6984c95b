//! The way of a reply: from its first token to a finished exchange.

use alloc::string::String;

use memchr::memchr;

use super::pubsub::{Notice, Subscriptions};
use super::{Awaits, Memo, Session, head_of, need, token_of};
use crate::framed::{Head, Message};
use crate::pairing::{InOrder, Pairing as _};
use crate::redis::command::{Manner, push_channel};
use crate::redis::detect;
use crate::redis::nesting::Nesting;
use crate::redis::refusal::{CODE_BYTES, blame};
use crate::redis::token::{Extent, Kind, LINE_BYTES, Token};
use crate::{Detection, Direction, Exchange, Flags, Limits, Parsed, Protocol, Shape, Span, StatusClass, text};

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

impl Session {
    pub(super) fn on_reply_part(&mut self, message: &Message<'_>, limits: &Limits) {
        self.replies.extend(message);
        if self.replies.nesting.is_in_line() {
            if message.bytes.last() == Some(&b'\n') {
                self.replies.nesting.end_line();
            }
        } else if let Some(token) = token_of(message) {
            self.on_token(token, message, limits);
        }
        if self.replies.nesting.is_over() {
            self.replies.is_under_way = false;
            self.finish_reply();
        }
    }

    fn on_token(&mut self, token: Token, message: &Message<'_>, limits: &Limits) {
        if self.replies.is_at_value() && token.kind != Kind::Attribute {
            self.on_first_token(token, message, limits);
            self.replies.index = 1;
        } else if self.replies.role != Role::Undecided {
            self.on_element(token, message, limits);
            self.replies.index = self.replies.index.saturating_add(1);
        }
        self.replies.nesting.take(token);
    }

    fn on_first_token(&mut self, token: Token, message: &Message<'_>, limits: &Limits) {
        let replies = &mut self.replies;
        replies.role = match (token.kind, token.extent) {
            (Kind::Push, _) => {
                replies.is_resp3 = true;
                Role::Notice { is_push: true }
            }
            (Kind::Array, Extent::Values(3..=4))
                if !replies.is_resp3
                    && (replies.subscriptions.may_deliver() || Self::awaits_confirmation(&mut self.pairing)) =>
            {
                Role::Notice { is_push: false }
            }
            _ if replies.is_monitored && is_monitor_line(token, message.bytes) => Role::MonitorLine,
            _ => Role::Answer,
        };
        if self.replies.role == Role::Answer {
            self.begin_answer(token, message, limits);
        }
    }

    fn awaits_confirmation(pairing: &mut InOrder<Memo>) -> bool {
        pairing.front().is_some_and(|open| open.memo.awaits != Awaits::None)
    }

    /// An answer begins: what it says of how it went is in its first token.
    fn begin_answer(&mut self, token: Token, message: &Message<'_>, limits: &Limits) {
        self.end_monitor();
        let Some(open) = self.pairing.front() else {
            return self.pairing.count_unmatched_response();
        };
        let said = token.text(message.bytes);
        let exchange = &mut open.exchange;
        exchange.status = StatusClass::Ok;
        match token.kind {
            Kind::Error | Kind::BulkError => {
                let (status, code) = blame(said);
                exchange.status = status;
                text::copy(&mut exchange.error, code.as_bytes(), limits.error_bytes);
            }
            // Within MULTI a command is only taken note of, and the answer does not wait.
            Kind::Simple if said == b"QUEUED" => exchange.shape = Shape::RequestResponse,
            _ => {}
        }
        let is_ok = exchange.status == StatusClass::Ok;
        match open.memo.manner {
            Manner::Monitor if is_ok && token.kind == Kind::Simple && said == b"OK" => {
                exchange.shape = Shape::Stream;
                self.replies.is_monitored = true;
            }
            Manner::Hello if is_ok => self.replies.is_resp3 = token.kind == Kind::Map,
            Manner::Reset if is_ok => {
                self.replies.is_resp3 = false;
                self.replies.subscriptions = Subscriptions::default();
            }
            _ => {}
        }
        if self.replies.answer.is_none() {
            self.pairing.count_response();
        }
    }

    fn on_element(&mut self, token: Token, message: &Message<'_>, limits: &Limits) {
        let replies = &mut self.replies;
        let text = token.text(message.bytes);
        match (replies.role, replies.index) {
            (Role::Notice { .. }, 1) if message.lost => replies.role = Role::Unknown,
            (Role::Notice { is_push }, 1) => self.on_notice(is_push, text, token, message, limits),
            (Role::OneWay, 2)
                if Notice::of(replies.verb.as_bytes()).is_some() && token.kind == Kind::Bulk && !message.lost =>
            {
                replies.resource_cut = push_channel(&mut replies.resource, text, limits);
            }
            (Role::Confirmation(notice), 3) => {
                let count = core::str::from_utf8(text).ok().and_then(|digits| digits.parse().ok());
                if let (Notice::Subscribed(topics) | Notice::Unsubscribed(topics), Some(count)) = (notice, count) {
                    replies.subscriptions.take(topics, count);
                }
            }
            _ => {}
        }
    }

    /// The first element of a push, or of an array that may be one.
    fn on_notice(&mut self, is_push: bool, word: &[u8], token: Token, message: &Message<'_>, limits: &Limits) {
        let notice = Notice::of(word).filter(|_| token.kind == Kind::Bulk);
        self.replies.role = match notice {
            Some(notice @ (Notice::Subscribed(_) | Notice::Unsubscribed(_))) => Role::Confirmation(notice),
            None if !is_push => Role::Answer,
            _ => Role::OneWay,
        };
        match self.replies.role {
            Role::Answer => self.begin_answer(token, message, limits),
            Role::OneWay => {
                self.replies.resource.clear();
                self.replies.resource_cut = false;
                let word = word.get(..limits.verb_bytes).unwrap_or(word);
                text::copy(&mut self.replies.verb, word, limits.verb_bytes);
            }
            _ => {}
        }
    }

    fn finish_reply(&mut self) {
        let replies = &mut self.replies;
        match replies.role {
            Role::MonitorLine => self.extend_answer(),
            Role::OneWay => {
                if let Some(exchange) = self.pairing.one_way() {
                    self.replies.give(exchange);
                }
            }
            Role::Confirmation(notice) => self.finish_confirmation(notice),
            Role::Answer if replies.is_monitored => self.extend_answer(),
            Role::Answer => self.finish_answer(Flags::default()),
            // A push of nothing, or an empty value behind an attribute, answers nothing.
            Role::Undecided | Role::Notice { .. } => {}
            // It may have answered a command, or been delivered.
            Role::Unknown => {
                self.give_answer(Flags::RESPONSE_TRUNCATED);
                self.doubt_replies();
            }
        }
    }

    /// One of the answers to the front request is whole.
    fn finish_confirmation(&mut self, notice: Notice) {
        if !Self::awaits_confirmation(&mut self.pairing) {
            return self.pairing.count_unmatched_response();
        }
        if self.replies.answer.is_none() {
            self.pairing.count_response();
        }
        let subscriptions = self.replies.subscriptions;
        let Some(open) = self.pairing.front() else { return };
        open.exchange.status = StatusClass::Ok;
        let is_last = match &mut open.memo.awaits {
            Awaits::None => true,
            Awaits::Count(remaining) => {
                *remaining = remaining.saturating_sub(1);
                *remaining == 0
            }
            Awaits::Rest(topics) => notice == Notice::Unsubscribed(*topics) && subscriptions.is_without(*topics),
        };
        if is_last {
            self.finish_answer(Flags::default());
        } else {
            self.extend_answer();
        }
    }

    /// A value of the front request's answer is whole, and others follow.
    fn extend_answer(&mut self) {
        let Replies { answer, span, flags, has_gap, .. } = &mut self.replies;
        let gap = if *has_gap { Flags::RESPONSE_GAP } else { Flags::default() };
        match answer {
            Some((answer, answer_flags)) => {
                answer.merge(*span);
                *answer_flags |= *flags | gap;
            }
            None => *answer = Some((*span, *flags | gap)),
        }
    }

    /// The answer to the front request is over, or as much of it as will be told.
    fn finish_answer(&mut self, flags: Flags) {
        self.extend_answer();
        self.give_answer(flags);
    }

    fn give_answer(&mut self, flags: Flags) {
        if let Some((span, answer_flags)) = self.replies.answer.take()
            && self.pairing.counters.open_responses > 0
        {
            self.pairing.finish(span, answer_flags | flags);
        }
    }

    /// The stream of MONITOR is over, if one is under way.
    fn end_monitor(&mut self) {
        if core::mem::take(&mut self.replies.is_monitored) {
            self.give_answer(Flags::default());
        }
    }

    /// No reply will come any more.
    pub(super) fn end_replies(&mut self, now_ns: u64) {
        if let Some((stream, _)) = self.replies.answer.as_mut().filter(|_| self.replies.is_monitored) {
            stream.extend(now_ns, 0);
            self.end_monitor();
        }
        self.cut_reply();
    }

    /// The rest of the reply under way, if there is one, will not be seen.
    fn cut_reply(&mut self) {
        let is_under_way = core::mem::take(&mut self.replies.is_under_way);
        if is_under_way && self.replies.role == Role::Answer {
            self.finish_answer(Flags::RESPONSE_TRUNCATED);
        } else {
            self.give_answer(Flags::RESPONSE_TRUNCATED);
        }
    }

    pub(super) fn lose_replies(&mut self) {
        if self.replies.is_monitored {
            // Its lines are found again, one by one.
            self.replies.is_under_way = false;
        } else {
            self.cut_reply();
        }
        self.replies.is_lost = true;
        self.doubt_replies();
    }

    /// A reply was lost, or what it is.
    fn doubt_replies(&mut self) {
        if self.replies.subscriptions.may_deliver() {
            self.replies.subscriptions = Subscriptions::unknown();
        }
        self.pairing.responses_lost();
        self.commands.turn.answer_may_be_lost = true;
    }
}
