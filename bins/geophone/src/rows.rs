//! Which exchanges are kept as rows. In figures all of them are counted.

use std::sync::Arc;

use geophone_analysis::Named;
use geophone_model::{
    ledger::{LedgerRow, Stage, Unit},
    status::StatusClass,
};
use geophone_store::StoredExchange;

/// Gathers exchanges for the store: of each second so many that went well, and as many others, the first ones of both.
///
/// Beyond some thousands a second nobody reads them, they cost more than all the counting, and they push what is older out of a
/// store of limited size.
pub(crate) struct Rows {
    gathered: Vec<StoredExchange>,
    per_second: u64,
    /// The second of event time, and how many of it were kept: of those that went well, and of the others.
    second: u64,
    kept_of_second: [u64; 2],
    seen: u64,
    kept: u64,
}

impl Rows {
    /// Keeps at most `per_second` of each kind.
    pub(crate) const fn new(per_second: u64) -> Self {
        Self { gathered: Vec::new(), per_second, second: 0, kept_of_second: [0; 2], seen: 0, kept: 0 }
    }

    /// Keeps everything.
    pub(crate) const fn all() -> Self {
        Self::new(u64::MAX)
    }

    /// Takes an exchange, or counts that it is not kept.
    pub(crate) fn take(&mut self, named: Named<'_>) {
        self.seen += 1;
        let second = named.exchange.end.as_ns() / 1_000_000_000;
        // A late one counts in the present second.
        if second > self.second {
            (self.second, self.kept_of_second) = (second, [0; 2]);
        }
        let kept = &mut self.kept_of_second[usize::from(named.exchange.status.class != StatusClass::Ok)];
        if *kept >= self.per_second {
            return;
        }
        *kept += 1;
        self.kept += 1;
        self.gathered.push(StoredExchange {
            exchange: named.exchange.clone(),
            client: Arc::clone(named.client),
            server: Arc::clone(named.server),
            operation: Arc::clone(named.operation),
        });
    }

    /// How many wait to be written.
    pub(crate) const fn waiting(&self) -> usize {
        self.gathered.len()
    }

    /// What has been gathered since the last call.
    pub(crate) fn gathered(&mut self) -> Vec<StoredExchange> {
        std::mem::take(&mut self.gathered)
    }

    /// What became of the exchanges.
    pub(crate) fn ledger(&self) -> LedgerRow {
        let withheld = [("over_rate", self.seen - self.kept)];
        LedgerRow::new(Stage::Store, Unit::Exchanges, self.seen, self.kept, &withheld)
    }
}

#[cfg(test)]
mod tests {
    use geophone_model::{
        exchange::Exchange,
        identity::{Identity, IdentityKind},
        time::Timestamp,
    };

    use super::*;

    fn take(rows: &mut Rows, at_ms: u64, class: StatusClass) {
        let somebody = Arc::new(Identity::new(IdentityKind::Process, None, "somebody"));
        let mut exchange = Exchange::blank();
        exchange.end = Timestamp::from_ns(at_ms * 1_000_000);
        exchange.status.class = class;
        let operation = "GET /".into();
        rows.take(Named { exchange: &exchange, client: &somebody, server: &somebody, operation: &operation });
    }

    #[test]
    fn a_second_has_its_share_and_failures_have_theirs() {
        let mut rows = Rows::new(2);
        for at_ms in [0, 100, 200, 300] {
            take(&mut rows, at_ms, StatusClass::Ok);
        }
        take(&mut rows, 400, StatusClass::ServerError);
        take(&mut rows, 1_000, StatusClass::Ok);
        take(&mut rows, 900, StatusClass::Ok);
        take(&mut rows, 901, StatusClass::Ok);
        assert_eq!(rows.gathered().len(), 5, "two of the first second, its failure, two of the next");
        assert_eq!(rows.ledger().to_string(), "store exchanges: seen 8 = passed 5 + over_rate 3");
        assert_eq!(rows.waiting(), 0);
    }
}
