//! From a packet to its connection: whose sighting it is, and which end speaks.

use std::net::IpAddr;

use geophone_model::{
    capture::{Chunk, Packet, Side},
    net::{Endpoint, NetNs},
};

/// One end of a connection. Where an observation point belongs to one socket, that is A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    A,
    B,
}

impl Speaker {
    pub(crate) const BOTH: [Self; 2] = [Self::A, Self::B];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl From<Speaker> for geophone_proto_parse::Side {
    fn from(speaker: Speaker) -> Self {
        match speaker {
            Speaker::A => Self::A,
            Speaker::B => Self::B,
        }
    }
}

impl From<geophone_proto_parse::Side> for Speaker {
    fn from(side: geophone_proto_parse::Side) -> Self {
        match side {
            geophone_proto_parse::Side::A => Self::A,
            geophone_proto_parse::Side::B => Self::B,
        }
    }
}

/// What kind of observation point a connection has. Sightings of different kinds are never mixed: the same bytes may pass
/// two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// One sighting serves both ends: loopback, or a third party's capture.
    Shared,
    /// The packets of one socket.
    Local,
    /// The system calls of one socket.
    Calls,
}

/// What names a connection at its observation point, while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    scope: Scope,
    netns: NetNs,
    a: Endpoint,
    b: Endpoint,
}

impl Key {
    /// The connection of the socket at `local` with `remote`, seen from it alone.
    pub(crate) const fn local(scope: Scope, netns: NetNs, local: Endpoint, remote: Endpoint) -> Self {
        Self { scope, netns, a: local, b: remote }
    }

    /// The connection between two endpoints whose packets are seen once, and which of its ends is `first`.
    pub(crate) fn shared(netns: NetNs, first: Endpoint, second: Endpoint) -> (Self, Speaker) {
        let scope = Scope::Shared;
        if first <= second {
            (Self { scope, netns, a: first, b: second }, Speaker::A)
        } else {
            (Self { scope, netns, a: second, b: first }, Speaker::B)
        }
    }

    pub(crate) const fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) const fn netns(&self) -> NetNs {
        self.netns
    }

    pub(crate) const fn endpoint(&self, speaker: Speaker) -> Endpoint {
        match speaker {
            Speaker::A => self.a,
            Speaker::B => self.b,
        }
    }
}

/// One write of a flat image: a keyed hash pays by the call, and by the byte. Images of IPv4 addresses are the shorter ones.
impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let mut image = [0; 41];
        image[0] = self.scope as u8;
        image[1..5].copy_from_slice(&self.netns.0.to_le_bytes());
        image[5..7].copy_from_slice(&self.a.port().to_le_bytes());
        image[7..9].copy_from_slice(&self.b.port().to_le_bytes());
        let len = if let (IpAddr::V4(a), IpAddr::V4(b)) = (self.a.ip(), self.b.ip()) {
            image[9..13].copy_from_slice(&a.octets());
            image[13..17].copy_from_slice(&b.octets());
            17
        } else {
            image[9..25].copy_from_slice(&ipv6_octets(self.a.ip()));
            image[25..41].copy_from_slice(&ipv6_octets(self.b.ip()));
            41
        };
        state.write(&image[..len]);
    }
}

const fn ipv6_octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// A packet's or a call's place: its connection, and the end whose bytes it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) key: Key,
    pub(crate) speaker: Speaker,
    /// The end whose socket was at the observation point.
    pub(crate) socket_end: Speaker,
}

impl Sighting {
    pub(crate) fn of_packet(packet: &Packet<'_>) -> Self {
        let &Packet { netns, source, destination, .. } = packet;
        match packet.side {
            Side::Loopback | Side::Tap => {
                let (key, speaker) = Key::shared(netns, source, destination);
                Self { key, speaker, socket_end: speaker }
            }
            Side::Egress => {
                let key = Key::local(Scope::Local, netns, source, destination);
                Self { key, speaker: Speaker::A, socket_end: Speaker::A }
            }
            Side::Ingress => {
                let key = Key::local(Scope::Local, netns, destination, source);
                Self { key, speaker: Speaker::B, socket_end: Speaker::A }
            }
        }
    }

    pub(crate) fn of_chunk(chunk: &Chunk<'_>) -> Self {
        let key = Key::local(Scope::Calls, chunk.netns, chunk.local, chunk.remote);
        let speaker = if chunk.outgoing { Speaker::A } else { Speaker::B };
        Self { key, speaker, socket_end: Speaker::A }
    }
}
