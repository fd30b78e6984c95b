//! What is known of a channel.

use alloc::string::String;

use super::content::Content;
use super::message::Method;
use super::method::{Arguments, Description};
use crate::read::Reader;
use crate::{Direction, text};

/// A channel.
#[derive(Debug, Default)]
pub(super) struct Channel {
    to_server: Content,
    to_client: Content,
    pub(super) confirms: Confirms,
    /// The number of the next method that asks for an answer.
    pub(super) next_serial: u32,
    /// Those before this number may have been answered unseen.
    pub(super) doubtful_before: u32,
    /// The client was seen to ask anew before it was answered: after a loss, answers cannot be told from each other.
    pub(super) overlaps: bool,
    /// Methods were lost, so that it cannot be told which answers are to come.
    pub(super) in_doubt: bool,
    /// An answer came since the last method that asked for one, or since the loss.
    pub(super) answered: bool,
}

/// Publisher confirms: from `confirm.select` on, publishes are numbered from 1, and confirmed by number.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    pub(super) mode: Mode,
    /// The highest number that was confirmed.
    confirmed: u64,
    /// The client was seen to publish before the message before was confirmed.
    overlaps: bool,
    /// Confirmations were lost since the last one.
    some_lost: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Publishes are not numbered, or it is not known.
    #[default]
    Off,
    /// The next publish has this number.
    Next(u64),
    /// Publishes were lost, of a client that waits for each confirmation.
    Uncertain,
    /// The last of them was confirmed: the next publish has the number behind.
    Behind(u64),
    /// Publishes were lost, and their number cannot be told any more.
    Lost,
}

impl Channel {
    pub(super) fn new(in_doubt: bool) -> Self {
        Self { in_doubt, ..Self::default() }
    }

    pub(super) fn content(&mut self, direction: Direction) -> &mut Content {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Messages of a direction were lost.
    pub(super) fn lose(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => {
                (self.in_doubt, self.answered) = (true, false);
                self.confirms.lose();
            }
            Direction::ToClient => {
                self.in_doubt |= self.overlaps;
                self.answered = true;
                self.doubtful_before = self.next_serial;
                self.confirms.some_lost = true;
            }
        }
    }

    /// A method asks for an answer, while others `wait` for theirs. Says whether it can be told which one is its own: if the
    /// client waits for its answers, and has got the last one.
    pub(super) fn is_certain(&mut self, wait: bool) -> bool {
        self.in_doubt &= !self.answered || wait || self.overlaps;
        self.answered = false;
        !self.in_doubt
    }

    /// Bytes of memory that it holds beside itself.
    pub(super) fn held_bytes(&self) -> usize {
        self.to_server.resource.capacity().saturating_add(self.to_client.resource.capacity())
    }
}

impl Confirms {
    /// The number of a publish that begins; `None` if it is not confirmed, or cannot be told. `waiting`: others are not
    /// confirmed yet.
    pub(super) fn number(&mut self, waiting: bool) -> Option<u64> {
        let number = match self.mode {
            Mode::Next(number) => number,
            Mode::Behind(number) if !waiting => number.saturating_add(1),
            Mode::Off => return None,
            Mode::Uncertain | Mode::Behind(_) | Mode::Lost => {
                self.mode = Mode::Lost;
                return None;
            }
        };
        self.overlaps |= waiting && !self.some_lost;
        self.mode = Mode::Next(number.saturating_add(1));
        Some(number)
    }

    /// A number was confirmed.
    pub(super) fn confirm(&mut self, number: u64) {
        self.confirmed = self.confirmed.max(number);
        self.some_lost = false;
        if matches!(self.mode, Mode::Uncertain | Mode::Behind(_)) {
            self.mode = Mode::Behind(self.confirmed);
        }
    }

    /// Publishes were lost. Only who was seen to wait is believed to go on so.
    fn lose(&mut self) {
        self.mode = match self.mode {
            Mode::Off => Mode::Off,
            Mode::Lost => Mode::Lost,
            _ if self.overlaps || self.confirmed == 0 => Mode::Lost,
            _ => Mode::Uncertain,
        };
    }
}

/// Writes the resource that a method names into `out`, and says whether it is cut and whether an answer is wanted.
pub(super) fn read_arguments(
    method: &Method<'_>,
    description: &Description,
    out: &mut String,
    max: usize,
) -> (bool, bool) {
    let mut reader = Reader(method.arguments);
    let (strings, no_wait) = match description.arguments {
        Arguments::None => return (false, description.answer.is_some()),
        Arguments::Name => (1, None),
        Arguments::Names { strings, no_wait } => {
            // A ticket of versions before.
            let _reserved = reader.u16_be();
            (strings, no_wait)
        }
        Arguments::Bits { strings, no_wait } => (strings, no_wait),
    };
    let mut is_cut = false;
    for number in 0..strings {
        let Some(string) = short_string(&mut reader) else { break };
        if number == 0 && !matches!(description.arguments, Arguments::Bits { .. }) {
            is_cut = write_name(string, out, max);
        }
    }
    let no_wait =
        no_wait.is_some_and(|bit| reader.u8().is_some_and(|bits| bits.checked_shr(bit.into()).unwrap_or(0) & 1 == 1));
    (is_cut, description.answer.is_some() && !no_wait)
}

/// Specification section 4.2.5.3: a length of one byte, and so many bytes.
pub(super) fn short_string<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u8()?;
    reader.bytes(usize::from(len))
}

/// Writes the name of a queue or an exchange, without what makes a name that the broker made up another one each time. Says
/// whether it is cut.
pub(super) fn write_name(name: &[u8], out: &mut String, max: usize) -> bool {
    let made_up = [&b"amq.gen"[..], b"amq.rabbitmq.reply-to"];
    let common = made_up
        .into_iter()
        .find(|common| name.strip_prefix(*common).is_some_and(|rest| matches!(rest, [b'-' | b'.', ..])));
    text::copy(out, common.unwrap_or(name), max)
}
