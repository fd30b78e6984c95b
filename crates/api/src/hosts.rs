//! By which names the API may be called.

use std::net::IpAddr;

/// Names that the `Host` header of a request may have, whatever the port.
///
/// A page of another site can let its own name point to 127.0.0.1 ("DNS rebinding"), and the browser then takes what listens
/// there for the same site. The name in the `Host` header is what gives it away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowedHosts {
    /// Any. For a listener that others reach, by names that cannot be known.
    Any,
    /// `localhost`, names below it, and loopback addresses. For a listener on the loopback address.
    Loopback,
    /// These names or addresses, without port, and what [`Loopback`](Self::Loopback) allows.
    These(Vec<String>),
}

impl AllowedHosts {
    /// What suits a listener on this address.
    pub const fn for_listener(ip: IpAddr) -> Self {
        // A listener on ::ffff:127.0.0.1 is reached as 127.0.0.1 (RFC 4291 section 2.5.5.2).
        if ip.to_canonical().is_loopback() { Self::Loopback } else { Self::Any }
    }

    /// Whether a `Host` header or the authority of a request is allowed.
    pub fn allows(&self, host: &str) -> bool {
        let name = name_of(host);
        match self {
            Self::Any => true,
            Self::Loopback => is_loopback(name),
            Self::These(names) => is_loopback(name) || names.iter().any(|one| one.eq_ignore_ascii_case(name)),
        }
    }
}

/// The name or address in `host[:port]` (RFC 3986 section 3.2.2), without the brackets of an IPv6 address.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

fn is_loopback(name: &str) -> bool {
    // RFC 6761 section 6.3: `localhost` and the names below it are loopback for everybody.
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_allowed_with_any_port_and_others_are_not() {
        let hosts = AllowedHosts::Loopback;
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "a.localhost:1",
            "127.0.0.1:80",
            "127.1.2.3",
            "[::1]:9",
            "[::1]",
        ] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "notlocalhost",
            "10.0.0.1",
            "[::2]:80",
            "::1",
        ] {
            assert!(!hosts.allows(host), "{host}");
        }
    }

    #[test]
    fn a_listener_that_others_reach_takes_any_name() {
        for (ip, hosts) in [
            ("127.0.0.1", AllowedHosts::Loopback),
            ("127.8.9.10", AllowedHosts::Loopback),
            ("::1", AllowedHosts::Loopback),
            ("::ffff:127.0.0.1", AllowedHosts::Loopback),
            ("::", AllowedHosts::Any),
            ("0.0.0.0", AllowedHosts::Any),
            ("::ffff:0.0.0.0", AllowedHosts::Any),
            ("::ffff:192.0.2.1", AllowedHosts::Any),
        ] {
            assert_eq!(AllowedHosts::for_listener(ip.parse().unwrap()), hosts, "{ip}");
        }
        assert!(AllowedHosts::These(vec!["geophone.example".into()]).allows("Geophone.example:443"));
    }
}
