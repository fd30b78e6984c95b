//! Recent requests and the operations that they are.

use std::hash::{BuildHasher, Hasher};

use crate::key::OperationId;

/// Places that a request can be in. A peer that knew the hash's key could make requests displace each other within one
/// set, and cost the time that it takes to name an operation anew: no more.
const WAYS: usize = 4;
/// Longest verb and resource, together, that are remembered.
const MAX_TEXT_BYTES: usize = 512;

/// A cache of fixed size, set-associative: a table without chains, in which a request is in one of four places or not there.
#[derive(Debug)]
pub(crate) struct PathCache {
    hasher: foldhash::fast::RandomState,
    /// Hashes of the entries, apart so that a set's are in one cache line. Zero where there is none.
    hashes: Vec<[u64; WAYS]>,
    entries: Vec<[Entry; WAYS]>,
    /// The way that gives place next.
    victim: usize,
    text_bytes: usize,
}

#[derive(Debug, Default)]
struct Entry {
    request: String,
    verb_len: usize,
    stamp: u64,
    found: Option<Found>,
}

/// What is remembered of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) operation: OperationId,
    /// Whether it was ever answered other than with 404 or 405.
    pub(crate) routed: bool,
}

/// Where a request belongs, for [`PathCache::find`] and [`PathCache::insert`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u64);

impl PathCache {
    /// A cache with room for so many entries, rounded up to a power of two.
    pub(crate) fn new(entries: usize) -> Self {
        let sets = entries.div_ceil(WAYS).next_power_of_two();
        Self {
            hasher: foldhash::fast::RandomState::default(),
            hashes: vec![[0; WAYS]; sets],
            entries: std::iter::repeat_with(Default::default).take(sets).collect(),
            victim: 0,
            text_bytes: 0,
        }
    }

    /// The place of a request. The stamp stands for the service and for what was known of it: nobody finds what was
    /// remembered under an older one.
    pub(crate) fn place(&self, stamp: u64, verb: &str, resource: &str) -> Place {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(stamp);
        hasher.write(verb.as_bytes());
        hasher.write(resource.as_bytes());
        Place(hasher.finish() | 1)
    }

    pub(crate) fn find(&self, place: Place, stamp: u64, verb: &str, resource: &str) -> Option<Found> {
        let set = self.set(place);
        let way = self.hashes[set].iter().position(|hash| *hash == place.0)?;
        let entry = &self.entries[set][way];
        let same = entry.stamp == stamp
            && entry.verb_len == verb.len()
            && entry.request.len() == verb.len() + resource.len()
            && entry.request.as_bytes()[..verb.len()] == *verb.as_bytes()
            && entry.request.as_bytes()[verb.len()..] == *resource.as_bytes();
        if same { entry.found } else { None }
    }

    pub(crate) fn insert(&mut self, place: Place, stamp: u64, verb: &str, resource: &str, found: Found) {
        if verb.len() + resource.len() > MAX_TEXT_BYTES {
            return;
        }
        let set = self.set(place);
        let way = self.hashes[set].iter().position(|hash| *hash == place.0 || *hash == 0).unwrap_or(self.victim);
        self.victim = (self.victim + 1) % WAYS;
        self.hashes[set][way] = place.0;
        let entry = &mut self.entries[set][way];
        let capacity = entry.request.capacity();
        entry.request.clear();
        entry.request.push_str(verb);
        entry.request.push_str(resource);
        (entry.verb_len, entry.stamp, entry.found) = (verb.len(), stamp, Some(found));
        self.text_bytes += entry.request.capacity() - capacity;
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.entries.len() * WAYS * (size_of::<u64>() + size_of::<Entry>()) + self.text_bytes
    }

    fn set(&self, place: Place) -> usize {
        (place.0 >> 32) as usize & (self.hashes.len() - 1)
    }
}
