//! What a connection shows of itself: its two ends and which of them is the client.

use geophone_model::{
    exchange::{Observed, Party},
    net::{ConnectionId, Endpoint, NetNs, SocketCookie, Transport},
};
use geophone_proto_parse::Direction;

use crate::{
    translate::Origin,
    view::{Key, Scope, Speaker},
};

/// A connection's identity.
#[derive(Debug)]
pub(crate) struct Face {
    id: ConnectionId,
    transport: Transport,
    scope: Scope,
    netns: NetNs,
    peers: [Peer; 2],
    /// Where the client's socket was told to connect to, if address translation made it another one.
    dialled: Option<Endpoint>,
    role: Role,
}

#[derive(Clone, Copy, Debug)]
struct Peer {
    endpoint: Endpoint,
    cookie: Option<SocketCookie>,
}

/// Who is the client, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Unknown,
    BySyn(Speaker),
    ByKernel(Speaker),
    /// Both ends have opened it (RFC 9293 section 3.5, simultaneous open): only the protocol can tell.
    Both,
}

impl Face {
    pub(crate) const fn new(id: ConnectionId, transport: Transport, key: &Key) -> Self {
        Self {
            id,
            transport,
            scope: key.scope(),
            netns: key.netns(),
            peers: [
                Peer { endpoint: key.endpoint(Speaker::A), cookie: None },
                Peer { endpoint: key.endpoint(Speaker::B), cookie: None },
            ],
            dialled: None,
            role: Role::Unknown,
        }
    }

    pub(crate) const fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) const fn netns(&self) -> NetNs {
        self.netns
    }

    pub(crate) const fn endpoint(&self, speaker: Speaker) -> Endpoint {
        self.peers[speaker.index()].endpoint
    }

    pub(crate) const fn cookie(&self, speaker: Speaker) -> Option<SocketCookie> {
        self.peers[speaker.index()].cookie
    }

    pub(crate) const fn set_cookie(&mut self, speaker: Speaker, cookie: Option<SocketCookie>) {
        self.peers[speaker.index()].cookie = cookie;
    }

    /// The end that speaks in a packet between these endpoints, if they are not the ones that the connection's key orders
    /// its ends by: translated packets were found by another key.
    pub(crate) fn speaker_of(&self, source: Endpoint, destination: Endpoint) -> Option<Speaker> {
        self.dialled?;
        let end_at = |endpoint| Speaker::BOTH.into_iter().find(|end| self.endpoint(*end) == endpoint);
        end_at(source).or_else(|| end_at(destination).map(Speaker::other))
    }

    /// The end that has this cookie.
    pub(crate) fn end_of(&self, cookie: SocketCookie) -> Option<Speaker> {
        Speaker::BOTH.into_iter().find(|speaker| self.cookie(*speaker) == Some(cookie))
    }

    /// The client, if a handshake or the kernel has said which end it is.
    pub(crate) const fn client(&self) -> Option<Speaker> {
        match self.role {
            Role::BySyn(client) | Role::ByKernel(client) => Some(client),
            Role::Unknown | Role::Both => None,
        }
    }

    /// `client` has sent a SYN, or was sent a SYN with ACK.
    pub(crate) fn opened_by(&mut self, client: Speaker) {
        self.role = match self.role {
            Role::Unknown => Role::BySyn(client),
            Role::BySyn(other) if other != client => Role::Both,
            role @ (Role::BySyn(_) | Role::ByKernel(_) | Role::Both) => role,
        };
    }

    /// The kernel says that `client` is.
    pub(crate) fn kernel_says(&mut self, client: Speaker) {
        self.role = match self.role {
            Role::Unknown | Role::BySyn(_) => Role::ByKernel(client),
            Role::ByKernel(other) if other != client => Role::Both,
            role @ (Role::ByKernel(_) | Role::Both) => role,
        };
    }

    /// The client's socket speaks of `endpoint` where its packets go to another one.
    pub(crate) fn set_dialled(&mut self, endpoint: Endpoint) {
        self.dialled = Some(endpoint);
    }

    /// The packets to the server go to `endpoint`, while the socket speaks of the one that was known.
    pub(crate) fn set_translated(&mut self, server: Speaker, endpoint: Endpoint) {
        let spoken_of = std::mem::replace(&mut self.peers[server.index()].endpoint, endpoint);
        self.dialled = Some(spoken_of);
    }

    /// What exchanges of one direction say, on a connection whose requests come from `client`: what a server sends of its own
    /// accord is its message, and so it is the client of that.
    pub(crate) fn origin(&self, client: Speaker, direction: Direction) -> Origin {
        let party = |speaker: Speaker| {
            let Peer { endpoint, cookie } = self.peers[speaker.index()];
            let dialled = if speaker == client { None } else { self.dialled };
            Party { endpoint, dialled, cookie }
        };
        let sender = match direction {
            Direction::ToServer => client,
            Direction::ToClient => client.other(),
        };
        let observed = match (self.scope, sender) {
            (Scope::Shared, _) => Observed::SamePoint,
            (Scope::Local | Scope::Calls, Speaker::A) => Observed::Client,
            (Scope::Local | Scope::Calls, Speaker::B) => Observed::Server,
        };
        let (connection, netns, transport) = (self.id, self.netns, self.transport);
        Origin { connection, observed, netns, transport, client: party(sender), server: party(sender.other()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translated_packets_are_told_apart_by_the_end_that_is_known() {
        let endpoint = |text: &str| -> Endpoint { text.parse().unwrap() };
        let (client, server, dialled) = (endpoint("10.0.0.1:4000"), endpoint("10.0.0.2:80"), endpoint("1.1.1.1:80"));
        let mut face = Face::new(ConnectionId(0), Transport::Tcp, &Key::shared(NetNs(1), client, server).0);
        assert_eq!(face.speaker_of(client, server), None, "the key says it");
        face.set_dialled(dialled);
        assert_eq!(face.speaker_of(client, server), Some(Speaker::A));
        assert_eq!(face.speaker_of(client, dialled), Some(Speaker::A));
        assert_eq!(face.speaker_of(server, client), Some(Speaker::B));
        assert_eq!(face.speaker_of(dialled, client), Some(Speaker::B));
    }
}
