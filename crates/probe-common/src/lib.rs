//! What the kernel programs (`probe-ebpf`) and the probe in user space say to each other: records in the ring, counters,
//! and the policy map.
//!
//! Both sides compile this crate, with different compilers, so every type is `repr(C)`, has its padding written out and
//! its size asserted at compile time. [`ABI_VERSION`] stands in the object file; the probe refuses an object of another
//! version. The crate is `no_std` and depends on nothing.
//!
//! ```
//! use geophone_probe_common::{packet, record};
//!
//! // A record of a packet is a head, followed by room for the payload in one of a few constant sizes.
//! assert_eq!(size_of::<packet::PacketHead>(), 88);
//! assert_eq!(packet::CAPACITIES[..3], [0, 128, 512]);
//! assert_eq!(record::Kind::from_u32(1), Some(record::Kind::Packet));
//! ```

#![no_std]
#![forbid(unsafe_code)]

pub mod counter;
pub mod packet;
pub mod policy;
pub mod process;
pub mod record;
pub mod socket;
pub mod syscall;

/// Version of everything in this crate; goes up with any change of a layout or of a meaning.
pub const ABI_VERSION: u32 = 3;

/// Asserts that a type has the size that the other side counts on.
macro_rules! assert_size {
    ($type:ty, $size:expr) => {
        const _: () = assert!(size_of::<$type>() == $size && size_of::<$type>() % 8 == 0);
    };
}
pub(crate) use assert_size;
