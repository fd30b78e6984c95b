//! The newer format: blocks of many kinds (draft-ietf-opsawg-pcapng).

use std::io::Read;

use geophone_model::time::Timestamp;

use super::{Block, ByteOrder, Frame, MAX_BLOCK_LEN, MAX_INTERFACES, MAX_PACKET_LEN};
use crate::{cursor::Cursor, dissect::LinkType, error::Damage, input::Input};

/// A section header's type reads the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

const INTERFACE_DESCRIPTION: u32 = 1;
/// Obsolete, and still written by some devices.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const OPTION_END: u16 = 0;
const OPTION_IF_TSRESOL: u16 = 9;
const OPTION_IF_TSOFFSET: u16 = 14;
const OPTION_ISB_IFDROP: u16 = 5;
const OPTION_ISB_OSDROP: u16 = 7;

/// Type and length in front of a block, and the length again behind it.
const HEAD_LEN: usize = 8;
const FRAME_LEN: usize = HEAD_LEN + 4;

/// A section and its interfaces.
#[derive(Clone, Debug, Default)]
pub(super) struct NextGeneration {
    section: Option<ByteOrder>,
    interfaces: Vec<Interface>,
    /// Time of the last packet, for what has no time of its own.
    last: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap_len: u32,
    clock: Clock,
    /// Drops that were reported already: the file's counters run on.
    dropped: u64,
}

/// How an interface counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    units_per_second: u128,
    offset_s: i64,
}

impl Clock {
    /// Nanoseconds since the epoch, clamped to what a [`Timestamp`] can say.
    fn time(self, units: u64) -> Timestamp {
        let since_offset_ns = u128::from(units) * 1_000_000_000 / self.units_per_second.max(1);
        let ns = i128::try_from(since_offset_ns).unwrap_or(i128::MAX) + i128::from(self.offset_s) * 1_000_000_000;
        Timestamp::from_ns(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
    }

    /// `if_tsresol`: a negative power of ten, or of two where the highest bit is set. What no 64-bit count of units could
    /// tell apart is refused.
    const fn units_per_second(resolution: u8) -> Option<u128> {
        match resolution {
            0..=19 => Some(10_u128.pow(resolution as u32)),
            0x80..=0xbf => Some(1 << (resolution & 0x7f)),
            _ => None,
        }
    }
}

/// What is wrong with a block.
const fn malformed(what: &'static str) -> Damage {
    Damage::Malformed { what }
}

impl NextGeneration {
    /// The next block; `None` at the end of the file.
    pub(super) fn next<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Block>, Damage> {
        const WHAT: &str = "head of a block";
        if input.at_end()? {
            return Ok(None);
        }
        let kind: [u8; 4] = input.array(WHAT)?;
        let len: [u8; 4] = input.array(WHAT)?;
        if kind == SECTION_HEADER {
            self.section(input, len)?;
            return Ok(Some(Block::Other));
        }
        let order = self.section.ok_or(Damage::Magic { expected: "pcapng" })?;
        let body = body(input, order, len, 0)?;
        let mut bytes = Cursor::new(input.bytes(body.clone()));
        match order.u32(kind) {
            INTERFACE_DESCRIPTION => self.interface(order, bytes).map(|()| Block::Other),
            ENHANCED_PACKET => {
                let interface = bytes.array().map(|bytes| order.u32(bytes));
                self.packet(order, interface, bytes, body.start)
            }
            PACKET => {
                let interface = bytes.array().map(|bytes| order.u16(bytes).into());
                // A count of drops, obsolete with its block: interface statistics have it.
                bytes.take(2);
                self.packet(order, interface, bytes, body.start)
            }
            SIMPLE_PACKET => self.simple_packet(order, bytes, body.start),
            INTERFACE_STATISTICS => self.statistics(order, bytes),
            _ => Ok(Block::Other),
        }
        .map(Some)
    }

    /// A section header says in which byte order it and what follows it is, its own length included.
    fn section<R: Read>(&mut self, input: &mut Input<R>, len: [u8; 4]) -> Result<(), Damage> {
        let magic: [u8; 4] = input.array("section header")?;
        let order = [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find(|order| order.u32(magic) == BYTE_ORDER_MAGIC)
            .ok_or(malformed("section header: its byte order is unknown"))?;
        let body = body(input, order, len, 4)?;
        let major = Cursor::new(input.bytes(body)).array().map(|bytes| order.u16(bytes));
        if major != Some(1) {
            return Err(malformed("section header: its major version is not 1"));
        }
        self.section = Some(order);
        self.interfaces.clear();
        Ok(())
    }

    fn interface(&mut self, order: ByteOrder, mut body: Cursor<'_>) -> Result<(), Damage> {
        const WHAT: &str = "interface description";
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(malformed("section: it has too many interfaces"));
        }
        let link = body.array().map(|bytes| LinkType(order.u16(bytes))).ok_or(malformed(WHAT))?;
        let snap_len = body.take(2).and_then(|_| body.array()).map(|bytes| order.u32(bytes)).ok_or(malformed(WHAT))?;
        let mut clock = Clock { units_per_second: 1_000_000, offset_s: 0 };
        for (code, value) in (Options { order, rest: body }) {
            match (code, value) {
                (OPTION_IF_TSRESOL, &[resolution, ..]) => {
                    clock.units_per_second = Clock::units_per_second(resolution)
                        .ok_or(malformed("interface description: its if_tsresol is out of range"))?;
                }
                (OPTION_IF_TSOFFSET, value) => {
                    let bytes =
                        value.first_chunk().ok_or(malformed("interface description: its if_tsoffset is short"))?;
                    clock.offset_s = order.u64(*bytes).cast_signed();
                }
                _ => {}
            }
        }
        self.interfaces.push(Interface { link, snap_len, clock, dropped: 0 });
        Ok(())
    }

    /// Enhanced and obsolete packet blocks differ in how they say their interface only; `body` begins behind that, and
    /// `start` is where the block's body begins in the input's buffer.
    fn packet(
        &mut self,
        order: ByteOrder,
        interface: Option<u32>,
        mut body: Cursor<'_>,
        start: usize,
    ) -> Result<Block, Damage> {
        const WHAT: &str = "packet block";
        let interface = interface.ok_or(malformed(WHAT))?;
        let interface = usize::try_from(interface).ok().and_then(|index| self.interfaces.get(index));
        let interface = interface.ok_or(malformed("packet block: its interface is not described"))?;
        let mut number = || body.array().map(|bytes| order.u32(bytes)).ok_or(malformed(WHAT));
        let (high, low, len, wire_len) = (number()?, number()?, number()?, number()?);
        let at = interface.clock.time(u64::from(high) << 32 | u64::from(low));
        self.last = at;
        frame(at, interface.link, start.saturating_add(20), body, len, wire_len)
    }

    /// A simple packet is of the first interface, and is cut at that one's snapshot length.
    fn simple_packet(&self, order: ByteOrder, mut body: Cursor<'_>, start: usize) -> Result<Block, Damage> {
        let interface = self.interfaces.first().ok_or(malformed("simple packet block: no interface is described"))?;
        let wire_len = body.array().map(|bytes| order.u32(bytes)).ok_or(malformed("simple packet block"))?;
        let len = match interface.snap_len {
            0 => wire_len,
            snap_len => wire_len.min(snap_len),
        };
        frame(self.last, interface.link, start.saturating_add(4), body, len, wire_len)
    }

    fn statistics(&mut self, order: ByteOrder, mut body: Cursor<'_>) -> Result<Block, Damage> {
        const WHAT: &str = "interface statistics";
        let mut number = || body.array().map(|bytes| order.u32(bytes)).ok_or(malformed(WHAT));
        let (interface, high, low) = (number()?, number()?, number()?);
        let interface = usize::try_from(interface).ok().and_then(|index| self.interfaces.get_mut(index));
        let interface = interface.ok_or(malformed("interface statistics: the interface is not described"))?;
        let dropped = Options { order, rest: body }
            .filter(|&(code, _)| code == OPTION_ISB_IFDROP || code == OPTION_ISB_OSDROP)
            .filter_map(|(_, value)| value.first_chunk().map(|bytes| order.u64(*bytes)))
            .fold(0, u64::saturating_add);
        let packets = dropped.saturating_sub(interface.dropped);
        if packets == 0 {
            return Ok(Block::Other);
        }
        interface.dropped = dropped;
        // dumpcap counts microseconds here whatever the interface's resolution is, which comes out as a time in 1970; the
        // drops were noticed after the last packet, in any case.
        let at = interface.clock.time(u64::from(high) << 32 | u64::from(low)).max(self.last);
        Ok(Block::Dropped { at, packets })
    }
}

/// Reads the rest of a block, of which `read` bytes behind the head have been read, and its second length.
fn body<R: Read>(
    input: &mut Input<R>,
    order: ByteOrder,
    len: [u8; 4],
    read: usize,
) -> Result<std::ops::Range<usize>, Damage> {
    let claimed = usize::try_from(order.u32(len)).unwrap_or(usize::MAX);
    if claimed > MAX_BLOCK_LEN {
        return Err(Damage::TooLong { what: "block", len: claimed as u64, cap: MAX_BLOCK_LEN as u64 });
    }
    // Every block is padded to 32 bits.
    let rest = claimed.checked_sub(FRAME_LEN.saturating_add(read)).filter(|_| claimed.is_multiple_of(4));
    let rest = rest.ok_or(malformed("block: its length is impossible"))?;
    let piece = input.piece(rest.saturating_add(4), "block")?;
    let end = piece.end.saturating_sub(4);
    if input.bytes(end..piece.end) != len {
        return Err(malformed("block: its two lengths differ"));
    }
    Ok(piece.start..end)
}

/// A frame whose bytes begin at `start` in the input's buffer and at the start of `body`.
fn frame(
    at: Timestamp,
    link: LinkType,
    start: usize,
    mut body: Cursor<'_>,
    len: u32,
    wire_len: u32,
) -> Result<Block, Damage> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > MAX_PACKET_LEN {
        return Err(Damage::TooLong { what: "packet", len: len as u64, cap: MAX_PACKET_LEN as u64 });
    }
    body.take(len).ok_or(malformed("packet block: its packet is longer than the block"))?;
    Ok(Block::Frame(Frame { at, link, bytes: start..start.saturating_add(len), wire_len }))
}

/// The options at the end of a block. What does not fit ends them: they are extras, and the block is framed without them.
#[derive(Clone, Copy, Debug)]
struct Options<'a> {
    order: ByteOrder,
    rest: Cursor<'a>,
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.order.u16(self.rest.array()?);
        let len = usize::from(self.order.u16(self.rest.array()?));
        if code == OPTION_END {
            return None;
        }
        let value = self.rest.take(len)?;
        self.rest.take(len.next_multiple_of(4).saturating_sub(len));
        Some((code, value))
    }
}
