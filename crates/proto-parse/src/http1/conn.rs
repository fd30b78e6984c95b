//! One HTTP/1 connection.

use crate::{Counters, Direction, End, Exchange, Limits, Want};

/// A parser of one HTTP/1 connection.
#[derive(Debug)]
pub struct Connection {
    counters: Counters,
}

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(_limits: &Limits, _joined_late: bool) -> Self {
        Self { counters: Counters::default() }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, _direction: Direction, _now_ns: u64, _data: &[u8]) {}

    fn skipped(&mut self, _direction: Direction, _now_ns: u64, _len: u64) {}

    fn gap(&mut self, _direction: Direction, _now_ns: u64, _len: u64) {}

    fn end(&mut self, _direction: Direction, _now_ns: u64, _how: End) {}

    fn close(&mut self, _now_ns: u64) {}

    fn abandon(&mut self) {}

    fn want(&self, _direction: Direction) -> Want {
        Want::All
    }

    fn poll(&mut self, _out: &mut Exchange) -> bool {
        false
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }
}
