//! What user space does not want: the map that the packet programs ask before they copy.

use crate::assert_size;

/// Key of the policy map: a socket and a direction. The map is written by user space alone; the kernel only reads it, and a
/// direction without an entry is wanted whole.
///
/// Cookies count up from one at boot, so the shift loses nothing.
#[inline(always)]
pub const fn key(cookie: u64, ingress: bool) -> u64 {
    cookie << 1 | ingress as u64
}

/// Which part of a direction is not wanted. Eight bytes and aligned, so that the
/// kernel never sees half of an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Skip {
    /// One of [`skip`].
    pub mode: u32,
    /// For [`skip::UNTIL`]: TCP sequence number of the first byte that is wanted again, compared modulo 2^32 (RFC 9293
    /// section 3.4), so it must be less than 2^31 ahead.
    pub until: u32,
}

assert_size!(Skip, 8);

/// Modes of [`Skip`].
pub mod skip {
    /// Everything is wanted.
    pub const NOTHING: u32 = 0;
    /// Payload before a sequence number is not wanted.
    pub const UNTIL: u32 = 1;
    /// Payload is not wanted any more; SYN, FIN and RST are reported all the same.
    pub const FOREVER: u32 = 2;
}

/// What is left of a payload when a policy has been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// What begins at this offset.
    From(u32),
    /// None, but the packet is reported: it carries the last byte that is not wanted, whose time is wanted.
    Time,
    /// None.
    Nothing,
}

impl Skip {
    /// What is wanted of `len` bytes of payload that begin at `seq`.
    #[inline(always)]
    pub const fn wanted(self, seq: u32, len: u32) -> Wanted {
        match self.mode {
            skip::UNTIL => {
                let unwanted = self.until.wrapping_sub(seq);
                // Half of the sequence space is ahead and half behind: `until` behind `seq` is an old policy.
                if unwanted == 0 || unwanted >= 1 << 31 {
                    Wanted::Whole
                } else if unwanted > len {
                    Wanted::Nothing
                } else if unwanted == len {
                    Wanted::Time
                } else {
                    Wanted::From(unwanted)
                }
            }
            skip::FOREVER => Wanted::Nothing,
            _ => Wanted::Whole,
        }
    }
}

/// How many listeners an agent may have.
pub const MAX_OWN_LISTENERS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn until(until: u32) -> Skip {
        Skip { mode: skip::UNTIL, until }
    }

    #[test]
    fn a_packet_before_inside_at_the_end_of_and_behind_the_range() {
        assert_eq!(until(1000).wanted(100, 100), Wanted::Nothing);
        assert_eq!(until(1000).wanted(900, 100), Wanted::Time);
        assert_eq!(until(1000).wanted(950, 100), Wanted::From(50));
        assert_eq!(until(1000).wanted(1000, 100), Wanted::Whole);
        assert_eq!(until(1000).wanted(1001, 100), Wanted::Whole);
    }

    #[test]
    fn sequence_numbers_wrap() {
        assert_eq!(until(10).wanted(u32::MAX - 9, 10), Wanted::Nothing);
        assert_eq!(until(10).wanted(u32::MAX - 9, 20), Wanted::Time);
        assert_eq!(until(10).wanted(u32::MAX - 9, 30), Wanted::From(20));
        assert_eq!(until(u32::MAX - 9).wanted(10, 30), Wanted::Whole);
    }

    #[test]
    fn modes() {
        assert_eq!(Skip::default().wanted(1, 1), Wanted::Whole);
        assert_eq!(Skip { mode: skip::FOREVER, until: 0 }.wanted(1, 1), Wanted::Nothing);
    }

    #[test]
    fn each_direction_of_each_socket_has_its_own_key() {
        assert_eq!([key(1, false), key(1, true), key(2, false)], [2, 3, 4]);
    }
}
