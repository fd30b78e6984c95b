//! The last ledger record of each source.

use std::{collections::BTreeMap, sync::Arc};

use crate::LedgerRecord;

/// Most sources; the one whose record is oldest goes.
const MAX_SOURCES: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Latest(BTreeMap<Arc<str>, Arc<LedgerRecord>>);

impl Latest {
    /// Takes records that are not older than the ones that it has.
    pub(super) fn extend(&mut self, records: Vec<Arc<LedgerRecord>>) {
        for record in records {
            let is_late = self.0.get(&record.source).is_some_and(|known| known.at > record.at);
            if !is_late {
                self.0.insert(record.source.clone(), record);
            }
        }
        while self.0.len() > MAX_SOURCES {
            let Some(oldest) = self.0.values().min_by_key(|record| record.at) else { return };
            let source = oldest.source.clone();
            self.0.remove(&source);
        }
    }

    /// All of them, sorted by source, with `own` as the store's.
    pub(super) fn records(&self, own: Arc<LedgerRecord>) -> Vec<Arc<LedgerRecord>> {
        let mut records = self.0.clone();
        records.insert(own.source.clone(), own);
        records.into_values().collect()
    }
}
