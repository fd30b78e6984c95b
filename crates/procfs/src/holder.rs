//! Which process holds which socket.

use std::collections::{HashMap, HashSet};

use geophone_model::fact::Pid;

use crate::{
    config::{Cost, Unreadable},
    machine::Machine,
    procdir::ProcDir,
    process::Sighting,
    server::{Candidate, Program, server},
    stat::Stat,
};

/// The sockets that a process holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptors {
    /// Inode numbers of its sockets of all kinds, ascending, each once.
    pub inodes: Vec<u64>,
    /// What it has cost.
    pub cost: Cost,
}

/// Who holds a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process, or `None` where nobody does, or nobody whose descriptors may be read.
    pub pid: Option<Pid>,
    /// What it has cost.
    pub cost: Cost,
}

impl Machine {
    /// The sockets that one process holds.
    ///
    /// # Errors
    ///
    /// Where the process has ended, or permission is denied.
    pub fn descriptors(&self, pid: Pid) -> Result<Descriptors, Unreadable> {
        let mut found = Descriptors::default();
        let root = ProcDir::open(&self.config.root, &mut found.cost)?;
        let dir = root.pid(pid, &mut found.cost)?;
        dir.sockets(self.config.max_descriptors, &mut found.cost, |inode| {
            found.inodes.push(inode);
        })?;
        found.inodes.sort_unstable();
        found.inodes.dedup();
        Ok(found)
    }

    /// The process that holds a socket. Those in `likely` are looked at first, and the first of them that holds it is the
    /// answer; only else are all processes looked at.
    ///
    /// # Errors
    ///
    /// Where [`Config::root`](crate::Config::root) is no readable directory.
    pub fn holder(&self, inode: u64, likely: &[Pid]) -> Result<Holder, Unreadable> {
        let mut found = Holder::default();
        let root = ProcDir::open(&self.config.root, &mut found.cost)?;
        for &pid in likely {
            let mut is_held = false;
            let sockets = root.pid(pid, &mut found.cost).and_then(|dir| {
                dir.sockets(self.config.max_descriptors, &mut found.cost, |held| {
                    is_held |= held == inode;
                })
            });
            if sockets.is_ok() && is_held {
                found.pid = Some(pid);
                return Ok(found);
            }
        }
        let (pids, _) = root.pids(self.config.max_processes, &mut found.cost)?;
        let holders = Holders::scan(&root, &pids, self.config.max_descriptors, &mut found.cost, |held| held == inode);
        found.pid = holders.of(inode, &root, &mut found.cost);
        Ok(found)
    }
}

/// Sockets by their inode number, with all that hold them.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    by_inode: HashMap<u64, Held>,
    /// Processes whose descriptors may not be read, in the order of the scan.
    pub(crate) denied: Vec<Pid>,
    pub(crate) is_truncated: bool,
}

/// Nearly every socket has one holder, which needs no allocation.
#[derive(Debug)]
struct Held {
    first: Pid,
    more: Vec<Pid>,
}

impl Holders {
    pub(crate) fn scan(
        root: &ProcDir,
        pids: &[Pid],
        max_descriptors: usize,
        cost: &mut Cost,
        is_wanted: impl Fn(u64) -> bool,
    ) -> Self {
        let mut holders = Self::default();
        let mut left = max_descriptors;
        for &pid in pids {
            let Ok(dir) = root.pid(pid, cost) else {
                continue;
            };
            let by_inode = &mut holders.by_inode;
            let seen = dir.sockets(left, cost, |inode| {
                if is_wanted(inode) {
                    by_inode
                        .entry(inode)
                        .and_modify(|held| {
                            // A process may hold a socket by several descriptors.
                            if *held.more.last().unwrap_or(&held.first) != pid {
                                held.more.push(pid);
                            }
                        })
                        .or_insert_with(|| Held { first: pid, more: Vec::new() });
                }
            });
            match seen {
                Ok(seen) => left -= seen.min(left),
                Err(Unreadable::Denied) => holders.denied.push(pid),
                Err(_) => {}
            }
            if left == 0 {
                holders.is_truncated = true;
                break;
            }
        }
        holders
    }

    /// Whether anybody holds a socket.
    pub(crate) fn has(&self, inode: u64) -> bool {
        self.by_inode.contains_key(&inode)
    }

    /// All that hold a socket, by ascending numbers where they were scanned so.
    pub(crate) fn all(&self, inode: u64) -> impl Iterator<Item = Pid> + '_ {
        let held = self.by_inode.get(&inode);
        held.into_iter().flat_map(|held| std::iter::once(held.first).chain(held.more.iter().copied()))
    }

    /// The holder of a socket. Of several, process 1 comes last; of the others it is the one whose parent is none of them,
    /// the lowest number first: the program whose children have inherited a descriptor without use for it.
    pub(crate) fn of(&self, inode: u64, root: &ProcDir, cost: &mut Cost) -> Option<Pid> {
        let held = self.by_inode.get(&inode)?;
        if held.more.is_empty() {
            return Some(held.first);
        }
        let candidates = self.all(inode).take(MAX_CANDIDATES).map(|pid| {
            let parent = parent(root, pid, cost).unwrap_or(Pid(0));
            Candidate { pid, parent, program: Program::default(), has_connection: false }
        });
        server(&candidates.collect::<Vec<_>>(), None)
    }
}

/// Of the holders of one socket, so many are told apart.
const MAX_CANDIDATES: usize = 256;

impl Machine {
    /// Which of its holders serves a listener. `connections` are some that it took, and `known` who was found to serve before.
    pub(crate) fn serving(
        &self,
        root: &ProcDir,
        holders: &Holders,
        listener: u64,
        connections: &[u64],
        known: Option<Pid>,
        cost: &mut Cost,
    ) -> Option<Pid> {
        let all: Vec<Pid> = holders.all(listener).take(MAX_CANDIDATES).collect();
        if let [] | [_] = all.as_slice() {
            return all.first().copied();
        }
        let accepted: HashSet<Pid> = connections.iter().flat_map(|inode| holders.all(*inode)).collect();
        let mut buffer = Vec::new();
        let candidates = all.into_iter().map(|pid| {
            let fact = match self.sighting(root, pid, &mut buffer, cost) {
                Sighting::Process(fact) | Sighting::InPart(fact, _) => Some(fact),
                _ => None,
            };
            let parent = fact.as_ref().map_or(Pid(0), |fact| fact.parent);
            let program = fact.as_deref().map(Program::from).unwrap_or_default();
            Candidate { pid, parent, program, has_connection: accepted.contains(&pid) }
        });
        server(&candidates.collect::<Vec<_>>(), known)
    }
}

fn parent(root: &ProcDir, pid: Pid, cost: &mut Cost) -> Option<Pid> {
    const MAX_STAT_LEN: usize = 4_096;
    let mut text = Vec::new();
    root.pid(pid, cost).and_then(|dir| dir.read("stat", MAX_STAT_LEN, &mut text, cost)).ok()?;
    Stat::parse(&text).map(|stat| Pid(stat.parent))
}
