//! What a connection has defined for later use: prepared statements, names of identifiers.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")
)]

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// Definitions by key, within a budget of bytes: past it, those unused for longest are forgotten.
#[derive(Debug)]
pub(crate) struct Definitions<V> {
    entries: BTreeMap<Box<[u8]>, Entry<V>>,
    held_bytes: usize,
    budget_bytes: usize,
    /// Counts uses: the time by which entries are old.
    uses: u64,
    evicted: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

/// What an entry costs beside its key and value.
const ENTRY_BYTES: usize = 96;

impl<V> Definitions<V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { entries: BTreeMap::new(), held_bytes: 0, budget_bytes, uses: 0, evicted: 0 }
    }

    /// Defines `key`, instead of what it stood for. `value_bytes`: what the value holds.
    pub(crate) fn define(&mut self, key: &[u8], value: V, value_bytes: usize) {
        self.remove(key);
        let bytes = key.len().saturating_add(value_bytes).saturating_add(ENTRY_BYTES);
        if bytes > self.budget_bytes {
            self.evicted = self.evicted.saturating_add(1);
            return;
        }
        while self.held_bytes.saturating_add(bytes) > self.budget_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.remove(&oldest);
            self.evicted = self.evicted.saturating_add(1);
        }
        self.uses = self.uses.saturating_add(1);
        self.held_bytes = self.held_bytes.saturating_add(bytes);
        self.entries.insert(key.into(), Entry { value, bytes, used: self.uses });
    }

    /// What `key` stands for.
    pub(crate) fn find(&mut self, key: &[u8]) -> Option<&mut V> {
        let entry = self.entries.get_mut(key)?;
        self.uses = self.uses.saturating_add(1);
        entry.used = self.uses;
        Some(&mut entry.value)
    }

    /// Forgets `key`.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.held_bytes = self.held_bytes.saturating_sub(entry.bytes);
        Some(entry.value)
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.held_bytes = 0;
    }

    /// How many were forgotten for want of room since the last call.
    pub(crate) fn take_evicted(&mut self) -> u64 {
        core::mem::take(&mut self.evicted)
    }

    /// Bytes of memory that they hold, about.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_unused_for_longest_go_first() {
        let mut definitions = Definitions::new(3 * (ENTRY_BYTES + 2));
        for key in [b"a", b"b", b"c"] {
            definitions.define(key, key[0], 1);
        }
        assert_eq!(definitions.find(b"a"), Some(&mut b'a'));
        definitions.define(b"d", b'd', 1);
        assert_eq!(definitions.find(b"b"), None);
        assert_eq!(definitions.find(b"a"), Some(&mut b'a'));
        assert_eq!((definitions.take_evicted(), definitions.take_evicted()), (1, 0));
        assert_eq!(definitions.held_bytes(), 3 * (ENTRY_BYTES + 2));
    }

    #[test]
    fn what_is_over_the_budget_alone_costs_nobody_else() {
        let mut definitions = Definitions::new(1000);
        definitions.define(b"a", 1, 1);
        definitions.define(b"b", 2, 1000);
        assert_eq!((definitions.find(b"a").copied(), definitions.find(b"b").copied()), (Some(1), None));
        assert_eq!(definitions.take_evicted(), 1);
    }

    #[test]
    fn a_key_is_defined_anew() {
        let mut definitions = Definitions::new(1000);
        definitions.define(b"a", 1, 10);
        definitions.define(b"a", 2, 20);
        assert_eq!(definitions.find(b"a"), Some(&mut 2));
        assert_eq!(definitions.held_bytes(), ENTRY_BYTES + 21);
        assert_eq!(definitions.remove(b"a"), Some(2));
        assert_eq!(definitions.held_bytes(), 0);
        definitions.define(b"b", 3, 0);
        definitions.clear();
        assert_eq!((definitions.find(b"b").is_some(), definitions.held_bytes()), (false, 0));
    }
}
