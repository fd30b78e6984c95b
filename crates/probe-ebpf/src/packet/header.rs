//! Reading IP, TCP and UDP headers.

use aya_ebpf::programs::SkBuffContext;
use geophone_probe_common::{
    counter::{self, Index},
    record::{Address, family},
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
    pub source: Address,
    pub destination: Address,
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
    let first = first_words(ctx)?;
    let network = match first[0] as u8 >> 4 {
        4 => v4(&first)?,
        6 => v6(ctx, &first)?,
        _ => return Err(counter::PACKETS_OTHER_PROTOCOL),
    };
    transport(ctx, &network, &first)
}

/// The first words of a packet: as many as the headers of TCP over IPv4 have at least, and that of IPv6, so that one call of
/// the helper reads all of the most frequent ones.
type FirstWords = [u32; 10];

#[inline(always)]
fn first_words(ctx: &SkBuffContext) -> Result<FirstWords, Outcome> {
    if ctx.len() as usize >= size_of::<FirstWords>() {
        return load(ctx, 0);
    }
    // A short datagram over IPv4.
    let [a, b, c, d, e]: [u32; 5] = load(ctx, 0)?;
    Ok([a, b, c, d, e, 0, 0, 0, 0, 0])
}

/// What the header of IP says.
struct Network {
    source: Address,
    destination: Address,
    family: u8,
    /// Of the transport.
    protocol: u8,
    /// Where the transport's header begins.
    offset: u32,
}

/// RFC 791 section 3.1, as five words.
#[inline(always)]
fn v4(ip: &FirstWords) -> Result<Network, Outcome> {
    let header_len = u32::from(ip[0] as u8 & 0x0f) * 4;
    if header_len < 20 {
        return Err(counter::PACKETS_MALFORMED);
    }
    // The low 13 bits of the second word are the fragment's offset: only the first fragment has the transport's header.
    if u32::from_be(ip[1]) & 0x1fff != 0 {
        return Err(counter::PACKETS_FRAGMENT);
    }
    Ok(Network {
        source: widen(ip[3]),
        destination: widen(ip[4]),
        family: family::V4,
        protocol: (u32::from_be(ip[2]) >> 16) as u8,
        offset: header_len,
    })
}

/// RFC 8200 section 3, as ten words. BIG TCP's packets carry a hop-by-hop header (RFC 2675) and a payload length of zero;
/// the length of the buffer is the truth for every packet.
#[inline(always)]
fn v6(ctx: &SkBuffContext, ip: &FirstWords) -> Result<Network, Outcome> {
    let mut next = (u32::from_be(ip[1]) >> 8) as u8;
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
                let place = u16::from_be(load(ctx, offset + 2)?);
                if place & 0xfff8 != 0 {
                    return Err(counter::PACKETS_FRAGMENT);
                }
                8
            }
            _ => (u32::from(len) + 1) * 8,
        };
        next = following;
    }
    Ok(Network {
        source: [ip[2], ip[3], ip[4], ip[5]],
        destination: [ip[6], ip[7], ip[8], ip[9]],
        family: family::V6,
        protocol: next,
        offset,
    })
}

#[inline(always)]
fn transport(ctx: &SkBuffContext, network: &Network, first: &FirstWords) -> Result<Header, Outcome> {
    let Network { source, destination, family, protocol, offset } = *network;
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
            // RFC 9293 section 3.1, as five words.
            let tcp: [u32; 5] =
                if offset == 20 { [first[5], first[6], first[7], first[8], first[9]] } else { load(ctx, offset)? };
            let (ports, control) = (u32::from_be(tcp[0]), u32::from_be(tcp[3]));
            let header_len = (control >> 28) * 4;
            if header_len < 20 {
                return Err(counter::PACKETS_MALFORMED);
            }
            header.source_port = (ports >> 16) as u16;
            header.destination_port = ports as u16;
            header.seq = u32::from_be(tcp[1]);
            header.ack = u32::from_be(tcp[2]);
            header.tcp_flags = (control >> 16) as u8;
            header.payload_offset = offset + header_len;
        }
        UDP => {
            let ports = u32::from_be(load(ctx, offset)?);
            header.source_port = (ports >> 16) as u16;
            header.destination_port = ports as u16;
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
