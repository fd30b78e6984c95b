//! Who held a socket when: statements of several sources, put in order of belief and of time.

use geophone_model::{
    fact::{OwnerSource, Pid},
    time::Timestamp,
};

/// A process that holds a socket from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) from: Timestamp,
    pub(crate) pid: Pid,
    pub(crate) source: OwnerSource,
}

impl Owner {
    /// The first process of the machine. With socket activation it holds the listeners of services, and of services that
    /// have not been started yet (systemd.socket(5)): whoever else holds such a socket is the one that serves it.
    const INIT: Pid = Pid(1);

    /// How little it is believed: zero is known, anything above is a guess that a better statement replaces, back to the
    /// birth of the socket.
    fn doubt(self) -> u8 {
        let doubt = match self.source {
            OwnerSource::Descriptor | OwnerSource::Connect => 0,
            _ => 1,
        };
        if self.pid == Self::INIT { doubt + 2 } else { doubt }
    }

    /// Whether it is known rather than guessed.
    pub(crate) fn is_sure(self) -> bool {
        self.doubt() == 0
    }
}

/// The owners of one socket, sorted by time, all of the same doubt. A socket has at least one.
#[derive(Debug)]
pub(crate) struct Owners {
    first: Owner,
    later: Vec<Owner>,
}

impl Owners {
    pub(crate) const fn new(first: Owner) -> Self {
        Self { first, later: Vec::new() }
    }

    /// The owner in force at a time; before the first statement, the first one, since a socket is older than what is said
    /// of it.
    pub(crate) fn at(&self, at: Timestamp) -> Owner {
        *self.later.iter().rev().find(|owner| owner.from <= at).unwrap_or(&self.first)
    }

    /// Takes a statement, and returns how many versions were dropped to stay within `max_versions`.
    pub(crate) fn state(&mut self, new: Owner, max_versions: usize) -> u64 {
        match new.doubt().cmp(&self.first.doubt()) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Less => {
                *self = Self::new(Owner { from: new.from.min(self.first.from), ..new });
                0
            }
            std::cmp::Ordering::Equal => {
                self.insert(new);
                self.trim(max_versions)
            }
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.later.capacity() * size_of::<Owner>()
    }

    fn insert(&mut self, new: Owner) {
        let Some(index) = self
            .later
            .iter()
            .rposition(|owner| owner.from <= new.from)
            .map(|index| index + 1)
            .or_else(|| (self.first.from <= new.from).then_some(0))
        else {
            // Older than everything: the same owner held it longer, or another one held it before.
            if self.first.pid == new.pid {
                self.first = Owner { source: self.first.source.min(new.source), ..new };
            } else {
                self.later.insert(0, std::mem::replace(&mut self.first, new));
            }
            return;
        };
        let before = if index == 0 { &mut self.first } else { &mut self.later[index - 1] };
        if before.pid == new.pid {
            before.source = before.source.min(new.source);
        } else if before.source < new.source {
            // A descriptor is believed over a connect() that came later.
        } else if before.from == new.from {
            *before = new;
        } else if self.later.get(index).is_some_and(|next| next.pid == new.pid) {
            self.later[index].from = new.from;
        } else {
            self.later.insert(index, new);
        }
    }

    fn trim(&mut self, max_versions: usize) -> u64 {
        let excess = (self.later.len() + 1).saturating_sub(max_versions.max(1));
        if excess > 0 {
            self.first = self.later[excess - 1];
            self.later.drain(..excess);
        }
        excess as u64
    }
}

#[cfg(test)]
mod tests {
    use OwnerSource::{Connect, Descriptor, Listen};

    use super::*;

    fn owner(from: u64, pid: u32, source: OwnerSource) -> Owner {
        Owner { from: Timestamp::from_ns(from), pid: Pid(pid), source }
    }

    /// Pids in force at 0, 10, 20, … after `statements`.
    fn held(statements: &[(u64, u32, OwnerSource)]) -> Vec<u32> {
        let mut statements = statements.iter().map(|&(from, pid, source)| owner(from, pid, source));
        let mut owners = Owners::new(statements.next().unwrap());
        for statement in statements {
            assert_eq!(owners.state(statement, 8), 0);
        }
        (0..5).map(|tens| owners.at(Timestamp::from_ns(tens * 10)).pid.0).collect()
    }

    #[test]
    fn statements_are_put_in_order() {
        for (statements, pids) in [
            (&[(20, 7, Descriptor)][..], [7, 7, 7, 7, 7]),
            // A guess gives way, back to the beginning; it never displaces what is known.
            (&[(10, 7, Listen), (30, 8, Descriptor)], [8, 8, 8, 8, 8]),
            (&[(10, 8, Descriptor), (30, 7, Listen)], [8, 8, 8, 8, 8]),
            // A socket that is handed over has versions, in whatever order they are learned.
            (&[(10, 7, Connect), (30, 8, Descriptor)], [7, 7, 7, 8, 8]),
            (&[(30, 8, Descriptor), (10, 7, Connect)], [7, 7, 7, 8, 8]),
            (&[(30, 8, Descriptor), (10, 8, Connect)], [8, 8, 8, 8, 8]),
            (&[(10, 7, Descriptor), (40, 8, Descriptor), (20, 8, Descriptor)], [7, 7, 8, 8, 8]),
            (&[(10, 7, Descriptor), (30, 8, Connect)], [7, 7, 7, 7, 7]),
            (&[(10, 7, Connect), (10, 8, Descriptor)], [8, 8, 8, 8, 8]),
            // Socket activation: pid 1 holds the listener as well as the service.
            (&[(10, 1, Descriptor), (20, 8, Descriptor)], [8, 8, 8, 8, 8]),
            (&[(10, 8, Descriptor), (20, 1, Descriptor)], [8, 8, 8, 8, 8]),
            (&[(10, 1, Descriptor), (20, 8, Listen)], [8, 8, 8, 8, 8]),
        ] {
            assert_eq!(held(statements), pids, "{statements:?}");
        }
    }

    #[test]
    fn the_oldest_versions_are_dropped_first() {
        let mut owners = Owners::new(owner(0, 10, Connect));
        let dropped: u64 = (1..10).map(|n| owners.state(owner(n * 10, n as u32 + 10, Connect), 3)).sum();
        assert_eq!(dropped, 7);
        assert_eq!(owners.at(Timestamp::MIN).pid, Pid(17));
        assert_eq!(owners.at(Timestamp::from_ns(85)).pid, Pid(18));
        assert_eq!(owners.at(Timestamp::MAX).pid, Pid(19));
    }
}
