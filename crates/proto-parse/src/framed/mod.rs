//! Connections of protocols whose messages say their length.
//!
//! A protocol tells how its messages are cut, and what each of them means: [`Conversation`]. [`Framed`] is the connection:
//! it finds the messages however the bytes come, passes over what is not read of them, and looks for the next one after a
//! loss.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, unused_macros, reason = "what some protocols share is unused without them")
)]

mod conversation;
mod reader;

use alloc::boxed::Box;

pub(crate) use conversation::{Conversation, Head, Next};
pub(crate) use reader::Message;
use reader::{Reader, Step};

use crate::pairing::Pairing as _;
use crate::{Connection, Counters, Direction, End, Exchange, Limits, Want};

/// A connection of a protocol whose messages say their length.
pub(crate) struct Framed<C> {
    limits: Limits,
    conversation: C,
    to_server: Reader,
    to_client: Reader,
    /// The direction, if any, in which bytes were passed over since the last message or loss; the last one, of both.
    told_passed: Option<Direction>,
    successor: Option<Successor>,
    is_closed: bool,
}

/// What a connection speaks after it has changed the protocol.
struct Successor {
    connection: Box<dyn Connection + Send>,
    /// Its ledger and that of what it succeeds.
    counters: Counters,
}

/// The public type of a connection that is [`Framed`], with the trait on it.
macro_rules! framed_connection {
    ($(#[$doc:meta])* $name:ident is a $conversation:ty) => {
        $(#[$doc])*
        pub struct $name($crate::framed::Framed<$conversation>);

        impl $name {
            /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
            #[must_use]
            pub fn new(limits: &$crate::Limits, joined_late: bool) -> Self {
                let limits = &limits.raised();
                let conversation = <$conversation>::new(limits, joined_late);
                Self($crate::framed::Framed::new(conversation, limits, joined_late))
            }
        }

        impl $crate::Connection for $name {
            fn bytes(&mut self, direction: $crate::Direction, now_ns: u64, data: &[u8]) {
                self.0.bytes(direction, now_ns, data);
            }

            fn skipped(&mut self, direction: $crate::Direction, now_ns: u64, len: u64) {
                self.0.skipped(direction, now_ns, len);
            }

            fn gap(&mut self, direction: $crate::Direction, now_ns: u64, len: u64) {
                self.0.gap(direction, now_ns, len);
            }

            fn end(&mut self, direction: $crate::Direction, now_ns: u64, how: $crate::End) {
                self.0.end(direction, now_ns, how);
            }

            fn close(&mut self, now_ns: u64) {
                self.0.close(now_ns);
            }

            fn abandon(&mut self) {
                self.0.abandon();
            }

            fn want(&self, direction: $crate::Direction) -> $crate::Want {
                self.0.want(direction)
            }

            fn poll(&mut self, out: &mut $crate::Exchange) -> bool {
                self.0.poll(out)
            }

            fn counters(&self) -> &$crate::Counters {
                self.0.counters()
            }

            fn held_bytes(&self) -> usize {
                self.0.held_bytes()
            }
        }
    };
}
pub(crate) use framed_connection;

impl<C: Conversation> Framed<C> {
    pub(crate) fn new(conversation: C, limits: &Limits, joined_late: bool) -> Self {
        Self {
            limits: limits.clone(),
            conversation,
            to_server: Reader::new(Direction::ToServer, joined_late),
            to_client: Reader::new(Direction::ToClient, joined_late),
            told_passed: None,
            successor: None,
            is_closed: false,
        }
    }

    fn reader(&mut self, direction: Direction) -> &mut Reader {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// The message that was over with the last step of this direction.
    fn finish_message(&mut self, direction: Direction) {
        let Self { conversation, to_server, to_client, limits, .. } = self;
        let reader = match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        conversation.message(direction, &reader.message(), limits);
        self.proceed();
    }

    /// Does what the last message asks for.
    fn proceed(&mut self) {
        let connection = match self.conversation.next() {
            Next::Same => return,
            Next::Protocol(protocol) => protocol.connection(&self.limits, false),
            Next::Successor => self.conversation.successor(&self.limits),
            Next::Opaque => None,
        };
        let read_ahead = [Direction::ToServer, Direction::ToClient].map(|direction| {
            let reader = self.reader(direction);
            let bytes = reader.take_read_ahead();
            reader.deafen();
            (direction, bytes)
        });
        self.count_unparsed();
        let counters = *self.conversation.pairing().counters();
        self.successor = connection.map(|connection| Successor { connection, counters });
        for (direction, bytes) in read_ahead {
            for (now_ns, byte) in bytes {
                self.succeed(|successor| successor.bytes(direction, now_ns, &[byte]));
            }
        }
    }

    /// Another direction may go on in step.
    fn resume(&mut self) {
        if let Some(direction) = self.conversation.resumes() {
            self.reader(direction).resume();
        }
    }

    /// The place in a direction is lost, and with it `len` bytes, more or less: for protocols whose messages are within frames,
    /// where a loss of frames is known, but not of how many bytes of the messages.
    pub(crate) fn lose_place(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.reader(direction).is_deaf() {
            return;
        }
        let counters = self.conversation.pairing_mut().counters_mut();
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        let (_, is_over) = self.reader(direction).lose(now_ns, u64::MAX);
        if is_over {
            self.finish_message(direction);
        }
        self.desync(direction);
        self.count_unparsed();
    }

    /// The ledger, for what is counted about the frames that messages are within.
    pub(crate) fn counters_mut(&mut self) -> &mut Counters {
        self.conversation.pairing_mut().counters_mut()
    }

    fn desync(&mut self, direction: Direction) {
        if self.reader(direction).search() {
            let counters = self.conversation.pairing_mut().counters_mut();
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.lose(direction);
    }

    /// Messages of this direction were lost, or are none.
    fn lose(&mut self, direction: Direction) {
        self.told_passed = None;
        self.conversation.lost(direction);
    }

    fn on_malformed(&mut self, direction: Direction, certain: bool) {
        if !certain {
            return;
        }
        let counters = self.conversation.pairing_mut().counters_mut();
        let malformed = match direction {
            Direction::ToServer => &mut counters.malformed_requests,
            Direction::ToClient => &mut counters.malformed_responses,
        };
        *malformed = malformed.saturating_add(1);
        counters.desyncs = counters.desyncs.saturating_add(1);
        self.lose(direction);
    }

    /// The rest of the message under way, if there is one, will not be seen.
    fn break_off(&mut self, direction: Direction) {
        let Self { conversation, to_server, to_client, limits, .. } = self;
        let reader = match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        if reader.is_in_message() {
            conversation.broke_off(direction, &reader.message(), limits);
        }
        reader.search();
        reader.deafen();
        self.count_unparsed();
    }

    fn count_unparsed(&mut self) {
        let passed = core::mem::take(&mut self.to_server.unparsed_bytes)
            .saturating_add(core::mem::take(&mut self.to_client.unparsed_bytes));
        if passed > 0 {
            let counters = self.conversation.pairing_mut().counters_mut();
            counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(passed);
        }
    }

    fn succeed(&mut self, call: impl FnOnce(&mut (dyn Connection + Send + 'static))) -> bool {
        let Some(Successor { connection, counters }) = &mut self.successor else { return false };
        call(&mut **connection);
        *counters = *self.conversation.pairing().counters();
        counters.add(connection.counters());
        true
    }
}

impl<C: Conversation> Connection for Framed<C> {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        loop {
            if self.succeed(|successor| successor.bytes(direction, now_ns, data)) {
                return;
            }
            let Self { conversation, to_server, to_client, told_passed, limits, .. } = self;
            let reader = match direction {
                Direction::ToServer => to_server,
                Direction::ToClient => to_client,
            };
            match reader.step(conversation, limits, now_ns, &mut data) {
                None => break,
                Some(Step::Passed) => {
                    if told_passed.replace(direction) != Some(direction) {
                        conversation.lost(direction);
                    }
                }
                Some(Step::Began) => {
                    conversation.began(direction);
                    *told_passed = None;
                    self.resume();
                }
                Some(Step::Kept { message }) => conversation.kept(direction, &message, limits),
                Some(Step::Message { message, begun }) => {
                    let resumed = if begun {
                        None
                    } else {
                        conversation.began(direction);
                        *told_passed = None;
                        conversation.resumes()
                    };
                    conversation.message(direction, &message, limits);
                    if let Some(resumed) = resumed {
                        self.reader(resumed).resume();
                    }
                    self.proceed();
                }
                Some(Step::Malformed { certain }) => self.on_malformed(direction, certain),
            }
        }
        self.count_unparsed();
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.succeed(|successor| successor.skipped(direction, now_ns, len)) || self.reader(direction).is_deaf() {
            return;
        }
        let (passed, is_over) = self.reader(direction).skip(now_ns, len);
        let counters = self.conversation.pairing_mut().counters_mut();
        counters.skipped_bytes = counters.skipped_bytes.saturating_add(passed);
        if is_over {
            self.finish_message(direction);
        }
        self.gap(direction, now_ns, len.saturating_sub(passed));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if len == 0
            || self.succeed(|successor| successor.gap(direction, now_ns, len))
            || self.reader(direction).is_deaf()
        {
            return;
        }
        let counters = self.conversation.pairing_mut().counters_mut();
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        let (passed, is_over) = self.reader(direction).lose(now_ns, len);
        if is_over {
            self.finish_message(direction);
        }
        if passed < len && !self.reader(direction).is_deaf() {
            self.desync(direction);
        }
        self.count_unparsed();
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        let both = how == End::Reset;
        if both || direction == Direction::ToServer {
            self.break_off(Direction::ToServer);
        }
        if both || direction == Direction::ToClient {
            self.break_off(Direction::ToClient);
            self.conversation.unanswered(now_ns);
        }
        self.succeed(|successor| successor.end(direction, now_ns, how));
    }

    fn close(&mut self, now_ns: u64) {
        if core::mem::replace(&mut self.is_closed, true) {
            return;
        }
        self.break_off(Direction::ToServer);
        self.break_off(Direction::ToClient);
        // What was open when the protocol changed has waited until now.
        self.conversation.unanswered(now_ns);
        self.succeed(|successor| successor.close(now_ns));
    }

    fn abandon(&mut self) {
        self.conversation.abandon();
        self.succeed(Connection::abandon);
        self.to_server.deafen();
        self.to_client.deafen();
    }

    fn want(&self, direction: Direction) -> Want {
        match (&self.successor, direction) {
            (Some(successor), _) => successor.connection.want(direction),
            (None, Direction::ToServer) => self.to_server.want(),
            (None, Direction::ToClient) => self.to_client.want(),
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.conversation.pairing_mut().poll(out)
            || self.successor.as_mut().is_some_and(|successor| successor.connection.poll(out))
    }

    fn counters(&self) -> &Counters {
        match &self.successor {
            Some(successor) => &successor.counters,
            None => self.conversation.pairing().counters(),
        }
    }

    fn held_bytes(&self) -> usize {
        let readers = self.to_server.held_bytes().saturating_add(self.to_client.held_bytes());
        let successor = self.successor.as_ref().map_or(0, |successor| successor.connection.held_bytes());
        let conversation = self.conversation.pairing().held_bytes().saturating_add(self.conversation.held_bytes());
        readers.saturating_add(conversation).saturating_add(successor)
    }
}

#[cfg(test)]
mod tests;
