//! Rows in order of time, within a budget.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use geophone_model::time::{Timestamp, Window};

use super::{read, write};
use crate::{Cursor, Page, Row, RowStats};

/// Rows whose pointers a reader copies while it holds the lock.
const BITE: usize = 512;

/// Most rows that are looked at for one page: some ten milliseconds of work.
const MAX_ROWS_LOOKED_AT: usize = 200_000;

/// Rows of one kind, by time and then by when they were written.
#[derive(Debug)]
pub(super) struct RowLog<T> {
    held: RwLock<Held<T>>,
    budget_bytes: u64,
    size_of: fn(&T) -> usize,
}

#[derive(Debug)]
struct Held<T> {
    rows: BTreeMap<Cursor, Arc<T>>,
    bytes: u64,
    /// Rows ever written, which gives each a number of its own.
    written: u64,
    evicted: u64,
}

impl<T> RowLog<T> {
    pub(super) fn new(budget_bytes: u64, size_of: fn(&T) -> usize) -> Self {
        let held = Held { rows: BTreeMap::new(), bytes: 0, written: 0, evicted: 0 };
        Self { held: RwLock::new(held), budget_bytes, size_of }
    }

    /// Writes rows with their times, and gives them back as they are shared from now on.
    pub(super) fn extend(&self, rows: impl Iterator<Item = (Timestamp, T)>) -> Vec<Arc<T>> {
        let rows: Vec<_> = rows.map(|(at, row)| (at, (self.size_of)(&row) as u64, Arc::new(row))).collect();
        for bite in rows.chunks(BITE) {
            let held = &mut *write(&self.held);
            for (at, bytes, row) in bite {
                held.written += 1;
                held.bytes += bytes;
                held.rows.insert(Cursor { at: *at, row: held.written }, row.clone());
            }
        }
        rows.into_iter().map(|(_, _, row)| row).collect()
    }

    /// Drops the oldest rows until the rest is within the budget, and tells how many.
    pub(super) fn evict(&self) -> u64 {
        let mut evicted = 0;
        loop {
            // The rows are dropped after the lock: freeing them takes longer than taking them out.
            let mut dropped = Vec::new();
            let held = &mut *write(&self.held);
            while held.bytes > self.budget_bytes && dropped.len() < BITE {
                let Some((_, row)) = held.rows.pop_first() else { break };
                held.bytes -= (self.size_of)(&row) as u64;
                dropped.push(row);
            }
            held.evicted += dropped.len() as u64;
            evicted += dropped.len() as u64;
            if dropped.len() < BITE {
                return evicted;
            }
        }
    }

    /// The newest rows of a range that match, from a place on.
    pub(super) fn page(
        &self,
        range: Window,
        after: Option<Cursor>,
        limit: usize,
        matches: impl Fn(&T) -> bool,
    ) -> Page<T> {
        let limit = limit.max(1);
        let first = Cursor { at: range.start, row: 0 };
        let end = Cursor { at: range.end(), row: 0 };
        let mut end = after.map_or(end, |after| after.min(end));
        let mut rows = Vec::new();
        let mut looked_at = 0;
        while looked_at < MAX_ROWS_LOOKED_AT {
            let bite = self.bite(first, end);
            for (cursor, value) in &bite {
                if !matches(value) {
                    continue;
                }
                if rows.len() >= limit {
                    return Page { next: rows.last().map(|row: &Row<T>| row.cursor).or(after), rows };
                }
                rows.push(Row { cursor: *cursor, value: value.clone() });
            }
            match bite.last() {
                Some((last, _)) if bite.len() == BITE => end = *last,
                _ => return Page { rows, next: None },
            }
            looked_at += bite.len();
        }
        Page { rows, next: Some(end) }
    }

    /// Some rows of `first..end`, the newest first.
    fn bite(&self, first: Cursor, end: Cursor) -> Vec<(Cursor, Arc<T>)> {
        if first >= end {
            return Vec::new();
        }
        let held = read(&self.held);
        held.rows.range(first..end).rev().take(BITE).map(|(cursor, row)| (*cursor, row.clone())).collect()
    }

    pub(super) fn stats(&self) -> RowStats {
        let held = read(&self.held);
        RowStats {
            rows: held.rows.len() as u64,
            bytes: held.bytes,
            budget_bytes: Some(self.budget_bytes),
            evicted: held.evicted,
            oldest: held.rows.first_key_value().map(|(cursor, _)| cursor.at),
            newest: held.rows.last_key_value().map(|(cursor, _)| cursor.at),
        }
    }
}
