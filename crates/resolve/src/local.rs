//! Which addresses are this machine's, and in which network namespace.

use std::net::IpAddr;

use geophone_model::{net::NetNs, time::Timestamp};

use crate::table::{Map, map_bytes};

/// Addresses of this machine's interfaces. An address may be in several namespaces (each container runtime's bridge likes
/// the same ones), and may move from one to another.
#[derive(Debug)]
pub(crate) struct LocalAddresses {
    by_ip: Map<IpAddr, Vec<Home>>,
    homes: usize,
    max_homes: usize,
    retention_ns: u64,
    next_clearing: Timestamp,
    pub(crate) refused: u64,
}

#[derive(Debug)]
struct Home {
    netns: NetNs,
    seen: Timestamp,
}

impl LocalAddresses {
    /// Namespaces that are kept for one address.
    const MAX_HOMES_PER_ADDRESS: usize = 64;

    pub(crate) fn new(max_homes: usize, retention_ns: u64) -> Self {
        let next_clearing = Timestamp::MIN;
        Self { by_ip: Map::default(), homes: 0, max_homes, retention_ns, next_clearing, refused: 0 }
    }

    /// An interface has an address. Every namespace has the loopback addresses, so they lead nowhere and are not kept.
    pub(crate) fn seen(&mut self, netns: NetNs, ip: IpAddr, at: Timestamp) {
        let ip = ip.to_canonical();
        if ip.is_loopback() || ip.is_unspecified() {
            return;
        }
        if !self.has(netns, ip) {
            if self.homes >= self.max_homes {
                self.forget_unseen(at);
            }
            if self.homes >= self.max_homes
                || self.by_ip.get(&ip).is_some_and(|homes| homes.len() >= Self::MAX_HOMES_PER_ADDRESS)
            {
                self.refused += 1;
                return;
            }
            self.by_ip.entry(ip).or_default().push(Home { netns, seen: at });
            self.homes += 1;
        }
        if let Some(homes) = self.by_ip.get_mut(&ip) {
            if let Some(home) = homes.iter_mut().find(|home| home.netns == netns) {
                home.seen = home.seen.max(at);
            }
            homes.sort_by_key(|home| std::cmp::Reverse(home.seen));
        }
    }

    /// Whether an address is one of this machine, in whatever namespace. An unspecified one is: to connect to it is to
    /// connect to oneself (ip(7)).
    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip.is_unspecified() || self.by_ip.contains_key(&ip)
    }

    /// Whether a namespace has an address.
    pub(crate) fn has(&self, netns: NetNs, ip: IpAddr) -> bool {
        ip.is_loopback()
            || ip.is_unspecified()
            || self.by_ip.get(&ip).is_some_and(|homes| homes.iter().any(|home| home.netns == netns))
    }

    /// The `n`th of the namespaces that have an address, the one where it was seen last first: an address that has moved
    /// is where it was seen last.
    pub(crate) fn home(&self, ip: IpAddr, n: usize) -> Option<NetNs> {
        self.by_ip.get(&ip)?.get(n).map(|home| home.netns)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let homes: usize = self.by_ip.values().map(Vec::capacity).sum();
        map_bytes(&self.by_ip) + homes * size_of::<Home>()
    }

    /// A full table forgets what has not been seen for the retention, and looks for that once in a retention.
    fn forget_unseen(&mut self, now: Timestamp) {
        if now < self.next_clearing {
            return;
        }
        self.next_clearing = now.plus_ns(self.retention_ns);
        let before = now.minus_ns(self.retention_ns);
        self.by_ip.retain(|_, homes| {
            homes.retain(|home| home.seen >= before);
            !homes.is_empty()
        });
        self.homes = self.by_ip.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Timestamp = Timestamp::from_ns;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_where_it_was_seen_last() {
        let mut local = LocalAddresses::new(10, 100);
        local.seen(NetNs(1), ip("10.0.0.7"), AT(10));
        local.seen(NetNs(2), ip("::ffff:10.0.0.7"), AT(20));
        let homes = |local: &LocalAddresses| [0, 1, 2].map(|n| local.home(ip("10.0.0.7"), n).map(|netns| netns.0));
        assert_eq!(homes(&local), [Some(2), Some(1), None]);
        local.seen(NetNs(1), ip("10.0.0.7"), AT(30));
        assert_eq!(homes(&local), [Some(1), Some(2), None]);
        assert!(local.contains(ip("10.0.0.7")) && local.has(NetNs(2), ip("10.0.0.7")));
        assert!(!local.has(NetNs(3), ip("10.0.0.7")) && !local.contains(ip("10.0.0.8")));
    }

    #[test]
    fn every_namespace_has_the_loopback_addresses() {
        let mut local = LocalAddresses::new(10, 100);
        local.seen(NetNs(1), ip("127.0.0.1"), AT(10));
        assert!(local.by_ip.is_empty());
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::"] {
            assert!(local.contains(ip(loopback)) && local.has(NetNs(9), ip(loopback)));
        }
    }

    #[test]
    fn a_full_table_forgets_what_is_gone_and_counts_what_it_refuses() {
        let mut local = LocalAddresses::new(2, 100);
        local.seen(NetNs(1), ip("10.0.0.1"), AT(0));
        local.seen(NetNs(1), ip("10.0.0.2"), AT(150));
        local.seen(NetNs(1), ip("10.0.0.3"), AT(200));
        assert!(!local.contains(ip("10.0.0.1")) && local.contains(ip("10.0.0.3")));
        local.seen(NetNs(1), ip("10.0.0.4"), AT(201));
        assert_eq!((local.refused, local.homes, local.contains(ip("10.0.0.4"))), (1, 2, false));
    }
}
