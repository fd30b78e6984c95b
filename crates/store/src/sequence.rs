//! Which batches have been applied.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::BatchId;

/// Most runs of consecutive numbers that are remembered for a sender, which is one more than the gaps between them.
pub const MAX_RUNS: usize = 1024;

/// Most senders (an agent in one of its lives) that are remembered; the one that has not been heard of for longest goes.
pub const MAX_SENDERS: usize = 4096;

/// The batches that have been applied: a backend asks before it applies one, and inserts it together with the rows.
///
/// A sender numbers its batches in order, so that a few runs of numbers hold any amount of them.
#[derive(Clone, Debug, Default)]
pub struct AppliedBatches {
    /// Agents choose their names: the hash is keyed.
    senders: HashMap<(Arc<str>, u64), Sender>,
    /// Grows with every insertion, to tell who was heard of last.
    clock: u64,
    forgotten: u64,
}

#[derive(Clone, Debug, Default)]
struct Sender {
    /// First number of a run → its last number. Runs neither overlap nor touch.
    runs: BTreeMap<u64, u64>,
    heard: u64,
}

impl AppliedBatches {
    /// Whether the batch has been applied.
    pub fn contains(&self, id: &BatchId) -> bool {
        self.sender(id).is_some_and(|sender| sender.contains(id.sequence))
    }

    /// Whether the batch can be remembered: it touches a run, or there is room for one more.
    pub fn has_room(&self, id: &BatchId) -> bool {
        self.sender(id).is_none_or(|sender| sender.runs.len() < MAX_RUNS || sender.touches(id.sequence))
    }

    /// Remembers the batch.
    pub fn insert(&mut self, id: &BatchId) {
        self.clock += 1;
        let key = (id.agent.clone(), id.incarnation);
        if self.senders.len() >= MAX_SENDERS && !self.senders.contains_key(&key) {
            self.forget_one();
        }
        let sender = self.senders.entry(key).or_default();
        sender.heard = self.clock;
        sender.insert(id.sequence);
    }

    /// Senders that were forgotten.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn sender(&self, id: &BatchId) -> Option<&Sender> {
        self.senders.get(&(id.agent.clone(), id.incarnation))
    }

    fn forget_one(&mut self) {
        let longest = self.senders.iter().min_by_key(|(_, sender)| sender.heard).map(|(key, _)| key.clone());
        if let Some(key) = longest {
            self.senders.remove(&key);
            self.forgotten += 1;
        }
    }
}

impl Sender {
    fn contains(&self, sequence: u64) -> bool {
        self.runs.range(..=sequence).next_back().is_some_and(|(_, last)| *last >= sequence)
    }

    fn touches(&self, sequence: u64) -> bool {
        sequence.checked_sub(1).is_some_and(|before| self.contains(before))
            || sequence.checked_add(1).is_some_and(|after| self.runs.contains_key(&after))
    }

    fn insert(&mut self, sequence: u64) {
        if self.contains(sequence) {
            return;
        }
        let after = sequence.checked_add(1).and_then(|next| self.runs.remove(&next));
        let last = after.unwrap_or(sequence);
        match self.runs.range_mut(..sequence).next_back() {
            Some((_, before)) if before.checked_add(1) == Some(sequence) => *before = last,
            _ => {
                self.runs.insert(sequence, last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(sequence: u64) -> BatchId {
        BatchId::new("agent", 1, sequence)
    }

    proptest! {
        #[test]
        fn runs_hold_the_same_as_a_set(sequences in prop::collection::vec(prop_oneof![0..40u64, u64::MAX - 3..=u64::MAX], 0..80)) {
            let (mut applied, mut set) = (AppliedBatches::default(), BTreeSet::new());
            for sequence in sequences {
                prop_assert_eq!(applied.contains(&id(sequence)), set.contains(&sequence));
                applied.insert(&id(sequence));
                set.insert(sequence);
            }
            let gaps = set.iter().filter(|one| one.checked_sub(1).is_none_or(|before| !set.contains(&before))).count();
            prop_assert_eq!(applied.sender(&id(0)).map_or(0, |sender| sender.runs.len()), gaps);
        }
    }

    #[test]
    fn there_is_room_for_so_many_gaps_and_always_for_what_closes_one() {
        let mut applied = AppliedBatches::default();
        for run in 0..MAX_RUNS as u64 {
            assert!(applied.has_room(&id(run * 2)));
            applied.insert(&id(run * 2));
        }
        assert!(!applied.has_room(&id(MAX_RUNS as u64 * 4)));
        assert!(applied.has_room(&id(1)), "it joins two runs");
        applied.insert(&id(1));
        assert!(applied.has_room(&id(MAX_RUNS as u64 * 4)));
    }

    #[test]
    fn the_sender_that_was_silent_for_longest_is_forgotten() {
        let mut applied = AppliedBatches::default();
        let sender = |incarnation| BatchId::new("agent", incarnation, 0);
        for incarnation in 0..MAX_SENDERS as u64 {
            applied.insert(&sender(incarnation));
        }
        applied.insert(&BatchId::new("agent", 0, 1));
        applied.insert(&sender(u64::MAX));
        assert_eq!(applied.forgotten(), 1);
        assert!(applied.contains(&sender(0)) && !applied.contains(&sender(1)) && applied.contains(&sender(2)));
    }
}
