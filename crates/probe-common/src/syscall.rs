//! Records of the fallback that hooks system calls.

use crate::{assert_size, record::Address};

/// The head of a record of bytes that a call moved, followed by [`captured_len`](Self::captured_len) bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ChunkHead {
    /// [`crate::record::Kind::Chunk`].
    pub kind: u32,
    /// Bytes that follow the head.
    pub captured_len: u32,
    /// `CLOCK_MONOTONIC` in nanoseconds when the call returned.
    pub at_ns: u64,
    /// The socket's cookie.
    pub cookie: u64,
    /// Offset in this direction's stream of the first byte of the record.
    pub offset: u64,
    /// Bytes that the record stands for.
    pub len: u64,
    /// The process.
    pub tgid: u32,
    /// Inode number of the socket's network namespace.
    pub netns: u32,
    /// Its own address.
    pub local: Address,
    /// The other end's address.
    pub remote: Address,
    /// Its own port, host order.
    pub local_port: u16,
    /// The other end's port, host order.
    pub remote_port: u16,
    /// 1 where the process wrote, 0 where it read.
    pub outgoing: u8,
    /// One of [`crate::record::family`].
    pub family: u8,
    /// IP protocol number: 6 or 17.
    pub transport: u8,
    /// One of [`crate::record::cut`].
    pub cut: u8,
}

assert_size!(ChunkHead, 88);

/// A record of a call with room for `N` bytes.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ChunkRecord<const N: usize> {
    /// What the record says of the call.
    pub head: ChunkHead,
    /// The bytes, as far as captured.
    pub payload: [u8; N],
}
