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
    /// Whether its own end of the connection has been closed. Without an inode number, a connection of which it has not waits
    /// to be accepted.
    pub is_closing: bool,
}

/// States of include/net/tcp_states.h, as bits.
const ESTABLISHED: u32 = 1 << 1;
const TIME_WAIT: u32 = 1 << 6;
const CLOSE: u32 = 1 << 7;
const NEW_SYN_RECV: u32 = 1 << 12;
const ALL: u32 = (1 << 13) - 2;
const LISTEN_STATE: u8 = 10;
const CLOSE_STATE: u8 = 7;
/// `FIN_WAIT1`, `FIN_WAIT2`, `TIME_WAIT`, `LAST_ACK`, `CLOSING`.
const CLOSING_STATES: [u8; 5] = [4, 5, 6, 9, 11];

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

/// The payload of a request for all TCP listeners of one family.
pub(crate) fn dump_listeners(family: Family) -> Vec<u8> {
    let mut payload = head(Transport::Tcp, family, 1 << LISTEN_STATE);
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
    // For UDP the two are swapped "for historical reasons" (`udp_dump_one` in net/ipv4/udp_diag.c).
    let ends = if transport == Transport::Udp { [remote, local] } else { [local, remote] };
    let mut payload = head(transport, family, u32::MAX);
    for endpoint in ends {
        payload.extend_from_slice(&endpoint.port().to_be_bytes());
    }
    for endpoint in ends {
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

impl DiagnosedSocket {
    /// Reads the payload of one answer, a `struct inet_diag_msg` in the byte order of the machine; `None` where it is none,
    /// or of a family that is not looked at.
    pub fn parse(payload: &[u8]) -> Option<Self> {
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
        Some(Self {
            cookie: SocketCookie::new(cookie),
            inode: u32_at(fixed, 68)?.into(),
            uid: u32_at(fixed, 64)?,
            local,
            remote: is_connected.then_some(remote),
            is_closing: CLOSING_STATES.contains(&state),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Messages of Linux 6.18 on a little-endian machine, without their attributes: head, ports, own address, the other's,
    /// interface and cookie, the rest.
    #[cfg(target_endian = "little")]
    #[test]
    fn recorded_messages_are_understood() {
        for (hex, expected) in [
            (
                "020a0000 46a00000 7f000001000000000000000000000000 00000000000000000000000000000000 \
                 00000000c300000000000000 000000000000000080000000000000006dbb0100",
                "cookie 195 inode 113517 uid 0: 127.0.0.1:18080",
            ),
            (
                "02010000 98c246a0 7f000001000000000000000000000000 7f000001000000000000000000000000 \
                 00000000c400000000000000 000000000000000000000000000000006ebb0100",
                "cookie 196 inode 113518 uid 0: 127.0.0.1:39106 -> 127.0.0.1:18080",
            ),
            (
                "0a0a0000 46a10000 00000000000000000000000000000000 00000000000000000000000000000000 \
                 00000000c700000000000000 0000000002000000800000000000000071bb0100",
                "cookie 199 inode 113521 uid 0: [::]:18081",
            ),
            (
                "0a010000 b3f246a1 00000000000000000000000000000001 00000000000000000000000000000001 \
                 00000000c800000000000000 0000000000000000000000000000000073bb0100",
                "cookie 200 inode 113523 uid 0: [::1]:46066 -> [::1]:18081",
            ),
            (
                "0a010000 46a1b266 00000000000000000000ffff7f000001 00000000000000000000ffff7f000001 \
                 00000000ca00000000000000 0000000000000000000000000000000000000000",
                "cookie 202 inode 0 uid 0: 127.0.0.1:18081 -> 127.0.0.1:45670",
            ),
            (
                "02070000 46a20000 7f000001000000000000000000000000 00000000000000000000000000000000 \
                 00000000cb00000000000000 0000000000000000000000000000000074bb0100",
                "cookie 203 inode 113524 uid 0: 127.0.0.1:18082",
            ),
        ] {
            let socket = DiagnosedSocket::parse(&bytes(hex)).unwrap();
            assert_eq!(described(&socket), expected);
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_request_for_one_socket_names_it() {
        let (local, remote) = ("127.0.0.1:39106".parse().unwrap(), "127.0.0.1:18080".parse().unwrap());
        let expected = "02060000 ffffffff 98c246a0 7f000001000000000000000000000000 7f000001000000000000000000000000 \
                        00000000 ffffffffffffffff";
        assert_eq!(exact(Transport::Tcp, local, Some(remote)), bytes(expected));
        let listener = exact(Transport::Udp, "[::1]:53".parse().unwrap(), None);
        let expected = "0a110000 ffffffff 00000035 00000000000000000000000000000000 00000000000000000000000000000001 \
                        00000000 ffffffffffffffff";
        assert_eq!(listener, bytes(expected));
    }

    #[test]
    fn an_end_that_was_closed_is_told_from_one_that_was_not() {
        // SYN_RECV and CLOSE_WAIT are states of connections that may still wait to be accepted.
        let is_closing = |state: &u8| {
            let mut message = vec![0; MESSAGE_LEN];
            message[..2].copy_from_slice(&[2, *state]);
            DiagnosedSocket::parse(&message).unwrap().is_closing
        };
        let (established, syn_received, close_wait) = (1, 3, 8);
        assert!(![established, syn_received, close_wait].iter().any(is_closing));
        assert_eq!((0..=12).filter(is_closing).collect::<Vec<_>>(), [4, 5, 6, 9, 11]);
    }

    #[test]
    fn a_cut_message_is_none() {
        let mut message = vec![0; MESSAGE_LEN];
        message[0] = 2;
        assert!(DiagnosedSocket::parse(&message).is_some());
        assert!((0..MESSAGE_LEN).all(|len| DiagnosedSocket::parse(&message[..len]).is_none()));
        message[0] = 1;
        assert_eq!(DiagnosedSocket::parse(&message), None, "AF_UNIX");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100), family in 0..12_u8) {
            let mut bytes = bytes;
            bytes.iter_mut().take(1).for_each(|first| *first = family);
            let is_whole = bytes.len() >= MESSAGE_LEN && matches!(family, 2 | 10);
            prop_assert_eq!(DiagnosedSocket::parse(&bytes).is_some(), is_whole);
        }
    }

    fn described(socket: &DiagnosedSocket) -> String {
        let &DiagnosedSocket { cookie, inode, uid, local, remote, is_closing } = socket;
        let cookie = cookie.map_or(0, SocketCookie::as_u64);
        let remote = remote.map_or_else(String::new, |remote| format!(" -> {remote}"));
        assert!(!is_closing);
        format!("cookie {cookie} inode {inode} uid {uid}: {local}{remote}")
    }

    #[cfg(target_endian = "little")]
    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }
}
