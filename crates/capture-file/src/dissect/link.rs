//! Link layers: from the frame to the IP header in it.

use super::{Rest, Skip};
use crate::cursor::Cursor;

/// The number that a capture file gives its link layer (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: an address family in the byte order of the machine that captured.
    pub const NULL: Self = Self(0);
    /// Ethernet, with or without 802.1Q and 802.1ad tags.
    pub const ETHERNET: Self = Self(1);
    /// IPv4 or IPv6 without anything in front.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: an address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, as from `tcpdump -i any`.
    pub const LINUX_SLL: Self = Self(113);
    /// IPv4 without anything in front.
    pub const IPV4: Self = Self(228);
    /// IPv6 without anything in front.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);

    /// `DLT_RAW` as it stands in files of systems that do not map it: 12 on most, 14 on OpenBSD.
    const DLT_RAW: [Self; 2] = [Self(12), Self(14)];
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad, and the number that switches used for stacked tags before 802.1ad had one.
const ETHERTYPE_VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// Most VLAN tags on a frame: 802.1ad stacks two, and some networks carry a third.
const MAX_VLAN_TAGS: usize = 4;

/// Strips the link layer's header; what is left begins with an IP header.
pub(super) fn strip(link: LinkType, rest: &mut Rest<'_>) -> Result<(), Skip> {
    match link {
        LinkType::ETHERNET => {
            let ethertype = rest.header(|cursor| {
                cursor.take(12)?;
                cursor.u16_be()
            })?;
            ethernet_payload(ethertype, rest)
        }
        LinkType::LINUX_SLL => {
            let ethertype = rest.header(|cursor| {
                cursor.take(14)?;
                cursor.u16_be()
            })?;
            ethernet_payload(ethertype, rest)
        }
        LinkType::LINUX_SLL2 => {
            let ethertype = rest.header(|cursor| {
                let ethertype = cursor.u16_be()?;
                cursor.take(18)?;
                Some(ethertype)
            })?;
            ethernet_payload(ethertype, rest)
        }
        LinkType::NULL => {
            let family = rest.header(Cursor::array::<4>)?;
            // The capturing machine's byte order is not that of the file's header once a file has been converted.
            family_is_ip(u32::from_le_bytes(family).min(u32::from_be_bytes(family)))
        }
        LinkType::LOOP => {
            let family = rest.header(Cursor::u32_be)?;
            family_is_ip(family)
        }
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => Ok(()),
        link if LinkType::DLT_RAW.contains(&link) => Ok(()),
        _ => Err(Skip::UnknownLink),
    }
}

fn ethernet_payload(mut ethertype: u16, rest: &mut Rest<'_>) -> Result<(), Skip> {
    for _ in 0..MAX_VLAN_TAGS {
        if !ETHERTYPE_VLAN.contains(&ethertype) {
            break;
        }
        ethertype = rest.header(|cursor| {
            cursor.take(2)?;
            cursor.u16_be()
        })?;
    }
    match ethertype {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ok(()),
        _ => Err(Skip::NotIp),
    }
}

/// `AF_INET` is 2 everywhere; `AF_INET6` is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD and 30 on macOS.
const fn family_is_ip(family: u32) -> Result<(), Skip> {
    match family {
        2 | 10 | 24 | 28 | 30 => Ok(()),
        _ => Err(Skip::NotIp),
    }
}
