//! Events and facts to bytes. The layout is in `format.rs`.

use std::net::IpAddr;

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Loss, Packet, Side, SocketChange, SocketState},
    net::{Endpoint, NetNs, Transport},
};

use super::format::{Context, chunk_flag, packet_flag, record_kind, socket_flag};

/// Appends the record of `event`; `None`, with `out` unchanged, for a kind that the format does not have.
pub(super) fn event(out: &mut Vec<u8>, context: &mut Context, event: &CaptureEvent<'_>) -> Option<()> {
    match event {
        CaptureEvent::Packet(it) => packet(out, context, it),
        CaptureEvent::Chunk(it) => chunk(out, context, it)?,
        CaptureEvent::Socket(it) => socket(out, context, it)?,
        CaptureEvent::Loss(it) => loss(out, context, it),
        _ => return None,
    }
    Some(())
}

/// Appends the record of a fact in JSON.
pub(super) fn fact(out: &mut Vec<u8>, json: &[u8]) {
    out.push(record_kind::FACT);
    varint(out, json.len() as u64);
    out.extend_from_slice(json);
}

fn packet(out: &mut Vec<u8>, context: &mut Context, packet: &Packet<'_>) {
    let Packet { at: _, side, netns, cookie, source, destination, tcp, payload_len, captured_offset, captured, cut } =
        *packet;
    let side = match side {
        Side::Egress => 0,
        Side::Ingress => 1,
        Side::Loopback => 2,
        Side::Tap => 3,
    };
    let whole = captured_offset == 0 && captured.len() as u64 == u64::from(payload_len);
    let flags = flag(cookie.is_some(), packet_flag::COOKIE)
        | flag(source.ip().is_ipv6(), packet_flag::SOURCE_V6)
        | flag(destination.ip().is_ipv6(), packet_flag::DESTINATION_V6)
        | flag(netns.0 == context.netns, packet_flag::SAME_NETNS)
        | flag(whole, packet_flag::WHOLE);
    out.push(record_kind::PACKET | side << 3 | cut_bits(cut) << 5 | u8::from(tcp.is_some()) << 7);
    out.push(flags);
    time(out, context, packet.at.as_ns());
    namespace(out, context, netns);
    if let Some(cookie) = cookie {
        varint(out, cookie.as_u64());
    }
    endpoint(out, source);
    endpoint(out, destination);
    if let Some(tcp) = tcp {
        out.extend_from_slice(&tcp.seq.to_le_bytes());
        out.extend_from_slice(&tcp.ack.to_le_bytes());
        out.push(tcp.flags.0);
    }
    varint(out, payload_len.into());
    if !whole {
        varint(out, captured_offset.into());
        varint(out, captured.len() as u64);
    }
    out.extend_from_slice(captured);
}

fn chunk(out: &mut Vec<u8>, context: &mut Context, chunk: &Chunk<'_>) -> Option<()> {
    let Chunk { at, pid, netns, cookie, local, remote, transport, outgoing, offset, len, captured, cut } = *chunk;
    let udp = match transport {
        Transport::Tcp => false,
        Transport::Udp => true,
        _ => return None,
    };
    let whole = captured.len() as u64 == len;
    out.push(record_kind::CHUNK | cut_bits(cut) << 3 | u8::from(outgoing) << 5 | u8::from(udp) << 6);
    out.push(
        flag(local.ip().is_ipv6(), chunk_flag::LOCAL_V6)
            | flag(remote.ip().is_ipv6(), chunk_flag::REMOTE_V6)
            | flag(netns.0 == context.netns, chunk_flag::SAME_NETNS)
            | flag(whole, chunk_flag::WHOLE),
    );
    time(out, context, at.as_ns());
    namespace(out, context, netns);
    varint(out, pid.0.into());
    varint(out, cookie.as_u64());
    endpoint(out, local);
    endpoint(out, remote);
    varint(out, offset);
    varint(out, len);
    if !whole {
        varint(out, captured.len() as u64);
    }
    out.extend_from_slice(captured);
    Some(())
}

fn socket(out: &mut Vec<u8>, context: &mut Context, change: &SocketChange) -> Option<()> {
    let SocketChange { at, change, netns, cookie, local, remote, pid } = *change;
    let state: u8 = match change {
        SocketState::Listening => 0,
        SocketState::Connecting => 1,
        SocketState::Connected => 2,
        SocketState::Accepted => 3,
        SocketState::Closed => 4,
        _ => return None,
    };
    out.push(record_kind::SOCKET | state << 3);
    out.push(
        flag(local.ip().is_ipv6(), socket_flag::LOCAL_V6)
            | flag(remote.is_some(), socket_flag::REMOTE)
            | flag(remote.is_some_and(|remote| remote.ip().is_ipv6()), socket_flag::REMOTE_V6)
            | flag(pid.is_some(), socket_flag::PID)
            | flag(netns.0 == context.netns, socket_flag::SAME_NETNS),
    );
    time(out, context, at.as_ns());
    namespace(out, context, netns);
    varint(out, cookie.as_u64());
    endpoint(out, local);
    if let Some(remote) = remote {
        endpoint(out, remote);
    }
    if let Some(pid) = pid {
        varint(out, pid.0.into());
    }
    Some(())
}

fn loss(out: &mut Vec<u8>, context: &mut Context, loss: &Loss) {
    let Loss { at, records } = *loss;
    out.push(record_kind::LOSS);
    out.push(0);
    time(out, context, at.as_ns());
    varint(out, records);
}

/// Two's complement differences modulo 2^64 need no case for clocks that step back, nor for the ends of the range.
fn time(out: &mut Vec<u8>, context: &mut Context, at_ns: u64) {
    let difference = at_ns.wrapping_sub(context.at_ns).cast_signed();
    varint(out, (difference << 1 ^ difference >> 63).cast_unsigned());
    context.at_ns = at_ns;
}

fn namespace(out: &mut Vec<u8>, context: &mut Context, netns: NetNs) {
    if netns.0 != context.netns {
        varint(out, netns.0.into());
        context.netns = netns.0;
    }
}

fn endpoint(out: &mut Vec<u8>, endpoint: Endpoint) {
    match endpoint.ip() {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
    out.extend_from_slice(&endpoint.port().to_le_bytes());
}

const fn cut_bits(cut: Cut) -> u8 {
    match cut {
        Cut::Whole => 0,
        Cut::Unwanted => 1,
        Cut::Lost => 2,
    }
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
