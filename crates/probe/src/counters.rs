//! The kernel programs' counters, as rows of the ledger.

use geophone_model::ledger::{LedgerRow, Stage, Unit};
use geophone_probe_common::counter::{self, COUNT, Index};

use crate::Family;

/// The counters of all CPUs, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals([u64; COUNT]);

impl Totals {
    pub(crate) fn sum<'a>(cpus: impl Iterator<Item = &'a [u64; COUNT]>) -> Self {
        Self(cpus.fold([0; COUNT], |mut totals, cpu| {
            for (total, count) in totals.iter_mut().zip(cpu) {
                *total = total.wrapping_add(*count);
            }
            totals
        }))
    }

    pub(crate) const fn of(&self, index: Index) -> u64 {
        self.0[index]
    }

    /// Records that found no room in the ring; calls, where those are hooked, of which each may have had several.
    pub(crate) const fn lost(&self) -> u64 {
        self.of(counter::PACKETS_RING_FULL) + self.of(counter::RECORDS_LOST) + self.of(counter::CALLS_RING_FULL)
    }

    /// The accounts of the hooks. A snapshot that is taken while packets pass may be off by the packets that are inside a
    /// program at that moment; it balances when the hooks are gone. The same holds for calls.
    pub(crate) fn rows(&self, family: Family) -> Vec<LedgerRow> {
        let items = match family {
            Family::Packets => self.packets(),
            Family::Syscalls => self.calls(),
        };
        let bytes = LedgerRow::new(
            Stage::Hook,
            Unit::Bytes,
            self.of(counter::BYTES_SEEN),
            self.of(counter::BYTES_PASSED),
            &[
                ("unwanted", self.of(counter::BYTES_UNWANTED)),
                ("ring_full", self.of(counter::BYTES_RING_FULL)),
                ("unreadable", self.of(counter::BYTES_UNREADABLE)),
            ],
        );
        vec![items, bytes]
    }

    fn packets(&self) -> LedgerRow {
        LedgerRow::new(
            Stage::Hook,
            Unit::Packets,
            self.of(counter::PACKETS_SEEN),
            self.of(counter::PACKETS_PASSED),
            &[
                ("loopback_arrival", self.of(counter::PACKETS_LOOPBACK_ARRIVAL)),
                ("other_protocol", self.of(counter::PACKETS_OTHER_PROTOCOL)),
                ("fragment", self.of(counter::PACKETS_FRAGMENT)),
                ("malformed", self.of(counter::PACKETS_MALFORMED)),
                ("empty", self.of(counter::PACKETS_EMPTY)),
                ("own", self.of(counter::PACKETS_OWN)),
                ("unwanted", self.of(counter::PACKETS_UNWANTED)),
                ("ring_full", self.of(counter::PACKETS_RING_FULL)),
            ],
        )
    }

    fn calls(&self) -> LedgerRow {
        LedgerRow::new(
            Stage::Hook,
            Unit::Packets,
            self.of(counter::CALLS_SEEN),
            self.of(counter::CALLS_PASSED),
            &[
                ("opaque", self.of(counter::CALLS_OPAQUE)),
                ("other_protocol", self.of(counter::CALLS_OTHER)),
                ("nameless_socket", self.of(counter::CALLS_NAMELESS)),
                ("closed_meanwhile", self.of(counter::CALLS_CLOSED)),
                ("own", self.of(counter::CALLS_OWN)),
                ("unwanted", self.of(counter::CALLS_UNWANTED)),
                ("ring_full", self.of(counter::CALLS_RING_FULL)),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_added_up_and_rows_balance() {
        let mut one = [0; COUNT];
        one[counter::PACKETS_SEEN] = 3;
        one[counter::PACKETS_PASSED] = 2;
        one[counter::PACKETS_EMPTY] = 1;
        let totals = Totals::sum([one, one].iter());
        let rows = totals.rows(Family::Packets);
        assert_eq!(rows[0].to_string(), "hook packets: seen 6 = passed 4 + empty 2");
    }

    /// One of each: whatever becomes of a call has a place in the row.
    #[test]
    fn every_fate_of_a_call_is_in_its_row() {
        let mut one = [0; COUNT];
        one[counter::CALLS_PASSED..COUNT].fill(1);
        one[counter::CALLS_SEEN] = (COUNT - counter::CALLS_PASSED) as u64;
        let rows = Totals::sum([one].iter()).rows(Family::Syscalls);
        assert_eq!(rows[0].imbalance(), 0, "{}", rows[0]);
    }
}
