//! The sockets and the addresses of all network namespaces.

use std::collections::HashMap;

use geophone_model::{
    fact::{Fact, OwnerSource, Pid, SocketFact},
    net::{Endpoint, NetNs, Transport},
    time::Timestamp,
};

use crate::{
    address,
    config::{Cost, Unreadable},
    diag::{self, DiagnosedSocket, Family},
    holder::Holders,
    machine::Machine,
    namespace::{Channel, Namespace, Namespaces, Skipped, Subject, net_namespace},
    netlink::Wanted,
    procdir::ProcDir,
};

/// The sockets of the machine that a process holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketScan {
    /// One fact per socket with a holder, namespace by namespace.
    pub facts: Vec<SocketFact>,
    /// Sockets that nobody holds: connections that are being closed, or not accepted yet, or sockets of the kernel.
    pub without_holder: u64,
    /// Sockets that are not bound to a port, and so can be at no end of anything.
    pub unbound: u64,
    /// Namespaces that could not be looked at, with the reason.
    pub skipped: Vec<Skipped>,
    /// Processes, kernel threads included, whose namespace may not be read: where that is one of their own, it is missing.
    pub processes_hidden: u64,
    /// Processes, kernel threads included, whose descriptors may not be read, ascending: their sockets are among those without
    /// a holder. At most [`Config::max_processes`](crate::Config::max_processes).
    pub processes_denied: Vec<Pid>,
    /// Whether a limit of [`Config`](crate::Config) has cut the scan short.
    pub is_truncated: bool,
    /// What it has cost.
    pub cost: Cost,
}

/// The addresses of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressScan {
    /// A [`Fact::LocalAddress`] for every address of every interface of every namespace.
    pub facts: Vec<Fact>,
    /// Namespaces that could not be looked at, with the reason.
    pub skipped: Vec<Skipped>,
    /// Processes, kernel threads included, whose namespace may not be read: where that is one of their own, it is missing.
    pub processes_hidden: u64,
    /// Whether a limit of [`Config`](crate::Config) has cut the scan short.
    pub is_truncated: bool,
    /// What it has cost.
    pub cost: Cost,
}

impl Machine {
    /// Who holds which TCP and UDP socket, in every network namespace that a process is in, at the time `at`, which is now.
    ///
    /// # Errors
    ///
    /// Where [`Config::root`](crate::Config::root) is no readable directory. What concerns single namespaces and processes
    /// is part of the result.
    pub fn sockets(&self, at: Timestamp) -> Result<SocketScan, Unreadable> {
        let mut scan = SocketScan::default();
        let root = ProcDir::open(&self.config.root, &mut scan.cost)?;
        let (pids, more_pids) = root.pids(self.config.max_processes, &mut scan.cost)?;
        let namespaces = Namespaces::of(&root, &pids, self.config.max_namespaces, &mut scan.cost);
        scan.is_truncated = more_pids || namespaces.is_truncated;
        scan.processes_hidden = namespaces.hidden;

        // Sockets first, descriptors after: who is found in between holds a socket that was there.
        let mut found: Vec<(NetNs, Transport, DiagnosedSocket)> = Vec::new();
        for namespace in namespaces.all {
            if let Err(reason) = self.dump_sockets(&root, namespace, &mut scan, &mut found) {
                scan.skipped.push(Skipped { netns: namespace.netns, reason });
            }
        }
        let mut holders = Holders::scan(&root, &pids, self.config.max_descriptors, &mut scan.cost, |_| true);
        scan.processes_denied = std::mem::take(&mut holders.denied);
        scan.is_truncated |= holders.is_truncated;
        let taken = connections_by_port(&found);
        for (netns, transport, socket) in found {
            let holder = if socket.remote.is_none() && transport == Transport::Tcp {
                let connections = taken.get(&(netns, socket.local.port())).map_or(&[][..], Vec::as_slice);
                self.serving(&root, &holders, socket.inode, connections, None, &mut scan.cost)
            } else {
                holders.of(socket.inode, &root, &mut scan.cost)
            };
            match holder {
                Some(pid) => scan.facts.push(fact(at, netns, transport, &socket, pid)),
                None => scan.without_holder += 1,
            }
        }
        Ok(scan)
    }

    /// The addresses of this machine, in every network namespace that a process is in, at the time `at`, which is now.
    ///
    /// # Errors
    ///
    /// Where [`Config::root`](crate::Config::root) is no readable directory. What concerns single namespaces is part of the
    /// result.
    pub fn addresses(&self, at: Timestamp) -> Result<AddressScan, Unreadable> {
        let mut scan = AddressScan::default();
        let root = ProcDir::open(&self.config.root, &mut scan.cost)?;
        let (pids, more_pids) = root.pids(self.config.max_processes, &mut scan.cost)?;
        let namespaces = Namespaces::of(&root, &pids, self.config.max_namespaces, &mut scan.cost);
        scan.is_truncated = more_pids || namespaces.is_truncated;
        scan.processes_hidden = namespaces.hidden;
        for namespace in namespaces.all {
            let AddressScan { facts, skipped, is_truncated, cost, processes_hidden: _ } = &mut scan;
            let mut left = self.config.max_addresses;
            let kinds = (address::REQUEST_KIND, address::KIND);
            let result = Channel::open(&root, namespace, Subject::Addresses, cost).and_then(|mut channel| {
                channel.ask(kinds, Wanted::All, &address::dump(), cost, |payload| {
                    if left == 0 {
                        *is_truncated = true;
                        return false;
                    }
                    left -= 1;
                    let ip = address::address(payload);
                    facts.extend(ip.map(|ip| Fact::LocalAddress { at, netns: namespace.netns, ip }));
                    true
                })
            });
            if let Err(reason) = result {
                skipped.push(Skipped { netns: namespace.netns, reason });
            }
        }
        Ok(scan)
    }

    /// The one socket with these ends in the network namespace of a process: the fast way from a connection that was just
    /// seen to its inode number, for [`Machine::holder`]. Without a `remote`, or where there is no such connection, it is the
    /// listener that takes connections for `local`.
    ///
    /// # Errors
    ///
    /// [`Unreadable::Gone`] where there is no such socket, or the process has ended; other reasons as they come.
    pub fn find_socket(
        &self,
        member: Pid,
        transport: Transport,
        local: Endpoint,
        remote: Option<Endpoint>,
    ) -> Result<(DiagnosedSocket, Cost), Unreadable> {
        let mut cost = Cost::default();
        let root = ProcDir::open(&self.config.root, &mut cost)?;
        let netns = net_namespace(&root.pid(member, &mut cost)?, &mut cost)?;
        let mut channel = Channel::open(&root, Namespace { netns, member }, Subject::Sockets, &mut cost)?;
        let socket = one(&mut channel, &diag::exact(transport, local, remote), &mut cost)?;
        Ok((socket, cost))
    }

    fn dump_sockets(
        &self,
        root: &ProcDir,
        namespace: Namespace,
        scan: &mut SocketScan,
        found: &mut Vec<(NetNs, Transport, DiagnosedSocket)>,
    ) -> Result<(), Unreadable> {
        let mut channel = Channel::open(root, namespace, Subject::Sockets, &mut scan.cost)?;
        let (mut left, mut is_cut) = (self.config.max_sockets, false);
        for transport in [Transport::Tcp, Transport::Udp] {
            for family in [Family::V4, Family::V6] {
                let SocketScan { unbound, cost, .. } = scan;
                let request = diag::dump(transport, family);
                channel.ask((diag::KIND, diag::KIND), Wanted::All, &request, cost, |payload| {
                    is_cut = left == 0;
                    if is_cut {
                        return false;
                    }
                    left -= 1;
                    match DiagnosedSocket::parse(payload) {
                        Some(socket) if socket.local.port() != 0 => {
                            found.push((namespace.netns, transport, socket));
                        }
                        Some(_) => *unbound += 1,
                        None => {}
                    }
                    true
                })?;
                // What the kernel has not been asked for may have no socket at all.
                if is_cut {
                    scan.is_truncated = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The inode numbers of a few TCP connections of each port: who holds one of them takes those of the listener there.
fn connections_by_port(sockets: &[(NetNs, Transport, DiagnosedSocket)]) -> HashMap<(NetNs, u16), Vec<u64>> {
    const MAX_CONNECTIONS: usize = 16;
    let mut by_port: HashMap<_, Vec<u64>> = HashMap::new();
    for (netns, transport, socket) in sockets {
        if *transport == Transport::Tcp && socket.remote.is_some() && socket.inode != 0 {
            let taken = by_port.entry((*netns, socket.local.port())).or_default();
            if taken.len() < MAX_CONNECTIONS {
                taken.push(socket.inode);
            }
        }
    }
    by_port
}

/// All TCP listeners of a namespace, at most `max` of each family.
pub(crate) fn listeners(
    channel: &mut Channel,
    max: usize,
    cost: &mut Cost,
    mut listener: impl FnMut(DiagnosedSocket),
) -> Result<(), Unreadable> {
    for family in [Family::V4, Family::V6] {
        let mut left = max;
        channel.ask((diag::KIND, diag::KIND), Wanted::All, &diag::dump_listeners(family), cost, |payload| {
            left = left.saturating_sub(1);
            if let Some(socket) = DiagnosedSocket::parse(payload) {
                listener(socket);
            }
            left > 0
        })?;
    }
    Ok(())
}

/// The TCP socket with these ends, or where there is none the listener for `local`.
pub(crate) fn connection(
    channel: &mut Channel,
    local: Endpoint,
    remote: Endpoint,
    cost: &mut Cost,
) -> Result<DiagnosedSocket, Unreadable> {
    one(channel, &diag::exact(Transport::Tcp, local, Some(remote)), cost)
}

fn one(channel: &mut Channel, request: &[u8], cost: &mut Cost) -> Result<DiagnosedSocket, Unreadable> {
    let mut found = None;
    channel.ask((diag::KIND, diag::KIND), Wanted::One, request, cost, |payload| {
        found = DiagnosedSocket::parse(payload);
        false
    })?;
    found.ok_or(Unreadable::Malformed)
}

fn fact(at: Timestamp, netns: NetNs, transport: Transport, socket: &DiagnosedSocket, pid: Pid) -> SocketFact {
    let &DiagnosedSocket { cookie, local, remote, inode: _, uid: _, is_closing: _ } = socket;
    SocketFact { at, netns, cookie, transport, local, remote, pid, source: OwnerSource::Descriptor }
}
