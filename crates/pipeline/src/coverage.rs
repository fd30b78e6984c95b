//! How much of each window was delivered.

use std::collections::VecDeque;

use geophone_model::{
    ledger::Coverage,
    time::{Timestamp, Window},
};
use geophone_proto_parse::Counters;

use crate::ledger::Books;

/// Coverage by window: what was counted between two readings of the books. What is counted belongs to the window that the
/// watermark was in.
#[derive(Debug)]
pub(crate) struct Windows {
    current: Option<Window>,
    /// The sums at the beginning of the current window.
    before: Coverage,
    over: VecDeque<(Window, Coverage)>,
    length_ns: u64,
    max: usize,
}

impl Windows {
    pub(crate) const fn new(length_ns: u64, max: usize) -> Self {
        Self { current: None, before: ZERO, over: VecDeque::new(), length_ns, max }
    }

    /// Whether the watermark has left the current window.
    pub(crate) fn is_over(&self, watermark: Timestamp) -> bool {
        self.current.is_none_or(|window| window.end() <= watermark)
    }

    /// Begins the window of the watermark.
    pub(crate) fn begin(&mut self, watermark: Timestamp, sums: Coverage) {
        self.settle(sums);
        self.current = Some(Window::containing(watermark, self.length_ns));
    }

    /// The coverage of the windows that begin within `span`, once.
    pub(crate) fn take(&mut self, span: Window, sums: Coverage) -> Coverage {
        if self.current.is_some_and(|window| span.contains(window.start)) {
            self.settle(sums);
        }
        let mut taken = Coverage::default();
        self.over.retain(|(window, coverage)| {
            let wanted = span.contains(window.start);
            if wanted {
                taken.merge(*coverage);
            }
            !wanted
        });
        taken
    }

    /// Books what was counted since the last time on the current window.
    fn settle(&mut self, sums: Coverage) {
        let before = std::mem::replace(&mut self.before, sums);
        let Some(window) = self.current else { return };
        if self.over.len() >= self.max {
            self.over.pop_front();
        }
        self.over.push_back((window, difference(sums, before)));
    }
}

const ZERO: Coverage =
    Coverage { wanted_bytes: 0, delivered_bytes: 0, unpaired_messages: 0, desyncs: 0, lost_records: 0 };

/// The sums since the start, where `live` is the sum of the counters of the parsers at work.
pub(crate) fn sums(books: &Books, live: &Counters) -> Coverage {
    let gone = &books.parsers;
    let unpaired = |parsers: &Counters| parsers.requests_unmatched + parsers.responses_unmatched;
    Coverage {
        wanted_bytes: books.bytes.wanted(),
        delivered_bytes: books.bytes.delivered,
        unpaired_messages: unpaired(gone) + unpaired(live),
        desyncs: gone.desyncs + live.desyncs,
        lost_records: books.lost_records,
    }
}

const fn difference(after: Coverage, before: Coverage) -> Coverage {
    Coverage {
        wanted_bytes: after.wanted_bytes - before.wanted_bytes,
        delivered_bytes: after.delivered_bytes - before.delivered_bytes,
        unpaired_messages: after.unpaired_messages - before.unpaired_messages,
        desyncs: after.desyncs - before.desyncs,
        lost_records: after.lost_records - before.lost_records,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(wanted_bytes: u64) -> Coverage {
        Coverage { wanted_bytes, ..Coverage::default() }
    }

    fn window(start: u64) -> Window {
        Window { start: Timestamp::from_ns(start), length_ns: 10 }
    }

    #[test]
    fn what_is_counted_belongs_to_the_window_of_the_watermark() {
        let mut windows = Windows::new(10, 8);
        windows.begin(Timestamp::from_ns(3), sums(0));
        assert!(!windows.is_over(Timestamp::from_ns(9)) && windows.is_over(Timestamp::from_ns(10)));
        windows.begin(Timestamp::from_ns(31), sums(5));
        assert_eq!(windows.take(window(30), sums(7)), sums(2), "the current one as far as it is");
        assert_eq!(windows.take(window(30), sums(8)), sums(1), "and the rest of it");
        assert_eq!(windows.take(Window { start: Timestamp::MIN, length_ns: 30 }, sums(9)), sums(5));
    }

    #[test]
    fn windows_that_nobody_takes_are_forgotten_in_their_order() {
        let mut windows = Windows::new(10, 2);
        for index in 0..4 {
            windows.begin(Timestamp::from_ns(10 * index), sums(index));
        }
        assert_eq!(windows.take(window(0), sums(3)), sums(0));
        assert_eq!((windows.take(window(10), sums(3)), windows.take(window(20), sums(3))), (sums(1), sums(1)));
    }
}
