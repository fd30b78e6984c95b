//! What can be asked, and what is answered.

use std::sync::Arc;

use geophone_model::{
    exchange::{Exchange, Party},
    fact::OwnerSource,
    identity::Identity,
    net::{NetNs, Transport},
    time::Timestamp,
};

/// Who was this end of a connection?
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The network namespace at the observation point.
    pub netns: NetNs,
    /// The transport protocol.
    pub transport: Transport,
    /// The end that is asked about.
    pub party: &'a Party,
    /// The other end.
    pub peer: &'a Party,
    /// What the end that is asked about did.
    pub role: Role,
    /// The host name that the client asked for, with a port where it gave one; empty where it gave none.
    pub authority: &'a str,
    /// The time that the answer is for.
    pub at: Timestamp,
}

impl<'a> Query<'a> {
    /// The question about one end of an exchange's connection, at the time of the request's first byte: then both sockets
    /// existed.
    pub fn of(exchange: &'a Exchange, role: Role) -> Self {
        let (client, server) = exchange.connection_ends();
        let (party, peer) = match role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Self {
            netns: exchange.netns,
            transport: exchange.transport,
            party,
            peer,
            role,
            authority: &exchange.authority,
            at: exchange.request.first,
        }
    }
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one that asks.
    Client,
    /// The one that is asked.
    Server,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Who it was.
    pub identity: Arc<Identity>,
    /// What the answer rests on.
    pub basis: Basis,
    /// Whether the answer is there to stay. An unsettled one is the best that is known and may become a better one with
    /// facts that are still on their way.
    pub settled: bool,
}

/// What an answer rests on, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// The owner of the socket, by its cookie.
    Cookie(OwnerSource),
    /// The owner of the socket, by its two endpoints.
    Tuple(OwnerSource),
    /// The owner of a socket that listens at the endpoint.
    Listener(OwnerSource),
    /// A [`Source`](crate::Source) knew the address.
    Source,
    /// The address is none of this machine's.
    Outside,
    /// The address is this machine's, and nothing is known of its owner.
    Nothing,
}

impl Basis {
    /// Its place in the order of sureness: zero is the surest.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::Cookie(_) => 0,
            Self::Tuple(_) => 1,
            Self::Listener(_) => 2,
            Self::Source => 3,
            Self::Outside => 4,
            Self::Nothing => 5,
        }
    }
}
