//! Finished exchanges that wait for their reader.

use std::collections::VecDeque;

use geophone_model::exchange::Exchange;
use geophone_proto_parse as proto;

use crate::{
    ledger::ExchangeBook,
    translate::{Origin, blank, fill},
};

/// A queue with room for so many exchanges, whose buffers go round.
#[derive(Debug)]
pub(crate) struct Ready {
    waiting: VecDeque<Exchange>,
    spare: Vec<Exchange>,
    /// The one that was handed out last.
    current: Option<Exchange>,
    /// Where parsers put theirs.
    parsed: proto::Exchange,
    max: usize,
}

impl Ready {
    pub(crate) fn new(max: usize) -> Self {
        let (waiting, spare) = (VecDeque::new(), Vec::new());
        Self { waiting, spare, current: None, parsed: proto::Exchange::default(), max }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes what a parser has finished.
    pub(crate) fn collect(
        &mut self,
        parser: &mut dyn proto::Connection,
        origin: impl Fn() -> Origin,
        book: &mut ExchangeBook,
    ) {
        while parser.poll(&mut self.parsed) {
            if self.waiting.len() >= self.max {
                book.not_polled += 1;
                continue;
            }
            let origin = origin();
            let mut exchange = self.spare.pop().unwrap_or_else(|| blank(&origin));
            fill(&mut exchange, &origin, &mut self.parsed);
            self.waiting.push_back(exchange);
            book.ready += 1;
        }
    }

    pub(crate) fn next(&mut self, book: &mut ExchangeBook) -> Option<&Exchange> {
        let next = self.waiting.pop_front()?;
        book.ready -= 1;
        book.polled += 1;
        if let Some(read) = self.current.replace(next)
            && self.spare.len() < MAX_SPARE
        {
            self.spare.push(read);
        }
        self.current.as_ref()
    }
}

/// Emptied exchanges whose buffers are kept: as many as one event finishes in the common case, and some.
const MAX_SPARE: usize = 256;
