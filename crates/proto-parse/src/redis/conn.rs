//! One Redis connection.

mod commands;
mod pubsub;
mod replies;

use commands::Commands;
use pubsub::Topics;
use replies::Replies;

use super::command::Manner;
use super::detect;
use super::token::{Extent, Token};
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::{InOrder, Pairing as _};
use crate::{Detection, Direction, Limits, Parsed};

framed_connection! {
    /// A parser of one Redis connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Session
}

/// What is said on a connection; see the [module](super) for what becomes of which shape of traffic.
#[derive(Debug)]
struct Session {
    pairing: InOrder<Memo>,
    commands: Commands,
    replies: Replies,
    /// The client has begun a new turn: if it waits for its answers, the next byte to it is a reply's first.
    replies_resume: bool,
}

/// What is remembered of a command until it is answered.
#[derive(Debug, Clone, Copy, Default)]
struct Memo {
    manner: Manner,
    /// Answers of their own that a command for channels gets.
    awaits: Awaits,
}

/// The answers of their own that a command for channels gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Awaits {
    /// None: any answer is the whole one.
    #[default]
    None,
    /// So many more.
    Count(u64),
    /// Until none of these is subscribed to any more.
    Rest(Topics),
}

impl Session {
    fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            pairing: InOrder::new(limits, joined_late),
            commands: Commands::default(),
            replies: Replies::new(joined_late),
            replies_resume: false,
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
            Direction::ToClient => self.replies.head(data, limits),
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], limits: &Limits) -> Detection {
        match direction {
            Direction::ToServer => detect::begins_command(data, limits),
            Direction::ToClient => self.replies.begins(data),
        }
    }

    fn began(&mut self, direction: Direction) {
        if direction == Direction::ToServer && !self.commands.is_under_way() {
            let turn = self.pairing.begin(self.replies.is_under_way());
            self.commands.begin(turn);
            self.replies_resume |= turn.is_new && self.replies.is_lost();
        }
    }

    fn resumes(&mut self) -> Option<Direction> {
        core::mem::take(&mut self.replies_resume).then_some(Direction::ToClient)
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        match direction {
            Direction::ToServer => self.on_command_part(message, limits),
            Direction::ToClient => self.on_reply_part(message, limits),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, _limits: &Limits) {
        match direction {
            Direction::ToServer => self.break_off_command(message),
            Direction::ToClient => self.replies.extend(message),
        }
    }

    fn lost(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.lose_commands(),
            Direction::ToClient => self.lose_replies(),
        }
    }

    fn unanswered(&mut self, now_ns: u64) {
        self.cut_command();
        self.end_replies(now_ns);
        self.pairing.finish_unanswered(now_ns);
    }
}

/// What a token is to the one who reads messages of known length: its line, and `wanted` bytes of a string's content.
fn head_of(token: Token, wanted: usize) -> Head {
    let keep = match token.extent {
        Extent::Content(_) => token.line_len.saturating_add(wanted),
        _ => token.line_len,
    };
    Head::Message { len: token.len(), keep: keep.min(usize::try_from(token.len()).unwrap_or(usize::MAX)) }
}

/// How much is needed to read what is incomplete with `data`.
fn need(data: &[u8], at_least: usize) -> Head {
    Head::NeedMore { bytes: data.len().saturating_add(at_least) }
}

/// The token of a message that [`Conversation::head`] has accepted.
fn token_of(message: &Message<'_>) -> Option<Token> {
    match Token::parse(message.bytes) {
        Ok(Parsed::Complete { value, .. }) => Some(value),
        _ => None,
    }
}
