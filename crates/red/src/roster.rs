//! Identities by number.

use std::{collections::HashMap, sync::Arc};

use geophone_model::identity::{Identity, IdentityKind};

use crate::{key::IdentityId, operations::Service};

/// The name of the identity that those past the cap are folded into, one for each kind.
const OTHER_IDENTITY: &str = "~other";

/// The identities in use, each with what is known of it as a service.
#[derive(Debug)]
pub(crate) struct Roster {
    entries: Vec<Option<Entry>>,
    vacant: Vec<u32>,
    /// By the address of the `Arc` that an entry holds, which nobody else can have as long as it is held.
    by_address: HashMap<usize, IdentityId, foldhash::fast::RandomState>,
    by_content: HashMap<Arc<Identity>, IdentityId>,
    /// The identities that others are folded into. They are never forgotten.
    others: Vec<(IdentityKind, IdentityId)>,
    /// How many are not local.
    externals: usize,
    max_identities: usize,
    next_stamp: u64,
    text_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    identity: Arc<Identity>,
    service: Service,
    last_used: u64,
}

/// Whether an identity has a number of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enrolled {
    pub(crate) id: IdentityId,
    pub(crate) folded: bool,
}

impl Roster {
    pub(crate) fn new(max_identities: usize) -> Self {
        Self {
            entries: Vec::new(),
            vacant: Vec::new(),
            by_address: HashMap::default(),
            by_content: HashMap::new(),
            others: Vec::new(),
            externals: 0,
            max_identities: max_identities.max(1),
            next_stamp: 1,
            text_bytes: 0,
        }
    }

    /// The number of an identity whose very `Arc` was seen last.
    #[inline]
    pub(crate) fn find(&self, identity: &Arc<Identity>) -> Option<IdentityId> {
        self.by_address.get(&Arc::as_ptr(identity).addr()).copied()
    }

    /// The number of an identity, a new one if there is room.
    #[cold]
    pub(crate) fn enrol(&mut self, identity: &Arc<Identity>, has_room: bool, round: u64) -> Enrolled {
        if let Some(id) = self.by_content.get(identity).copied() {
            self.hold(id, identity);
            return Enrolled { id, folded: false };
        }
        if has_room && self.has_place(identity.kind) {
            return Enrolled { id: self.add(identity.clone(), round), folded: false };
        }
        Enrolled { id: self.other(identity.kind, round), folded: true }
    }

    /// The identity that those of a kind are folded into.
    pub(crate) fn other(&mut self, kind: IdentityKind, round: u64) -> IdentityId {
        if let Some((_, id)) = self.others.iter().find(|(other, _)| *other == kind) {
            return *id;
        }
        let id = self.add(Arc::new(Identity::new(kind, None, OTHER_IDENTITY)), round);
        self.others.push((kind, id));
        id
    }

    /// Whether there is a place for one more of a kind. Who calls from outside is as many as he likes to be, and must not
    /// take the places of our own.
    fn has_place(&self, kind: IdentityKind) -> bool {
        let enrolled = self.by_content.len() - self.others.len();
        let for_externals = self.max_identities - self.max_identities / 4;
        enrolled < self.max_identities && (kind.is_local() || self.externals < for_externals)
    }

    pub(crate) fn identity(&self, id: IdentityId) -> &Arc<Identity> {
        &self.entry(id).identity
    }

    pub(crate) fn service(&self, id: IdentityId) -> &Service {
        &self.entry(id).service
    }

    /// What is known of a service, to be changed.
    pub(crate) fn service_mut(&mut self, id: IdentityId) -> &mut Service {
        &mut self.entry_mut(id).service
    }

    /// Gives a service a new stamp, so that what was remembered under the old one is not found any more.
    pub(crate) fn restamp(&mut self, id: IdentityId) {
        let stamp = self.take_stamp();
        self.service_mut(id).stamp = stamp;
    }

    /// Notes that something was counted for an identity.
    pub(crate) fn touch(&mut self, id: IdentityId, round: u64) {
        let entry = self.entry_mut(id);
        entry.last_used = entry.last_used.max(round);
    }

    /// Forgets the identities that were last used before `round`. Returns how many, and the bytes of their templates.
    pub(crate) fn expire(&mut self, round: u64) -> (u64, usize) {
        let (mut expired, mut template_bytes) = (0, 0);
        for (number, slot) in self.entries.iter_mut().enumerate() {
            let id = IdentityId(number as u32);
            let pinned = self.others.iter().any(|(_, other)| *other == id);
            let Some(entry) = slot.take_if(|entry| entry.last_used < round && !pinned) else { continue };
            self.by_address.remove(&Arc::as_ptr(&entry.identity).addr());
            self.by_content.remove(&entry.identity);
            self.text_bytes -= text_bytes(&entry.identity);
            self.externals -= usize::from(!entry.identity.kind.is_local());
            self.vacant.push(number as u32);
            expired += 1;
            template_bytes += entry.service.template_bytes();
        }
        (expired, template_bytes)
    }

    /// Bytes held, without the services'.
    pub(crate) fn memory_bytes(&self) -> usize {
        let index = size_of::<(usize, IdentityId)>() + size_of::<(Arc<Identity>, IdentityId)>() + 2;
        self.entries.capacity() * size_of::<Option<Entry>>()
            + self.by_content.len() * (index + size_of::<Identity>())
            + self.text_bytes
    }

    fn add(&mut self, identity: Arc<Identity>, round: u64) -> IdentityId {
        let stamp = self.take_stamp();
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        });
        let id = IdentityId(number);
        self.text_bytes += text_bytes(&identity);
        self.externals += usize::from(!identity.kind.is_local());
        self.by_address.insert(Arc::as_ptr(&identity).addr(), id);
        self.by_content.insert(identity.clone(), id);
        self.entries[number as usize] = Some(Entry { identity, service: Service::new(stamp), last_used: round });
        id
    }

    /// Makes the entry hold the `Arc` that came last, which is likely to come again.
    fn hold(&mut self, id: IdentityId, identity: &Arc<Identity>) {
        let held = std::mem::replace(&mut self.entry_mut(id).identity, identity.clone());
        self.by_address.remove(&Arc::as_ptr(&held).addr());
        self.by_address.insert(Arc::as_ptr(identity).addr(), id);
    }

    fn take_stamp(&mut self) -> u64 {
        self.next_stamp += 1;
        self.next_stamp
    }

    fn entry(&self, id: IdentityId) -> &Entry {
        self.entries[id.0 as usize].as_ref().expect("a number in use is not given back: see Aggregator::expire")
    }

    fn entry_mut(&mut self, id: IdentityId) -> &mut Entry {
        self.entries[id.0 as usize].as_mut().expect("a number in use is not given back: see Aggregator::expire")
    }
}

fn text_bytes(identity: &Identity) -> usize {
    identity.name.len() + identity.namespace.as_ref().map_or(0, String::len)
}
