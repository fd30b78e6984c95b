//! Reading IP, TCP and UDP headers.

use aya_ebpf::programs::SkBuffContext;
use geophone_probe_common::{
    counter::{self, Index},
    record::family,
};

use crate::sock::widen;

/// What became of a packet, as the counter for it.
pub type Outcome = Index;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// IPv6 extension headers that stand between the fixed header and the transport's (RFC 8200 section 4.1).
mod extension {
    pub const HOP_BY_HOP: u8 = 0;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const AUTHENTICATION: u8 = 51;
    pub const DESTINATION: u8 = 60;
    /// More than this many in one packet are taken for malformed.
    pub const MAX: usize = 6;
}

/// The headers of a packet, as far as they matter.
pub struct Header {
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub source_port: u16,
    pub destination_port: u16,
    pub family: u8,
    pub transport: u8,
    pub tcp_flags: u8,
    pub seq: u32,
    pub ack: u32,
    /// From the beginning of the IP header.
    pub payload_offset: u32,
    pub payload_len: u32,
}

impl Header {
    #[inline(always)]
    pub fn is_tcp(&self) -> bool {
        self.transport == TCP
    }
}

/// Reads the headers of a packet, or says by which counter it is left out.
#[inline(always)]
pub fn read(ctx: &SkBuffContext) -> Result<Header, Outcome> {
    let first: u8 = load(ctx, 0)?;
    match first >> 4 {
        4 => v4(ctx),
        6 => v6(ctx),
        _ => Err(counter::PACKETS_OTHER_PROTOCOL),
    }
}

/// RFC 791 section 3.1.
#[inline(always)]
fn v4(ctx: &SkBuffContext) -> Result<Header, Outcome> {
    let ip: [u8; 20] = load(ctx, 0)?;
    let header_len = u32::from(ip[0] & 0x0f) * 4;
    if header_len < 20 {
        return Err(counter::PACKETS_MALFORMED);
    }
    // The low 13 bits of the field are the fragment's offset: only the first fragment has the transport's header.
    if u16::from_be_bytes([ip[6] & 0x1f, ip[7]]) != 0 {
        return Err(counter::PACKETS_FRAGMENT);
    }
    let source = widen([ip[12], ip[13], ip[14], ip[15]]);
    let destination = widen([ip[16], ip[17], ip[18], ip[19]]);
    transport(ctx, Addresses { source, destination, family: family::V4 }, ip[9], header_len)
}

/// RFC 8200 section 3. BIG TCP's packets carry a hop-by-hop header (RFC 2675) and a payload length of zero; the length of
/// the buffer is the truth for every packet.
#[inline(always)]
fn v6(ctx: &SkBuffContext) -> Result<Header, Outcome> {
    let ip: [u8; 40] = load(ctx, 0)?;
    let mut source = [0; 16];
    let mut destination = [0; 16];
    source.copy_from_slice(&ip[8..24]);
    destination.copy_from_slice(&ip[24..40]);
    let mut next = ip[6];
    let mut offset = 40u32;
    for _ in 0..extension::MAX {
        let [following, len]: [u8; 2] = match next {
            extension::HOP_BY_HOP
            | extension::ROUTING
            | extension::DESTINATION
            | extension::AUTHENTICATION
            | extension::FRAGMENT => load(ctx, offset)?,
            _ => break,
        };
        offset += match next {
            // RFC 4302 section 2.2: in words of four bytes, less two.
            extension::AUTHENTICATION => (u32::from(len) + 2) * 4,
            // RFC 8200 section 4.5: eight bytes, the offset in the upper 13 bits of the second pair.
            extension::FRAGMENT => {
                let place: [u8; 2] = load(ctx, offset + 2)?;
                if u16::from_be_bytes([place[0], place[1] & 0xf8]) != 0 {
                    return Err(counter::PACKETS_FRAGMENT);
                }
                8
            }
            _ => (u32::from(len) + 1) * 8,
        };
        next = following;
    }
    transport(ctx, Addresses { source, destination, family: family::V6 }, next, offset)
}

struct Addresses {
    source: [u8; 16],
    destination: [u8; 16],
    family: u8,
}

#[inline(always)]
fn transport(ctx: &SkBuffContext, addresses: Addresses, protocol: u8, offset: u32) -> Result<Header, Outcome> {
    let Addresses { source, destination, family } = addresses;
    let mut header = Header {
        source,
        destination,
        source_port: 0,
        destination_port: 0,
        family,
        transport: protocol,
        tcp_flags: 0,
        seq: 0,
        ack: 0,
        payload_offset: 0,
        payload_len: 0,
    };
    match protocol {
        TCP => {
            // RFC 9293 section 3.1.
            let tcp: [u8; 20] = load(ctx, offset)?;
            let header_len = u32::from(tcp[12] >> 4) * 4;
            if header_len < 20 {
                return Err(counter::PACKETS_MALFORMED);
            }
            header.source_port = u16::from_be_bytes([tcp[0], tcp[1]]);
            header.destination_port = u16::from_be_bytes([tcp[2], tcp[3]]);
            header.seq = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
            header.ack = u32::from_be_bytes([tcp[8], tcp[9], tcp[10], tcp[11]]);
            header.tcp_flags = tcp[13];
            header.payload_offset = offset + header_len;
        }
        UDP => {
            let ports: [u8; 4] = load(ctx, offset)?;
            header.source_port = u16::from_be_bytes([ports[0], ports[1]]);
            header.destination_port = u16::from_be_bytes([ports[2], ports[3]]);
            header.payload_offset = offset + 8;
        }
        _ => return Err(counter::PACKETS_OTHER_PROTOCOL),
    }
    let total = ctx.len();
    if header.payload_offset > total {
        return Err(counter::PACKETS_MALFORMED);
    }
    header.payload_len = total - header.payload_offset;
    Ok(header)
}

#[inline(always)]
fn load<T>(ctx: &SkBuffContext, offset: u32) -> Result<T, Outcome> {
    ctx.load(offset as usize).map_err(|_| counter::PACKETS_MALFORMED)
}
