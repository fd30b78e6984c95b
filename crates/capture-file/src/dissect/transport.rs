//! TCP (RFC 9293 section 3.1) and UDP (RFC 768) headers.

use geophone_model::{
    capture::{TcpFlags, TcpHeader},
    net::Endpoint,
};

use super::{Dissected, Rest, Skip, ip::Ip};
use crate::cursor::Cursor;

const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;

/// Takes the transport header; the payload is what is left behind it.
pub(super) fn header(ip: &Ip, rest: &mut Rest<'_>) -> Result<Dissected, Skip> {
    let (source_port, destination_port, tcp) = match ip.protocol {
        PROTOCOL_TCP => {
            let (source, destination, header) = tcp(rest)?;
            (source, destination, Some(header))
        }
        PROTOCOL_UDP => {
            let (source, destination) = udp(ip, rest)?;
            (source, destination, None)
        }
        _ => return Err(Skip::NotTcpUdp),
    };
    Ok(Dissected {
        source: Endpoint::new(ip.source, source_port),
        destination: Endpoint::new(ip.destination, destination_port),
        tcp,
        payload_len: u32::try_from(rest.wire_len).map_err(|_| Skip::Malformed)?,
        captured: rest.position..rest.position.saturating_add(rest.captured.remaining()),
    })
}

fn tcp(rest: &mut Rest<'_>) -> Result<(u16, u16, TcpHeader), Skip> {
    let (source, destination, seq, ack, offset, flags) = rest.header(|cursor| {
        let (source, destination) = (cursor.u16_be()?, cursor.u16_be()?);
        let (seq, ack) = (cursor.u32_be()?, cursor.u32_be()?);
        let (offset, flags) = (cursor.u8()?, cursor.u8()?);
        // Window, checksum and urgent pointer.
        cursor.take(6)?;
        Some((source, destination, seq, ack, offset, flags))
    })?;
    let options_len = (usize::from(offset >> 4) * 4).checked_sub(20).ok_or(Skip::Malformed)?;
    rest.skip(options_len)?;
    Ok((source, destination, TcpHeader { seq, ack, flags: TcpFlags(flags) }))
}

fn udp(ip: &Ip, rest: &mut Rest<'_>) -> Result<(u16, u16), Skip> {
    let datagram_len = rest.wire_len;
    let [s0, s1, d0, d1, l0, l1, _checksum @ ..] = rest.header(Cursor::array::<8>)?;
    let len = match u16::from_be_bytes([l0, l1]) {
        // RFC 2675 section 4: a datagram of a jumbo packet says zero.
        0 => datagram_len,
        len => len.into(),
    };
    // Only the first fragment of a packet may say more than its IP header does.
    if len < 8 || (len > datagram_len && !ip.fragmented) {
        return Err(Skip::Malformed);
    }
    rest.limit(len - 8);
    Ok((u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])))
}
