//! How much a recording has of each kind.

use geophone_model::capture::CaptureEvent;

use crate::{cursor::Cursor, item::Item};

/// Records by kind, as the trailer keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Packets.
    pub packets: u64,
    /// Plaintext chunks.
    pub chunks: u64,
    /// Socket changes.
    pub changes: u64,
    /// Losses that the source reported.
    pub losses: u64,
    /// Facts.
    pub facts: u64,
}

impl Totals {
    /// All records.
    pub const fn records(&self) -> u64 {
        let Self { packets, chunks, changes, losses, facts } = *self;
        packets.saturating_add(chunks).saturating_add(changes).saturating_add(losses).saturating_add(facts)
    }

    pub(super) const fn count_event(&mut self, event: &CaptureEvent<'_>) {
        let count = match event {
            CaptureEvent::Chunk(_) => &mut self.chunks,
            CaptureEvent::Socket(_) => &mut self.changes,
            CaptureEvent::Loss(_) => &mut self.losses,
            // The codec refuses kinds that the format does not have, so that none comes here.
            _ => &mut self.packets,
        };
        *count = count.saturating_add(1);
    }

    pub(super) const fn count_fact(&mut self) {
        self.facts = self.facts.saturating_add(1);
    }

    pub(super) const fn count(&mut self, item: &Item<'_>) {
        match item {
            Item::Event(event) => self.count_event(event),
            Item::Fact(_) => self.count_fact(),
        }
    }

    /// The payload of a trailer.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let Self { packets, chunks, changes, losses, facts } = *self;
        for count in [packets, chunks, changes, losses, facts] {
            out.extend_from_slice(&count.to_le_bytes());
        }
    }

    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(payload);
        let mut count = || cursor.u64_le();
        let totals = Self { packets: count()?, chunks: count()?, changes: count()?, losses: count()?, facts: count()? };
        cursor.is_empty().then_some(totals)
    }
}
