//! What an observation has found, and what must be true of it.

use std::sync::Arc;

use geophone_distribution::{Buckets, Config, Distribution as _, Exponential};
use geophone_model::{
    exchange::{Exchange, Observed as ObservedAt},
    identity::Identity,
    ledger::{LedgerRow, Stage, Unit},
    series::{View, WindowSnapshot},
};
use geophone_pipeline::Connections;

use crate::tally::Tally;

/// An exchange and who its ends were.
#[derive(Clone, Debug)]
pub struct Named {
    /// What was paired.
    pub exchange: Exchange,
    /// Who asked.
    pub client: Arc<Identity>,
    /// Who was asked.
    pub server: Arc<Identity>,
    /// What it was counted as.
    pub operation: Arc<str>,
}

impl From<geophone_analysis::Named<'_>> for Named {
    fn from(named: geophone_analysis::Named<'_>) -> Self {
        let geophone_analysis::Named { exchange, client, server, operation } = named;
        Self {
            exchange: exchange.clone(),
            client: Arc::clone(client),
            server: Arc::clone(server),
            operation: Arc::clone(operation),
        }
    }
}

impl Named {
    /// Its line in a [`Tally`]: `GET /cart 200`.
    pub fn line(&self) -> String {
        let Exchange { verb, resource, status, .. } = &self.exchange;
        format!("{verb} {resource} {status}")
    }
}

/// What a probe has handed over, as its reader counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Packets and calls, or the parts of those that are too large for one record.
    pub pieces: u64,
    /// Their bytes, as far as they were captured.
    pub bytes: u64,
}

impl HandedOver {
    pub(crate) fn add(&mut self, captured: &[u8]) {
        self.pieces += 1;
        self.bytes += captured.len() as u64;
    }
}

/// All that an observation has found, from its beginning to its end.
#[derive(Debug)]
pub struct Observed {
    /// Every exchange.
    pub exchanges: Vec<Named>,
    /// The accounts of all stages.
    pub ledger: Vec<LedgerRow>,
    /// Every window.
    pub windows: Vec<WindowSnapshot>,
    /// What became of the connections.
    pub connections: Connections,
    /// What was attached and what was not, in sentences.
    pub hooks: Vec<String>,
    /// What the probe has captured.
    pub handed_over: HandedOver,
    /// Records that the probe said were lost.
    pub lost_records: u64,
    /// How often the kernel was told what not to copy.
    pub skips: u64,
}

impl Observed {
    /// The exchanges that were measured at one kind of observation point, counted.
    pub fn tally(&self, at: ObservedAt) -> Tally {
        let mut tally = Tally::default();
        for named in self.exchanges.iter().filter(|named| named.exchange.observed == at) {
            tally.add(&named.line(), 1);
        }
        tally
    }

    /// Their bytes, heads and bodies: `GET /cart 200 request` and `GET /cart 200 response`.
    pub fn bytes(&self, at: ObservedAt) -> Tally {
        let mut tally = Tally::default();
        for named in self.exchanges.iter().filter(|named| named.exchange.observed == at) {
            let Exchange { request, response, .. } = &named.exchange;
            tally.add(&format!("{} request", named.line()), request.bytes);
            tally.add(&format!("{} response", named.line()), response.map_or(0, |response| response.bytes));
        }
        tally
    }

    /// How much a stage has withheld for a reason.
    ///
    /// # Panics
    /// If the ledger does not know the stage or the reason.
    pub fn withheld(&self, stage: Stage, unit: Unit, reason: &str) -> u64 {
        let row = self.row(stage, unit);
        let known = row.withheld.iter().find(|withheld| withheld.reason == reason);
        known.unwrap_or_else(|| panic!("no reason {reason} in `{row}`")).count
    }

    /// The account of a stage.
    ///
    /// # Panics
    /// If the ledger does not have it.
    pub fn row(&self, stage: Stage, unit: Unit) -> &LedgerRow {
        let row = self.ledger.iter().find(|row| row.stage == stage && row.unit == unit);
        row.unwrap_or_else(|| panic!("no {} {} in the ledger", stage.as_str(), unit.as_str()))
    }

    /// Asserts that the books balance at every stage and from stage to stage.
    ///
    /// # Panics
    /// If anything vanished without a reason.
    pub fn assert_balanced(&self) {
        let books = self.books();
        for row in &self.ledger {
            assert_eq!(row.imbalance(), 0, "{row}\n{books}");
        }
        assert_eq!(self.withheld(Stage::Decode, Unit::Records, "in_ring"), 0, "{books}");
        assert_eq!(self.withheld(Stage::Decode, Unit::Records, "malformed"), 0, "{books}");
        // A packet or a call has one piece or several.
        let HandedOver { pieces, bytes } = self.handed_over;
        assert!(pieces >= self.row(Stage::Hook, Unit::Packets).passed, "packets got lost on the way\n{books}");
        assert_eq!(self.row(Stage::Flow, Unit::Packets).seen, pieces, "pieces got lost on the way\n{books}");
        assert_eq!(self.row(Stage::Hook, Unit::Bytes).passed, bytes, "bytes got lost on the way\n{books}");
        let paired = self.row(Stage::Pair, Unit::Exchanges).passed;
        assert_eq!(paired, self.exchanges.len() as u64, "exchanges got lost on the way\n{books}");
        let counted: u64 = self.exchanges.iter().map(|named| views(&named.exchange)).sum();
        let in_series = self.windows.iter().flat_map(|window| &window.points).map(|point| point.requests).sum::<u64>();
        assert_eq!(in_series, counted, "exchanges are not in the series\n{books}");
    }

    /// Asserts [balance](Self::assert_balanced), and that nothing at all was lost.
    ///
    /// # Panics
    /// If anything was.
    pub fn assert_complete(&self) {
        self.assert_lossless();
        self.assert_none(&[(Stage::Reassembly, Unit::Bytes, "unrecognised"), (Stage::Reassembly, Unit::Bytes, "held")]);
    }

    /// Asserts [balance](Self::assert_balanced), and that nothing was lost of what was recognised: some servers speak with
    /// themselves, in protocols of their own, or answer what nobody asked.
    ///
    /// # Panics
    /// If anything was.
    pub fn assert_lossless(&self) {
        self.assert_balanced();
        assert_eq!(self.lost_records, 0, "{}", self.books());
        self.assert_none(&[
            (Stage::Hook, Unit::Packets, "ring_full"),
            (Stage::Hook, Unit::Packets, "malformed"),
            (Stage::Hook, Unit::Bytes, "unreadable"),
            (Stage::Reassembly, Unit::Bytes, "cut"),
            (Stage::Reassembly, Unit::Bytes, "hole"),
            (Stage::Reassembly, Unit::Bytes, "evicted"),
            (Stage::Pair, Unit::Exchanges, "unmatched"),
        ]);
    }

    fn assert_none(&self, reasons: &[(Stage, Unit, &str)]) {
        for (stage, unit, reason) in reasons {
            assert_eq!(self.withheld(*stage, *unit, reason), 0, "{reason}\n{}", self.books());
        }
    }

    /// The ledger as text.
    pub fn books(&self) -> String {
        let rows: Vec<_> = self.ledger.iter().map(ToString::to_string).collect();
        format!("{}\n{:?}", rows.join("\n"), self.connections)
    }

    /// All durations of a view, as they are in the series.
    ///
    /// # Panics
    /// If a series holds a distribution that is none.
    pub fn durations(&self, view: View) -> Exponential {
        let mut sum = Exponential::new(Config::default());
        for point in self.windows.iter().flat_map(|window| &window.points).filter(|point| point.key.view == view) {
            let buckets = &point.duration;
            let parts = Buckets {
                scale: buckets.scale,
                offset: buckets.offset,
                counts: buckets.counts.clone(),
                zero_count: buckets.zero_count,
                sum_ns: buckets.sum_ns.into(),
                min_ns: buckets.min_ns,
                max_ns: buckets.max_ns,
            };
            sum.merge(&Exponential::from_parts(parts, Config::default()).expect("a series holds a distribution"));
        }
        sum
    }
}

/// In how many views an exchange counts.
fn views(exchange: &Exchange) -> u64 {
    u64::from(exchange.observed.by_client()) + u64::from(exchange.observed.by_server())
}
