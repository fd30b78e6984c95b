//! Addresses, sockets and the names of connections.

use std::{
    fmt,
    net::{AddrParseError, IpAddr, SocketAddr},
    str::FromStr,
};

/// An address and a port. A v4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is kept as the IPv4 address that it is, so
/// that both ends of a connection between an IPv4 and a dual-stack socket have one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "String", try_from = "String")
)]
pub struct Endpoint {
    ip: IpAddr,
    port: u16,
}

impl Endpoint {
    /// An endpoint; `ip` is made canonical.
    pub const fn new(ip: IpAddr, port: u16) -> Self {
        Self { ip: ip.to_canonical(), port }
    }

    /// The address, never a v4-mapped one.
    pub const fn ip(self) -> IpAddr {
        self.ip
    }

    /// The port in host byte order.
    pub const fn port(self) -> u16 {
        self.port
    }
}

impl fmt::Display for Endpoint {
    /// `10.0.0.7:80` or `[2001:db8::1]:80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

impl FromStr for Endpoint {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        text.parse::<SocketAddr>().map(Self::from)
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip(), address.port())
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = AddrParseError;

    fn try_from(text: String) -> Result<Self, AddrParseError> {
        text.parse()
    }
}

/// A network namespace: the inode number of `/proc/PID/ns/net`. Zero stands for "not known" (a pcap file has none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct NetNs(pub u32);

/// The kernel's name for a socket, unique from boot to shutdown (`sock_gen_cookie`, net/core/sock_diag.c); never zero.
///
/// A cookie alone does not name a connection: until a handshake is complete its packets carry the cookie of the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SocketCookie(std::num::NonZeroU64);

impl SocketCookie {
    /// A cookie, or `None` for zero, with which the kernel says that it has none.
    pub const fn new(cookie: u64) -> Option<Self> {
        match std::num::NonZeroU64::new(cookie) {
            Some(cookie) => Some(Self(cookie)),
            None => None,
        }
    }

    /// The kernel's number.
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

/// A transport protocol whose payload Geophone looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Transport {
    /// TCP: ordered streams of bytes.
    Tcp,
    /// UDP: datagrams.
    Udp,
}

/// A connection within one run of a pipeline. Numbers are given in order of first sighting and are not reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ConnectionId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v4_mapped_address_is_the_v4_address() {
        let mapped: Endpoint = "[::ffff:127.0.0.1]:80".parse().unwrap();
        assert_eq!(mapped, "127.0.0.1:80".parse().unwrap());
        assert_eq!(Endpoint::new("::1".parse().unwrap(), 443).to_string(), "[::1]:443");
    }

    #[test]
    fn the_kernels_zero_is_no_cookie() {
        assert_eq!(SocketCookie::new(0), None);
        assert_eq!(SocketCookie::new(7).map(SocketCookie::as_u64), Some(7));
    }
}
