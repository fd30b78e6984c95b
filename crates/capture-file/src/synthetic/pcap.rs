//! The smallest pcap writer: little-endian, nanoseconds.

use std::io::{self, Write};

use geophone_model::{capture::Packet, time::Timestamp};

use super::frame::frame;
use crate::{dissect::LinkType, pcap::MAX_PACKET_LEN};

/// Writes packets as a pcap file with nanoseconds, in the order in which they come.
///
/// # Errors
///
/// Where `out` does not take it, or a packet has no form on such a link (see [`frame`](super::frame)).
pub fn write_pcap<'a, W: Write>(
    mut out: W,
    link: LinkType,
    packets: impl IntoIterator<Item = Packet<'a>>,
) -> io::Result<W> {
    header(&mut out, link)?;
    for packet in packets {
        let (frame, wire_len) =
            frame(link, &packet).ok_or_else(|| io::Error::other("a packet has no form on such a link"))?;
        record(&mut out, packet.at, &frame, wire_len)?;
    }
    Ok(out)
}

fn header(out: &mut impl Write, link: LinkType) -> io::Result<()> {
    out.write_all(&0xa1b2_3c4d_u32.to_le_bytes())?;
    out.write_all(&2_u16.to_le_bytes())?;
    out.write_all(&4_u16.to_le_bytes())?;
    out.write_all(&[0; 8])?;
    out.write_all(&(MAX_PACKET_LEN as u32).to_le_bytes())?;
    out.write_all(&u32::from(link.0).to_le_bytes())
}

fn record(out: &mut impl Write, at: Timestamp, frame: &[u8], wire_len: u32) -> io::Result<()> {
    const NS_PER_S: u64 = 1_000_000_000;
    let number = |value: u64| u32::try_from(value).map(u32::to_le_bytes).map_err(io::Error::other);
    out.write_all(&number(at.as_ns() / NS_PER_S)?)?;
    out.write_all(&number(at.as_ns() % NS_PER_S)?)?;
    out.write_all(&number(frame.len() as u64)?)?;
    out.write_all(&wire_len.to_le_bytes())?;
    out.write_all(frame)
}
