//! What a protocol says of its messages.

use alloc::boxed::Box;

use super::Message;
use crate::pairing::Pairing;
use crate::{Connection, Detection, Direction, Limits, Protocol};

/// What a protocol makes of its messages.
pub(crate) trait Conversation {
    /// How it finds the request that a response answers.
    type Pairing: Pairing;

    /// The open requests, what is finished, and the ledger.
    fn pairing(&self) -> &Self::Pairing;

    /// The same, to be changed.
    fn pairing_mut(&mut self) -> &mut Self::Pairing;

    /// What the first bytes of a message, at least one, say of it: the same for whatever follows them.
    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head;

    /// Whether a message begins with `data`, somewhere in a stream whose place was lost. To be strict: what is taken for a
    /// message is believed. Decided within [`LOOKAHEAD_BYTES`](super::reader::search::LOOKAHEAD_BYTES) bytes, as far as it is.
    fn begins(&self, direction: Direction, data: &[u8], limits: &Limits) -> Detection;

    /// The first byte of a message was seen.
    fn began(&mut self, _direction: Direction) {}

    /// Asked behind [`began`](Self::began): the direction, if any, whose next byte is a message's first, whatever came before it.
    /// Where nothing in a stream tells where a message begins, it is known when a client that waits begins to ask again.
    fn resumes(&mut self) -> Option<Direction> {
        None
    }

    /// What is kept of a message is there, and more of it is to come: what follows may be answered before that. Not told of
    /// messages that come in one piece, nor of those of which bytes were lost before.
    fn kept(&mut self, _direction: Direction, _message: &Message<'_>, _limits: &Limits) {}

    /// A message is over.
    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits);

    /// The connection ended within a message.
    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits);

    /// Messages of this direction were lost, or are none.
    fn lost(&mut self, direction: Direction) {
        if direction == Direction::ToClient {
            self.pairing_mut().responses_lost();
        }
    }

    /// No response will come any more.
    fn unanswered(&mut self, now_ns: u64) {
        self.pairing_mut().finish_unanswered(now_ns);
    }

    /// The connection is not observed any more.
    fn abandon(&mut self) {
        self.pairing_mut().abandon();
    }

    /// What the connection speaks from here on, asked after each message.
    fn next(&mut self) -> Next {
        Next::Same
    }

    /// The connection that goes on, asked behind [`Next::Successor`].
    fn successor(&mut self, _limits: &Limits) -> Option<Box<dyn Connection + Send>> {
        None
    }

    /// Bytes of memory that it holds beside itself and its [`pairing`](Self::pairing), about.
    fn held_bytes(&self) -> usize {
        0
    }
}

/// What the first bytes of a message say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// So many bytes in all, more than there are, are needed to say it.
    NeedMore {
        /// How many.
        bytes: usize,
    },
    /// It is `len` bytes long, no fewer than were needed to say so, and the first `keep` of them are to be read.
    Message {
        /// Its length, head included; not 0.
        len: u64,
        /// How many bytes are of interest, from its first one on.
        keep: usize,
    },
    /// It is not valid.
    Malformed,
}

/// What a connection speaks from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// What it spoke.
    Same,
    /// Another protocol, both ways.
    Protocol(Protocol),
    /// What the [`successor`](Conversation::successor) speaks: the same protocol in another framing.
    Successor,
    /// Nothing that can be read: compressed, or encrypted.
    Opaque,
}
