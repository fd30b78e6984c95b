//! Bytes to events and facts. The layout is in `format.rs`; every deviation from it is an error.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Loss, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    fact::Pid,
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

use super::format::{Context, MAX_CAPTURED_LEN, MAX_FACT_LEN, chunk_flag, packet_flag, record_kind, socket_flag};
use crate::{cursor::Cursor, item::Item};

/// Takes one record off the cursor. The error names what is malformed.
pub(super) fn record<'a>(cursor: &mut Cursor<'a>, context: &mut Context) -> Result<Item<'a>, &'static str> {
    let tag = cursor.u8().ok_or("record")?;
    let event = match tag & record_kind::MASK {
        record_kind::PACKET => packet(cursor, context, tag).map(CaptureEvent::Packet).ok_or("packet record")?,
        record_kind::CHUNK => chunk(cursor, context, tag).map(CaptureEvent::Chunk).ok_or("chunk record")?,
        record_kind::SOCKET => socket(cursor, context, tag).map(CaptureEvent::Socket).ok_or("socket change record")?,
        record_kind::LOSS => loss(cursor, context, tag).map(CaptureEvent::Loss).ok_or("loss record")?,
        record_kind::FACT if tag == record_kind::FACT => return fact(cursor).ok_or("fact record"),
        _ => return Err("record: its kind is unknown"),
    };
    Ok(Item::Event(event))
}

fn packet<'a>(cursor: &mut Cursor<'a>, context: &mut Context, tag: u8) -> Option<Packet<'a>> {
    let flags = flags(cursor, packet_flag::ALL)?;
    let side = match tag >> 3 & 0b11 {
        0 => Side::Egress,
        1 => Side::Ingress,
        2 => Side::Loopback,
        _ => Side::Tap,
    };
    let cut = cut(tag >> 5)?;
    let at = time(cursor, context)?;
    let netns = namespace(cursor, context, flags & packet_flag::SAME_NETNS != 0)?;
    let cookie = optional(flags & packet_flag::COOKIE != 0, || cookie(cursor))?;
    let source = endpoint(cursor, flags & packet_flag::SOURCE_V6 != 0)?;
    let destination = endpoint(cursor, flags & packet_flag::DESTINATION_V6 != 0)?;
    let tcp = optional(tag & 0x80 != 0, || {
        Some(TcpHeader { seq: cursor.u32_le()?, ack: cursor.u32_le()?, flags: TcpFlags(cursor.u8()?) })
    })?;
    let payload_len = cursor.varint_u32()?;
    let (captured_offset, captured_len) = if flags & packet_flag::WHOLE != 0 {
        (0, payload_len.into())
    } else {
        (cursor.varint_u32()?, cursor.varint()?)
    };
    within(captured_offset.into(), captured_len, payload_len.into())?;
    // What was recorded once stays readable.
    optional(flags & packet_flag::TASK != 0, || cursor.varint_u32())?;
    optional(flags & packet_flag::CGROUP != 0, || cursor.varint())?;
    let captured = bytes(cursor, captured_len, MAX_CAPTURED_LEN)?;
    Some(Packet { at, side, netns, cookie, source, destination, tcp, payload_len, captured_offset, captured, cut })
}

fn chunk<'a>(cursor: &mut Cursor<'a>, context: &mut Context, tag: u8) -> Option<Chunk<'a>> {
    let flags = flags(cursor, chunk_flag::ALL)?;
    if tag & 0x80 != 0 {
        return None;
    }
    let at = time(cursor, context)?;
    let netns = namespace(cursor, context, flags & chunk_flag::SAME_NETNS != 0)?;
    let pid = Pid(cursor.varint_u32()?);
    let cookie = cookie(cursor)?;
    let local = endpoint(cursor, flags & chunk_flag::LOCAL_V6 != 0)?;
    let remote = endpoint(cursor, flags & chunk_flag::REMOTE_V6 != 0)?;
    let offset = cursor.varint()?;
    let len = cursor.varint()?;
    let captured_len = if flags & chunk_flag::WHOLE != 0 { len } else { cursor.varint()? };
    within(0, captured_len, len)?;
    let captured = bytes(cursor, captured_len, MAX_CAPTURED_LEN)?;
    Some(Chunk {
        at,
        pid,
        netns,
        cookie,
        local,
        remote,
        transport: if tag & 0x40 != 0 { Transport::Udp } else { Transport::Tcp },
        outgoing: tag & 0x20 != 0,
        offset,
        len,
        captured,
        cut: cut(tag >> 3)?,
    })
}

fn socket(cursor: &mut Cursor<'_>, context: &mut Context, tag: u8) -> Option<SocketChange> {
    let flags = flags(cursor, socket_flag::ALL)?;
    let change = match tag >> 3 {
        0 => SocketState::Listening,
        1 => SocketState::Connecting,
        2 => SocketState::Connected,
        3 => SocketState::Accepted,
        4 => SocketState::Closed,
        _ => return None,
    };
    Some(SocketChange {
        at: time(cursor, context)?,
        change,
        netns: namespace(cursor, context, flags & socket_flag::SAME_NETNS != 0)?,
        cookie: cookie(cursor)?,
        local: endpoint(cursor, flags & socket_flag::LOCAL_V6 != 0)?,
        remote: optional(flags & socket_flag::REMOTE != 0, || endpoint(cursor, flags & socket_flag::REMOTE_V6 != 0))?,
        pid: optional(flags & socket_flag::PID != 0, || cursor.varint_u32().map(Pid))?,
    })
}

fn loss(cursor: &mut Cursor<'_>, context: &mut Context, tag: u8) -> Option<Loss> {
    flags(cursor, 0).filter(|_| tag == record_kind::LOSS)?;
    Some(Loss { at: time(cursor, context)?, records: cursor.varint()? })
}

fn fact<'a>(cursor: &mut Cursor<'a>) -> Option<Item<'a>> {
    let len = cursor.varint()?;
    let json = bytes(cursor, len, MAX_FACT_LEN)?;
    serde_json::from_slice(json).ok().map(Item::Fact)
}

/// The byte of flags; `None` where a bit is set that has no meaning.
fn flags(cursor: &mut Cursor<'_>, known: u8) -> Option<u8> {
    cursor.u8().filter(|flags| flags & !known == 0)
}

/// `Some(None)` for a field that is left out, `None` for one that is malformed.
fn optional<T>(present: bool, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if present { read().map(Some) } else { Some(None) }
}

/// Captured bytes are a part of the payload: what is missing of it is the difference of the lengths.
fn within(offset: u64, captured_len: u64, payload_len: u64) -> Option<()> {
    (offset.checked_add(captured_len)? <= payload_len).then_some(())
}

fn time(cursor: &mut Cursor<'_>, context: &mut Context) -> Option<Timestamp> {
    let zigzag = cursor.varint()?;
    let difference = zigzag >> 1 ^ 0_u64.wrapping_sub(zigzag & 1);
    context.at_ns = context.at_ns.wrapping_add(difference);
    Some(Timestamp::from_ns(context.at_ns))
}

fn namespace(cursor: &mut Cursor<'_>, context: &mut Context, same: bool) -> Option<NetNs> {
    if !same {
        context.netns = cursor.varint_u32()?;
    }
    Some(NetNs(context.netns))
}

fn cookie(cursor: &mut Cursor<'_>) -> Option<SocketCookie> {
    SocketCookie::new(cursor.varint()?)
}

fn endpoint(cursor: &mut Cursor<'_>, v6: bool) -> Option<Endpoint> {
    let ip: IpAddr =
        if v6 { Ipv6Addr::from(cursor.array::<16>()?).into() } else { Ipv4Addr::from(cursor.array::<4>()?).into() };
    Some(Endpoint::new(ip, cursor.u16_le()?))
}

const fn cut(bits: u8) -> Option<Cut> {
    match bits & 0b11 {
        0 => Some(Cut::Whole),
        1 => Some(Cut::Unwanted),
        2 => Some(Cut::Lost),
        _ => None,
    }
}

fn bytes<'a>(cursor: &mut Cursor<'a>, len: u64, cap: usize) -> Option<&'a [u8]> {
    let len = usize::try_from(len).ok().filter(|&len| len <= cap)?;
    cursor.take(len)
}
