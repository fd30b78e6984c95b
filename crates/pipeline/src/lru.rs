//! A map with room for so many entries, which knows the one that was not touched for longest.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// An entry's place. It stays good until the entry is removed, and never names another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handle {
    slot: u32,
    generation: u32,
}

/// A map from keys that peers choose, hence the seeded hash, to values in order of last use. Nothing is ever visited in
/// the hash's order, so results do not depend on its seed.
///
/// Of many connections each packet is another one's. So what finding and touching one visits is kept small: the index and
/// the order know entries by their slots alone.
#[derive(Debug)]
pub(crate) struct LruMap<K, V> {
    index: HashTable<Name>,
    hasher: RandomState,
    slots: Vec<Slot<K, V>>,
    /// The neighbours in order of last use, by slot.
    order: Vec<Neighbours>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    /// What was looked up last: packets of a connection come in trains.
    found: Option<(K, Handle)>,
}

/// One of the keys of a slot's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name {
    slot: u32,
    is_alias: bool,
}

#[derive(Clone, Copy, Debug)]
struct Neighbours {
    newer: u32,
    older: u32,
}

#[derive(Debug)]
struct Slot<K, V> {
    generation: u32,
    /// It has no place in the order any more.
    retired: bool,
    entry: Option<Entry<K, V>>,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    /// A second name of the same entry.
    alias: Option<K>,
    value: V,
}

/// No slot.
const NONE: u32 = u32::MAX;

impl<K: Copy + Eq + Hash, V> LruMap<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            index: HashTable::new(),
            hasher: RandomState::default(),
            slots: Vec::new(),
            order: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            found: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn find(&mut self, key: &K) -> Option<Handle> {
        if let Some((found, handle)) = self.found
            && found == *key
            && self.value(handle).is_some()
        {
            return Some(handle);
        }
        let hash = self.hasher.hash_one(key);
        let &Name { slot, .. } = self.index.find(hash, |name| key_of(&self.slots, *name) == Some(key))?;
        let handle = Handle { slot, generation: self.slots[slot as usize].generation };
        self.found = Some((*key, handle));
        Some(handle)
    }

    pub(crate) fn value(&self, handle: Handle) -> Option<&V> {
        let slot = self.slots.get(handle.slot as usize)?;
        if slot.generation == handle.generation { slot.entry.as_ref().map(|entry| &entry.value) } else { None }
    }

    pub(crate) fn value_mut(&mut self, handle: Handle) -> Option<&mut V> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        if slot.generation == handle.generation { slot.entry.as_mut().map(|entry| &mut entry.value) } else { None }
    }

    /// All values, in order of their slots.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref().map(|entry| &entry.value))
    }

    /// Of the entries that are not retired, the one that was not touched for longest.
    pub(crate) fn oldest(&self) -> Option<Handle> {
        let generation = self.slots.get(self.oldest as usize)?.generation;
        Some(Handle { slot: self.oldest, generation })
    }

    /// Makes an entry the newest.
    pub(crate) fn touch(&mut self, handle: Handle) {
        if self.newest != handle.slot && self.is_ordered(handle) {
            self.unlink(handle.slot);
            self.link_newest(handle.slot);
        }
    }

    /// Takes an entry out of the order: it stays until it is removed.
    pub(crate) fn retire(&mut self, handle: Handle) {
        if self.is_ordered(handle) {
            self.unlink(handle.slot);
            self.slots[handle.slot as usize].retired = true;
        }
    }

    /// Adds an entry as the newest one, in place of one with the same key.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Handle {
        if let Some(existing) = self.find(&key) {
            self.remove(existing);
        }
        let entry = Some(Entry { key, alias: None, value });
        let slot = match self.free.pop() {
            Some(slot) => {
                let Slot { retired, entry: place, .. } = &mut self.slots[slot as usize];
                (*retired, *place) = (false, entry);
                slot
            }
            None => {
                self.slots.push(Slot { generation: 0, retired: false, entry });
                self.order.push(Neighbours { newer: NONE, older: NONE });
                (self.slots.len() - 1) as u32
            }
        };
        self.name(&key, Name { slot, is_alias: false });
        self.link_newest(slot);
        Handle { slot, generation: self.slots[slot as usize].generation }
    }

    /// Gives an entry a second key, in place of the second one that it had. A key that names another entry stays with it.
    pub(crate) fn add_alias(&mut self, handle: Handle, alias: K) -> bool {
        if self.value(handle).is_none() || self.find(&alias).is_some() {
            return false;
        }
        let name = Name { slot: handle.slot, is_alias: true };
        self.unname(name);
        let Some(entry) = &mut self.slots[handle.slot as usize].entry else { return false };
        entry.alias = Some(alias);
        self.found = None;
        self.name(&alias, name);
        true
    }

    pub(crate) fn remove(&mut self, handle: Handle) -> Option<V> {
        self.value(handle)?;
        for is_alias in [false, true] {
            self.unname(Name { slot: handle.slot, is_alias });
        }
        let slot = &mut self.slots[handle.slot as usize];
        let Entry { value, .. } = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        if !slot.retired {
            self.unlink(handle.slot);
        }
        self.free.push(handle.slot);
        Some(value)
    }

    /// Makes `key` lead to a name whose key it is already, and which is not in the index.
    fn name(&mut self, key: &K, name: Name) {
        let Self { index, hasher, slots, .. } = self;
        index.insert_unique(hasher.hash_one(key), name, |name| {
            key_of(slots, *name).map_or(0, |key| hasher.hash_one(key))
        });
    }

    /// Takes a name out of the index, if the slot's entry has that.
    fn unname(&mut self, name: Name) {
        let Self { index, hasher, slots, .. } = self;
        if let Some(key) = key_of(slots, name)
            && let Ok(found) = index.find_entry(hasher.hash_one(key), |other| *other == name)
        {
            found.remove();
        }
    }

    fn is_ordered(&self, handle: Handle) -> bool {
        self.value(handle).is_some() && !self.slots[handle.slot as usize].retired
    }

    fn unlink(&mut self, slot: u32) {
        let Neighbours { newer, older } = self.order[slot as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.order[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.order[older as usize].newer = newer,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let older = std::mem::replace(&mut self.newest, slot);
        self.order[slot as usize] = Neighbours { newer: NONE, older };
        match older {
            NONE => self.oldest = slot,
            older => self.order[older as usize].newer = slot,
        }
    }
}

fn key_of<K, V>(slots: &[Slot<K, V>], name: Name) -> Option<&K> {
    let entry = slots.get(name.slot as usize)?.entry.as_ref()?;
    if name.is_alias { entry.alias.as_ref() } else { Some(&entry.key) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The oracle: entries from the oldest to the newest, each with its keys, and whether it is retired.
    #[derive(Default)]
    struct Naive(Vec<(u8, Option<u8>, u32, bool)>);

    impl Naive {
        fn position(&self, key: u8) -> Option<usize> {
            self.0.iter().position(|(first, alias, ..)| *first == key || *alias == Some(key))
        }

        fn oldest(&self) -> Option<u32> {
            self.0.iter().find(|(.., retired)| !retired).map(|(_, _, value, _)| *value)
        }
    }

    proptest! {
        #[test]
        fn does_what_a_list_does(steps in prop::collection::vec((0u8..6, 0u8..8, 0u8..8), 0..80)) {
            let mut map = LruMap::new();
            let mut naive = Naive::default();
            let mut gone = Vec::new();
            for (index, (kind, key, other)) in steps.into_iter().enumerate() {
                let found = map.find(&key);
                let position = naive.position(key);
                let found_value = found.and_then(|handle| map.value(handle).copied());
                prop_assert_eq!(found_value, position.map(|position| naive.0[position].2));
                match (kind, found, position) {
                    (0 | 1, ..) => {
                        if let Some(position) = position {
                            naive.0.remove(position);
                            gone.push(found.unwrap());
                        }
                        naive.0.push((key, None, index as u32, false));
                        map.insert(key, index as u32);
                    }
                    (2, Some(handle), Some(position)) => {
                        if !naive.0[position].3 {
                            let entry = naive.0.remove(position);
                            naive.0.push(entry);
                        }
                        map.touch(handle);
                    }
                    (3, Some(handle), Some(position)) => {
                        let free = naive.position(other).is_none();
                        prop_assert_eq!(map.add_alias(handle, other), free);
                        if free {
                            naive.0[position].1 = Some(other);
                        }
                    }
                    (4, Some(handle), Some(position)) => {
                        naive.0[position].3 = true;
                        map.retire(handle);
                    }
                    (5, Some(handle), Some(position)) => {
                        prop_assert_eq!(map.remove(handle), Some(naive.0.remove(position).2));
                        gone.push(handle);
                    }
                    _ => {}
                }
                prop_assert_eq!(map.len(), naive.0.len());
                prop_assert_eq!(map.oldest().and_then(|handle| map.value(handle).copied()), naive.oldest());
                prop_assert!(gone.iter().all(|handle| map.value(*handle).is_none()), "a handle outlives its entry");
                let mut values: Vec<u32> = map.values().copied().collect();
                values.sort_unstable();
                let mut expected: Vec<u32> = naive.0.iter().map(|(_, _, value, _)| *value).collect();
                expected.sort_unstable();
                prop_assert_eq!(values, expected);
            }
        }
    }
}
