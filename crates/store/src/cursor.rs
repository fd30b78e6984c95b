//! Places in a list that others are writing to, and the pages between them.

use std::{fmt, str::FromStr, sync::Arc};

use geophone_model::time::Timestamp;

/// The place of a row among all rows of its kind: its time, and a number that the store gave it. Rows that are written
/// later have other places, so a cursor stays valid for good, also when its row has been evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The time of the row.
    pub at: Timestamp,
    /// A number that no other row of its kind and time has.
    pub row: u64,
}

impl fmt::Display for Cursor {
    /// 32 hexadecimal digits, time first: the order of the texts is the order of the rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.at.as_ns(), self.row)
    }
}

/// A text that is no cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cursor: take one that an earlier page gave, of 32 hexadecimal digits")]
pub struct InvalidCursor(pub String);

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let invalid = || InvalidCursor(text.to_owned());
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digits) {
            return Err(invalid());
        }
        let (at, row) = text.split_at(16);
        let number = |half| u64::from_str_radix(half, 16).map_err(|_| invalid());
        Ok(Self { at: Timestamp::from_ns(number(at)?), row: number(row)? })
    }
}

/// A row with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<T> {
    /// Its place, which serves as its id.
    pub cursor: Cursor,
    /// What it holds.
    pub value: Arc<T>,
}

/// Some rows, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<Row<T>>,
    /// Where to go on: rows that match may follow there. `None` where there are none. A page may be short of its limit, or
    /// empty, and still have a next one: a store looks at a bounded number of rows at a time.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_round_trips_and_sorts_as_text() {
        let cursor = |ns, row| Cursor { at: Timestamp::from_ns(ns), row };
        let cursors = [cursor(0, 0), cursor(0, 1), cursor(255, 0), cursor(u64::MAX, u64::MAX)];
        for pair in cursors.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].to_string() < pair[1].to_string());
        }
        for cursor in cursors {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_named() {
        let signed = format!("+{:031x}", 1);
        for text in ["", "12", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33), &"é".repeat(16), &signed] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor(text.to_owned())));
        }
    }
}
