//! The accounts that geophone prints at its end.

use anyhow::{Context as _, Result, ensure};

/// Rows of `hook packets: seen 10 = passed 7 + unwanted 3`, in the order of the stages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ledger(Vec<Row>);

#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// Stage and unit.
    name: String,
    seen: u64,
    passed: u64,
    /// Reasons that never happened are left out.
    withheld: Vec<(String, u64)>,
}

impl Ledger {
    /// Reads the rows behind the line `Ledger`.
    pub(crate) fn parse(output: &str) -> Result<Self> {
        let (_, rows) = output.split_once("Ledger\n").context("geophone printed no ledger")?;
        let rows: Vec<Row> = rows.lines().map(|line| Row::parse(line.trim())).collect::<Result<_>>()?;
        ensure!(!rows.is_empty(), "geophone printed a ledger without rows");
        Ok(Self(rows))
    }

    /// That each row balances, by the numbers that are printed.
    pub(crate) fn check(&self) -> Result<()> {
        for Row { name, seen, passed, withheld } in &self.0 {
            let sum = passed + withheld.iter().map(|(_, count)| count).sum::<u64>();
            ensure!(*seen == sum, "the ledger does not balance: {name}: seen {seen}, and {sum} accounted for");
        }
        Ok(())
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.len()
    }

    /// What a row withheld for a reason.
    pub(crate) fn withheld(&self, name: &str, reason: &str) -> Result<u64> {
        let row = self.row(name)?;
        Ok(row.withheld.iter().find(|(known, _)| known == reason).map_or(0, |(_, count)| *count))
    }

    /// What a row withheld for any reason.
    pub(crate) fn all_withheld(&self, name: &str) -> Result<u64> {
        Ok(self.row(name)?.withheld.iter().map(|(_, count)| count).sum())
    }

    fn row(&self, name: &str) -> Result<&Row> {
        self.0.iter().find(|row| row.name == name).with_context(|| format!("no row `{name}` in the ledger"))
    }
}

impl Row {
    fn parse(line: &str) -> Result<Self> {
        let read = || {
            let (name, sum) = line.split_once(": seen ")?;
            let (seen, parts) = sum.split_once(" = passed ")?;
            let mut parts = parts.split(" + ");
            let passed = parts.next()?.parse().ok()?;
            let withheld = parts.map(|part| {
                let (reason, count) = part.split_once(' ')?;
                Some((reason.to_owned(), count.parse().ok()?))
            });
            Some(Self {
                name: name.to_owned(),
                seen: seen.parse().ok()?,
                passed,
                withheld: withheld.collect::<Option<_>>()?,
            })
        };
        read().with_context(|| format!("no row of a ledger: {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "3 processes came too fast\nLedger\n  hook packets: seen 10 = passed 7 + unwanted 2 + ring_full 1\n  \
                          pair exchanges: seen 3 = passed 3\n";

    #[test]
    fn rows_are_read_and_balance() {
        let ledger = Ledger::parse(OUTPUT).unwrap();
        ledger.check().unwrap();
        assert_eq!((ledger.rows(), ledger.withheld("hook packets", "ring_full").unwrap()), (2, 1));
        assert_eq!(ledger.withheld("pair exchanges", "unmatched").unwrap(), 0);
        assert_eq!(ledger.all_withheld("hook packets").unwrap(), 3);
        assert!(ledger.withheld("parse messages", "unmatched").is_err());
    }

    #[test]
    fn a_row_that_is_off_is_refused() {
        let ledger = Ledger::parse(&OUTPUT.replace("seen 3", "seen 4")).unwrap();
        assert!(ledger.check().unwrap_err().to_string().contains("pair exchanges"));
        // As geophone shouts it.
        assert!(Ledger::parse("Ledger\n  parse messages: seen 10 = passed 7 (OFF BY 3)\n").is_err());
        assert!(Ledger::parse("Ledger\n").is_err());
    }
}
