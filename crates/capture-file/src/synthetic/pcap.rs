//! The smallest pcap writer: little-endian, nanoseconds.

use std::io::{self, Write};

use geophone_model::time::Timestamp;

use crate::{dissect::LinkType, pcap::MAX_PACKET_LEN};

pub(super) fn header(out: &mut impl Write, link: LinkType) -> io::Result<()> {
    out.write_all(&0xa1b2_3c4d_u32.to_le_bytes())?;
    out.write_all(&2_u16.to_le_bytes())?;
    out.write_all(&4_u16.to_le_bytes())?;
    out.write_all(&[0; 8])?;
    out.write_all(&(MAX_PACKET_LEN as u32).to_le_bytes())?;
    out.write_all(&u32::from(link.0).to_le_bytes())
}

pub(super) fn packet(out: &mut impl Write, at: Timestamp, frame: &[u8], wire_len: u32) -> io::Result<()> {
    const NS_PER_S: u64 = 1_000_000_000;
    let number = |value: u64| u32::try_from(value).map(u32::to_le_bytes).map_err(io::Error::other);
    out.write_all(&number(at.as_ns() / NS_PER_S)?)?;
    out.write_all(&number(at.as_ns() % NS_PER_S)?)?;
    out.write_all(&number(frame.len() as u64)?)?;
    out.write_all(&wire_len.to_le_bytes())?;
    out.write_all(frame)
}
