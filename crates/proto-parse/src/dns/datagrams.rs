//! What two UDP sockets say to each other: each message in a datagram of its own (RFC 1035 section 4.2.1).

use super::dialogue::{Dialogue, Seen};
use crate::pairing::Pairing as _;
use crate::{Counters, Direction, End, Exchange, Flags, Limits, Span, Want};

/// A parser of the datagrams between a client's socket and a server's; see the [module](super) for what it makes of them.
///
/// Other than on a stream, what one call of [`bytes`](crate::Connection::bytes) gives is one datagram, or the beginning of one
/// whose rest follows as a [`gap`](crate::Connection::gap) for want of having been captured.
#[derive(Debug)]
pub struct Datagrams {
    limits: Limits,
    dialogue: Dialogue,
    is_over: bool,
}

impl Datagrams {
    /// Between two sockets of which nothing was heard yet, or, what is the same where every datagram stands for itself, of
    /// which some was.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let limits = limits.raised();
        Self { dialogue: Dialogue::new(&limits, false), limits, is_over: false }
    }
}

impl crate::Connection for Datagrams {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        if self.is_over {
            return;
        }
        let mut span = Span::starting(now_ns);
        span.extend(now_ns, u64::try_from(data.len()).unwrap_or(u64::MAX));
        let read = data.get(..self.limits.message_bytes).unwrap_or(data);
        self.dialogue.message(direction, &Seen { data: read, span, flags: Flags::default() }, &self.limits);
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        self.gap(direction, now_ns, len);
    }

    fn gap(&mut self, direction: Direction, _now_ns: u64, len: u64) {
        if self.is_over || len == 0 {
            return;
        }
        let counters = &mut self.dialogue.pairing.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        if direction == Direction::ToClient {
            self.dialogue.pairing.responses_lost();
        }
    }

    /// No socket says that it is closed; what is open stays so until [`close`](crate::Connection::close).
    fn end(&mut self, _direction: Direction, _now_ns: u64, _how: End) {}

    fn close(&mut self, now_ns: u64) {
        if !core::mem::replace(&mut self.is_over, true) {
            self.dialogue.pairing.finish_unanswered(now_ns);
        }
    }

    fn abandon(&mut self) {
        self.dialogue.pairing.abandon();
        self.is_over = true;
    }

    fn want(&self, _direction: Direction) -> Want {
        if self.is_over { Want::Nothing } else { Want::All }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.dialogue.pairing.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.dialogue.pairing.counters
    }

    fn held_bytes(&self) -> usize {
        self.dialogue.pairing.held_bytes()
    }
}
