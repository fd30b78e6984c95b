//! The older format: one header, then packets (draft-ietf-opsawg-pcap).

use std::io::Read;

use geophone_model::time::Timestamp;

use super::{Block, ByteOrder, Frame, MAX_PACKET_LEN};
use crate::{cursor::Cursor, dissect::LinkType, error::Damage, input::Input};

/// The magic numbers for microseconds and nanoseconds, in the byte order of the file.
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classic {
    order: ByteOrder,
    /// Nanoseconds that the fractional part of a time counts.
    unit_ns: u64,
    link: LinkType,
}

/// The byte order and unit that a magic number stands for.
pub(super) fn magic(bytes: [u8; 4]) -> Option<(ByteOrder, u64)> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find_map(|order| match order.u32(bytes) {
        MAGIC_MICROSECONDS => Some((order, 1000)),
        MAGIC_NANOSECONDS => Some((order, 1)),
        _ => None,
    })
}

impl Classic {
    pub(super) fn new<R: Read>(input: &mut Input<R>) -> Result<Self, Damage> {
        const WHAT: &str = "header of the pcap file";
        let header = input.array::<24>(WHAT)?;
        let mut cursor = Cursor::new(&header);
        let (order, unit_ns) = cursor.array().and_then(magic).ok_or(Damage::Magic { expected: "pcap" })?;
        // Version, time zone and accuracy are constant in practice; the snapshot length is not to be relied upon.
        let network = cursor.take(16).and_then(|_| cursor.array()).ok_or(Damage::CutShort { what: WHAT })?;
        // The upper half has flags and the length of Ethernet's check sequence, which the IP header tells apart.
        let link = LinkType((order.u32(network) & 0xffff) as u16);
        Ok(Self { order, unit_ns, link })
    }

    /// The next packet; `None` at the end of the file.
    pub(super) fn next<R: Read>(&self, input: &mut Input<R>) -> Result<Option<Block>, Damage> {
        const WHAT: &str = "header of a packet";
        if input.at_end()? {
            return Ok(None);
        }
        let header = input.array::<16>(WHAT)?;
        let mut cursor = Cursor::new(&header);
        let mut number = || cursor.array().map(|bytes| self.order.u32(bytes)).ok_or(Damage::CutShort { what: WHAT });
        let (seconds, fraction, len, wire_len) = (number()?, number()?, number()?, number()?);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > MAX_PACKET_LEN {
            return Err(Damage::TooLong { what: "packet", len: len as u64, cap: MAX_PACKET_LEN as u64 });
        }
        let bytes = input.piece(len, "packet")?;
        let at = Timestamp::from_ns(u64::from(seconds) * 1_000_000_000).plus_ns(u64::from(fraction) * self.unit_ns);
        Ok(Some(Block::Frame(Frame { at, link: self.link, bytes, wire_len })))
    }
}
