//! What a source of capture delivers: a kernel ring, a pcap file or a recording.
//!
//! Packets are reported as they passed, in no promised order and with retransmissions; putting their bytes in order is the
//! pipeline's work, the same for every source. A payload that was not copied whole is a known gap: every event has the full
//! length beside the captured bytes.

use crate::{
    fact::Pid,
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

/// One event of a capture. Payloads borrow from the source's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureEvent<'a> {
    /// A packet passed an observation point.
    Packet(Packet<'a>),
    /// A process wrote or read plaintext; the bytes are in stream order already.
    Chunk(Chunk<'a>),
    /// A socket was opened, or closed.
    Socket(SocketChange),
    /// The source lost records.
    Loss(Loss),
}

impl CaptureEvent<'_> {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Packet(packet) => packet.at,
            Self::Chunk(chunk) => chunk.at,
            Self::Socket(change) => change.at,
            Self::Loss(loss) => loss.at,
        }
    }
}

/// Where a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Side {
    /// Leaving the socket that sent it.
    Egress,
    /// Arriving at the socket that it is for.
    Ingress,
    /// Leaving its socket over the loopback device, where one sighting stands for both ends.
    Loopback,
    /// On the way, by a third party, as in a pcap file: one sighting stands for both ends.
    Tap,
}

/// A TCP segment or a UDP datagram. Segmentation offload makes packets of up to 128 KiB, and BIG TCP larger ones; one that is larger
/// than a record of the kernel's arrives as several, each with its own sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// When it passed the observation point.
    pub at: Timestamp,
    /// The kind of observation point.
    pub side: Side,
    /// The network namespace of the socket at the observation point.
    pub netns: NetNs,
    /// The socket at the observation point: the sender's for egress and loopback, the receiver's for ingress. It may be the
    /// listener's while a handshake is under way.
    pub cookie: Option<SocketCookie>,
    /// The sender, as the packet says.
    pub source: Endpoint,
    /// The receiver, as the packet says.
    pub destination: Endpoint,
    /// TCP's part of the header; `None` for UDP.
    pub tcp: Option<TcpHeader>,
    /// Bytes of payload that this event stands for, captured or not.
    pub payload_len: u32,
    /// Offset in the payload at which `captured` begins.
    pub captured_offset: u32,
    /// What was captured of the payload.
    pub captured: &'a [u8],
    /// Why `captured` is not the whole payload.
    pub cut: Cut,
}

impl Packet<'_> {
    /// The transport protocol.
    pub const fn transport(&self) -> Transport {
        match self.tcp {
            Some(_) => Transport::Tcp,
            None => Transport::Udp,
        }
    }
}

/// Why an event has less than the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Cut {
    /// It has the whole payload.
    Whole,
    /// A parser had said that it does not want the missing bytes.
    Unwanted,
    /// The source could not copy them (a snapshot length, a fault while reading): they are lost.
    Lost,
}

/// The fields of a TCP header (RFC 9293 section 3.1) that reassembly needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpHeader {
    /// Sequence number of the first payload byte, or of SYN.
    pub seq: u32,
    /// Acknowledgement number, valid with [`TcpFlags::ACK`].
    pub ack: u32,
    /// Control bits.
    pub flags: TcpFlags,
}

/// TCP's control bits, as they stand in the header's 14th byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// The sender has no more data.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// The acknowledgement number is valid.
    pub const ACK: Self = Self(0x10);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Plaintext that crossed the border between a process and its socket, by a system call or inside a TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// When the call returned.
    pub at: Timestamp,
    /// The process.
    pub pid: Pid,
    /// The network namespace of the socket.
    pub netns: NetNs,
    /// The socket.
    pub cookie: SocketCookie,
    /// The process's end of the connection.
    pub local: Endpoint,
    /// The other end.
    pub remote: Endpoint,
    /// The transport protocol.
    pub transport: Transport,
    /// Whether the process wrote; otherwise it read.
    pub outgoing: bool,
    /// Offset in this direction's stream of the first byte of the call, counted from the first call that was seen.
    pub offset: u64,
    /// Bytes that the call moved, captured or not.
    pub len: u64,
    /// What was captured, from `offset` on.
    pub captured: &'a [u8],
    /// Why `captured` is shorter than `len`.
    pub cut: Cut,
}

/// A change in a socket's life, from the kernel's own state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketChange {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub change: SocketState,
    /// The network namespace of the socket.
    pub netns: NetNs,
    /// The socket.
    pub cookie: SocketCookie,
    /// Its own end.
    pub local: Endpoint,
    /// The other end, as the socket knows it: before any address translation on the way out. `None` for a listener.
    pub remote: Option<Endpoint>,
    /// The process in whose context it happened, where that says who owns the socket (connect and listen).
    pub pid: Option<Pid>,
}

/// The states that matter to an observer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SocketState {
    /// `listen()` was called: from now on it is a server's.
    Listening,
    /// `connect()` was called: a client's end.
    Connecting,
    /// An active open is complete: a client's end.
    Connected,
    /// A passive open is complete: a server's end.
    Accepted,
    /// The socket is closed.
    Closed,
}

/// Records that were lost before they could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When the loss was noticed.
    pub at: Timestamp,
    /// How many records.
    pub records: u64,
}
