//! pcap and pcapng files as packets.
//!
//! Every packet is a [`Side::Tap`](geophone_model::capture::Side::Tap) event: such a file does not say at which socket it
//! listened, knows no namespace and no process. What is not TCP or UDP over IP is counted by reason, see
//! [`Reader::ledger`].
//!
//! Read are pcap in both byte orders, with microseconds or nanoseconds, and pcapng in both byte orders and several
//! sections, with several interfaces of different link types, resolutions (`if_tsresol`) and offsets (`if_tsoffset`),
//! packets in enhanced, simple and the obsolete packet blocks, and the drops that interface statistics blocks report.
//!
//! The parsing is this crate's own: four fixed layouts, read with the same cursor as the packets. Of the crates at hand,
//! `pcap-file` 2.0 refuses packets above the header's snapshot length (which tcpdump accepts) without moving on, and
//! `pcap-parser` 0.17 drops the reason of a failed read, rejects every binary `if_tsresol`, and takes
//! big-endian `if_tsoffset` and drop counts for little-endian ones.

mod classic;
mod next_generation;
mod reader;

pub use reader::Reader;

pub(crate) use reader::is_magic;

/// Longest captured packet. The largest of the kernel (BIG TCP) has 512 KiB.
pub const MAX_PACKET_LEN: usize = 1 << 20;

/// Longest pcapng block of any kind; longer ones than a packet are lists of names or keys.
pub const MAX_BLOCK_LEN: usize = 16 << 20;

/// Most interfaces of a pcapng section.
pub const MAX_INTERFACES: usize = 4096;

/// A packet as a file has it.
#[derive(Clone, Debug)]
struct Frame {
    at: geophone_model::time::Timestamp,
    link: crate::dissect::LinkType,
    /// Its captured bytes, in the input's buffer.
    bytes: std::ops::Range<usize>,
    /// Its length before a snapshot length cut it.
    wire_len: u32,
}

/// What a file says next.
#[derive(Clone, Debug)]
enum Block {
    Frame(Frame),
    /// Packets that the capturing program could not take.
    Dropped {
        at: geophone_model::time::Timestamp,
        packets: u64,
    },
    /// Something of no interest here.
    Other,
}

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    const fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}
