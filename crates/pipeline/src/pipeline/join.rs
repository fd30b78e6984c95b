//! Which connection a packet is of, and which sockets its ends are.

use geophone_model::{
    capture::{Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    net::{Endpoint, NetNs, SocketCookie},
};

use super::Pipeline;
use crate::{
    connection::Connection,
    lru::Handle,
    policy::Policy,
    sockets::{Socket, SocketRole},
    table::Entry,
    view::{Key, Scope, Sighting, Speaker},
};

impl Pipeline {
    /// The connection of a packet: one that is there, or a new one. `None`, and counted, if the packet is of no use.
    pub(super) fn connection_of(
        &mut self,
        sighting: &mut Sighting,
        packet: &Packet<'_>,
        header: TcpHeader,
        policy: &mut dyn Policy,
    ) -> Option<Handle> {
        let key = sighting.key;
        let found = self.table.find(&key).or_else(|| self.join_by_cookie(&key, packet));
        let begins = header.flags.contains(TcpFlags::SYN);
        let mut earlier = None;
        if let Some(handle) = found {
            match self.table.entry(handle)? {
                Entry::Live { connection, .. } => {
                    if let (Scope::Shared, Some(speaker)) =
                        (key.scope(), connection.face.speaker_of(packet.source, packet.destination))
                    {
                        (sighting.speaker, sighting.socket_end) = (speaker, speaker);
                    }
                    let Some(opening) = connection.succeeded_by(sighting.speaker, header) else { return Some(handle) };
                    earlier = Some((opening, opening.speaker == sighting.speaker));
                }
                Entry::Closed(closed) => {
                    if !closed.is_succeeded_by(sighting.speaker, header) {
                        self.books.packets.after_close += 1;
                        return None;
                    }
                }
            }
            self.replace(handle, earlier.map_or(packet.at, |(opening, _)| opening.at), policy);
            *sighting = Sighting::of_packet(packet);
        }
        if !begins && packet.payload_len == 0 && earlier.is_none() {
            self.books.packets.unknown_connection += 1;
            return None;
        }
        let handle = self.open(&key, !begins && earlier.is_none(), policy);
        if let Some((opening, by_this_speaker)) = earlier
            && let Some(connection) = self.table.live(handle)
        {
            let speaker = if by_this_speaker { sighting.speaker } else { sighting.speaker.other() };
            connection.open_with(opening, speaker);
        }
        Some(handle)
    }

    /// The connection of a client's socket whose packets carry other addresses one way than the other, as address
    /// translation does on the way out and undoes only before the socket.
    fn join_by_cookie(&mut self, key: &Key, packet: &Packet<'_>) -> Option<Handle> {
        if key.scope() != Scope::Local {
            return None;
        }
        let handle = self.sockets.find(packet.cookie?)?.connection(Scope::Local)?;
        let face = &mut self.table.live(handle)?.face;
        let is_clients = face.client() == Some(Speaker::A) && face.scope() == Scope::Local;
        if !is_clients || face.endpoint(Speaker::A) != key.endpoint(Speaker::A) || face.netns() != key.netns() {
            return None;
        }
        match packet.side {
            Side::Egress => face.set_translated(Speaker::B, packet.destination),
            Side::Ingress => face.set_dialled(packet.source),
            Side::Loopback | Side::Tap => return None,
        }
        self.table.add_alias(handle, *key);
        Some(handle)
    }

    pub(super) fn socket(&mut self, change: &SocketChange) {
        let &SocketChange { cookie, local, remote, netns, .. } = change;
        let role = match change.change {
            SocketState::Listening => SocketRole::Listener,
            SocketState::Connecting | SocketState::Connected => SocketRole::Client,
            SocketState::Accepted => SocketRole::Server,
            SocketState::Closed => return self.socket_closed(change),
            _ => return,
        };
        let socket = self.sockets.entry(cookie);
        (socket.role, socket.remote) = (role, remote);
        let bound = socket.connections();
        for handle in bound.into_iter().flatten() {
            self.apply(handle, cookie);
        }
        // The socket's packets may have come before, and without a cookie.
        let Some(remote) = remote.filter(|_| bound == [None; 2]) else { return };
        for (key, end) in keys_of(netns, local, remote) {
            if let Some(handle) = self.table.find(&key)
                && self.table.live(handle).is_some()
            {
                self.bind(handle, end, cookie);
            }
        }
    }

    fn socket_closed(&mut self, change: &SocketChange) {
        let Some(socket) = self.sockets.find(change.cookie) else { return };
        let bound = socket.connections();
        let watermark = self.watermark();
        let mut waiting = false;
        for handle in bound.into_iter().flatten() {
            if let Some(connection) = self.table.live(handle) {
                connection.socket_closed(change.at);
                if let Some(deadline) = connection.arm(watermark, self.config.patience_ns) {
                    self.table.arm(handle, deadline);
                }
                waiting = true;
            }
        }
        if !waiting {
            self.sockets.forget(change.cookie);
        }
    }

    /// Remembers which socket an end of a connection is, unless that is a listener.
    pub(super) fn bind(&mut self, handle: Handle, end: Speaker, cookie: SocketCookie) {
        let Some(connection) = self.table.live(handle) else { return };
        if connection.face.cookie(end) == Some(cookie) {
            return;
        }
        let socket = self.sockets.entry(cookie);
        if socket.role == SocketRole::Listener {
            return;
        }
        socket.bind(connection.face.scope(), handle);
        connection.face.set_cookie(end, Some(cookie));
        self.apply(handle, cookie);
    }

    /// Applies what is known of a socket to a connection of it.
    fn apply(&mut self, handle: Handle, cookie: SocketCookie) {
        let Some(&Socket { role, remote, .. }) = self.sockets.find(cookie) else { return };
        let Some(face) = self.table.live(handle).map(|connection| &mut connection.face) else { return };
        let Some(end) = face.end_of(cookie) else { return };
        match role {
            SocketRole::Unknown => {}
            SocketRole::Listener => face.set_cookie(end, None),
            SocketRole::Server => face.kernel_says(end.other()),
            SocketRole::Client => {
                face.kernel_says(end);
                let Some(dialled) = remote.filter(|remote| *remote != face.endpoint(end.other())) else { return };
                face.set_dialled(dialled);
                let (netns, local) = (face.netns(), face.endpoint(end));
                let alias = match face.scope() {
                    Scope::Shared => Key::shared(netns, local, dialled).0,
                    scope @ (Scope::Local | Scope::Calls) => Key::local(scope, netns, local, dialled),
                };
                self.table.add_alias(handle, alias);
            }
        }
    }

    /// Forgets the sockets of a connection that is over. Those of one that was given up live on, and may speak again.
    pub(super) fn forget_sockets(&mut self, connection: &Connection) {
        for cookie in Speaker::BOTH.into_iter().filter_map(|end| connection.face.cookie(end)) {
            self.sockets.forget(cookie);
        }
    }
}

/// Whether the cookie on a packet may be the listener's: a handshake is answered by it, and only the data behind the
/// handshake has a socket of its own.
pub(super) const fn may_be_listeners(side: Side, flags: TcpFlags) -> bool {
    flags.contains(TcpFlags::SYN) && (matches!(side, Side::Ingress) || flags.contains(TcpFlags::ACK))
}

/// The keys under which the connection of a socket may be known, and which end of it the socket is.
fn keys_of(netns: NetNs, local: Endpoint, remote: Endpoint) -> [(Key, Speaker); 3] {
    [
        (Key::local(Scope::Local, netns, local, remote), Speaker::A),
        Key::shared(netns, local, remote),
        (Key::local(Scope::Calls, netns, local, remote), Speaker::A),
    ]
}
