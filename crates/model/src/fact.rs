//! What is known of processes, sockets and names, as statements with a time: the input of the resolver.
//!
//! The probe states facts, a recording keeps them beside the packets, and the resolver answers from them who an endpoint
//! was at a time. Command-line arguments are never part of a fact.

use std::net::IpAddr;

use crate::{
    capture::{SocketChange, SocketState},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

/// A process: the kernel's thread group id, as the agent's own pid namespace names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Pid(pub u32);

/// A statement about the machine, true from its time on until another one contradicts it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "fact", rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Fact {
    /// A process exists, or runs another program since an exec.
    Process(ProcessFact),
    /// A process has ended.
    ProcessExit {
        /// When.
        at: Timestamp,
        /// Which.
        pid: Pid,
    },
    /// A process owns a socket.
    Socket(SocketFact),
    /// A socket has its address. A client's socket has no port yet when `connect()` says who owns it (`tcp_v4_connect`,
    /// net/ipv4/tcp_ipv4.c, changes the state before it chooses one).
    SocketAddress {
        /// When.
        at: Timestamp,
        /// Its namespace.
        netns: NetNs,
        /// Which.
        cookie: SocketCookie,
        /// Its own end.
        local: Endpoint,
        /// The other end, as the socket knows it.
        remote: Endpoint,
    },
    /// A socket is closed.
    SocketClosed {
        /// When.
        at: Timestamp,
        /// Its namespace.
        netns: NetNs,
        /// Which.
        cookie: SocketCookie,
    },
    /// An address has a name, as a DNS answer or a hosts file said.
    HostName {
        /// When it was learned.
        at: Timestamp,
        /// The address.
        ip: IpAddr,
        /// The name, lower case, without a trailing dot.
        name: String,
    },
    /// An address belongs to an interface of this machine.
    LocalAddress {
        /// When it was seen.
        at: Timestamp,
        /// The namespace that has the interface.
        netns: NetNs,
        /// The address.
        ip: IpAddr,
    },
}

impl Fact {
    /// What a change of a socket says about its owner, if it says anything: who called `connect()` or `listen()`, which
    /// address the one that connected was given, and that it is closed.
    pub const fn of_socket_change(change: &SocketChange) -> Option<Self> {
        let SocketChange { at, change, netns, cookie, local, remote, pid } = *change;
        let source = match change {
            SocketState::Closed => return Some(Self::SocketClosed { at, netns, cookie }),
            SocketState::Connecting => OwnerSource::Connect,
            SocketState::Listening => OwnerSource::Listen,
            SocketState::Connected => {
                let Some(remote) = remote else { return None };
                return Some(Self::SocketAddress { at, netns, cookie, local, remote });
            }
            SocketState::Accepted => return None,
        };
        let Some(pid) = pid else { return None };
        let (cookie, transport) = (Some(cookie), Transport::Tcp);
        Some(Self::Socket(SocketFact { at, netns, cookie, transport, local, remote, pid, source }))
    }

    /// From when on the fact holds.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Process(process) => process.at,
            Self::Socket(socket) => socket.at,
            Self::ProcessExit { at, .. }
            | Self::SocketAddress { at, .. }
            | Self::SocketClosed { at, .. }
            | Self::HostName { at, .. }
            | Self::LocalAddress { at, .. } => *at,
        }
    }
}

/// What a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessFact {
    /// From when on this is true: the start of the process, or its exec.
    pub at: Timestamp,
    /// The process.
    pub pid: Pid,
    /// Its parent, zero where it has none.
    pub parent: Pid,
    /// The kernel's short name of it (`comm`), at most 15 bytes.
    pub comm: String,
    /// Base name of the executable, empty for a kernel thread or where it cannot be read.
    pub executable: String,
    /// For an interpreter (python, node, java, ruby, sh, …): the base name of its script, the module or the jar.
    pub script: Option<String>,
    /// Path of its cgroup in the cgroup2 tree, or in the systemd tree of cgroup v1.
    pub cgroup: String,
    /// The container that the cgroup path names: 64 hexadecimal digits.
    pub container: Option<String>,
    /// The systemd service that the cgroup path names (`nginx.service`).
    pub unit: Option<String>,
    /// Its network namespace.
    pub netns: NetNs,
}

/// Who owns a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketFact {
    /// From when on it is known.
    pub at: Timestamp,
    /// The namespace that the socket lives in.
    pub netns: NetNs,
    /// The socket, where the source knows its cookie.
    pub cookie: Option<SocketCookie>,
    /// Its transport protocol.
    pub transport: Transport,
    /// Its own end; an unspecified address for a listener on all addresses.
    pub local: Endpoint,
    /// The other end; `None` for a listener or an unconnected socket.
    pub remote: Option<Endpoint>,
    /// The owner.
    pub pid: Pid,
    /// How the owner is known.
    pub source: OwnerSource,
}

/// How the owner of a socket is known, the surest first: a source is believed over those that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OwnerSource {
    /// The process holds a descriptor of it.
    Descriptor,
    /// The process called `connect()` on it.
    Connect,
    /// The process called `listen()` on it, or on the listener that it came from.
    Listen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_change_says_who_connects_listens_and_is_gone() {
        let fact = |change, pid| {
            Fact::of_socket_change(&SocketChange {
                at: Timestamp::from_ns(1),
                change,
                netns: NetNs(1),
                cookie: SocketCookie::new(9).unwrap(),
                local: "127.0.0.1:80".parse().unwrap(),
                remote: "127.0.0.1:50000".parse().ok(),
                pid,
            })
        };
        let source = |fact| match fact {
            Some(Fact::Socket(socket)) => Some(socket.source),
            _ => None,
        };
        assert_eq!(source(fact(SocketState::Connecting, Some(Pid(7)))), Some(OwnerSource::Connect));
        assert_eq!(source(fact(SocketState::Listening, Some(Pid(7)))), Some(OwnerSource::Listen));
        assert!(matches!(fact(SocketState::Connected, None), Some(Fact::SocketAddress { .. })));
        assert!(matches!(fact(SocketState::Closed, None), Some(Fact::SocketClosed { .. })));
        assert_eq!(fact(SocketState::Accepted, Some(Pid(7))), None, "a softirq's task owns nothing");
        assert_eq!(fact(SocketState::Listening, None), None);
    }
}
