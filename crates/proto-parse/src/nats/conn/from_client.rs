//! Lines that the client sends.

use super::ordered::Expects;
use super::{Key, LongKind, LongLine, Outcome, Session, What};
use crate::nats::line::{Line, Message, is_verbose};
use crate::nats::subject::{is_inbox, is_pull};
use crate::{Direction, Flags, Limits, Span};

impl Session {
    pub(super) fn on_client_line(&mut self, line: &Line<'_>, span: Span, flags: Flags, limits: &Limits) {
        let what = |verb, subject| What { direction: Direction::ToServer, verb, subject, span, flags, limits };
        match *line {
            Line::Connect { verbose } => {
                self.is_verbose = verbose;
                self.on_connect(&what("CONNECT", b""));
            }
            Line::Ping => self.wait(Expects::Pong, &what("PING", b"")),
            Line::Pong => {
                let flags = response_flags(flags);
                if !self.answer(Key::ServerPing.number(), Outcome::OK, span, flags) {
                    self.pairing.count_unmatched_response();
                }
            }
            Line::Subscribe { subject } => self.say(&what("SUB", subject)),
            Line::Unsubscribe => self.say(&what("UNSUB", b"")),
            Line::Message(sent) => self.on_published(&sent, &what(sent.verb, sent.subject)),
            Line::Info | Line::Ok | Line::Err { .. } => {}
        }
    }

    fn on_published(&mut self, sent: &Message<'_>, what: &What<'_>) {
        let answered = Key::Delivered(sent.subject).number();
        let is_answer =
            is_inbox(sent.subject) && self.answer(answered, Outcome::OK, what.span, response_flags(what.flags));
        match sent.reply_to.filter(|inbox| is_inbox(inbox) && !is_pull(sent.subject)) {
            _ if is_answer => self.expect_ack(),
            Some(inbox) => {
                self.admit(Key::Asked(inbox), what);
                if self.is_verbose {
                    self.ordered.wait(Key::Asked(inbox).number(), Expects::AckAndAnswer);
                }
            }
            None => self.say(what),
        }
    }

    fn on_connect(&mut self, what: &What<'_>) {
        self.wait(if self.is_verbose { Expects::Ack } else { Expects::OnlyRefusal }, what);
    }

    /// A line that is answered on verbose connections only.
    fn say(&mut self, what: &What<'_>) {
        if self.is_verbose {
            self.wait(Expects::Ack, what);
        } else {
            self.one_way(what);
        }
    }

    /// A line that has no exchange of its own.
    fn expect_ack(&mut self) {
        if self.is_verbose {
            let key = self.ordered.next_key();
            self.ordered.wait(key, Expects::AckAndAnswer);
        }
    }

    /// A line that is answered in its order.
    fn wait(&mut self, expects: Expects, what: &What<'_>) {
        let key = self.ordered.next_key();
        if self.ordered.wait(key, expects) {
            let exchange = &mut self.pairing.admit(key).exchange;
            what.give(exchange);
        } else {
            let counters = &mut self.pairing.counters;
            counters.requests = counters.requests.saturating_add(1);
            counters.requests_unmatched = counters.requests_unmatched.saturating_add(1);
        }
    }

    /// The next piece of a line that is longer than is looked at at once.
    pub(super) fn continue_line(&mut self, direction: Direction, long: LongLine, piece: &[u8], limits: &Limits) {
        if long.kind == LongKind::Connect {
            self.is_verbose |= is_verbose(piece);
        }
        let LongLine { kind, span, flags } = long;
        match kind {
            _ if piece.last() != Some(&b'\n') => *self.long_line(direction) = Some(long),
            LongKind::Connect => {
                self.on_connect(&What { direction, verb: "CONNECT", subject: b"", span, flags, limits });
            }
            LongKind::Other => {}
        }
    }
}

/// What is noticed of a message, of one that is a response.
pub(super) fn response_flags(flags: Flags) -> Flags {
    let mut of_response = Flags::default();
    for (of_message, flag) in [
        (Flags::REQUEST_GAP, Flags::RESPONSE_GAP),
        (Flags::REQUEST_TRUNCATED, Flags::RESPONSE_TRUNCATED),
        (Flags::RESYNCED, Flags::RESYNCED),
        (Flags::JOINED_LATE, Flags::JOINED_LATE),
    ] {
        if flags.contains(of_message) {
            of_response |= flag;
        }
    }
    of_response
}
