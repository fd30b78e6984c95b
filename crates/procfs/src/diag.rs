//! Socket diagnosis (sock_diag(7), include/uapi/linux/inet_diag.h): which sockets a network namespace has. Pure functions
//! of bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use geophone_model::net::{Endpoint, SocketCookie, Transport};

use crate::netlink::u32_at;

/// `SOCK_DIAG_BY_FAMILY`, the type of requests and answers.
pub(crate) const KIND: u16 = 20;

/// An address family of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    /// `AF_INET` and `AF_INET6` (socket.h), the same on all of Linux.
    const fn number(self) -> u8 {
        match self {
            Self::V4 => 2,
            Self::V6 => 10,
        }
    }

    const fn of(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::V4),
            10 => Some(Self::V6),
            _ => None,
        }
    }
}

/// A socket, as the kernel describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiagnosedSocket {
    /// The kernel's name for it.
    pub cookie: Option<SocketCookie>,
    /// The inode number by which descriptors refer to it; zero where it has none any more, or none yet.
    pub inode: u64,
    /// The user that has created it.
    pub uid: u32,
    /// Its own end.
    pub local: Endpoint,
    /// The other end; `None` for a listener or an unconnected socket.
    pub remote: Option<Endpoint>,
}

/// States of include/net/tcp_states.h, as bits.
const ESTABLISHED: u32 = 1 << 1;
const TIME_WAIT: u32 = 1 << 6;
const CLOSE: u32 = 1 << 7;
const NEW_SYN_RECV: u32 = 1 << 12;
const ALL: u32 = (1 << 13) - 2;
const LISTEN_STATE: u8 = 10;
const CLOSE_STATE: u8 = 7;

/// Lengths of `struct inet_diag_sockid`, and of `struct inet_diag_msg` without its attributes.
const SOCKET_ID_LEN: usize = 48;
const MESSAGE_LEN: usize = 72;

/// The payload of a request for all sockets of one transport and family that somebody may hold: for TCP all but those in
/// `TIME_WAIT`, which no process has any more, closed ones and half-open ones, which none has yet.
pub(crate) fn dump(transport: Transport, family: Family) -> Vec<u8> {
    let states = match transport {
        Transport::Udp => ESTABLISHED | CLOSE,
        _ => ALL & !(TIME_WAIT | CLOSE | NEW_SYN_RECV),
    };
    let mut payload = head(transport, family, states);
    payload.extend_from_slice(&[0; SOCKET_ID_LEN]);
    payload
}

/// The payload of a request for the one socket with these ends, or the listener that takes connections for `local`.
pub(crate) fn exact(transport: Transport, local: Endpoint, remote: Option<Endpoint>) -> Vec<u8> {
    let family = if local.ip().is_ipv4() { Family::V4 } else { Family::V6 };
    let nobody = match family {
        Family::V4 => Endpoint::new(Ipv4Addr::UNSPECIFIED.into(), 0),
        Family::V6 => Endpoint::new(Ipv6Addr::UNSPECIFIED.into(), 0),
    };
    let remote = remote.unwrap_or(nobody);
    let mut payload = head(transport, family, u32::MAX);
    payload.extend_from_slice(&local.port().to_be_bytes());
    payload.extend_from_slice(&remote.port().to_be_bytes());
    for endpoint in [local, remote] {
        let mut address = [0; 16];
        match endpoint.ip() {
            IpAddr::V4(ip) => address[..4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => address.copy_from_slice(&ip.octets()),
        }
        payload.extend_from_slice(&address);
    }
    payload.extend_from_slice(&0_u32.to_ne_bytes());
    // INET_DIAG_NOCOOKIE: whatever its cookie.
    payload.extend_from_slice(&[0xff; 8]);
    payload
}

/// The beginning of `struct inet_diag_req_v2`: family, protocol, extensions, padding, states.
fn head(transport: Transport, family: Family, states: u32) -> Vec<u8> {
    // IPPROTO_TCP and IPPROTO_UDP
    let protocol = match transport {
        Transport::Udp => 17,
        _ => 6,
    };
    let mut payload = vec![family.number(), protocol, 0, 0];
    payload.extend_from_slice(&states.to_ne_bytes());
    payload
}

/// A `struct inet_diag_msg`; `None` where it is none, or of a family that is not looked at.
pub(crate) fn socket(payload: &[u8]) -> Option<DiagnosedSocket> {
    let fixed = payload.get(..MESSAGE_LEN)?;
    let (family, state) = (Family::of(fixed[0])?, fixed[1]);
    let id = fixed.get(4..4 + SOCKET_ID_LEN)?;
    let port = |offset: usize| id.get(offset..)?.first_chunk().map(|port| u16::from_be_bytes(*port));
    let address = |offset: usize| -> Option<IpAddr> {
        let bytes = id.get(offset..)?;
        Some(match family {
            Family::V4 => IpAddr::from(*bytes.first_chunk::<4>()?),
            Family::V6 => IpAddr::from(*bytes.first_chunk::<16>()?),
        })
    };
    let cookie = u64::from(u32_at(id, 40)?) | u64::from(u32_at(id, 44)?) << 32;
    let local = Endpoint::new(address(4)?, port(0)?);
    let remote = Endpoint::new(address(20)?, port(2)?);
    let is_connected = !matches!(state, LISTEN_STATE | CLOSE_STATE) && remote.port() != 0;
    Some(DiagnosedSocket {
        cookie: SocketCookie::new(cookie),
        inode: u32_at(fixed, 68)?.into(),
        uid: u32_at(fixed, 64)?,
        local,
        remote: is_connected.then_some(remote),
    })
}
