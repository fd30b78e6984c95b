//! The ways in which servers take connections and move bytes.

use geophone_model::{
    exchange::Observed as At,
    ledger::{Stage, Unit},
};
use geophone_testkit::{
    Observation, Observed, Tally,
    peer::{Client, Kind, Maker, Server},
};

use crate::room;

/// A server of a kind under a load of several connections; what was observed of it.
fn is_counted_exactly(kind: Kind, reconnect: bool) -> Option<Observed> {
    const REQUESTS: u32 = 60;
    let room = room(&[])?;
    let server = Server::start(&room, room.place(), "server", kind, "127.0.0.1:8080");
    let observation = Observation::begin(&room);
    let paths = ["/a", "/status/503", "/bytes/50000/b", "/chunked/30/c"];
    let load = Client { connections: 8, reconnect, ..Client::new(server.address(), REQUESTS, &paths) };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    let lines = ["GET /a 200", "GET /status/503 503", "GET /bytes/50000/b 200", "GET /chunked/30/c 200"];
    assert_eq!(counted, Tally::of(&lines.map(|line| (line, 120))));
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
    observed.assert_complete();
    let connections = if reconnect { 8 * u64::from(REQUESTS) } else { 8 };
    let books = observed.books();
    assert_eq!((observed.connections.opened, observed.connections.closed), (connections, connections), "{books}");
    for named in &observed.exchanges {
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "server"));
        assert!(named.exchange.client.cookie.is_some() && named.exchange.server.cookie.is_some());
    }
    Some(observed)
}

#[test]
fn reads_and_writes() {
    is_counted_exactly(Kind::Threads, false);
}

#[test]
fn a_connection_for_each_request() {
    is_counted_exactly(Kind::Threads, true);
}

#[test]
fn sendfile() {
    is_counted_exactly(Kind::Sendfile, false);
}

#[test]
fn io_uring() {
    is_counted_exactly(Kind::Uring, false);
}

/// The request is on the packet that completes the handshake for the server's kernel, which at that time has no socket for
/// it but the listener.
#[test]
fn deferred_accept() {
    is_counted_exactly(Kind::Deferred, true);
}

#[test]
fn forked_before_accept() {
    is_counted_exactly(Kind::Prefork, true);
}

/// The listener was made by another process, which has closed it since.
#[test]
fn socket_activation() {
    is_counted_exactly(Kind::Activated(Maker::Closes), true);
}

/// Its maker keeps a descriptor of the listener, which is older than the observation too.
#[test]
fn socket_activation_by_a_supervisor() {
    is_counted_exactly(Kind::Activated(Maker::Keeps), true);
}

/// Starts a server whose listener is made by `activator` under observation and handed to `server`, which has to be named
/// from the first exchange on: who holds the listener is looked up within the grace in which exchanges wait for facts. It
/// has to be there still when that is done, so the load lasts half a second.
fn is_named_after_who_serves(maker: Maker) {
    const INTERVAL_NS: u64 = 10_000_000;
    for reconnect in [true, false] {
        let Some(room) = room(&[]) else { return };
        let observation = Observation::begin(&room);
        let server = Server::start(&room, room.place(), "server", Kind::Activated(maker), "127.0.0.1:8080");
        let load = Client::new(server.address(), 50, &["/a", "/status/503"]);
        let load = Client { connections: 4, reconnect, interval_ns: INTERVAL_NS, ..load };
        let counted = load.run(&room, room.place()).tally();
        let logged = server.end().tally();
        let observed = observation.end();

        assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
        observed.assert_complete();
        let names: Tally = observed.exchanges.iter().map(|named| named.server.name.as_str()).collect();
        assert_eq!(names, Tally::of(&[("server", 200)]), "{maker:?}, reconnect: {reconnect}");
    }
}

#[test]
fn a_listener_that_its_maker_hands_over() {
    is_named_after_who_serves(Maker::Closes);
}

#[test]
fn a_listener_that_its_maker_keeps_a_hold_of() {
    is_named_after_who_serves(Maker::Keeps);
}

#[test]
fn a_listener_whose_maker_ends() {
    is_named_after_who_serves(Maker::Ends);
}

/// Bodies of requests, and many requests before the first answer.
#[test]
fn pipelined_bodies() {
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "server", Kind::Threads, "127.0.0.1:8080");
    let observation = Observation::begin(&room);
    let load = Client {
        connections: 4,
        pipelined: 10,
        body_bytes: 3_000,
        ..Client::new(server.address(), 200, &["/a", "/status/500", "/chunked/5/c"])
    };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(counted.total(), 800);
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
    observed.assert_complete();
    let bodies: u64 = observed.exchanges.iter().map(|named| named.exchange.request.bytes).sum();
    assert!(bodies > 800 * 3_000);
    assert_eq!(observed.row(Stage::Parse, Unit::Messages).seen, 1_600, "{}", observed.books());
}
