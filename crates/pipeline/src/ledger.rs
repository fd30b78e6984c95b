//! The books: what was seen at each stage and what became of it.

use geophone_model::ledger::{LedgerRow, Stage, Unit};
use geophone_proto_parse::Counters;

/// All that a pipeline has counted since it began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) packets: PacketBook,
    pub(crate) bytes: ByteBook,
    /// The counters of the parsers whose connections are gone.
    pub(crate) parsers: Counters,
    pub(crate) exchanges: ExchangeBook,
    pub(crate) connections: Connections,
    pub(crate) lost_records: u64,
}

/// Packets and system calls on their way to a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PacketBook {
    pub(crate) seen: u64,
    pub(crate) passed: u64,
    /// Of a transport that no parser is there for.
    pub(crate) no_parser: u64,
    /// Without payload, of a connection that is not known.
    pub(crate) unknown_connection: u64,
    /// Behind the end of their connection.
    pub(crate) after_close: u64,
    /// With numbers that no system call has.
    pub(crate) implausible: u64,
}

/// Stream bytes on their way to a parser. Bytes that were never seen but are known to have passed count as seen when that
/// becomes known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteBook {
    pub(crate) seen: u64,
    pub(crate) delivered: u64,
    /// At an offset that was accounted for before.
    pub(crate) duplicate: u64,
    /// No parser wanted them, whether they came or were left out.
    pub(crate) unwanted: u64,
    /// Their packet was seen, but they were not copied.
    pub(crate) cut: u64,
    /// Never seen.
    pub(crate) hole: u64,
    /// Of connections that speak no known protocol.
    pub(crate) unrecognised: u64,
    /// Held until it is known which protocol is spoken.
    pub(crate) undecided: u64,
    /// Held until earlier bytes come.
    pub(crate) held: u64,
    /// Held when their connection was given up.
    pub(crate) evicted: u64,
}

/// Finished exchanges on their way out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExchangeBook {
    pub(crate) polled: u64,
    /// Waiting to be polled.
    pub(crate) ready: u64,
    /// Dropped because too many waited.
    pub(crate) not_polled: u64,
    /// Finished by a parser that was then found to be the wrong one.
    pub(crate) contradicted: u64,
}

/// Connections since the start: *opened = open + closed + replaced + expired + evicted + abandoned*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Connections that were found.
    pub opened: u64,
    /// In the table now.
    pub open: u64,
    /// Ended by FIN in both directions, by RST, or by the kernel's word.
    pub closed: u64,
    /// Gone unnoticed: their addresses were used again.
    pub replaced: u64,
    /// Given up because they were silent for too long.
    pub expired: u64,
    /// Given up to make room for others.
    pub evicted: u64,
    /// Open when the observation stopped.
    pub abandoned: u64,
}

impl Books {
    /// The rows, where `live` is the sum of the counters of the parsers at work.
    pub(crate) fn rows(&self, live: &Counters, unconfirmed: u64) -> Vec<LedgerRow> {
        let mut parsers = self.parsers;
        parsers.add(live);
        vec![self.packets.row(), self.bytes.row(), parse_row(&parsers), self.exchanges.row(&parsers, unconfirmed)]
    }
}

impl PacketBook {
    fn row(&self) -> LedgerRow {
        let Self { seen, passed, no_parser, unknown_connection, after_close, implausible } = *self;
        let withheld = [
            ("no_parser", no_parser),
            ("unknown_connection", unknown_connection),
            ("after_close", after_close),
            ("implausible", implausible),
        ];
        LedgerRow::new(Stage::Flow, Unit::Packets, seen, passed, &withheld)
    }
}

impl ByteBook {
    /// Bytes that a parser wanted and that are known to have passed.
    pub(crate) const fn wanted(&self) -> u64 {
        self.delivered + self.cut + self.hole + self.evicted
    }

    fn row(&self) -> LedgerRow {
        let Self { seen, delivered, duplicate, unwanted, cut, hole, unrecognised, undecided, held, evicted } = *self;
        let withheld = [
            ("duplicate", duplicate),
            ("unwanted", unwanted),
            ("cut", cut),
            ("hole", hole),
            ("unrecognised", unrecognised),
            ("undecided", undecided),
            ("held", held),
            ("evicted", evicted),
        ];
        LedgerRow::new(Stage::Reassembly, Unit::Bytes, seen, delivered, &withheld)
    }
}

fn parse_row(parsers: &Counters) -> LedgerRow {
    let seen = parsers.requests + parsers.responses + parsers.interim + parsers.one_way;
    let passed = parsers.requests + parsers.paired + parsers.open_responses + parsers.one_way;
    let withheld = [
        ("interim", parsers.interim),
        ("unmatched", parsers.responses_unmatched),
        ("abandoned", parsers.responses_abandoned),
    ];
    LedgerRow::new(Stage::Parse, Unit::Messages, seen, passed, &withheld)
}

impl ExchangeBook {
    fn row(&self, parsers: &Counters, unconfirmed: u64) -> LedgerRow {
        let Self { polled, ready, not_polled, contradicted } = *self;
        let withheld = [
            ("unmatched", parsers.requests_unmatched),
            ("too_many_open", parsers.requests_evicted),
            ("abandoned", parsers.requests_abandoned),
            ("open", parsers.open_requests),
            ("ready", ready),
            ("not_polled", not_polled + parsers.exchanges_dropped),
            ("unconfirmed", unconfirmed),
            ("contradicted", contradicted),
        ];
        LedgerRow::new(Stage::Pair, Unit::Exchanges, parsers.requests + parsers.one_way, polled, &withheld)
    }
}
