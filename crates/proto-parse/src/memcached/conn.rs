//! One memcached connection.

mod answers;
mod commands;

use answers::Answers;
use commands::Commands;

use super::answer::AnswerLine;
use super::binary::Header;
use super::command::Answered;
use super::detect;
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::InOrder;
use crate::{Detection, Direction, Flags, Limits};

framed_connection! {
    /// A parser of one memcached connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Session
}

/// What is said on a connection; see the [module](super) for what becomes of which shape of traffic.
#[derive(Debug)]
struct Session {
    pairing: InOrder<Memo>,
    commands: Commands,
    answers: Answers,
    /// Where the next byte begins a message, whatever came before it.
    resumes: Option<Direction>,
}

/// What is remembered of a command until it is answered.
#[derive(Debug, Clone, Copy, Default)]
struct Memo {
    answered: Answered,
    form: Form,
}

/// What tells whether an answer is a command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text {
        /// A meta command's name.
        name: [u8; 2],
        /// What comes back with the answer to it, as numbers.
        opaque: Option<u64>,
        key: Option<u64>,
    },
    Binary {
        opcode: u8,
        opaque: u32,
    },
}

impl Default for Form {
    fn default() -> Self {
        Self::Text { name: [0; 2], opaque: None, key: None }
    }
}

impl Memo {
    /// Whether a line may answer the command. What is not quiet is answered by whatever comes first.
    fn is_answered_by_line(&self, line: &AnswerLine<'_>) -> bool {
        let Form::Text { name, opaque, key } = self.form else { return false };
        let is = |one: Option<u64>, other: &[u8]| one == Some(crate::hash::of_text(other));
        match (self.answered, line.opaque, line.key) {
            (Answered::IfUnusual, Some(told), _) => is(opaque, told),
            (Answered::IfUnusual, None, Some(told)) => is(key, told),
            (Answered::IfUnusual, None, None) => line.is_unusual_for(&name),
            _ => true,
        }
    }

    fn is_answered_by_header(&self, header: &Header) -> bool {
        self.form == Form::Binary { opcode: header.opcode, opaque: header.opaque }
    }
}

impl Session {
    fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            pairing: InOrder::new(limits, joined_late),
            commands: Commands::default(),
            answers: Answers::new(joined_late),
            resumes: None,
        }
    }
}

impl Conversation for Session {
    type Pairing = InOrder<Memo>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head {
        match direction {
            Direction::ToServer => self.commands.head(data, limits),
            Direction::ToClient => self.answers.head(data, limits),
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], _limits: &Limits) -> Detection {
        match direction {
            Direction::ToServer if data.starts_with(&[super::binary::REQUEST]) => detect::begins_binary(data),
            Direction::ToClient if data.starts_with(&[super::binary::RESPONSE]) => detect::begins_binary(data),
            // A value may have such a line in it. While answers are in step, the client's next turn is waited for instead.
            Direction::ToServer if self.answers.is_lost() => detect::begins_command(data),
            _ => Detection::NoMatch,
        }
    }

    fn began(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer if !self.commands.is_under_way() => {
                let turn = self.pairing.begin(self.answers.is_under_way());
                self.commands.begin(turn);
                if turn.is_new && self.answers.is_lost() {
                    self.resumes = Some(Direction::ToClient);
                }
            }
            // A client that waits sends nothing behind what is answered now: its next byte is a command's first.
            Direction::ToClient if self.commands.is_lost() => self.resumes = Some(Direction::ToServer),
            _ => {}
        }
    }

    fn resumes(&mut self) -> Option<Direction> {
        self.resumes.take()
    }

    fn kept(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        // What is too large is refused as soon as its line is read.
        if direction == Direction::ToServer {
            self.on_command_line(message, limits);
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.on_command(message, limits),
            Direction::ToClient => self.on_answer(message, limits),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.break_off_command(message, limits),
            Direction::ToClient => self.break_off_answer(message),
        }
    }

    fn lost(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.lose_commands(),
            Direction::ToClient => self.lose_answers(),
        }
    }

    fn unanswered(&mut self, now_ns: u64) {
        self.end_answers(now_ns);
        self.settle_command(Flags::REQUEST_TRUNCATED);
        self.pairing.finish_unanswered_but(now_ns, |memo| memo.answered == Answered::IfUnusual);
    }
}
