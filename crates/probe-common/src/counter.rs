//! What the kernel programs count, per CPU; user space adds the CPUs up.
//!
//! For packets: `PACKETS_SEEN` is the sum of `PACKETS_PASSED` and of every reason; for payload bytes likewise. The same
//! holds for system calls where those are hooked, and the counters of bytes are theirs then.

/// Index of a counter.
pub type Index = usize;

/// Packets that reached a hook.
pub const PACKETS_SEEN: Index = 0;
/// Packets that were handed to the ring.
pub const PACKETS_PASSED: Index = 1;
/// Arrivals over the loopback device, each of which was seen when it left.
pub const PACKETS_LOOPBACK_ARRIVAL: Index = 2;
/// Neither TCP nor UDP, or not IP.
pub const PACKETS_OTHER_PROTOCOL: Index = 3;
/// Fragments of IP packets other than the first.
pub const PACKETS_FRAGMENT: Index = 4;
/// A header that is cut or contradicts itself.
pub const PACKETS_MALFORMED: Index = 5;
/// TCP without payload, SYN, FIN or RST: acknowledgements, window updates.
pub const PACKETS_EMPTY: Index = 6;
/// Traffic of the agent's own listeners.
pub const PACKETS_OWN: Index = 7;
/// Policy wants nothing of it.
pub const PACKETS_UNWANTED: Index = 8;
/// The ring had no room.
pub const PACKETS_RING_FULL: Index = 9;
/// Payload bytes of TCP and UDP that reached a hook, loopback arrivals and own traffic left out.
pub const BYTES_SEEN: Index = 10;
/// Payload bytes in records.
pub const BYTES_PASSED: Index = 11;
/// Payload bytes that policy does not want.
pub const BYTES_UNWANTED: Index = 12;
/// Payload bytes for which the ring had no room.
pub const BYTES_RING_FULL: Index = 13;
/// Payload bytes that could not be copied out of a packet, or that a record has no room for.
pub const BYTES_UNREADABLE: Index = 14;
/// Records handed to the ring, of every kind.
pub const RECORDS: Index = 15;
/// Records of sockets and processes for which the ring had no room.
pub const RECORDS_LOST: Index = 16;
/// System calls on sockets that moved bytes, those included whose descriptor is closed by now.
pub const CALLS_SEEN: Index = 17;
/// Of these, handed to the ring.
pub const CALLS_PASSED: Index = 18;
/// Policy wants nothing of it.
pub const CALLS_UNWANTED: Index = 19;
/// The ring had no room for it, or for a part of it.
pub const CALLS_RING_FULL: Index = 20;
/// Calls of whose bytes none could be read (`sendfile`, `splice`, what `MSG_TRUNC` throws away): reported as a gap of known
/// length.
pub const CALLS_OPAQUE: Index = 21;
/// Calls whose descriptor led to a socket that is none of TCP or UDP over IP.
pub const CALLS_OTHER: Index = 22;
/// Calls of the agent itself, and on the connections of its own listeners.
pub const CALLS_OWN: Index = 23;
/// Calls on a socket that has no cookie yet, so that nothing can be said of which it is.
pub const CALLS_NAMELESS: Index = 24;
/// Calls whose descriptor was closed by another thread before they returned.
pub const CALLS_CLOSED: Index = 25;
/// How many counters there are.
pub const COUNT: usize = 26;

/// The value of the per-CPU map: all counters of one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// By [`Index`].
    pub values: [u64; COUNT],
}

crate::assert_size!(Counters, COUNT * 8);
