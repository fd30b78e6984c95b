//! Addresses of interfaces (rtnetlink(7), include/uapi/linux/if_addr.h). Pure functions of bytes.

use std::net::IpAddr;

use crate::netlink::attributes;

/// `RTM_NEWADDR`, the type of answers.
pub(crate) const KIND: u16 = 20;
/// `RTM_GETADDR`, the type of requests.
pub(crate) const REQUEST_KIND: u16 = 22;

/// Length of `struct ifaddrmsg`: family, prefix length, flags, scope, interface.
const MESSAGE_LEN: usize = 8;

/// The payload of a request for the addresses of all interfaces, of both families.
pub(crate) const fn dump() -> [u8; MESSAGE_LEN] {
    [0; MESSAGE_LEN]
}

/// The interface's own address. On a point-to-point link `IFA_ADDRESS` is the other end's and `IFA_LOCAL` one's own; IPv6
/// has `IFA_ADDRESS` alone otherwise (`inet6_fill_ifaddr` in net/ipv6/addrconf.c).
pub(crate) fn address(payload: &[u8]) -> Option<IpAddr> {
    const IFA_ADDRESS: u16 = 1;
    const IFA_LOCAL: u16 = 2;
    let rest = payload.get(MESSAGE_LEN..)?;
    let value = |wanted: u16| attributes(rest).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let value = value(IFA_LOCAL).or_else(|| value(IFA_ADDRESS))?;
    match value.len() {
        4 => value.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        16 => value.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}
