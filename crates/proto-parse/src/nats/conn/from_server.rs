//! Lines that the server sends.

use super::from_client::response_flags;
use super::ordered::{Expects, Waiting};
use super::{Key, Outcome, Session, What};
use crate::framed;
use crate::nats::line::{self, Line};
use crate::nats::refusal::{blame, is_of_connect};
use crate::nats::subject::is_inbox;
use crate::{Direction, Flags, Limits, Span, StatusClass, text};

impl Session {
    pub(super) fn on_server_line(
        &mut self,
        line: &Line<'_>,
        message: &framed::Message<'_>,
        flags: Flags,
        limits: &Limits,
    ) {
        let span = message.span;
        let what = |verb, subject| What { direction: Direction::ToClient, verb, subject, span, flags, limits };
        match *line {
            Line::Ping => self.admit(Key::ServerPing, &what("PING", b"")),
            Line::Pong => self.on_answer(true, Outcome::OK, span, flags),
            Line::Ok => self.on_answer(false, Outcome::OK, span, flags),
            Line::Err { text } => self.on_refusal(text, &what("-ERR", b"")),
            Line::Info => {
                let counters = &mut self.pairing.counters;
                counters.interim = counters.interim.saturating_add(1);
            }
            Line::Message(sent) => {
                let head_len =
                    message.bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
                let headers = message.bytes.get(head_len..).filter(|_| sent.header_bytes > 0).unwrap_or_default();
                self.on_delivered(&sent, headers, &what(sent.verb, sent.subject));
            }
            Line::Connect { .. } | Line::Subscribe { .. } | Line::Unsubscribe => {}
        }
    }

    fn on_delivered(&mut self, sent: &line::Message<'_>, headers: &[u8], what: &What<'_>) {
        if is_inbox(sent.subject) {
            let outcome = outcome_of(line::status(headers));
            let key = Key::Asked(sent.subject).number();
            if self.answer(key, outcome, what.span, response_flags(what.flags)) {
                return;
            }
        }
        match sent.reply_to.filter(|inbox| is_inbox(inbox)) {
            Some(inbox) => self.admit(Key::Delivered(inbox), what),
            None => self.one_way(what),
        }
    }

    /// `PONG`, `+OK`, or `-ERR` on a verbose connection.
    fn on_answer(&mut self, is_pong: bool, how: Outcome, span: Span, flags: Flags) {
        // What is answered only if it is refused was not.
        while let Some(key) = self.ordered.next_silent() {
            self.pairing.finish_silent(key);
        }
        let is_refusal = how.status != StatusClass::Ok;
        match self.ordered.answer(is_pong) {
            Some(Waiting { expects: Expects::AckAndAnswer, .. }) if !is_refusal => {
                let counters = &mut self.pairing.counters;
                counters.interim = counters.interim.saturating_add(1);
            }
            Some(Waiting { key, .. }) => {
                if !self.answer(key, how, span, response_flags(flags)) {
                    self.pairing.count_unmatched_response();
                }
            }
            None => self.pairing.count_unmatched_response(),
        }
    }

    fn on_refusal(&mut self, reason: &[u8], what: &What<'_>) {
        let (status, error) = blame(reason);
        let how = Outcome { status, native_status: None, error };
        if is_of_connect(error)
            && let Some(key) = self.ordered.next_silent()
        {
            self.answer(key, how, what.span, response_flags(what.flags));
        } else if self.is_verbose && self.ordered.is_ack_due() {
            self.on_answer(false, how, what.span, what.flags);
        } else {
            self.pairing.one_way(|exchange| {
                what.give(exchange);
                exchange.status = status;
                text::copy(&mut exchange.error, error.as_bytes(), what.limits.error_bytes);
                exchange.end_ns = exchange.request.last_ns;
            });
        }
    }
}

/// A status of 503 says that nobody listens (NATS documentation, "Request-Reply", "No responders").
fn outcome_of(native_status: Option<i32>) -> Outcome {
    let status = match native_status {
        Some(400..=499) => StatusClass::ClientError,
        Some(500..) => StatusClass::ServerError,
        _ => StatusClass::Ok,
    };
    Outcome { status, native_status, error: "" }
}
