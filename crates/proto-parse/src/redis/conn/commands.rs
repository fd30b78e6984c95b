//! The way of a command: from its first token into the pairing.

use memchr::memchr;

use super::pubsub::Topics;
use super::{Awaits, Memo, Session, head_of, need, token_of};
use crate::framed::{Head, Message};
use crate::pairing::Turn;
use crate::redis::command::{Manner, ReplyMode, Words};
use crate::redis::token::{Extent, LINE_BYTES, Token};
use crate::{Direction, Exchange, Flags, Limits, Parsed, Protocol, Shape, Span, StatusClass};

/// The command under way, and whether commands are answered.
#[derive(Debug, Default)]
pub(super) struct Commands {
    stage: Stage,
    words: Words,
    span: Span,
    flags: Flags,
    /// How things stood when it began.
    pub(super) turn: Turn,
    /// What is still to come of a command was given up.
    is_cut: bool,
    /// `CLIENT REPLY OFF` was said.
    is_silent: bool,
    /// `CLIENT REPLY SKIP` was said for the next command.
    skips_next: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Between,
    /// So many words are to come.
    Words(u64),
    /// In an inline command that is longer than is looked at at once: its words were taken.
    Line,
}

impl Commands {
    pub(super) fn head(&self, data: &[u8], limits: &Limits) -> Head {
        match (self.stage, data.first()) {
            // Of a command, the server takes `$` alone for a word, not `=`, which is a string too.
            (Stage::Words(_), Some(b'$')) => match Token::parse(data) {
                Ok(Parsed::Complete { value: token, .. }) if matches!(token.extent, Extent::Content(_)) => {
                    head_of(token, self.words.wanted(limits))
                }
                Ok(Parsed::Incomplete { at_least }) => need(data, at_least),
                _ => Head::Malformed,
            },
            (Stage::Words(_), _) => Head::Malformed,
            (Stage::Between, Some(b'*')) => match Token::parse(data) {
                Ok(Parsed::Complete { value: token, .. }) if token.extent != Extent::Streamed => head_of(token, 0),
                Ok(Parsed::Incomplete { at_least }) => need(data, at_least),
                _ => Head::Malformed,
            },
            // Redis documentation, "Inline commands". Of what begins like no name, the server would say that it is an unknown
            // command; more likely it is not Redis.
            (Stage::Between, Some(first)) if !(first.is_ascii_alphabetic() || first.is_ascii_whitespace()) => {
                Head::Malformed
            }
            (Stage::Between | Stage::Line, _) => inline_head(data),
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.stage != Stage::Between
    }

    pub(super) fn begin(&mut self, turn: Turn) {
        self.turn = turn;
        self.words.clear();
        self.span = Span::default();
        self.flags = Flags::default();
        self.is_cut = false;
    }

    fn extend(&mut self, message: &Message<'_>) {
        if self.span.bytes == 0 {
            self.span = message.span;
        } else {
            self.span.merge(message.span);
        }
        self.flags |= message.flags;
        if message.lost {
            self.flags |= Flags::REQUEST_GAP;
        }
    }

    /// Takes a token or a line, and says whether the command is whole.
    fn take(&mut self, message: &Message<'_>, limits: &Limits) -> bool {
        match self.stage {
            Stage::Words(remaining) => {
                let Some(token) = token_of(message) else { return false };
                let text = token.text(message.bytes);
                let wanted = self.words.wanted(limits);
                let whole = usize::try_from(token.len()).unwrap_or(usize::MAX).saturating_sub(token.line_len);
                if message.lost && text.len() < wanted.min(whole.saturating_sub(b"\r\n".len())) {
                    self.words.pass();
                } else {
                    self.words.push(text.get(..wanted).unwrap_or(text), limits);
                }
                let remaining = remaining.saturating_sub(1);
                self.stage = if remaining == 0 { Stage::Between } else { Stage::Words(remaining) };
            }
            Stage::Between if message.bytes.first() == Some(&b'*') => {
                if let Some(Token { extent: Extent::Values(words @ 1..), .. }) = token_of(message) {
                    self.stage = Stage::Words(words);
                    return false;
                }
            }
            Stage::Between => {
                let words = message.bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                words.for_each(|word| {
                    let wanted = self.words.wanted(limits);
                    self.words.push(word.get(..wanted).unwrap_or(word), limits);
                });
                if message.bytes.last() != Some(&b'\n') {
                    self.stage = Stage::Line;
                    return false;
                }
            }
            Stage::Line if message.bytes.last() != Some(&b'\n') => return false,
            Stage::Line => self.stage = Stage::Between,
        }
        !self.is_under_way()
    }

    /// Writes what is known of the command into its exchange.
    fn give(&mut self, exchange: &mut Exchange) {
        exchange.protocol = Protocol::Redis;
        exchange.direction = Direction::ToServer;
        core::mem::swap(&mut exchange.verb, &mut self.words.verb);
        core::mem::swap(&mut exchange.resource, &mut self.words.resource);
        exchange.request = self.span;
        exchange.flags = self.flags;
        if self.words.resource_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
        if self.words.may_wait() {
            exchange.shape = Shape::LongPoll;
        }
    }

    /// Whether the command under way is one that gets no answer, and what holds for those behind it.
    fn is_unanswered(&mut self) -> bool {
        let skips_this = core::mem::take(&mut self.skips_next);
        if self.words.manner == Manner::Reset {
            self.is_silent = false;
            return false;
        }
        match self.words.reply_mode {
            Some(ReplyMode::On) => self.is_silent = false,
            Some(ReplyMode::Off) => self.is_silent = true,
            // "CLIENT REPLY", SKIP: it does nothing while answers are off.
            Some(ReplyMode::Skip) => {
                self.skips_next = !self.is_silent;
                return true;
            }
            None => {}
        }
        self.is_silent || skips_this
    }

    fn memo(&self) -> Memo {
        let manner = self.words.manner;
        let topics = || Topics::of_command(&self.words.verb);
        let named = self.words.count.saturating_sub(1);
        let awaits = match manner {
            Manner::Subscribe => Awaits::Count(named),
            Manner::Unsubscribe if named == 0 => Awaits::Rest(topics()),
            Manner::Unsubscribe => Awaits::Count(named),
            _ => Awaits::None,
        };
        Memo { manner, awaits }
    }
}

/// A line, or a piece of one.
fn inline_head(data: &[u8]) -> Head {
    let visible = data.get(..LINE_BYTES).unwrap_or(data);
    match memchr(b'\n', visible) {
        Some(at) => {
            let len = at.saturating_add(1);
            Head::Message { len: u64::try_from(len).unwrap_or(u64::MAX), keep: len }
        }
        None if visible.len() == LINE_BYTES => {
            Head::Message { len: u64::try_from(LINE_BYTES).unwrap_or(u64::MAX), keep: LINE_BYTES }
        }
        None => need(data, 1),
    }
}

impl Session {
    pub(super) fn on_command_part(&mut self, message: &Message<'_>, limits: &Limits) {
        self.commands.extend(message);
        if self.commands.take(message, limits) {
            self.finish_command(Flags::default());
        }
    }

    /// The command under way is over, or as much of it as will be told.
    fn finish_command(&mut self, flags: Flags) {
        let commands = &mut self.commands;
        commands.stage = Stage::Between;
        commands.flags |= flags;
        if commands.words.count == 0 {
            // An empty line, or an array of nothing: the server passes over it.
            let counters = &mut self.pairing.counters;
            counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(commands.span.bytes);
            return;
        }
        if commands.words.is_unknown {
            self.pairing.count_unknown_request();
            return self.pairing.requests_lost(0);
        }
        if commands.words.verb.is_empty() {
            commands.flags |= Flags::REQUEST_MALFORMED;
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        if commands.is_unanswered() {
            if let Some(exchange) = self.pairing.one_way() {
                commands.give(exchange);
                exchange.shape = Shape::OneWay;
                exchange.status = StatusClass::Ok;
                exchange.end_ns = exchange.request.last_ns;
            }
            return;
        }
        let memo = commands.memo();
        if let Some(open) = self.pairing.admit(commands.turn) {
            open.memo = memo;
            commands.give(&mut open.exchange);
            self.pairing.take_live();
        }
    }

    /// The connection ended within a token.
    pub(super) fn break_off_command(&mut self, message: &Message<'_>) {
        self.commands.extend(message);
        if !self.commands.is_under_way() && !self.commands.is_cut {
            self.pairing.count_unknown_request();
        }
        self.cut_command();
    }

    /// The rest of the command under way, if there is one, will not be seen.
    pub(super) fn cut_command(&mut self) {
        if !self.commands.is_under_way() {
            return;
        }
        self.commands.is_cut = true;
        if self.commands.words.verb.is_empty() {
            self.commands.stage = Stage::Between;
            self.pairing.count_unknown_request();
        } else {
            self.finish_command(Flags::REQUEST_TRUNCATED);
        }
    }

    pub(super) fn lose_commands(&mut self) {
        let is_between = !self.commands.is_under_way();
        self.cut_command();
        self.pairing.requests_lost(u64::from(is_between));
    }
}
