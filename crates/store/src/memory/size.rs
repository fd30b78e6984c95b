//! How many bytes a row takes, estimated from above: what rows share by `Arc` is charged to each of them.

use std::mem::size_of;

use geophone_model::{
    identity::Identity,
    ledger::Withheld,
    series::{Buckets, Exemplar, SeriesPoint, WindowSnapshot},
};

use crate::{Event, LedgerRecord, StoredExchange};

/// What the tree, the pointer to a row and its two reference counts take.
const ENTRY: usize = 64;

pub(super) fn exchange(stored: &StoredExchange) -> usize {
    let exchange = &stored.exchange;
    let texts = exchange.verb.capacity() + exchange.resource.capacity() + exchange.authority.capacity();
    ENTRY
        + size_of::<StoredExchange>()
        + texts
        + identity(&stored.client)
        + identity(&stored.server)
        + stored.operation.len()
}

pub(super) fn ledger_record(record: &LedgerRecord) -> usize {
    let row =
        |row: &geophone_model::ledger::LedgerRow| size_of_val(row) + row.withheld.capacity() * size_of::<Withheld>();
    ENTRY + size_of::<LedgerRecord>() + record.source.len() + record.rows.iter().map(row).sum::<usize>()
}

pub(super) fn event(event: &Event) -> usize {
    ENTRY + size_of::<Event>() + event.source.len() + event.detail.capacity()
}

pub(super) fn snapshot(snapshot: &WindowSnapshot) -> usize {
    ENTRY + size_of::<WindowSnapshot>() + snapshot.points.iter().map(point).sum::<usize>()
}

fn point(point: &SeriesPoint) -> usize {
    let key = &point.key;
    let heap = [&point.duration, &point.first_byte, &point.lifetime].map(buckets).iter().sum::<usize>()
        + point.exemplars.capacity() * size_of::<Exemplar>();
    size_of::<SeriesPoint>() + heap + identity(&key.local) + identity(&key.peer) + key.operation.len()
}

const fn buckets(buckets: &Buckets) -> usize {
    buckets.counts.capacity() * size_of::<u64>()
}

fn identity(identity: &Identity) -> usize {
    size_of::<Identity>() + identity.name.capacity() + identity.namespace.as_ref().map_or(0, String::capacity)
}
