//! Finished exchanges that wait for their reader.

use geophone_model::{exchange::Exchange, protocol::Protocol};
use geophone_proto_parse as proto;

use crate::{
    ledger::ExchangeBook,
    translate::{Origin, fill},
};

/// A queue with room for so many exchanges. Each is written and read where it stays, and its buffers, or
/// those that the reader left for them, serve again.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Those that were handed out, up to `next`, the last of them perhaps still being read; those that wait, up to `end`;
    /// and those whose buffers are kept.
    slots: Vec<Exchange>,
    next: usize,
    end: usize,
    /// Where parsers put theirs.
    parsed: proto::Exchange,
    max: usize,
}

impl Ready {
    pub(crate) fn new(max: usize) -> Self {
        Self { slots: Vec::new(), next: 0, end: 0, parsed: proto::Exchange::default(), max }
    }

    pub(crate) const fn len(&self) -> usize {
        self.end - self.next
    }

    /// Takes what a parser has finished.
    pub(crate) fn collect(
        &mut self,
        parser: &mut dyn proto::Connection,
        protocol: Protocol,
        origin: impl Fn(proto::Direction) -> Origin,
        book: &mut ExchangeBook,
    ) {
        while parser.poll(&mut self.parsed) {
            if self.len() >= self.max {
                book.not_polled += 1;
                continue;
            }
            let origin = origin(self.parsed.direction);
            if self.next > self.len() {
                // Where the reader leaves some, what it has read makes room, and fewer are moved than it has read.
                self.slots[..self.end].rotate_left(self.next);
                (self.next, self.end) = (0, self.end - self.next);
            }
            if self.end == self.slots.len() {
                self.slots.push(Exchange::blank());
            }
            fill(&mut self.slots[self.end], &origin, protocol, &mut self.parsed);
            self.end += 1;
            book.ready += 1;
        }
    }

    /// Drops what a parser has finished that was the wrong one.
    pub(crate) fn discard(&mut self, parser: &mut dyn proto::Connection, book: &mut ExchangeBook) {
        while parser.poll(&mut self.parsed) {
            book.contradicted += 1;
        }
    }

    pub(crate) fn next(&mut self, book: &mut ExchangeBook) -> Option<&mut Exchange> {
        if self.next == self.end {
            (self.next, self.end) = (0, 0);
            self.slots.truncate(MAX_SPARE);
            return None;
        }
        book.ready -= 1;
        book.polled += 1;
        self.next += 1;
        self.slots.get_mut(self.next - 1)
    }
}

/// Emptied exchanges whose buffers are kept: as many as one event finishes in the common case, and some.
const MAX_SPARE: usize = 256;
