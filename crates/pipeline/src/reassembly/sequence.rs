//! TCP's sequence numbers as offsets in a stream.

/// Where a direction's stream begins in the sequence space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// Sequence number of offset 0.
    seq: u32,
    /// It follows from the handshake, and is not just the first number that was seen.
    exact: bool,
}

impl Base {
    /// From the initial sequence number, which is SYN's own (RFC 9293 section 3.4).
    pub(crate) const fn after_syn(isn: u32) -> Self {
        Self { seq: isn.wrapping_add(1), exact: true }
    }

    /// From the first sequence number that was seen, in the middle of a connection: that gets the offset
    /// [`JOINED_OFFSET`](Self::JOINED_OFFSET).
    pub(crate) const fn joined(seq: u32) -> Self {
        Self { seq: seq.wrapping_sub(Self::JOINED_OFFSET), exact: false }
    }

    /// Room for what comes before the first that was seen, since packets overtake one another on the way to the reader: an
    /// initial window and some.
    pub(crate) const JOINED_OFFSET: u32 = 64 * 1024;

    /// Whether it follows from the handshake.
    pub(crate) const fn is_exact(self) -> bool {
        self.exact
    }

    /// The offset of `seq`, of all that it may stand for the one nearest to `near`; negative before the base.
    pub(crate) const fn offset(self, seq: u32, near: u64) -> i64 {
        let ahead = seq.wrapping_sub(self.seq_at(near)) as i32;
        near as i64 + ahead as i64
    }

    /// The sequence number at `offset`.
    pub(crate) const fn seq_at(self, offset: u64) -> u32 {
        self.seq.wrapping_add(offset as u32)
    }

    /// Whether a SYN with this number began the stream: the same number again, or, of a stream that was joined, one a
    /// little before the first that was seen.
    pub(crate) const fn began_with(self, isn: u32) -> bool {
        let offset = isn.wrapping_add(1).wrapping_sub(self.seq);
        offset == 0 || (!self.exact && offset <= Self::JOINED_OFFSET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_go_on_where_numbers_wrap() {
        let base = Base::after_syn(u32::MAX - 10);
        assert_eq!(base.offset(u32::MAX, 0), 9);
        assert_eq!(base.offset(0, 0), 10);
        assert_eq!(base.offset(5, 1 << 32), (1 << 32) + 15);
        assert_eq!(base.seq_at((1 << 32) + 15), 5);
    }

    #[test]
    fn what_lies_before_the_base_is_negative() {
        assert_eq!(Base::after_syn(99).offset(99, 0), -1);
        assert_eq!(Base::after_syn(4).offset(u32::MAX, 0), -6);
    }

    #[test]
    fn there_is_room_before_the_first_that_was_seen() {
        let (base, first) = (Base::joined(5), u64::from(Base::JOINED_OFFSET));
        assert_eq!((base.offset(5, first), base.offset(u32::MAX, first)), (64 * 1024, 64 * 1024 - 6));
        assert_eq!(base.seq_at(first), 5);
    }

    #[test]
    fn a_syn_begins_its_own_stream_only() {
        assert!(Base::after_syn(7).began_with(7) && !Base::after_syn(7).began_with(6));
        assert!(Base::joined(100).began_with(99) && Base::joined(100).began_with(10));
        assert!(!Base::joined(100).began_with(100) && !Base::joined(200_000).began_with(10));
    }
}
