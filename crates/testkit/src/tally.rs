//! Counts by operation and status, the same for whoever counts.

use std::{collections::BTreeMap, fmt};

/// How often each operation ended in each status: `GET /cart 200`, `GET /cart no_response`. Two tallies of the same
/// requests are equal, whoever made them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// One tally from its lines, as `("GET /cart 200", 10)`.
    pub fn of(lines: &[(&str, u64)]) -> Self {
        let mut tally = Self::default();
        for (operation, count) in lines {
            tally.add(operation, *count);
        }
        tally
    }

    /// Counts.
    pub fn add(&mut self, operation: &str, count: u64) {
        *self.0.entry(operation.to_owned()).or_default() += count;
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many ended with this code or class, whatever was asked.
    pub fn with_status(&self, status: &str) -> u64 {
        self.0.iter().filter(|(key, _)| key.rsplit(' ').next() == Some(status)).map(|(_, count)| count).sum()
    }

    /// How many of one operation and status there are.
    pub fn count(&self, operation: &str) -> u64 {
        self.0.get(operation).copied().unwrap_or_default()
    }

    /// Operations with their counts, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(operation, count)| (operation.as_str(), *count))
    }

    /// A sum over operations: each is given a new name.
    pub fn renamed(&self, name: impl Fn(&str) -> String) -> Self {
        let mut renamed = Self::default();
        for (operation, count) in self.iter() {
            renamed.add(&name(operation), count);
        }
        renamed
    }
}

impl fmt::Debug for Tally {
    /// A line for each operation, so that two of them can be compared by eye.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

impl<'a> FromIterator<&'a str> for Tally {
    fn from_iter<I: IntoIterator<Item = &'a str>>(operations: I) -> Self {
        let mut tally = Self::default();
        for operation in operations {
            tally.add(operation, 1);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_are_equal_when_the_same_was_counted() {
        let counted: Tally = ["GET /a 200", "GET /b 404", "GET /a 200"].into_iter().collect();
        assert_eq!(counted, Tally::of(&[("GET /b 404", 1), ("GET /a 200", 2)]));
        assert_ne!(counted, Tally::of(&[("GET /b 404", 1), ("GET /a 200", 1)]));
        assert_eq!((counted.total(), counted.with_status("200"), counted.count("GET /b 404")), (3, 2, 1));
    }

    #[test]
    fn operations_can_be_put_together() {
        let counted = Tally::of(&[("GET /a/1 200", 1), ("GET /a/2 200", 1)]);
        assert_eq!(counted.renamed(|_| "GET /a 200".to_owned()), Tally::of(&[("GET /a 200", 2)]));
    }
}
