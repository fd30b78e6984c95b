//! Records of socket state changes.

use crate::{assert_size, record::Address};

/// A socket changed its state (`inet_sock_set_state`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SocketRecord {
    /// [`crate::record::Kind::Socket`].
    pub kind: u32,
    /// Inode number of the network namespace.
    pub netns: u32,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    pub at_ns: u64,
    /// The socket's cookie.
    pub cookie: u64,
    /// Thread group in whose context it happened; it is the owner only for connect and listen.
    pub tgid: u32,
    /// The state that the socket left, one of [`state`].
    pub old_state: u8,
    /// The state that it is in now, one of [`state`].
    pub new_state: u8,
    /// One of [`crate::record::family`].
    pub family: u8,
    /// Always zero.
    pub padding: u8,
    /// Its own address.
    pub local: Address,
    /// The other end's address.
    pub remote: Address,
    /// Its own port, host order.
    pub local_port: u16,
    /// The other end's port, host order; zero for a listener.
    pub remote_port: u16,
    /// Always zero.
    pub padding_2: u32,
    /// The task's name, padded with zeroes.
    pub comm: [u8; 16],
}

assert_size!(SocketRecord, 88);

/// TCP states as the kernel numbers them (include/net/tcp_states.h).
pub mod state {
    /// A connection.
    pub const ESTABLISHED: u8 = 1;
    /// `connect()` was called.
    pub const SYN_SENT: u8 = 2;
    /// A handshake is under way at the server.
    pub const SYN_RECV: u8 = 3;
    /// Over.
    pub const CLOSE: u8 = 7;
    /// `listen()` was called.
    pub const LISTEN: u8 = 10;
    /// A request socket, which stands for a handshake.
    pub const NEW_SYN_RECV: u8 = 12;
}
