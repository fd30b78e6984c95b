//! Packets as they look in a capture file.

use std::net::{IpAddr, Ipv6Addr};

use geophone_model::{capture::Packet, net::Endpoint};

use crate::dissect::LinkType;

const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;

/// The frame that a capture on a link of type `link` would hold of `packet`, and its length on the wire. Of the payload
/// it has what was captured; with addresses of two families both are written as IPv6. Checksums are zero, as a network
/// card that computes them leaves them. `None` for a link type that is not one of [`LinkType`]'s, for one that cannot
/// carry the packet's IP version, and for a payload that one packet cannot carry or that is not captured from its start.
pub fn frame(link: LinkType, packet: &Packet<'_>) -> Option<(Vec<u8>, u32)> {
    let (source, destination) = (packet.source, packet.destination);
    let v4 = source.ip().is_ipv4() && destination.ip().is_ipv4();
    if packet.captured_offset != 0 || packet.captured.len() as u64 > packet.payload_len.into() {
        return None;
    }
    let mut out = link_header(link, v4)?;
    let transport = transport_header(packet)?;
    let segment_len = u16::try_from(transport.len() as u64 + u64::from(packet.payload_len)).ok()?;
    let protocol = if packet.tcp.is_some() { PROTOCOL_TCP } else { PROTOCOL_UDP };
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            out.extend_from_slice(&[0x45, 0]);
            out.extend_from_slice(&segment_len.checked_add(20)?.to_be_bytes());
            // No identification, "don't fragment", a time to live of 64, no checksum.
            out.extend_from_slice(&[0, 0, 0x40, 0, 64, protocol, 0, 0]);
            out.extend_from_slice(&from.octets());
            out.extend_from_slice(&to.octets());
        }
        _ => {
            out.extend_from_slice(&[0x60, 0, 0, 0]);
            out.extend_from_slice(&segment_len.to_be_bytes());
            out.extend_from_slice(&[protocol, 64]);
            out.extend_from_slice(&v6(source).octets());
            out.extend_from_slice(&v6(destination).octets());
        }
    }
    out.extend_from_slice(&transport);
    let wire_len = u32::try_from(out.len()).ok()?.checked_add(packet.payload_len)?;
    out.extend_from_slice(packet.captured);
    Some((out, wire_len))
}

fn link_header(link: LinkType, v4: bool) -> Option<Vec<u8>> {
    let ethertype: [u8; 2] = if v4 { [0x08, 0x00] } else { [0x86, 0xdd] };
    // Linux's numbers for the address families.
    let family: u32 = if v4 { 2 } else { 10 };
    Some(match link {
        LinkType::NULL => family.to_le_bytes().to_vec(),
        LinkType::LOOP => family.to_be_bytes().to_vec(),
        // Locally administered addresses, 02:00:00:00:00:02 and :01.
        LinkType::ETHERNET => [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &ethertype[..]].concat(),
        LinkType::RAW => Vec::new(),
        LinkType::IPV4 if v4 => Vec::new(),
        LinkType::IPV6 if !v4 => Vec::new(),
        // To us, from an Ethernet device (ARPHRD 1) with an address of six bytes.
        LinkType::LINUX_SLL => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &ethertype[..]].concat(),
        LinkType::LINUX_SLL2 => [&ethertype[..], &[0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]].concat(),
        _ => return None,
    })
}

fn transport_header(packet: &Packet<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    out.extend_from_slice(&packet.source.port().to_be_bytes());
    out.extend_from_slice(&packet.destination.port().to_be_bytes());
    if let Some(tcp) = packet.tcp {
        out.extend_from_slice(&tcp.seq.to_be_bytes());
        out.extend_from_slice(&tcp.ack.to_be_bytes());
        // A header of five words, a window of 65,535 bytes, no checksum, no urgent data.
        out.extend_from_slice(&[0x50, tcp.flags.0, 0xff, 0xff, 0, 0, 0, 0]);
    } else {
        out.extend_from_slice(&u16::try_from(packet.payload_len.checked_add(8)?).ok()?.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
    }
    Some(out)
}

const fn v6(endpoint: Endpoint) -> Ipv6Addr {
    match endpoint.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}
