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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Messages of Linux 6.18 on a little-endian machine, cut after the attributes of interest.
    #[cfg(target_endian = "little")]
    #[test]
    fn recorded_messages_are_understood() {
        for (hex, expected) in [
            ("020880fe01000000 080001007f000001 080002007f000001 070003006c6f0000", "127.0.0.1"),
            ("0220800003000000 080001000a010204 080002000a010203 0800030067763000", "10.1.2.3"),
            ("0a80800001000000 1400010020010db8000000000000000000000077", "2001:db8::77"),
            ("0a8080fe01000000 1400010000000000000000000000000000000001", "::1"),
        ] {
            let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
            let bytes: Vec<u8> = digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect();
            assert_eq!(address(&bytes), Some(expected.parse().unwrap()));
            assert_eq!(address(&bytes[..MESSAGE_LEN + 7]), None, "cut inside the first attribute");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(bytes.len() >= MESSAGE_LEN + 8 || address(&bytes).is_none());
        }
    }
}
