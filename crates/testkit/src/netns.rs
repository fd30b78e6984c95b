//! Network namespaces of one test's own, and virtual cables between them.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::{AsRawFd as _, RawFd},
        linux::fs::MetadataExt as _,
        unix::process::CommandExt as _,
    },
    process::Command,
    sync::Arc,
    thread,
};

use geophone_model::net;

use crate::{netlink, tools};

/// A network namespace. It has no name: it is gone with its last process and this handle.
#[derive(Clone, Debug)]
pub struct NetNs {
    handle: Arc<File>,
}

impl NetNs {
    /// Makes a namespace whose loopback device is up.
    ///
    /// # Panics
    /// Where this process may not, or the program `ip` fails.
    pub fn create() -> Self {
        // A thread of its own, which ends in the new namespace; the caller stays where it is.
        let opened = thread::spawn(|| -> io::Result<File> {
            // SAFETY: a plain system call, which concerns this short-lived thread only.
            if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
                return Err(io::Error::last_os_error());
            }
            File::open("/proc/thread-self/ns/net")
        });
        let handle = opened.join().expect("the thread does not panic").expect("root may make a network namespace");
        let made = Self { handle: Arc::new(handle) };
        made.ip("link set lo up");
        made
    }

    /// The name that the kernel's programs give it.
    pub fn id(&self) -> net::NetNs {
        let inode = self.handle.metadata().expect("the handle is open").st_ino();
        net::NetNs(u32::try_from(inode).expect("a namespace's inode number has 32 bits"))
    }

    /// Lets a device carry packets of up to `bytes` (BIG TCP). Before Linux 6.3 that holds for IPv6 only.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn enlarge_packets(&self, device: &str, bytes: u32) {
        let sizes = netlink::PACKET_SIZES.map(|size| (size, bytes));
        let set = self.inside(|| netlink::set_link(device, &sizes));
        set.unwrap_or_else(|error| panic!("{device} cannot have packets of {bytes} bytes: {error}"));
    }

    /// A counter of its TCP since it was made, as `Tcp` and `RetransSegs` (RFC 4022) or `TcpExt` and `TCPOFOQueue`.
    ///
    /// # Panics
    /// If the kernel does not have it.
    pub fn counter(&self, group: &str, name: &str) -> u64 {
        let tables = self.inside(|| -> io::Result<String> {
            let tables = ["snmp", "netstat"].map(|table| fs::read_to_string(format!("/proc/thread-self/net/{table}")));
            tables.into_iter().collect()
        });
        let tables = tables.expect("/proc can be read");
        counter(&tables, group, name).unwrap_or_else(|| panic!("no counter {name} of {group} in\n{tables}"))
    }

    /// Runs `ip` with blank-separated arguments inside.
    ///
    /// # Panics
    /// If it fails.
    pub fn ip(&self, arguments: &str) {
        self.run("ip", &arguments.split(' ').collect::<Vec<_>>());
    }

    /// Runs commands of `nft` inside; its tables are gone with the namespace.
    ///
    /// # Panics
    /// If it fails.
    pub fn nft(&self, commands: &[&str]) {
        self.run("nft", &[&commands.join("; ")]);
    }

    /// Joins this namespace and another with a virtual cable: a device `veth0` in each, with these addresses
    /// (`10.9.0.1/24`, `fd00::1/64`), first those of this end, then those of the other.
    ///
    /// # Panics
    /// If `ip` fails.
    pub fn connect(&self, other: &Self, here: &[&str], there: &[&str]) {
        let path = format!("/proc/{}/fd/{}", std::process::id(), other.raw());
        self.ip(&format!("link add veth0 type veth peer name veth0 netns {path}"));
        for (end, addresses) in [(self, here), (other, there)] {
            for address in addresses {
                // Without `nodad` an IPv6 address cannot be used for a second.
                let nodad = if address.contains(':') { " nodad" } else { "" };
                end.ip(&format!("addr add {address} dev veth0{nodad}"));
            }
            end.ip("link set veth0 up");
        }
    }

    /// Does something in a thread that is in this namespace; the caller stays where it is.
    fn inside<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        thread::scope(|scope| {
            let done = scope.spawn(|| enter(&self.handle).and_then(|()| work()));
            done.join().expect("the thread does not panic")
        })
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.handle.as_raw_fd()
    }

    pub(crate) fn handle(&self) -> Arc<File> {
        Arc::clone(&self.handle)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let path = tools::find(program).unwrap_or_else(|| panic!("{program} is not installed"));
        let mut command = Command::new(path);
        let handle = self.handle();
        // SAFETY: only a system call is made between fork and exec.
        unsafe { command.pre_exec(move || enter(&handle)) };
        let output = command.args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    }
}

/// Moves the calling thread into a namespace. Makes no allocation, so that it may be called between fork and exec.
pub(crate) fn enter(namespace: &File) -> io::Result<()> {
    // SAFETY: a plain system call with an open descriptor.
    match unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Finds a number in tables of two lines for each group: `Tcp: RtoAlgorithm RtoMin …`, `Tcp: 1 200 …`.
fn counter(tables: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = tables.lines().filter_map(|line| line.strip_prefix(group)?.strip_prefix(": "));
    let (names, values) = (lines.next()?, lines.next()?);
    let place = names.split(' ').position(|known| known == name)?;
    values.split(' ').nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name() {
        let tables = "Tcp: RtoMin RetransSegs\nTcp: 200 7\nTcpExt: SyncookiesSent TCPOFOQueue\nTcpExt: 0 12\n";
        assert_eq!(counter(tables, "Tcp", "RetransSegs"), Some(7));
        assert_eq!(counter(tables, "TcpExt", "TCPOFOQueue"), Some(12));
        assert_eq!(counter(tables, "Tcp", "TCPOFOQueue"), None);
    }
}
