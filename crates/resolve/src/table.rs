//! What the bounded tables have in common: whom to forget, and what a table costs.

use std::{collections::HashMap, hash::Hash};

use geophone_model::time::Timestamp;

/// Peers choose some of the keys: the hash has a random seed.
pub(crate) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A full table forgets this share of itself at once, so that the search for the least recently used is paid by many
/// insertions.
const EVICTED_SHARE: usize = 8;

/// The last use up to which entries are to be forgotten, so that at least one of eight goes: no more than that where no two
/// uses are the same. `None` for none.
pub(crate) fn eviction_threshold<T: Copy + Ord>(mut last_uses: Vec<T>) -> Option<T> {
    let last = last_uses.len().checked_sub(1)?;
    let (_, threshold, _) = last_uses.select_nth_unstable(last / EVICTED_SHARE);
    Some(*threshold)
}

/// Forgets the least recently used eighth of a table, and returns how many that were. Entries of one time go together as
/// long as they are no more than that share.
pub(crate) fn evict_least_recently_used<K: Eq + Hash, V>(
    map: &mut Map<K, V>,
    touched: impl Fn(&V) -> Timestamp,
) -> u64 {
    evict_least_recently_used_of(map, touched, |_| true)
}

/// The same of those that may go.
pub(crate) fn evict_least_recently_used_of<K: Eq + Hash, V>(
    map: &mut Map<K, V>,
    touched: impl Fn(&V) -> Timestamp,
    may_go: impl Fn(&V) -> bool,
) -> u64 {
    let candidates = map.values().filter(|entry| may_go(entry)).map(&touched);
    let Some(threshold) = eviction_threshold(candidates.collect()) else { return 0 };
    let before = map.len();
    let mut remaining = before / EVICTED_SHARE + 1;
    map.retain(|_, entry| {
        let evict = remaining > 0 && may_go(entry) && touched(entry) <= threshold;
        remaining -= usize::from(evict);
        !evict
    });
    (before - map.len()) as u64
}

/// Bytes of a map's own table: entries and one control byte each, at its load of seven eighths.
pub(crate) fn map_bytes<K, V>(map: &Map<K, V>) -> usize {
    map.capacity() * 8 / 7 * (size_of::<(K, V)>() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_go_first() {
        let mut map: Map<u64, Timestamp> = (0..80).map(|n| (n, Timestamp::from_ns(n))).collect();
        assert_eq!(evict_least_recently_used(&mut map, |touched| *touched), 10);
        assert!((10..80).all(|n| map.contains_key(&n)));
    }

    #[test]
    fn entries_of_one_time_do_not_all_go() {
        let mut map: Map<u64, Timestamp> = (0..80).map(|n| (n, Timestamp::MIN)).collect();
        assert_eq!(evict_least_recently_used(&mut map, |touched| *touched), 11);
        let mut single: Map<u64, Timestamp> = [(1, Timestamp::MIN)].into_iter().collect();
        assert_eq!(evict_least_recently_used(&mut single, |touched| *touched), 1);
        assert_eq!(evict_least_recently_used(&mut single, |touched| *touched), 0);
    }
}
