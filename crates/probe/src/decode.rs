//! From the bytes of a ring record to an event.
//!
//! The bytes come from our own kernel programs, yet nothing is taken on trust: a record that is too short or says
//! something impossible is an error and is counted, never a panic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    fact::{Fact, Pid, ProcessFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_probe_common::{
    packet::{PacketHead, side},
    process::{ExecRecord, ExitRecord},
    record::{Address, Kind, cut, family},
    socket::{SocketRecord, state},
    syscall::ChunkHead,
};

use crate::clock::Clock;

/// What the ring holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A packet, a system call or a change of a socket.
    Event(CaptureEvent<'a>),
    /// A process runs another program.
    Exec(Exec),
    /// A process has ended.
    Exit(Exit),
}

/// A process runs a program since now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// When.
    pub at: Timestamp,
    /// The process.
    pub pid: Pid,
    /// The kernel's short name of it.
    pub comm: String,
    /// The path by which it was started, cut after 127 bytes; empty where the kernel's layout is not known.
    pub path: String,
    /// Id of its cgroup in cgroup2.
    pub cgroup: u64,
}

impl Exec {
    /// What the kernel said of the process, as a fact. It is the answer until `/proc` says more, since the process may be
    /// gone before anybody can look there. An empty cgroup says that it has not been looked at.
    pub fn fact(&self) -> Fact {
        let executable = self.path.rsplit('/').next().unwrap_or_default().to_owned();
        Fact::Process(ProcessFact {
            at: self.at,
            pid: self.pid,
            parent: Pid(0),
            comm: self.comm.clone(),
            executable,
            script: None,
            cgroup: String::new(),
            container: None,
            unit: None,
            netns: NetNs(0),
        })
    }
}

/// A process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When.
    pub at: Timestamp,
    /// The process.
    pub pid: Pid,
}

impl Exit {
    /// The same as a fact.
    pub const fn fact(&self) -> Fact {
        Fact::ProcessExit { at: self.at, pid: self.pid }
    }
}

/// Why a record could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is shorter than its kind asks for.
    #[error("a ring record is shorter than its kind")]
    TooShort,
    /// Its kind is not known.
    #[error("a ring record has the unknown kind {0}")]
    UnknownKind(u32),
    /// It says that more bytes follow than do.
    #[error("a ring record holds fewer bytes than it says")]
    MissingPayload,
    /// A field has a value that it cannot have.
    #[error("a ring record has an impossible {0}")]
    Field(&'static str),
}

/// Reads one record.
///
/// # Errors
/// [`DecodeError`] for bytes that no kernel program of this version writes.
pub fn decode(record: &[u8], clock: Clock) -> Result<Item<'_>, DecodeError> {
    let kind: u32 = head(record)?.0;
    match Kind::from_u32(kind).ok_or(DecodeError::UnknownKind(kind))? {
        Kind::Packet => packet(record, clock),
        Kind::Chunk => chunk(record, clock),
        Kind::Socket => socket(&head(record)?.0, clock),
        Kind::Exec => {
            let exec: ExecRecord = head(record)?.0;
            Ok(Item::Exec(Exec {
                at: clock.wall(exec.at_ns),
                pid: Pid(exec.tgid),
                comm: text(&exec.comm),
                path: text(&exec.path),
                cgroup: exec.cgroup,
            }))
        }
        Kind::Exit => {
            let exit: ExitRecord = head(record)?.0;
            Ok(Item::Exit(Exit { at: clock.wall(exit.at_ns), pid: Pid(exit.tgid) }))
        }
    }
}

fn packet(record: &[u8], clock: Clock) -> Result<Item<'_>, DecodeError> {
    let (head, rest): (PacketHead, _) = head(record)?;
    let captured = captured(rest, head.captured_len)?;
    if u64::from(head.captured_offset) + u64::from(head.captured_len) > u64::from(head.payload_len) {
        return Err(DecodeError::Field("captured length"));
    }
    let tcp = match transport(head.transport)? {
        Transport::Tcp => Some(TcpHeader { seq: head.seq, ack: head.ack, flags: TcpFlags(head.tcp_flags) }),
        _ => None,
    };
    Ok(Item::Event(CaptureEvent::Packet(Packet {
        at: clock.wall(head.at_ns),
        side: match head.side {
            side::EGRESS => Side::Egress,
            side::INGRESS => Side::Ingress,
            side::LOOPBACK => Side::Loopback,
            _ => return Err(DecodeError::Field("side")),
        },
        netns: NetNs(head.netns),
        cookie: SocketCookie::new(head.cookie),
        source: endpoint(head.family, head.source, head.source_port)?,
        destination: endpoint(head.family, head.destination, head.destination_port)?,
        tcp,
        payload_len: head.payload_len,
        captured_offset: head.captured_offset,
        captured,
        cut: cut_of(head.cut)?,
    })))
}

fn chunk(record: &[u8], clock: Clock) -> Result<Item<'_>, DecodeError> {
    let (head, rest): (ChunkHead, _) = head(record)?;
    let captured = captured(rest, head.captured_len)?;
    if u64::from(head.captured_len) > head.len {
        return Err(DecodeError::Field("captured length"));
    }
    Ok(Item::Event(CaptureEvent::Chunk(Chunk {
        at: clock.wall(head.at_ns),
        pid: Pid(head.tgid),
        netns: NetNs(head.netns),
        cookie: SocketCookie::new(head.cookie).ok_or(DecodeError::Field("cookie"))?,
        local: endpoint(head.family, head.local, head.local_port)?,
        remote: endpoint(head.family, head.remote, head.remote_port)?,
        transport: transport(head.transport)?,
        outgoing: head.outgoing != 0,
        offset: head.offset,
        len: head.len,
        captured,
        cut: cut_of(head.cut)?,
    })))
}

fn socket(record: &SocketRecord, clock: Clock) -> Result<Item<'static>, DecodeError> {
    let change = match (record.old_state, record.new_state) {
        (_, state::LISTEN) => SocketState::Listening,
        (_, state::SYN_SENT) => SocketState::Connecting,
        (state::SYN_SENT, state::ESTABLISHED) => SocketState::Connected,
        (_, state::ESTABLISHED) => SocketState::Accepted,
        (_, state::CLOSE) => SocketState::Closed,
        _ => return Err(DecodeError::Field("state")),
    };
    // Handshakes complete and connections end in softirqs, in whatever task happens to run.
    let in_context = matches!(change, SocketState::Listening | SocketState::Connecting);
    let remote = match record.remote_port {
        0 => None,
        port => Some(endpoint(record.family, record.remote, port)?),
    };
    Ok(Item::Event(CaptureEvent::Socket(SocketChange {
        at: clock.wall(record.at_ns),
        change,
        netns: NetNs(record.netns),
        cookie: SocketCookie::new(record.cookie).ok_or(DecodeError::Field("cookie"))?,
        local: endpoint(record.family, record.local, record.local_port)?,
        remote,
        pid: (in_context && record.tgid != 0).then_some(Pid(record.tgid)),
    })))
}

fn captured(rest: &[u8], len: u32) -> Result<&[u8], DecodeError> {
    rest.get(..len as usize).ok_or(DecodeError::MissingPayload)
}

fn endpoint(family: u8, address: Address, port: u16) -> Result<Endpoint, DecodeError> {
    let ip = match family {
        family::V4 => IpAddr::V4(Ipv4Addr::from(address[0].to_ne_bytes())),
        family::V6 => {
            let mut octets = [0; 16];
            for (octets, word) in octets.as_chunks_mut().0.iter_mut().zip(address) {
                *octets = word.to_ne_bytes();
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return Err(DecodeError::Field("address family")),
    };
    Ok(Endpoint::new(ip, port))
}

fn transport(protocol: u8) -> Result<Transport, DecodeError> {
    match protocol {
        6 => Ok(Transport::Tcp),
        17 => Ok(Transport::Udp),
        _ => Err(DecodeError::Field("transport protocol")),
    }
}

fn cut_of(cut: u8) -> Result<Cut, DecodeError> {
    match cut {
        cut::WHOLE => Ok(Cut::Whole),
        cut::UNWANTED => Ok(Cut::Unwanted),
        cut::LOST => Ok(Cut::Lost),
        _ => Err(DecodeError::Field("cut")),
    }
}

/// The text before the first zero byte; bytes that are no UTF-8 are replaced.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// Types that any bytes of their size are a value of.
///
/// # Safety
/// The type is `repr(C)` or a primitive, and made of integers and arrays of them only.
unsafe trait Plain: Copy {}

// SAFETY: an integer.
unsafe impl Plain for u32 {}
// SAFETY: `repr(C)`, integers and byte arrays.
unsafe impl Plain for PacketHead {}
// SAFETY: `repr(C)`, integers and byte arrays.
unsafe impl Plain for ChunkHead {}
// SAFETY: `repr(C)`, integers and byte arrays.
unsafe impl Plain for SocketRecord {}
// SAFETY: `repr(C)`, integers and byte arrays.
unsafe impl Plain for ExecRecord {}
// SAFETY: `repr(C)`, integers.
unsafe impl Plain for ExitRecord {}

/// The value at the beginning of a record, and what follows it.
fn head<T: Plain>(record: &[u8]) -> Result<(T, &[u8]), DecodeError> {
    let (bytes, rest) = record.split_at_checked(size_of::<T>()).ok_or(DecodeError::TooShort)?;
    // SAFETY: `bytes` has the type's size, the read does not ask for an alignment, and any bytes are a value (`Plain`).
    Ok((unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }, rest))
}

#[cfg(test)]
mod tests;
