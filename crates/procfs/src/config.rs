//! Where to look, and how far.

use std::path::PathBuf;

use geophone_model::time::Timestamp;

/// What a [`Machine`](crate::Machine) looks at, and its limits. Whatever is left out to keep a limit is counted in the result
/// of the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Where procfs is mounted. In a container that looks at its host, that is often `/host/proc`.
    pub root: PathBuf,
    /// The wall-clock time at which the machine was booted: the difference of `CLOCK_REALTIME` and `CLOCK_BOOTTIME`, or, beside
    /// a capture, of its clock and `CLOCK_BOOTTIME`. The kernel counts the start of a process from there.
    pub boot: Timestamp,
    /// Processes that a scan looks at.
    pub max_processes: usize,
    /// Descriptors that a scan looks at, over all processes.
    pub max_descriptors: usize,
    /// Sockets that a scan takes from one network namespace.
    pub max_sockets: usize,
    /// Network namespaces that a scan enters.
    pub max_namespaces: usize,
    /// Addresses that a scan takes from one network namespace.
    pub max_addresses: usize,
}

impl Config {
    /// The limits for a busy machine, at `/proc`: 65,536 processes, a million descriptors, 262,144 sockets in each of 1,024
    /// namespaces.
    pub fn new(boot: Timestamp) -> Self {
        Self {
            root: PathBuf::from("/proc"),
            boot,
            max_processes: 65_536,
            max_descriptors: 1_048_576,
            max_sockets: 262_144,
            max_namespaces: 1_024,
            max_addresses: 16_384,
        }
    }
}

/// What a call has cost the machine, in operations of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Files and directories that were opened.
    pub opened: u64,
    /// Links that were read: one per descriptor, one per executable, one per namespace.
    pub links: u64,
    /// Bytes of files that were read.
    pub file_bytes: u64,
    /// Network namespaces that were entered, by a thread each.
    pub namespaces_entered: u64,
    /// Bytes that the kernel sent over netlink.
    pub netlink_bytes: u64,
}

impl Cost {
    /// Adds another cost.
    pub const fn add(&mut self, other: Self) {
        let Self { opened, links, file_bytes, namespaces_entered, netlink_bytes } = other;
        self.opened += opened;
        self.links += links;
        self.file_bytes += file_bytes;
        self.namespaces_entered += namespaces_entered;
        self.netlink_bytes += netlink_bytes;
    }
}

/// Why something could not be read. It is a value: processes end while they are looked at, and a user without privileges
/// may see only its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The process, or the last one of the namespace, has ended.
    #[error("it has ended")]
    Gone,
    /// Permission denied. Other users' processes need `CAP_SYS_PTRACE`, other network namespaces `CAP_SYS_ADMIN`.
    #[error("permission denied: run as root, or with CAP_SYS_PTRACE and CAP_SYS_ADMIN")]
    Denied,
    /// The kernel has no socket diagnosis (`CONFIG_INET_DIAG`, `CONFIG_INET_UDP_DIAG`), or the module is not loaded.
    #[error("the kernel does not offer it: load the modules inet_diag, tcp_diag and udp_diag")]
    Unsupported,
    /// The kernel sent what is no well-formed answer.
    #[error("the kernel's answer is malformed")]
    Malformed,
    /// Another error of the system.
    #[error("system error {0}")]
    System(i32),
}

impl From<rustix::io::Errno> for Unreadable {
    fn from(errno: rustix::io::Errno) -> Self {
        use rustix::io::Errno;
        match errno {
            Errno::NOENT | Errno::SRCH => Self::Gone,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            other => Self::System(other.raw_os_error()),
        }
    }
}
