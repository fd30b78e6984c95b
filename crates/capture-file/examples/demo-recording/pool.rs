//! Connections that are kept open between one program and another, used one request at a time as HTTP/1.1 asks for.

use std::net::IpAddr;

use geophone_capture_file::synthetic::{Call, Connection, Observed, Peer, Traffic};
use geophone_model::{
    net::{Endpoint, NetNs},
    time::Timestamp,
};

use crate::machine::Program;

/// How long before a request its connection is opened.
const OPEN_AHEAD_NS: u64 = 400_000;
/// What passes between a response and the next request on the same connection.
const PAUSE_NS: u64 = 100_000;

/// Who opens connections: a program of this machine, or somebody outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) program: Option<Program>,
    pub(crate) ip: IpAddr,
}

#[derive(Debug)]
pub(crate) struct Pool {
    client: End,
    server: End,
    server_port: u16,
    observed: Observed,
    next_client_port: u16,
    /// Connections, and when they are free again.
    connections: Vec<(Connection, Timestamp)>,
}

impl Pool {
    /// No connections yet. Ports are given out from `first_port` on, and cookies with them.
    pub(crate) const fn new(client: End, server: End, server_port: u16, observed: Observed, first_port: u16) -> Self {
        Self { client, server, server_port, observed, next_client_port: first_port, connections: Vec::new() }
    }

    /// Sends a request over a connection that is free, or over a new one.
    pub(crate) fn call(&mut self, traffic: &mut Traffic, call: &Call<'_>) {
        let free_at = call.at.plus_ns(call.duration_ns).plus_ns(PAUSE_NS);
        if let Some((connection, free)) = self.connections.iter_mut().find(|(_, free)| *free <= call.at) {
            traffic.call(connection, call);
            *free = free_at;
            return;
        }
        let mut connection = self.open(traffic, call.at.minus_ns(OPEN_AHEAD_NS));
        traffic.call(&mut connection, call);
        self.connections.push((connection, free_at));
    }

    /// Closes all connections, some milliseconds after their last response.
    pub(crate) fn close(self, traffic: &mut Traffic) {
        for (connection, free) in self.connections {
            traffic.close(connection, free.plus_ns(5_000_000));
        }
    }

    fn open(&mut self, traffic: &mut Traffic, at: Timestamp) -> Connection {
        let port = self.next_client_port;
        self.next_client_port += 1;
        let local = Endpoint::new(self.client.ip, port);
        let remote = Endpoint::new(self.server.ip, self.server_port);
        let (client_cookie, server_cookie) = (u64::from(port) * 2, u64::from(port) * 2 + 1);
        if let Some(program) = self.client.program {
            traffic.fact(program.connected(at, client_cookie, local, remote));
        }
        let client = self.client.peer(local, client_cookie);
        let server = self.server.peer(remote, server_cookie);
        traffic.connect(at, client, server, self.observed)
    }
}

impl End {
    fn peer(self, endpoint: Endpoint, cookie: u64) -> Peer {
        match self.program {
            Some(program) => Peer::new(endpoint, program.netns, cookie).with_pid(program.pid),
            None => Peer::new(endpoint, NetNs::default(), cookie),
        }
    }
}
