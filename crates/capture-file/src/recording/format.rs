//! What stands where in a recording, format version 1, and the caps on its lengths.
//!
//! All fixed-width numbers are little-endian. A *varint* is unsigned LEB128 of at most 64 bits. CRC means CRC-32 as in
//! zip, gzip and PNG (`zlib.crc32` of Python gives it), chosen because every toolbox can check it, and because
//! `crc32fast` computes it with the processor's carry-less multiplication at several GB/s, in the time of a memory copy.
//!
//! ```text
//! file    = header block* trailer
//! header  = magic[8] version:u16 length:u32 crc:u32 body[length]        crc over magic, version, length, body
//! body    = created:u64 (ns since the epoch) snap:u32 (0 = whole packets) text kernel, text recorder
//! text    = length:u16 UTF-8[length]
//! block   = 0x01 length:u32 crc:u32 payload[length]                      crc over kind, length, payload
//! payload = base:u64 (ns since the epoch) record*
//! trailer = 0x02 length:u32 crc:u32 packets:u64 chunks:u64 changes:u64 losses:u64 facts:u64
//! ```
//!
//! A *record* starts with a tag byte whose low three bits are its kind. Events go on with a byte of flags and their time,
//! a zigzag varint of nanoseconds since the event before it in the block (since `base` for the first). Addresses are 4 or
//! 16 bytes as a flag says, ports two. The network namespace is left out where it is that of the event before.
//!
//! | kind | tag's high bits | flags, lowest first | then |
//! |---|---|---|---|
//! | 0 packet | side (2), cut (2), is TCP | cookie, task, cgroup, source is IPv6, destination is IPv6, same namespace, whole | time, namespace, cookie, source, destination, (seq:u32 ack:u32 flags:u8), payload length, (offset, captured length), task, cgroup, bytes |
//! | 1 chunk | cut (2), outgoing, is UDP | local is IPv6, remote is IPv6, same namespace, whole | time, namespace, pid, cookie, local, remote, offset, length, (captured length), bytes |
//! | 2 socket change | state (3) | local is IPv6, has remote, remote is IPv6, pid, same namespace | time, namespace, cookie, local, remote, pid |
//! | 3 loss | | none | time, records |
//! | 4 fact | | no such byte | length, JSON of [`Fact`](geophone_model::fact::Fact) |
//!
//! *Whole* says that the captured bytes are the whole payload, from its first byte; what stands in parentheses is then
//! left out. Captured bytes lie within the payload. Unused bits are zero. Blocks are independent of each other: what is before a damaged one is readable.
//! A packet's task and cgroup are written no more, and passed over where they are.

/// The format that [`Writer`](super::Writer) writes, and the newest that [`Reader`](super::Reader) reads.
pub const VERSION: u16 = 1;

/// Longest captured payload of one event. The kernel's largest packets (BIG TCP) have 512 KiB.
pub const MAX_CAPTURED_LEN: usize = 1 << 20;

/// Longest fact, as JSON.
pub const MAX_FACT_LEN: usize = 64 * 1024;

/// Longest body of the header.
pub const MAX_HEADER_LEN: usize = 4 * 1024;

/// Longest text in the header.
pub const MAX_TEXT_LEN: usize = 256;

/// Longest payload of a block: a full one and the largest record behind it.
pub const MAX_BLOCK_LEN: usize = BLOCK_LEN + MAX_CAPTURED_LEN + 4 * 1024;

/// A block is written once its payload is this long: what a hard stop of the recorder loses at most, besides what its
/// caller has not flushed.
pub const BLOCK_LEN: usize = 32 * 1024;

/// The kinds of blocks.
pub(super) mod block_kind {
    pub(in super::super) const RECORDS: u8 = 1;
    pub(in super::super) const TRAILER: u8 = 2;
}

/// The kinds of records, in the low bits of the tag.
pub(super) mod record_kind {
    pub(in super::super) const PACKET: u8 = 0;
    pub(in super::super) const CHUNK: u8 = 1;
    pub(in super::super) const SOCKET: u8 = 2;
    pub(in super::super) const LOSS: u8 = 3;
    pub(in super::super) const FACT: u8 = 4;
    pub(in super::super) const MASK: u8 = 0b111;
}

/// Flags of a packet record.
pub(super) mod packet_flag {
    pub(in super::super) const COOKIE: u8 = 1;
    pub(in super::super) const TASK: u8 = 1 << 1;
    pub(in super::super) const CGROUP: u8 = 1 << 2;
    pub(in super::super) const SOURCE_V6: u8 = 1 << 3;
    pub(in super::super) const DESTINATION_V6: u8 = 1 << 4;
    pub(in super::super) const SAME_NETNS: u8 = 1 << 5;
    pub(in super::super) const WHOLE: u8 = 1 << 6;
    pub(in super::super) const ALL: u8 = 0x7f;
}

/// Flags of a chunk record.
pub(super) mod chunk_flag {
    pub(in super::super) const LOCAL_V6: u8 = 1;
    pub(in super::super) const REMOTE_V6: u8 = 1 << 1;
    pub(in super::super) const SAME_NETNS: u8 = 1 << 2;
    pub(in super::super) const WHOLE: u8 = 1 << 3;
    pub(in super::super) const ALL: u8 = 0x0f;
}

/// Flags of a socket change record.
pub(super) mod socket_flag {
    pub(in super::super) const LOCAL_V6: u8 = 1;
    pub(in super::super) const REMOTE: u8 = 1 << 1;
    pub(in super::super) const REMOTE_V6: u8 = 1 << 2;
    pub(in super::super) const PID: u8 = 1 << 3;
    pub(in super::super) const SAME_NETNS: u8 = 1 << 4;
    pub(in super::super) const ALL: u8 = 0x1f;
}

/// What the fields that a record leaves out are taken from; starts anew with every block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// Time of the event before, in nanoseconds since the epoch.
    pub(super) at_ns: u64,
    /// Network namespace of the event before.
    pub(super) netns: u32,
}
