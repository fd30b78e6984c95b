//! Records of packets.

use crate::{assert_size, record::Address};

/// The head of a packet's record, followed by [`captured_len`](Self::captured_len) bytes of payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PacketHead {
    /// [`crate::record::Kind::Packet`].
    pub kind: u32,
    /// Bytes of payload that follow the head.
    pub captured_len: u32,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    pub at_ns: u64,
    /// Cookie of the socket at the hook; zero for none, and for a listener's, which names no connection.
    pub cookie: u64,
    /// Inode number of the socket's network namespace, zero where the kernel's layout is not known.
    pub netns: u32,
    /// Bytes of payload that this record stands for.
    pub payload_len: u32,
    /// Offset in the payload of the first captured byte.
    pub captured_offset: u32,
    /// TCP sequence number of the first byte of the payload.
    pub seq: u32,
    /// TCP acknowledgement number.
    pub ack: u32,
    /// Source address.
    pub source: Address,
    /// Destination address.
    pub destination: Address,
    /// Source port, host order.
    pub source_port: u16,
    /// Destination port, host order.
    pub destination_port: u16,
    /// One of [`side`].
    pub side: u8,
    /// One of [`crate::record::family`].
    pub family: u8,
    /// IP protocol number: 6 or 17.
    pub transport: u8,
    /// TCP control bits, byte 13 of the header.
    pub tcp_flags: u8,
    /// One of [`crate::record::cut`].
    pub cut: u8,
    /// Always zero.
    pub padding: u8,
    /// Always zero.
    pub padding_2: u16,
}

assert_size!(PacketHead, 88);

/// Where a packet was seen.
pub mod side {
    /// Leaving the socket that sent it.
    pub const EGRESS: u8 = 0;
    /// Arriving at the socket that it is for.
    pub const INGRESS: u8 = 1;
    /// Leaving its socket over the loopback device; its arrival is not reported again.
    pub const LOOPBACK: u8 = 2;
}

/// Room for payload in a record. `bpf_ringbuf_reserve` takes only constants, so there are a few sizes. The largest holds what
/// TCP sends in one packet over the loopback device: two segments of an MTU of 64 KiB. A larger one (BIG TCP) has several
/// records.
pub const CAPACITIES: [usize; 7] = [0, 128, 512, 2048, 8192, 32_768, 131_072];

/// How many records a packet has at most: enough for the 512 KiB that Linux makes (`GSO_MAX_SIZE`, include/linux/netdevice.h).
/// Of a larger one the rest is a known gap.
pub const MAX_RECORDS: usize = 4;

/// A packet's record with room for `N` bytes of payload.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct PacketRecord<const N: usize> {
    /// What the record says of the packet.
    pub head: PacketHead,
    /// The payload, as far as captured; what lies behind `head.captured_len` is whatever the ring held before.
    pub payload: [u8; N],
}
