//! Who holds a listener now: `/proc/PID/fd` by the inode numbers that socket diagnosis tells.

use std::collections::{HashMap, HashSet};

use geophone_model::{
    fact::Pid,
    net::{NetNs, SocketCookie},
};

use super::{
    agenda::Scope,
    listeners::{Connection, Inquiry},
};
use crate::{
    config::{Cost, Unreadable},
    diag::DiagnosedSocket,
    holder::Holders,
    machine::Machine,
    namespace::{Channel, Namespaces, Subject},
    procdir::ProcDir,
    socket,
};

/// What was found of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// This process serves it.
    Served(Pid),
    /// Its connection has not been accepted by anybody yet.
    Unaccepted,
    /// Nobody who was looked at holds it, or nobody its connection.
    Elsewhere,
    /// It does not exist any more.
    Closed,
}

/// Processes that are looked at near each listener; where there are as many, all are looked at instead.
const MAX_FAMILY: usize = 256;

/// What was found, one finding for each inquiry and in their order, and what that has cost.
pub(super) fn search(machine: &Machine, inquiries: &[Inquiry], scope: Scope) -> (Vec<Finding>, Cost) {
    let mut cost = Cost::default();
    let found = look(machine, inquiries, scope, &mut cost);
    (found.unwrap_or_else(|_| vec![Finding::Elsewhere; inquiries.len()]), cost)
}

fn look(machine: &Machine, inquiries: &[Inquiry], scope: Scope, cost: &mut Cost) -> Result<Vec<Finding>, Unreadable> {
    let root = ProcDir::open(&machine.config.root, cost)?;
    let pids = match scope {
        Scope::Near => families(&root, inquiries, cost),
        Scope::All => root.pids(machine.config.max_processes, cost)?.0,
    };
    let sockets = Sockets::of(machine, &root, &pids, inquiries, cost);
    let sought: Vec<Result<Sought, Finding>> = inquiries.iter().map(|inquiry| sockets.sought(inquiry, scope)).collect();
    let wanted: HashSet<u64> = sought
        .iter()
        .filter_map(|sought| sought.as_ref().ok())
        .flat_map(|sought| [sought.listener].into_iter().chain(sought.connection))
        .collect();
    let pids = if wanted.is_empty() { &[] } else { pids.as_slice() };
    let holders = Holders::scan(&root, pids, machine.config.max_descriptors, cost, |inode| wanted.contains(&inode));

    let mut finding = |inquiry: &Inquiry, Sought { listener, connection }: Sought| {
        if scope == Scope::Near && connection.is_some_and(|inode| !holders.has(inode)) {
            return Finding::Elsewhere;
        }
        let known = inquiry.near.filter(|_| inquiry.is_known);
        let serving = machine.serving(&root, &holders, listener, connection.as_slice(), known, cost);
        serving.map_or(Finding::Elsewhere, Finding::Served)
    };
    let findings = inquiries.iter().zip(sought);
    Ok(findings.map(|(inquiry, sought)| sought.map_or_else(|known| known, |sought| finding(inquiry, sought))).collect())
}

/// Those who are believed to hold the listeners, with their descendants.
fn families(root: &ProcDir, inquiries: &[Inquiry], cost: &mut Cost) -> Vec<Pid> {
    let heads: HashSet<Pid> = inquiries.iter().filter_map(|inquiry| inquiry.near).collect();
    let mut all: Vec<Pid> = heads.into_iter().filter_map(|head| family(root, head, cost)).flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A process with its descendants. `None` where they cannot be told (`CONFIG_PROC_CHILDREN`), or are too many, as those of
/// process 1 may be: nobody is to be taken for the only holder because the others were not looked at.
fn family(root: &ProcDir, head: Pid, cost: &mut Cost) -> Option<Vec<Pid>> {
    let mut family = vec![head];
    let mut next = 0;
    while let Some(&pid) = family.get(next) {
        next += 1;
        let children = root.pid(pid, cost).and_then(|dir| dir.children(MAX_FAMILY, &mut family, cost));
        if (children.is_err() && pid == head) || family.len() >= MAX_FAMILY {
            return None;
        }
    }
    Some(family)
}

/// Inode numbers of the listeners and connections of the inquiries.
#[derive(Debug, Default)]
struct Sockets {
    /// Namespaces that could be asked for their listeners.
    asked: HashSet<NetNs>,
    inodes: HashMap<SocketCookie, u64>,
}

impl Sockets {
    fn of(machine: &Machine, root: &ProcDir, pids: &[Pid], inquiries: &[Inquiry], cost: &mut Cost) -> Self {
        let mut sockets = Self::default();
        let namespaces = Namespaces::of(root, pids, machine.config.max_namespaces, cost);
        for namespace in namespaces.all {
            let here = || inquiries.iter().filter(|inquiry| inquiry.netns == namespace.netns);
            if here().next().is_none() {
                continue;
            }
            let cookies: HashSet<SocketCookie> = here().map(|inquiry| inquiry.cookie).collect();
            let asked = Channel::open(root, namespace, Subject::Sockets, cost).and_then(|mut channel| {
                let max = machine.config.max_sockets;
                socket::listeners(&mut channel, max, cost, |found| {
                    sockets.take(&found, |cookie| cookies.contains(&cookie));
                })?;
                for Connection { cookie, local, remote } in here().filter_map(|inquiry| inquiry.connection) {
                    // One that has been closed tells nothing.
                    if let Ok(found) = socket::connection(&mut channel, local, remote, cost)
                        && (found.inode != 0 || !found.is_closing)
                    {
                        sockets.take(&found, |other| other == cookie);
                    }
                }
                Ok(())
            });
            if asked.is_ok() {
                sockets.asked.insert(namespace.netns);
            }
        }
        sockets
    }

    fn take(&mut self, socket: &DiagnosedSocket, is_wanted: impl Fn(SocketCookie) -> bool) {
        if let Some(cookie) = socket.cookie.filter(|cookie| is_wanted(*cookie)) {
            self.inodes.insert(cookie, socket.inode);
        }
    }

    /// What to look for in the descriptors of processes, or what is known without.
    fn sought(&self, inquiry: &Inquiry, scope: Scope) -> Result<Sought, Finding> {
        let Some(&listener) = self.inodes.get(&inquiry.cookie) else {
            let is_asked = self.asked.contains(&inquiry.netns);
            return Err(if is_asked { Finding::Closed } else { Finding::Elsewhere });
        };
        let connection = inquiry.connection.and_then(|connection| self.inodes.get(&connection.cookie).copied());
        match (connection, scope) {
            // It has no file before accept(2) (`sock_graft`, include/net/sock.h). To look everywhere again would cost too much.
            (Some(0), Scope::Near) => Err(Finding::Unaccepted),
            (Some(0), Scope::All) => Ok(Sought { listener, connection: None }),
            _ => Ok(Sought { listener, connection }),
        }
    }
}

/// The inode numbers of a listener, and of a connection that it took.
#[derive(Clone, Copy, Debug)]
struct Sought {
    listener: u64,
    connection: Option<u64>,
}
