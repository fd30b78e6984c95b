//! Which of the answers without an identifier answers which line: they come in the order of the lines.
//!
//! `PONG` answers `PING`, and on a verbose connection `+OK` or `-ERR` answers every other line. What holds after a loss is the
//! same as in [`InOrder`](crate::pairing::InOrder): nothing is paired until a client that waits for its answers begins again.

use alloc::collections::VecDeque;

use super::Key;
use crate::Limits;

/// The lines that wait for an answer, the oldest first.
#[derive(Debug)]
pub(super) struct Ordered {
    waiting: VecDeque<Waiting>,
    limit: usize,
    next_serial: u64,
    /// It is not known how many answers are to come before that of the next line.
    in_doubt: bool,
    /// An answer, or a loss that may have been one, came after the newest of the lines.
    answered: bool,
    /// The client was seen to send while answers were owed.
    overlaps: bool,
}

/// A line that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its exchange.
    pub(super) key: u64,
    pub(super) expects: Expects,
}

/// What a line is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    Pong,
    /// `+OK` or `-ERR`.
    Ack,
    /// The same, but its exchange is over only with the message that answers it, unless it is refused.
    AckAndAnswer,
    /// `-ERR`, if at all: `CONNECT` on a connection that is not verbose.
    OnlyRefusal,
}

impl Ordered {
    pub(super) fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            limit: limits.open_exchanges.max(1),
            next_serial: 0,
            in_doubt: joined_late,
            answered: true,
            overlaps: false,
        }
    }

    /// The key of the next line that waits for nothing but this.
    pub(super) fn next_key(&mut self) -> u64 {
        self.next_serial = self.next_serial.saturating_add(1);
        Key::Ordered(self.next_serial).number()
    }

    /// A line waits. `false`, if it cannot be told which answer will be its own.
    pub(super) fn wait(&mut self, key: u64, expects: Expects) -> bool {
        self.overlaps |= self.answered && !self.waiting.is_empty() && !self.in_doubt;
        if core::mem::take(&mut self.answered) && self.in_doubt && !self.overlaps {
            self.in_doubt = false;
        }
        if self.waiting.len() >= self.limit {
            self.in_doubt = true;
        }
        if !self.in_doubt {
            self.waiting.push_back(Waiting { key, expects });
        }
        !self.in_doubt
    }

    /// An answer came: the line that it is for.
    pub(super) fn answer(&mut self, is_pong: bool) -> Option<Waiting> {
        self.answered = true;
        let front = *self.waiting.front()?;
        let fits = match front.expects {
            Expects::Pong => is_pong,
            Expects::Ack | Expects::AckAndAnswer => !is_pong,
            Expects::OnlyRefusal => true,
        };
        if fits {
            self.waiting.pop_front();
        }
        Some(front).filter(|_| fits)
    }

    /// The oldest line, if it is one that is answered only if it is refused.
    pub(super) fn next_silent(&mut self) -> Option<u64> {
        self.waiting.pop_front_if(|waiting| waiting.expects == Expects::OnlyRefusal).map(|waiting| waiting.key)
    }

    /// Whether the next answer that is due is `+OK` or `-ERR`.
    pub(super) fn is_ack_due(&self) -> bool {
        self.waiting.front().is_some_and(|front| matches!(front.expects, Expects::Ack | Expects::AckAndAnswer))
    }

    /// Lines were lost: answers to unseen ones are to come behind those to the ones that wait.
    pub(super) fn lose_requests(&mut self) {
        self.in_doubt = true;
        self.answered = false;
    }

    /// Answers were lost: the lines that waited for one, as far as nothing else ends them.
    pub(super) fn lose_answers(&mut self) -> impl Iterator<Item = u64> + use<'_> {
        self.in_doubt = true;
        self.answered = true;
        let is_over = |waiting: &Waiting| waiting.expects != Expects::AckAndAnswer;
        self.waiting.drain(..).filter(is_over).map(|waiting| waiting.key)
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.waiting.capacity().saturating_mul(size_of::<Waiting>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(joined_late: bool) -> Ordered {
        Ordered::new(&Limits::default(), joined_late)
    }

    fn key(waiting: Option<Waiting>) -> Option<u64> {
        waiting.map(|waiting| waiting.key)
    }

    #[test]
    fn answers_come_in_the_order_of_the_lines() {
        let mut ordered = ordered(false);
        for (number, expects) in [(1, Expects::Ack), (2, Expects::Pong), (3, Expects::AckAndAnswer)] {
            assert!(ordered.wait(number, expects));
        }
        assert_eq!(key(ordered.answer(true)), None, "a PONG answers no PUB");
        assert_eq!([false, true, false].map(|is_pong| key(ordered.answer(is_pong))), [Some(1), Some(2), Some(3)]);
        assert_eq!(key(ordered.answer(false)), None);
    }

    #[test]
    fn behind_lost_answers_the_next_turn_is_paired() {
        let mut ordered = ordered(false);
        assert!(ordered.wait(1, Expects::Pong) && ordered.wait(2, Expects::Pong));
        assert!(ordered.lose_answers().eq([1, 2]));
        assert!(ordered.wait(3, Expects::Pong));
        assert_eq!(key(ordered.answer(true)), Some(3));
    }

    #[test]
    fn behind_lost_lines_the_next_turn_is_paired() {
        let mut ordered = ordered(false);
        assert!(ordered.wait(1, Expects::Pong));
        ordered.lose_requests();
        assert!(!ordered.wait(2, Expects::Pong), "an unseen one may be answered before it");
        assert_eq!([key(ordered.answer(true)), key(ordered.answer(true))], [Some(1), None]);
        assert!(ordered.wait(3, Expects::Pong));
        assert_eq!(key(ordered.answer(true)), Some(3));
    }

    #[test]
    fn who_does_not_wait_is_not_paired_behind_a_loss() {
        let mut ordered = ordered(false);
        assert!(ordered.wait(1, Expects::Ack) && ordered.wait(2, Expects::Ack));
        assert_eq!(key(ordered.answer(false)), Some(1));
        assert!(ordered.wait(3, Expects::Ack));
        assert_eq!(ordered.lose_answers().count(), 2);
        assert!(!ordered.wait(4, Expects::Ack));
    }

    #[test]
    fn what_is_answered_only_if_refused_is_silent_else() {
        let mut ordered = ordered(false);
        assert!(ordered.wait(1, Expects::OnlyRefusal) && ordered.wait(2, Expects::Pong));
        assert_eq!([ordered.next_silent(), ordered.next_silent()], [Some(1), None]);
    }
}
