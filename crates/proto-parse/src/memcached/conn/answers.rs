//! The way of an answer: from its first line to a finished exchange.

use super::commands::binary_head;
use super::{Form, Session};
use crate::framed::{Head, Message};
use crate::memcached::answer::{AnswerLine, Place, is_answer};
use crate::memcached::binary::{self, Header, blame};
use crate::memcached::command::Answered;
use crate::memcached::line::Line;
use crate::pairing::Pairing as _;
use crate::{Flags, Limits, Shape, Span, StatusClass, text};

/// The answer under way.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// What there is of the answer under way.
    answer: Option<(Span, Flags)>,
    /// In a line that is longer than is looked at at once, and whether it is the last of the answer.
    in_line: Option<Place>,
    /// The stream of `watch`: nothing is an answer any more.
    is_watched: bool,
    /// The place in the stream was lost.
    is_lost: bool,
}

impl Answers {
    pub(super) fn new(joined_late: bool) -> Self {
        Self { is_lost: joined_late, ..Self::default() }
    }

    pub(super) fn head(&self, data: &[u8], limits: &Limits) -> Head {
        if self.in_line.is_none() && data.starts_with(&[binary::RESPONSE]) {
            return binary_head(data);
        }
        let line = Line::of(data, limits);
        let is_doubtful = self.is_lost && line.is_decided() && !is_answer(line.text());
        if is_doubtful || !line.is_printed() {
            return Head::Malformed;
        }
        line.head(data, |text| match AnswerLine::parse(text).place {
            Place::Value(bytes) | Place::LastValue(bytes) if self.in_line.is_none() && !self.is_watched => Some(bytes),
            _ => None,
        })
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.answer.is_some() && !self.is_watched
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Counts what is one more part of the answer under way; says whether it is the first.
    fn extend(&mut self, message: &Message<'_>) -> bool {
        let flags = if message.lost { message.flags | Flags::RESPONSE_GAP } else { message.flags };
        match &mut self.answer {
            Some((span, answer_flags)) => {
                span.merge(message.span);
                *answer_flags |= flags;
                false
            }
            None => {
                self.answer = Some((message.span, flags));
                self.is_lost = false;
                true
            }
        }
    }
}

impl Session {
    pub(super) fn on_answer(&mut self, message: &Message<'_>, limits: &Limits) {
        let is_first = self.answers.extend(message);
        if self.answers.is_watched {
            return;
        }
        let is_binary = message.bytes.starts_with(&[binary::RESPONSE]);
        let is_over = match (self.answers.in_line, Header::parse(message.bytes).filter(|_| is_binary)) {
            (Some(place), _) => {
                let is_ended = message.bytes.last() == Some(&b'\n');
                self.answers.in_line = Some(place).filter(|_| !is_ended);
                is_ended && place == Place::Last
            }
            (None, Some(header)) => {
                if is_first {
                    self.begin_binary_answer(&header);
                }
                header.is_last()
            }
            (None, None) => {
                let line = Line::of(message.bytes, limits);
                let answer = AnswerLine::parse(line.text());
                if is_first {
                    self.begin_answer(&answer, limits);
                }
                self.answers.in_line = Some(answer.place).filter(|_| matches!(line, Line::Piece(_)));
                matches!(answer.place, Place::Last | Place::LastValue(_)) && self.answers.in_line.is_none()
            }
        };
        if is_over && !self.answers.is_watched {
            self.finish_answer(Flags::default());
        }
    }

    /// An answer begins: quiet commands before the one that it answers have gone the usual way.
    fn begin_answer(&mut self, line: &AnswerLine<'_>, limits: &Limits) {
        while let Some(open) = self.pairing.front() {
            if open.memo.is_answered_by_line(line) {
                break;
            }
            if open.memo.answered != Answered::IfUnusual {
                return self.pairing.count_unmatched_response();
            }
            self.pairing.finish_silent();
        }
        let Some(open) = self.pairing.front() else { return self.pairing.count_unmatched_response() };
        open.exchange.status = line.status;
        if line.status != StatusClass::Ok {
            text::copy(&mut open.exchange.error, line.word, limits.error_bytes);
        }
        if open.memo.answered == Answered::Stream && line.word == b"OK" {
            open.exchange.shape = Shape::Stream;
            self.answers.is_watched = true;
        }
        self.pairing.count_response();
    }

    fn begin_binary_answer(&mut self, header: &Header) {
        while let Some(open) = self.pairing.front() {
            if open.memo.is_answered_by_header(header) {
                break;
            }
            if open.memo.answered != Answered::IfUnusual || !matches!(open.memo.form, Form::Binary { .. }) {
                return self.pairing.count_unmatched_response();
            }
            self.pairing.finish_silent();
        }
        let Some(open) = self.pairing.front() else { return self.pairing.count_unmatched_response() };
        open.exchange.status = blame(header.status);
        open.exchange.native_status = Some(i32::from(header.status));
        self.pairing.count_response();
    }

    /// The answer to the front command is over, or as much of it as will be told.
    fn finish_answer(&mut self, flags: Flags) {
        self.answers.in_line = None;
        if let Some((span, answer_flags)) = self.answers.answer.take()
            && self.pairing.counters.open_responses > 0
        {
            if self.pairing.front_is_live() {
                self.settle_command(Flags::REQUEST_UNFINISHED);
            }
            self.pairing.finish(span, answer_flags | flags);
        }
    }

    /// The connection ended within a part of an answer.
    pub(super) fn break_off_answer(&mut self, message: &Message<'_>) {
        if self.answers.answer.is_some() {
            self.answers.extend(message);
        }
    }

    /// No answer will come any more.
    pub(super) fn end_answers(&mut self, now_ns: u64) {
        if let Some((span, _)) = self.answers.answer.as_mut().filter(|_| self.answers.is_watched) {
            span.extend(now_ns, 0);
            self.finish_answer(Flags::default());
        } else {
            self.finish_answer(Flags::RESPONSE_TRUNCATED);
        }
    }

    pub(super) fn lose_answers(&mut self) {
        self.finish_answer(Flags::RESPONSE_TRUNCATED);
        self.answers.is_lost = true;
        self.pairing.responses_lost();
        self.commands.turn.answer_may_be_lost = true;
    }
}
