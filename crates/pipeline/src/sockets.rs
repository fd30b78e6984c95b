//! What the kernel has said about sockets: their role and the address that they dialled.

use geophone_model::net::{Endpoint, SocketCookie};

use crate::{
    lru::{Handle, LruMap},
    view::Scope,
};

/// What is known of the sockets, by cookie. It may be known before a socket's packets are seen, or after.
#[derive(Debug)]
pub(crate) struct Sockets {
    map: LruMap<SocketCookie, Socket>,
    max: usize,
}

/// What is known of one socket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Socket {
    pub(crate) role: SocketRole,
    /// The other end, as the socket knows it.
    pub(crate) remote: Option<Endpoint>,
    /// Datagrams of it that are of no known protocol, since the last one that is.
    pub(crate) strange_datagrams: u16,
    /// Its connections: the one of its packets, and the one of its system calls.
    connections: [Option<Handle>; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SocketRole {
    #[default]
    Unknown,
    Listener,
    Client,
    Server,
}

impl Socket {
    pub(crate) fn bind(&mut self, scope: Scope, connection: Handle) {
        self.connections[index(scope)] = Some(connection);
    }

    pub(crate) const fn connection(&self, scope: Scope) -> Option<Handle> {
        self.connections[index(scope)]
    }

    pub(crate) const fn connections(&self) -> [Option<Handle>; 2] {
        self.connections
    }
}

const fn index(scope: Scope) -> usize {
    match scope {
        Scope::Shared | Scope::Local => 0,
        Scope::Calls => 1,
    }
}

impl Sockets {
    pub(crate) fn new(max: usize) -> Self {
        Self { map: LruMap::new(), max: max.max(1) }
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn find(&mut self, cookie: SocketCookie) -> Option<&Socket> {
        let handle = self.map.find(&cookie)?;
        self.map.value(handle)
    }

    /// The socket, which is now the one that was heard of last.
    pub(crate) fn entry(&mut self, cookie: SocketCookie) -> &mut Socket {
        let handle = match self.map.find(&cookie) {
            Some(handle) => {
                self.map.touch(handle);
                handle
            }
            None => {
                if self.map.len() >= self.max
                    && let Some(oldest) = self.map.oldest()
                {
                    self.map.remove(oldest);
                }
                self.map.insert(cookie, Socket::default())
            }
        };
        self.map.value_mut(handle).expect("the handle is from a look-up in the same map")
    }

    pub(crate) fn forget(&mut self, cookie: SocketCookie) {
        if let Some(handle) = self.map.find(&cookie) {
            self.map.remove(handle);
        }
    }
}
