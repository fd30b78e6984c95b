//! Network namespaces: which there are, and asking the kernel in each of them.

use std::{
    collections::HashSet,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use geophone_model::{fact::Pid, net::NetNs};
use rustix::{
    io::Errno,
    net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, sockopt},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use crate::{
    config::{Cost, Unreadable},
    netlink::{Message, Messages, Wanted, request},
    procdir::{PidDir, ProcDir, inode},
};

/// A network namespace, and a process that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) netns: NetNs,
    pub(crate) member: Pid,
}

/// A namespace that was left out of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Which.
    pub netns: NetNs,
    /// Why.
    pub reason: Unreadable,
}

/// The namespaces of the machine, as far as processes tell.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    /// Each once.
    pub(crate) all: Vec<Namespace>,
    /// Processes whose namespace may not be read.
    pub(crate) hidden: u64,
    /// Whether there are more than were wanted.
    pub(crate) is_truncated: bool,
}

impl Namespaces {
    pub(crate) fn of(root: &ProcDir, pids: &[Pid], max: usize, cost: &mut Cost) -> Self {
        let mut namespaces = Self::default();
        let mut seen = HashSet::new();
        for &member in pids {
            let netns = match root.pid(member, cost).and_then(|dir| net_namespace(&dir, cost)) {
                Ok(netns) => netns,
                Err(Unreadable::Gone) => continue,
                Err(_) => {
                    namespaces.hidden += 1;
                    continue;
                }
            };
            if seen.contains(&netns) {
                continue;
            }
            if namespaces.all.len() == max {
                namespaces.is_truncated = true;
                break;
            }
            seen.insert(netns);
            namespaces.all.push(Namespace { netns, member });
        }
        namespaces
    }
}

/// The network namespace of a process.
pub(crate) fn net_namespace(dir: &PidDir, cost: &mut Cost) -> Result<NetNs, Unreadable> {
    let mut buffer = [MaybeUninit::uninit(); 64];
    let target = dir.link("ns/net", &mut buffer, cost)?;
    inode(target, b"net:[").map(NetNs).ok_or(Unreadable::Malformed)
}

/// What is asked over netlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Sockets,
    Addresses,
}

/// A netlink socket in a network namespace. It stays in the namespace in which it was created, whichever thread uses it, so
/// only a thread of its own has to enter, for the length of one system call, and no other thread ever moves.
pub(crate) struct Channel {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Channel {
    /// The kernel fills up to 32 KiB at once (`netlink_dump` in net/netlink/af_netlink.c).
    const BUFFER_LEN: usize = 65_536;

    pub(crate) fn open(
        root: &ProcDir,
        namespace: Namespace,
        subject: Subject,
        cost: &mut Cost,
    ) -> Result<Self, Unreadable> {
        let dir = root.pid(namespace.member, cost)?;
        let socket = if is_own(namespace.netns) {
            create(subject)?
        } else {
            let handle = dir.open("ns/net", cost)?;
            let found = rustix::fs::fstat(&handle)?.st_ino;
            if found != u64::from(namespace.netns.0) {
                // The member has moved on since.
                return Err(Unreadable::Gone);
            }
            cost.namespaces_entered += 1;
            create_in(&handle, subject)?
        };
        Ok(Self { socket, sequence: 0, buffer: vec![0; Self::BUFFER_LEN] })
    }

    /// Sends a request and gives the payloads of the answer's objects of one type to `object`, until that says `false`.
    pub(crate) fn ask(
        &mut self,
        (request_kind, answer_kind): (u16, u16),
        wanted: Wanted,
        payload: &[u8],
        cost: &mut Cost,
        mut object: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Unreadable> {
        self.sequence += 1;
        let request = request(request_kind, wanted, self.sequence, payload);
        rustix::net::send(&self.socket, &request, SendFlags::empty())?;
        loop {
            let (_, len) = match rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC) {
                Err(Errno::INTR) => continue,
                result => result?,
            };
            cost.netlink_bytes += len as u64;
            let answer = self.buffer.get(..len).ok_or(Unreadable::Malformed)?;
            for message in Messages::of(answer, self.sequence) {
                match message.map_err(|_| Unreadable::Malformed)? {
                    Message::Object { kind, payload } if kind == answer_kind => {
                        if !object(payload) || wanted == Wanted::One {
                            return Ok(());
                        }
                    }
                    Message::Object { .. } => {}
                    Message::Done { .. } | Message::Error(0) => return Ok(()),
                    Message::Error(errno) => return Err(refusal(errno, wanted)),
                }
            }
        }
    }
}

/// What an error of the kernel means. A dump is refused with ENOENT where no module answers for the family
/// (`inet_diag_lock_handler` in net/ipv4/inet_diag.c); a single socket, where there is none.
fn refusal(errno: i32, wanted: Wanted) -> Unreadable {
    match (Errno::from_raw_os_error(errno), wanted) {
        (Errno::NOENT, Wanted::All) | (Errno::OPNOTSUPP, _) => Unreadable::Unsupported,
        (errno, _) => errno.into(),
    }
}

fn is_own(netns: NetNs) -> bool {
    // The calling thread's, in the real procfs: the namespace that its sockets are created in.
    rustix::fs::stat("/proc/thread-self/ns/net").is_ok_and(|stat| stat.st_ino == u64::from(netns.0))
}

fn create_in(namespace: &OwnedFd, subject: Subject) -> Result<OwnedFd, Unreadable> {
    std::thread::scope(|scope| {
        let enter = move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            create(subject)
        };
        let thread = std::thread::Builder::new().name("netns".into()).spawn_scoped(scope, enter);
        let thread = thread.map_err(|error| Unreadable::System(error.raw_os_error().unwrap_or_default()))?;
        thread.join().unwrap_or(Err(Unreadable::Gone))
    })
}

fn create(subject: Subject) -> Result<OwnedFd, Unreadable> {
    // The kernel answers within the call that asks; this only keeps an unforeseen silence from becoming a hang.
    const TIMEOUT: Duration = Duration::from_secs(5);
    let protocol: Option<Protocol> = match subject {
        Subject::Sockets => Some(netlink::SOCK_DIAG),
        Subject::Addresses => None,
    };
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)
        .map_err(|errno| if errno == Errno::PROTONOSUPPORT { Unreadable::Unsupported } else { errno.into() })?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(TIMEOUT))?;
    Ok(socket)
}
