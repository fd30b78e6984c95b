//! The table of connections: who is in it, who makes room, and who is remembered for a while.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use geophone_model::{
    capture::{TcpFlags, TcpHeader},
    time::Timestamp,
};

use crate::{
    connection::Connection,
    lru::{Handle, LruMap},
    reassembly::Base,
    view::{Key, Speaker},
};

/// Connections by key, with the timers of those that wait for something.
pub(crate) struct Table {
    entries: LruMap<Key, Entry>,
    /// Connections that lately closed, and until when they are remembered.
    closed: VecDeque<(Timestamp, Handle)>,
    timers: BinaryHeap<Reverse<(Timestamp, Handle)>>,
    max: usize,
}

pub(crate) enum Entry {
    Live { connection: Box<Connection>, touched: Timestamp },
    Closed(Closed),
}

/// What is remembered of a connection that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    bases: [Option<Base>; 2],
}

impl Closed {
    /// Whether a packet begins a later connection with the same addresses.
    pub(crate) fn is_succeeded_by(self, speaker: Speaker, header: TcpHeader) -> bool {
        header.flags.contains(TcpFlags::SYN)
            && self.bases[speaker.index()].is_none_or(|base| !base.began_with(header.seq))
    }
}

impl Table {
    pub(crate) fn new(max: usize) -> Self {
        Self { entries: LruMap::new(), closed: VecDeque::new(), timers: BinaryHeap::new(), max: max.max(1) }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= self.max
    }

    pub(crate) fn find(&mut self, key: &Key) -> Option<Handle> {
        self.entries.find(key)
    }

    pub(crate) fn entry(&mut self, handle: Handle) -> Option<&mut Entry> {
        self.entries.value_mut(handle)
    }

    pub(crate) fn live(&mut self, handle: Handle) -> Option<&mut Connection> {
        match self.entries.value_mut(handle)? {
            Entry::Live { connection, .. } => Some(connection),
            Entry::Closed(_) => None,
        }
    }

    pub(crate) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.entries.values().filter_map(|entry| match entry {
            Entry::Live { connection, .. } => Some(&**connection),
            Entry::Closed(_) => None,
        })
    }

    /// Gives a connection a second key. One that has this key already keeps it.
    pub(crate) fn add_alias(&mut self, handle: Handle, alias: Key) -> bool {
        self.entries.add_alias(handle, alias)
    }

    /// Makes a live connection the one that was heard of last.
    pub(crate) fn touch(&mut self, handle: Handle, watermark: Timestamp) {
        if let Some(Entry::Live { touched, .. }) = self.entries.value_mut(handle) {
            *touched = watermark;
            self.entries.touch(handle);
        }
    }

    pub(crate) fn insert(&mut self, key: Key, connection: Connection, watermark: Timestamp) -> Handle {
        self.entries.insert(key, Entry::Live { connection: Box::new(connection), touched: watermark })
    }

    /// Takes a connection out, and remembers for a while that it was there.
    pub(crate) fn close(&mut self, handle: Handle, until: Timestamp) -> Option<Box<Connection>> {
        let entry = self.entries.value_mut(handle)?;
        let Entry::Live { connection, .. } = entry else { return None };
        let closed = Entry::Closed(Closed { bases: connection.bases() });
        let Entry::Live { connection, .. } = std::mem::replace(entry, closed) else { return None };
        self.entries.retire(handle);
        if self.closed.len() >= self.max
            && let Some((_, forgotten)) = self.closed.pop_front()
        {
            self.forget_closed(forgotten);
        }
        self.closed.push_back((until, handle));
        Some(connection)
    }

    /// Takes a connection out without a trace.
    pub(crate) fn remove(&mut self, handle: Handle) -> Option<Box<Connection>> {
        match self.entries.remove(handle)? {
            Entry::Live { connection, .. } => Some(connection),
            Entry::Closed(_) => None,
        }
    }

    /// Forgets the connection that closed first. `false` if none is remembered.
    pub(crate) fn forget_first_closed(&mut self) -> bool {
        while let Some((_, handle)) = self.closed.pop_front() {
            if self.forget_closed(handle) {
                return true;
            }
        }
        false
    }

    /// Forgets the connections that were to be remembered until `watermark`.
    pub(crate) fn forget_closed_until(&mut self, watermark: Timestamp) {
        while let Some(&(until, handle)) = self.closed.front()
            && until <= watermark
        {
            self.closed.pop_front();
            self.forget_closed(handle);
        }
    }

    /// The live connection that was not heard of for longest, and when it was.
    pub(crate) fn oldest_live(&self) -> Option<(Handle, Timestamp)> {
        let handle = self.entries.oldest()?;
        match self.entries.value(handle)? {
            Entry::Live { touched, .. } => Some((handle, *touched)),
            Entry::Closed(_) => None,
        }
    }

    pub(crate) fn arm(&mut self, handle: Handle, deadline: Timestamp) {
        // A timer whose connection is gone stays until it is due: without a bound a storm of short connections would
        // pile them up.
        if self.timers.len() >= 2 * self.max {
            let Self { entries, timers, .. } = self;
            timers.retain(|Reverse((_, handle))| matches!(entries.value(*handle), Some(Entry::Live { .. })));
        }
        self.timers.push(Reverse((deadline, handle)));
    }

    /// Whether a timer is due: to be asked for every event.
    pub(crate) fn is_due(&self, watermark: Timestamp) -> bool {
        self.timers.peek().is_some_and(|Reverse((deadline, _))| *deadline <= watermark)
    }

    /// The next connection whose timer is due.
    pub(crate) fn take_due(&mut self, watermark: Timestamp) -> Option<Handle> {
        if self.is_due(watermark) { self.timers.pop().map(|Reverse((_, handle))| handle) } else { None }
    }

    fn forget_closed(&mut self, handle: Handle) -> bool {
        let is_closed = matches!(self.entries.value(handle), Some(Entry::Closed(_)));
        if is_closed {
            self.entries.remove(handle);
        }
        is_closed
    }
}
