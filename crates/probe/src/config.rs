//! What a capture is asked for.

use std::path::PathBuf;

use geophone_probe_common::policy::MAX_OWN_LISTENERS;

use crate::ProbeError;

/// How a capture is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What is looked at.
    pub family: Family,
    /// For [`Family::Packets`]: the cgroup (a directory of a cgroup2 file system) whose sockets are observed, with all below it.
    /// `None` for all sockets of the machine.
    pub cgroup: Option<PathBuf>,
    /// For [`Family::Packets`]: whether what arrives over the loopback device is reported too. Its departure says the same, but is
    /// seen only where the socket that sends is inside [`cgroup`](Self::cgroup). Where both are, a packet is reported twice, with
    /// the same sequence numbers.
    pub loopback_arrivals: bool,
    /// Size of the ring in bytes: a power of two and a multiple of the page size.
    pub ring_bytes: usize,
    /// How many directions of connections can have a policy at a time.
    pub policy_entries: u32,
    /// For [`Family::Syscalls`]: how many directions of connections have their bytes counted at a time. Of one that was
    /// silent for longest, and of whose number another is in need, the count begins again at zero.
    pub stream_entries: u32,
    /// Ports of the agent's own listeners, whose traffic is not reported, on neither side; at most
    /// [`MAX_OWN_LISTENERS`](geophone_probe_common::policy::MAX_OWN_LISTENERS).
    pub own_ports: Vec<u16>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            family: Family::Packets,
            cgroup: None,
            loopback_arrivals: false,
            ring_bytes: 16 << 20,
            policy_entries: 32_768,
            stream_entries: 65_536,
            own_ports: Vec::new(),
        }
    }
}

/// What is looked at to see the bytes of connections. The changes of sockets and processes are seen with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// The packets that leave and reach sockets: the cheaper way, which sees all ways to send.
    #[default]
    Packets,
    /// The system calls that read and write sockets, where there is no cgroup2 or no right to attach to it. Each socket is
    /// seen by itself, so both ends of a connection over the loopback device are.
    ///
    /// Sockets that are older than the capture are seen once somebody has asked the kernel for their cookie, as a listing of
    /// sockets over netlink does; those of UDP always need that. The calls of the process that captures are left out, which
    /// is known by its number in the machine's own process namespace (in a container: `hostPID`). Bytes have no sequence
    /// numbers: [`Skip::Until`](crate::Skip::Until) leaves nothing out.
    Syscalls,
}

impl Config {
    /// Checks what the kernel would refuse with less of an explanation.
    pub(crate) fn check(&self) -> Result<(), ProbeError> {
        const PAGE: usize = 4096;
        let invalid = |what| Err(ProbeError::Config { what });
        if !self.ring_bytes.is_power_of_two() || self.ring_bytes < PAGE || self.ring_bytes > 1 << 30 {
            return invalid(format!(
                "the ring cannot have {} bytes: take a power of two from 4 KiB to 1 GiB",
                self.ring_bytes
            ));
        }
        if self.policy_entries == 0 || self.stream_entries == 0 {
            return invalid("the maps of policies and of streams cannot have 0 entries".to_owned());
        }
        if self.own_ports.len() > MAX_OWN_LISTENERS {
            return invalid(format!(
                "at most {MAX_OWN_LISTENERS} own ports can be left out, not {}",
                self.own_ports.len()
            ));
        }
        Ok(())
    }
}
