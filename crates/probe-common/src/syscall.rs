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
    /// Offset in this direction's stream of the first byte of the record, counted from the first call that was seen.
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

/// Room for bytes in a record. `bpf_ringbuf_reserve` takes only constants, so there are a few sizes.
pub const CAPACITIES: [usize; 4] = [256, 2048, 16384, 65536];

/// Up to this many bytes are taken in records of the second largest size, so that not much of the largest stays empty.
pub const LARGEST_FROM: u64 = 2 * CAPACITIES[2] as u64;

/// How many pieces of one call are looked at: a buffer of a vectored call is one, or several if it is longer than the largest
/// of [`CAPACITIES`]. What is beyond is a gap of known length.
pub const MAX_PIECES: usize = 32;

/// How many messages one `sendmmsg` or `recvmmsg` moves at most (`UIO_MAXIOV`, include/uapi/linux/uio.h).
pub const MAX_MESSAGES: u64 = 1024;

/// How many numbers of system calls the table [`Calls`] has; calls with larger ones are not hooked.
pub const CALL_NUMBERS: usize = 512;

/// How each system call names the bytes that it moves, by the call's number: one of [`call`]'s shapes, with its marks.
pub type Calls = [u8; CALL_NUMBERS];

/// The entries of [`Calls`].
pub mod call {
    /// Not hooked.
    pub const NONE: u8 = 0;
    /// (descriptor, address, length): `read`, `write`, `recvfrom`, `sendto`.
    pub const BUFFER: u8 = 1;
    /// (descriptor, vectors, number of vectors): `readv`, `writev`.
    pub const VECTORS: u8 = 2;
    /// (descriptor, message): `recvmsg`, `sendmsg`.
    pub const MESSAGE: u8 = 3;
    /// (descriptor, messages, number of messages), returns the number of messages: `recvmmsg`, `sendmmsg`.
    pub const MESSAGES: u8 = 4;
    /// (descriptor to, …): `sendfile`.
    pub const SENDFILE: u8 = 5;
    /// (descriptor from, offset, descriptor to, …): `splice`.
    pub const SPLICE: u8 = 6;

    /// The bits of the shapes.
    pub const SHAPE: u8 = 0x0f;
    /// The third argument has the flags of a receiving call.
    pub const FLAGS_THIRD: u8 = 0x10;
    /// The fourth argument has the flags of a receiving call.
    pub const FLAGS_FOURTH: u8 = 0x20;
    /// The process sends.
    pub const OUTGOING: u8 = 0x80;
}

/// Key of a direction's stream: a socket and who speaks, as in [`crate::policy::key`].
#[inline(always)]
pub const fn stream(cookie: u64, outgoing: bool) -> u64 {
    crate::policy::key(cookie, !outgoing)
}
