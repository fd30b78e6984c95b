//! Host names: what a client asked for, and what DNS said of an address.

use std::net::{IpAddr, Ipv6Addr};

use geophone_model::time::Timestamp;

use crate::table::{Map, evict_least_recently_used, map_bytes};

/// The longest name that DNS can carry, in text (RFC 1035 section 2.3.4).
const MAX_HOST_LEN: usize = 253;

/// What stands in an authority (RFC 3986 section 3.2) as sent in `Host` or `:authority`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority<'a> {
    /// A host name without its final dot, with its port unless that is the default one of http or https.
    Name(&'a str),
    /// An address, which names nobody.
    Address,
    /// Nothing, or nothing that a host can be called.
    None,
}

impl<'a> Authority<'a> {
    pub(crate) fn parse(authority: &'a str) -> Self {
        if let Some(bracketed) = authority.strip_prefix('[') {
            // `[v6]` or `[v6]:port`, RFC 3986 section 3.2.2
            let literal = bracketed.split_once(']').map(|(literal, _)| literal.parse::<Ipv6Addr>());
            return if matches!(literal, Some(Ok(_))) { Self::Address } else { Self::None };
        }
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        if !port.bytes().all(|byte| byte.is_ascii_digit()) || port.len() > 5 {
            let bare_v6 = authority.parse::<Ipv6Addr>().is_ok();
            return if bare_v6 { Self::Address } else { Self::None };
        }
        if host.parse::<IpAddr>().is_ok() {
            return Self::Address;
        }
        let dotless = host.strip_suffix('.').unwrap_or(host);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if dotless.is_empty() || dotless.len() > MAX_HOST_LEN || !dotless.bytes().all(is_name) {
            return Self::None;
        }
        match port {
            "" | "80" | "443" => Self::Name(dotless),
            // A final dot before a port stays: the name has to be a slice of what was sent.
            _ => Self::Name(authority),
        }
    }
}

/// Names of addresses over time, as DNS answers on this machine gave them.
#[derive(Debug)]
pub(crate) struct HostNames {
    by_ip: Map<IpAddr, History>,
    max_names: usize,
    max_versions: usize,
    pub(crate) evicted: u64,
    pub(crate) versions_dropped: u64,
}

#[derive(Debug)]
struct History {
    /// Sorted by time.
    versions: Vec<(Timestamp, Box<str>)>,
    touched: Timestamp,
}

impl HostNames {
    pub(crate) fn new(max_names: usize, max_versions: usize) -> Self {
        Self { by_ip: Map::default(), max_names, max_versions: max_versions.max(1), evicted: 0, versions_dropped: 0 }
    }

    /// An address was given as an answer for a name.
    pub(crate) fn learned(&mut self, ip: IpAddr, name: &str, at: Timestamp) {
        let Authority::Name(name) = Authority::parse(name) else { return };
        let ip = ip.to_canonical();
        if self.by_ip.len() >= self.max_names && !self.by_ip.contains_key(&ip) {
            self.evicted += evict_least_recently_used(&mut self.by_ip, |history| history.touched);
        }
        let history = self.by_ip.entry(ip).or_insert_with(|| History { versions: Vec::with_capacity(1), touched: at });
        history.touched = history.touched.max(at);
        let index = history.versions.partition_point(|(from, _)| *from <= at);
        if index.checked_sub(1).is_none_or(|before| *history.versions[before].1 != *name) {
            history.versions.insert(index, (at, name.into()));
        }
        let excess = history.versions.len().saturating_sub(self.max_versions);
        history.versions.drain(..excess);
        self.versions_dropped += excess as u64;
    }

    /// The name that an address was last the answer for at a time, or the first one afterwards: the answer came before the
    /// connection, though the news of it may not have.
    pub(crate) fn name(&mut self, ip: IpAddr, at: Timestamp) -> Option<&str> {
        let history = self.by_ip.get_mut(&ip)?;
        history.touched = history.touched.max(at);
        let index = history.versions.partition_point(|(from, _)| *from <= at).saturating_sub(1);
        history.versions.get(index).map(|(_, name)| &**name)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let versions: usize = self.by_ip.values().map(|history| history.versions.capacity()).sum();
        let names = self.by_ip.values().flat_map(|history| &history.versions).map(|(_, name)| name.len());
        map_bytes(&self.by_ip) + versions * size_of::<(Timestamp, Box<str>)>() + names.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_name_an_address_or_nothing() {
        use Authority::{Address, Name, None};
        for (text, expected) in [
            ("example.com", Name("example.com")),
            ("example.com.", Name("example.com")),
            ("example.com:80", Name("example.com")),
            ("example.com:443", Name("example.com")),
            ("example.com:", Name("example.com")),
            ("example.com:8443", Name("example.com:8443")),
            ("my_service-1", Name("my_service-1")),
            ("10.0.0.7", Address),
            ("10.0.0.7:8080", Address),
            ("[2001:db8::1]", Address),
            ("[2001:db8::1]:443", Address),
            ("2001:db8::1", Address),
            ("", None),
            (".", None),
            (":80", None),
            ("[2001:db8::1", None),
            ("[nonsense]", None),
            ("user@example.com", None),
            ("example.com:80a", None),
            ("example.com:123456", None),
            ("exa mple", None),
            ("\u{1b}[31m", None),
            ("bücher.example", None),
        ] {
            assert_eq!(Authority::parse(text), expected, "{text:?}");
        }
        assert_eq!(Authority::parse(&"a".repeat(254)), None);
        assert_eq!(Authority::parse(&"a".repeat(253)), Name(&"a".repeat(253)));
    }

    #[test]
    fn names_follow_the_time() {
        let mut names = HostNames::new(10, 2);
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let at = Timestamp::from_ns;
        names.learned("::ffff:192.0.2.1".parse().unwrap(), "a.example", at(10));
        names.learned(ip, "b.example", at(20));
        names.learned(ip, "b.example", at(25));
        assert_eq!(
            [5, 15, 20, 99].map(|t| names.name(ip, at(t)).unwrap().to_owned()).join(" "),
            "a.example a.example b.example b.example"
        );
        names.learned(ip, "c.example", at(30));
        assert_eq!(names.name(ip, at(5)), Some("b.example"));
        assert_eq!(names.versions_dropped, 1);
        names.learned(ip, "no host name", at(40));
        assert_eq!(names.name(ip, at(50)), Some("c.example"));
    }

    #[test]
    fn names_are_bounded() {
        let mut names = HostNames::new(16, 2);
        for n in 0..1_000_u32 {
            names.learned(IpAddr::from(n.to_be_bytes()), "x", Timestamp::from_ns(n.into()));
            assert!(names.by_ip.len() <= 16);
        }
        assert_eq!(names.evicted as usize, 1_000 - names.by_ip.len());
    }
}
