//! Connections that are kept open between one program and another, each used by one piece of work at a time.

use std::net::IpAddr;

use geophone_capture_file::synthetic::{Call, Connection, Observed, Peer, Sender, Traffic};
use geophone_model::{
    net::{Endpoint, NetNs, Transport},
    time::Timestamp,
};

use crate::machine::Program;

/// How long it takes until a connection that is opened can be used.
const HANDSHAKE_NS: u64 = 100_000;
/// What passes at least between an answer and what is asked next on the same connection.
const PAUSE_NS: u64 = 100_000;

/// Who opens connections, or is at their other end: a program of this machine, or somebody outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) program: Option<Program>,
    pub(crate) ip: IpAddr,
}

/// Connections that nobody uses at the time. `S` is what both ends remember of one.
#[derive(Debug)]
pub(crate) struct Pool<S = ()> {
    client: End,
    server: End,
    server_port: u16,
    observed: Observed,
    next_client_port: u16,
    idle: Vec<Session<S>>,
}

/// A connection in use.
#[derive(Debug)]
pub(crate) struct Session<S = ()> {
    connection: Connection,
    /// The earliest time at which it can be asked something.
    pub(crate) free: Timestamp,
    pub(crate) state: S,
}

impl<S: Default> Pool<S> {
    /// No connections yet. Ports are given out from `first_port` on, and cookies with them.
    pub(crate) const fn new(client: End, server: End, server_port: u16, observed: Observed, first_port: u16) -> Self {
        Self { client, server, server_port, observed, next_client_port: first_port, idle: Vec::new() }
    }

    /// A connection that is free at `at`, or a new one, which was opened `ahead_ns` before.
    pub(crate) fn take(&mut self, traffic: &mut Traffic, at: Timestamp, ahead_ns: u64) -> Session<S> {
        if let Some(place) = self.idle.iter().position(|session| session.free <= at) {
            let session = self.idle.remove(place);
            return Session { free: at, ..session };
        }
        let opened = at.minus_ns(ahead_ns);
        let connection = self.open(traffic, opened);
        Session { connection, free: at.max(opened.plus_ns(HANDSHAKE_NS)), state: S::default() }
    }

    /// The next piece of work may have it.
    pub(crate) fn give_back(&mut self, session: Session<S>) {
        self.idle.push(session);
    }

    /// Closes all connections, some milliseconds after their last response.
    pub(crate) fn close(self, traffic: &mut Traffic) {
        for Session { connection, free, .. } in self.idle {
            traffic.close(connection, free.plus_ns(5_000_000));
        }
    }

    fn open(&mut self, traffic: &mut Traffic, at: Timestamp) -> Connection {
        let port = self.next_client_port;
        self.next_client_port += 1;
        let local = Endpoint::new(self.client.ip, port);
        let remote = Endpoint::new(self.server.ip, self.server_port);
        if let Some(program) = self.client.program {
            traffic.fact(program.connected(at, Transport::Tcp, client_cookie(port), local, remote));
        }
        let client = self.client.peer(local, client_cookie(port));
        let server = self.server.peer(remote, client_cookie(port) + 1);
        traffic.connect(at, client, server, self.observed)
    }
}

impl<S> Session<S> {
    /// Asks as soon as the connection is free; it is free again with the answer.
    pub(crate) fn ask(&mut self, traffic: &mut Traffic, duration_ns: u64, request: &[u8], response: &[u8]) {
        self.call(traffic, &Call { at: self.free, duration_ns, request, response, unwanted_len: 0 });
    }

    pub(crate) fn call(&mut self, traffic: &mut Traffic, call: &Call<'_>) {
        traffic.call(&mut self.connection, call);
        self.free = call.at.plus_ns(call.duration_ns).plus_ns(PAUSE_NS);
    }

    /// Sends what is not answered.
    pub(crate) fn send(&mut self, traffic: &mut Traffic, at: Timestamp, sender: Sender, bytes: &[u8]) {
        traffic.send(&mut self.connection, at, sender, bytes);
    }
}

impl End {
    fn peer(self, endpoint: Endpoint, cookie: u64) -> Peer {
        match self.program {
            Some(program) => program.peer(endpoint, cookie),
            None => Peer::new(endpoint, NetNs::default(), cookie),
        }
    }
}

/// The socket of a client, by its port, which no two of them share. The number behind it is for the other end.
pub(crate) const fn client_cookie(port: u16) -> u64 {
    port as u64 * 2
}
