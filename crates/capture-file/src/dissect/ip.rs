//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with options and extension headers walked over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Rest, Skip};
use crate::cursor::Cursor;

/// What the transport layer needs of an IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ip {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// Whether more fragments follow this, the first one.
    pub(super) fragmented: bool,
}

/// IANA's protocol numbers for extension headers; an authentication header (51) is walked over, too: it encrypts nothing.
mod next_header {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const DESTINATION: u8 = 60;
    pub(super) const MOBILITY: u8 = 135;
}

/// Most extension headers of a packet. RFC 8200 section 4.1 recommends at most seven: each kind once, and Destination
/// Options twice.
const MAX_EXTENSIONS: usize = 8;

/// The jumbo payload option (RFC 2675 section 2).
const OPTION_JUMBO: u8 = 0xc2;
const OPTION_PAD1: u8 = 0;

/// Strips the IP header and what lies behind the packet; the version field decides which IP it is.
pub(super) fn header(rest: &mut Rest<'_>) -> Result<Ip, Skip> {
    let mut peek = *rest;
    match peek.header(Cursor::u8)? >> 4 {
        4 => v4(rest),
        6 => v6(rest),
        _ => Err(Skip::Malformed),
    }
}

fn v4(rest: &mut Rest<'_>) -> Result<Ip, Skip> {
    let wire_len = rest.wire_len;
    let fixed = rest.header(Cursor::array::<20>)?;
    let [version_ihl, _tos, tl0, tl1, _id0, _id1, frag0, frag1, _ttl, protocol, _sum0, _sum1, addresses @ ..] = fixed;
    let [s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
    let header_len = u64::from(version_ihl & 0x0f) * 4;
    let total_len = match u16::from_be_bytes([tl0, tl1]) {
        // The length field is filled in by the network card when it cuts a large send into segments (TSO).
        0 => wire_len,
        len => len.into(),
    };
    if header_len < 20 || total_len < header_len {
        return Err(Skip::Malformed);
    }
    let fragment = u16::from_be_bytes([frag0, frag1]);
    if fragment & 0x1fff != 0 {
        return Err(Skip::Fragment);
    }
    rest.limit(total_len - 20);
    rest.skip(usize::try_from(header_len - 20).unwrap_or(0))?;
    Ok(Ip {
        source: Ipv4Addr::new(s0, s1, s2, s3).into(),
        destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
        protocol,
        fragmented: fragment & 0x2000 != 0,
    })
}

fn v6(rest: &mut Rest<'_>) -> Result<Ip, Skip> {
    let (payload_len, next, source, destination) = rest.header(|cursor| {
        cursor.take(4)?;
        let (payload_len, next) = (cursor.u16_be()?, cursor.u8()?);
        cursor.take(1)?;
        Some((payload_len, next, Ipv6Addr::from(cursor.array::<16>()?), Ipv6Addr::from(cursor.array::<16>()?)))
    })?;
    // A length of zero says that a hop-by-hop option has it (RFC 2675), or that the network card was to fill it in; in
    // both cases it is what the wire has, until the option says otherwise.
    if payload_len != 0 {
        rest.limit(payload_len.into());
    }
    let mut ip = Ip { source: source.into(), destination: destination.into(), protocol: next, fragmented: false };
    for _ in 0..MAX_EXTENSIONS {
        let (next, len) = match ip.protocol {
            next_header::HOP_BY_HOP if payload_len == 0 => (hop_by_hop(rest)?, 0),
            next_header::HOP_BY_HOP | next_header::ROUTING | next_header::DESTINATION | next_header::MOBILITY => {
                let [next, units] = rest.header(Cursor::array)?;
                (next, usize::from(units) * 8 + 6)
            }
            // RFC 4302 section 2.2: counted in 32-bit words, minus two.
            next_header::AUTHENTICATION => {
                let [next, words] = rest.header(Cursor::array)?;
                (next, usize::from(words) * 4 + 6)
            }
            next_header::FRAGMENT => {
                let [next, _reserved, offset0, offset1, _id @ ..] = rest.header(Cursor::array::<8>)?;
                let offset = u16::from_be_bytes([offset0, offset1]);
                if offset >> 3 != 0 {
                    return Err(Skip::Fragment);
                }
                ip.fragmented = offset & 1 != 0;
                (next, 0)
            }
            _ => return Ok(ip),
        };
        rest.skip(len)?;
        ip.protocol = next;
    }
    Err(Skip::Malformed)
}

/// Walks a hop-by-hop header for a jumbo payload's length, which counts from the end of the fixed header on.
fn hop_by_hop(rest: &mut Rest<'_>) -> Result<u8, Skip> {
    let [next, units] = rest.header(Cursor::array)?;
    let len = usize::from(units) * 8 + 6;
    let mut options = Cursor::new(rest.skip(len)?);
    while let Some(kind) = options.u8() {
        if kind == OPTION_PAD1 {
            continue;
        }
        let data_len = options.u8().ok_or(Skip::Malformed)?;
        let mut data = Cursor::new(options.take(data_len.into()).ok_or(Skip::Malformed)?);
        if kind == OPTION_JUMBO {
            let jumbo = u64::from(data.u32_be().ok_or(Skip::Malformed)?);
            let behind = jumbo.checked_sub(len as u64 + 2).ok_or(Skip::Malformed)?;
            // RFC 2675 section 3: a jumbo length that ordinary packets could state is an error.
            if jumbo <= u64::from(u16::MAX) {
                return Err(Skip::Malformed);
            }
            rest.limit(behind);
        }
    }
    Ok(next)
}
