//! Names for those who are known by traffic alone: as many as there are places, then one for all the others.

use std::{borrow::Borrow, hash::Hash, sync::Arc};

use geophone_model::{
    identity::{Identity, IdentityKind},
    time::Timestamp,
};

use crate::table::{Map, map_bytes};

/// Identities by what they are told apart by. Whoever chooses the key (a client by its address, or by the host name that it
/// asks for) can make up any number of them, and each would become a row in all that follows.
#[derive(Debug)]
pub(crate) struct CappedNames<K> {
    kind: IdentityKind,
    known: Map<K, Named>,
    cap: usize,
    idle_ns: u64,
    next_clearing: Timestamp,
    others: Arc<Identity>,
    pub(crate) folded: u64,
}

#[derive(Debug)]
struct Named {
    identity: Arc<Identity>,
    touched: Timestamp,
}

impl<K: Eq + Hash> CappedNames<K> {
    pub(crate) fn new(kind: IdentityKind, cap: usize, idle_ns: u64, others: &str) -> Self {
        let others = Arc::new(Identity::new(kind, None, others));
        Self { kind, known: Map::default(), cap, idle_ns, next_clearing: Timestamp::MIN, others, folded: 0 }
    }

    /// The identity for a key: the one that it has, a new one while there are places, else that of all others.
    pub(crate) fn identity<Q>(&mut self, key: &Q, at: Timestamp, name: impl FnOnce(&Q) -> String) -> Arc<Identity>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(named) = self.known.get_mut(key) {
            named.touched = named.touched.max(at);
            return Arc::clone(&named.identity);
        }
        if self.known.len() >= self.cap {
            self.clear_idle(at);
        }
        if self.known.len() >= self.cap {
            self.folded += 1;
            return Arc::clone(&self.others);
        }
        let identity = Arc::new(Identity::new(self.kind, None, &name(key)));
        self.known.insert(key.to_owned(), Named { identity: Arc::clone(&identity), touched: at });
        identity
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let names: usize = self.known.values().map(|named| size_of::<Identity>() + 2 * named.identity.name.len()).sum();
        map_bytes(&self.known) + names
    }

    /// Gives the places of the idle away, and looks for them a few times in an idle period.
    fn clear_idle(&mut self, now: Timestamp) {
        if now >= self.next_clearing {
            self.next_clearing = now.plus_ns(self.idle_ns / 4);
            self.known.retain(|_, named| named.touched.plus_ns(self.idle_ns) > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(names: &mut CappedNames<String>, key: &str, at: u64) -> String {
        names.identity(key, Timestamp::from_ns(at), str::to_owned).name.clone()
    }

    #[test]
    fn what_goes_past_the_cap_has_one_name_and_is_counted() {
        let mut names = CappedNames::new(IdentityKind::ExternalService, 2, 100, "others");
        assert_eq!(["a", "b", "c", "a", "d"].map(|key| name(&mut names, key, 1)).join(" "), "a b others a others");
        assert_eq!((names.folded, names.known.len()), (2, 2));
    }

    #[test]
    fn the_place_of_an_idle_one_is_given_away() {
        let mut names = CappedNames::new(IdentityKind::ExternalService, 2, 100, "others");
        for (key, at, expected) in
            [("a", 0, "a"), ("b", 50, "b"), ("c", 60, "others"), ("c", 99, "c"), ("b", 100, "b"), ("a", 120, "others")]
        {
            let at = if key == "c" && at == 99 { 101 } else { at };
            assert_eq!(name(&mut names, key, at), expected, "{key} at {at}");
        }
    }

    #[test]
    fn a_name_is_shared() {
        let mut names = CappedNames::new(IdentityKind::ExternalService, 2, 100, "others");
        let [first, second] = [1, 2].map(|at| names.identity("a", Timestamp::from_ns(at), str::to_owned));
        assert!(Arc::ptr_eq(&first, &second));
    }
}
