//! The kinds of record in the ring. Each begins with its kind as a `u32`.

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// A [`crate::packet::PacketHead`] and payload.
    Packet = 1,
    /// A [`crate::socket::SocketRecord`].
    Socket = 2,
    /// A [`crate::process::ExecRecord`].
    Exec = 3,
    /// A [`crate::process::ExitRecord`].
    Exit = 4,
    /// A [`crate::syscall::ChunkHead`] and payload.
    Chunk = 5,
}

impl Kind {
    /// The kind with this number.
    pub const fn from_u32(kind: u32) -> Option<Self> {
        match kind {
            1 => Some(Self::Packet),
            2 => Some(Self::Socket),
            3 => Some(Self::Exec),
            4 => Some(Self::Exit),
            5 => Some(Self::Chunk),
            _ => None,
        }
    }
}

/// An IP address: its bytes in the order of the packet, four at a time as the machine's words. An IPv4 address stands in the
/// first word, and the rest is zero.
///
/// Words and not bytes, because to clear bytes of no known alignment LLVM calls `memset`; and a program that calls anything
/// of its own is verified ten times as long before Linux 6.4.
pub type Address = [u32; 4];

/// An address family, as IP's version number.
pub mod family {
    /// IPv4.
    pub const V4: u8 = 4;
    /// IPv6.
    pub const V6: u8 = 6;
}

/// Why a record holds less than its full length.
pub mod cut {
    /// It does not: everything is there.
    pub const WHOLE: u8 = 0;
    /// Policy said that the rest is not wanted.
    pub const UNWANTED: u8 = 1;
    /// The rest could not be copied.
    pub const LOST: u8 = 2;
}
