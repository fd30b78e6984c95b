//! From the tokens of replies to finished exchanges.

use super::{Replies, Role, is_monitor_line};
use crate::framed::Message;
use crate::pairing::{InOrder, Pairing as _};
use crate::redis::command::{Manner, push_channel};
use crate::redis::conn::pubsub::{Notice, Subscriptions};
use crate::redis::conn::{Awaits, Memo, Session, token_of};
use crate::redis::refusal::blame;
use crate::redis::token::{Extent, Kind, Token};
use crate::{Flags, Limits, Shape, StatusClass, text};

impl Session {
    pub(in crate::redis::conn) fn on_reply_part(&mut self, message: &Message<'_>, limits: &Limits) {
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
    pub(in crate::redis::conn) fn end_replies(&mut self, now_ns: u64) {
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

    pub(in crate::redis::conn) fn lose_replies(&mut self) {
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
