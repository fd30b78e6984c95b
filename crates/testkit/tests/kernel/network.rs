//! Addresses, devices and what netfilter makes of them.

use geophone_model::{
    exchange::Observed as At,
    ledger::{Stage, Unit},
    net::Endpoint,
};
use geophone_testkit::{
    NetNs, Nginx, Observation, Place, Room, Tally,
    peer::{self, Client, Kind, Server},
};

use crate::room;

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap()
}

#[test]
fn ipv6() {
    let Some(room) = room(&["nginx"]) else { return };
    let nginx = Nginx::start(&room, room.place(), "[::1]:80", 1);
    let observation = Observation::begin(&room);
    let load = Client { connections: 4, ..Client::new("[::1]:80".parse().unwrap(), 200, &["/ok", "/nowhere"]) };
    let counted = load.run(&room, room.place()).tally();
    let logged = nginx.end();
    let observed = observation.end();

    assert_eq!(counted, Tally::of(&[("GET /ok 200", 400), ("GET /nowhere 404", 400)]));
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
    observed.assert_complete();
    for named in &observed.exchanges {
        assert_eq!(named.exchange.server.endpoint, endpoint("[::1]:80"));
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "nginx"));
    }
}

/// Only one end of a connection over the loopback device is in the cgroup that is observed: the client's, then the server's,
/// and then both.
#[test]
fn a_cgroup_with_one_end_of_the_loopback_device() {
    let Some(room) = room(&[]) else { return };
    let inner = room.cgroup().within("inner").unwrap();
    let (inside, outside) = (Place { cgroup: &inner, ..room.place() }, room.place());
    for (client, server) in [(inside, outside), (outside, inside), (inside, inside)] {
        let running = Server::start(&room, server, "server", Kind::Threads, "127.0.0.1:8080");
        let observation = Observation::with(&room, |config| {
            config.cgroup = Some(inner.path().to_owned());
            config.loopback_arrivals = true;
        });
        let load =
            Client { connections: 4, ..Client::new("127.0.0.1:8080".parse().unwrap(), 100, &["/a", "/status/500"]) };
        let counted = load.run(&room, client).tally();
        let logged = running.end().tally();
        let observed = observation.end();

        assert_eq!(counted, Tally::of(&[("GET /a 200", 200), ("GET /status/500 500", 200)]));
        assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
        observed.assert_complete();
        for named in &observed.exchanges {
            assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "server"));
        }
    }
}

/// The server's socket is of IPv6 and speaks of `::ffff:127.0.0.1`, the client's and the packets are of IPv4.
#[test]
fn an_ipv4_client_of_a_dual_stack_server() {
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "dual", Kind::Threads, "[::]:8080");
    let observation = Observation::begin(&room);
    let load = Client { connections: 4, ..Client::new("127.0.0.1:8080".parse().unwrap(), 100, &["/a", "/status/500"]) };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(counted, Tally::of(&[("GET /a 200", 200), ("GET /status/500 500", 200)]));
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
    observed.assert_complete();
    for named in &observed.exchanges {
        assert_eq!(named.exchange.server.endpoint, endpoint("127.0.0.1:8080"));
        assert_eq!(named.exchange.server.dialled, None);
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "dual"));
    }
}

/// A second namespace with the server's end of a virtual cable, at 10.9.0.2 and fd00::2; the client's end, in the room's
/// own namespace, is at 10.9.0.1 and fd00::1.
fn backend(room: &Room) -> NetNs {
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24", "fd00::1/64"], &["10.9.0.2/24", "fd00::2/64"]);
    backend
}

/// Nanoseconds between two requests of a connection with a large body: a packet of more than 8 KiB takes 64 of the ring,
/// and is seen twice.
const PACE_NS: u64 = 5_000_000;

#[test]
fn two_namespaces_are_two_observation_points() {
    let Some(room) = room(&[]) else { return };
    let backend = backend(&room);
    let server = Server::start(&room, room.place_in(&backend), "far", Kind::Threads, "[::]:8080");
    let observation = Observation::begin(&room);
    let mut counted = Tally::default();
    for address in ["10.9.0.2:8080", "[fd00::2]:8080"] {
        let load = Client {
            connections: 4,
            interval_ns: PACE_NS,
            ..Client::new(address.parse().unwrap(), 100, &["/a", "/bytes/100000/b"])
        };
        for (line, count) in load.run(&room, room.place()).tally().iter() {
            counted.add(line, count);
        }
    }
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(counted, Tally::of(&[("GET /a 200", 400), ("GET /bytes/100000/b 200", 400)]));
    assert_eq!(logged, counted);
    assert_eq!((&observed.tally(At::Client), &observed.tally(At::Server)), (&counted, &counted));
    assert_eq!(observed.tally(At::SamePoint).total(), 0, "the two views are measured apart");
    observed.assert_complete();
    for named in &observed.exchanges {
        let netns = if named.exchange.observed == At::Client { room.netns().id() } else { backend.id() };
        assert_eq!(named.exchange.netns, netns);
        assert_eq!(named.server.name, "far");
    }
}

/// Runs a client of `address` in the room's namespace and a server in the other; each view has to name both. As a pod's
/// does, the client's namespace has a process that stays, so that its addresses are found.
fn each_view_names_both_ends(room: &Room, backend: &NetNs, address: &str) {
    let pause = Server::start(room, room.place(), "pause", Kind::Udp, "127.0.0.1:1");
    let server = Server::start(room, room.place_in(backend), "far", Kind::Threads, BACKEND);
    let observation = Observation::begin(room);
    let counted = Client::new(address.parse().unwrap(), 20, &["/a"]).run(room, room.place()).tally();
    server.end();
    pause.end();
    let observed = observation.end();

    assert_eq!((&observed.tally(At::Client), &observed.tally(At::Server)), (&counted, &counted));
    for named in &observed.exchanges {
        let view = named.exchange.observed;
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "far"), "seen by the {view:?}");
    }
}

#[test]
fn each_view_names_the_program_in_the_other_namespace() {
    let Some(room) = room(&[]) else { return };
    let backend = backend(&room);
    each_view_names_both_ends(&room, &backend, BACKEND);
}

/// The server's packets do not say what the client's socket has dialled.
#[test]
fn each_view_names_the_program_behind_a_translation() {
    let Some(room) = room(&["nft"]) else { return };
    let backend = backend(&room);
    translate(&room);
    each_view_names_both_ends(&room, &backend, DIALLED);
}

const DIALLED: &str = "10.96.0.1:80";
const BACKEND: &str = "10.9.0.2:8080";

/// As a ClusterIP does: the client connects to [`DIALLED`], an address that is no machine's, and netfilter sends it to
/// [`BACKEND`].
fn translate(room: &Room) {
    room.netns().ip("route add 10.96.0.0/16 via 10.9.0.2");
    room.netns().nft(&[
        "add table ip t",
        "add chain ip t out { type nat hook output priority -100 ; }",
        "add rule ip t out ip daddr 10.96.0.1 tcp dport 80 dnat to 10.9.0.2:8080",
    ]);
}

#[test]
fn a_translated_address_is_known_by_both_its_names() {
    let Some(room) = room(&["nft"]) else { return };
    let backend = backend(&room);
    translate(&room);
    let server = Server::start(&room, room.place_in(&backend), "behind", Kind::Threads, BACKEND);
    let observation = Observation::begin(&room);
    let load = Client {
        connections: 4,
        interval_ns: PACE_NS,
        ..Client::new(DIALLED.parse().unwrap(), 100, &["/a", "/bytes/100000/b"])
    };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(logged, counted);
    assert_eq!((&observed.tally(At::Client), &observed.tally(At::Server)), (&counted, &counted));
    observed.assert_complete();
    for named in &observed.exchanges {
        let server = &named.exchange.server;
        assert_eq!(server.endpoint, endpoint(BACKEND));
        // Only the client's socket knows what it has dialled.
        let dialled = (named.exchange.observed == At::Client).then(|| endpoint(DIALLED));
        assert_eq!(server.dialled, dialled);
        assert_eq!(named.server.name, "behind");
    }
}

/// Translation to an address of the same namespace, so that the translated packets go over the loopback device.
#[test]
fn a_port_that_is_redirected_over_loopback() {
    let Some(room) = room(&["nft"]) else { return };
    room.netns().nft(&[
        "add table ip t",
        "add chain ip t out { type nat hook output priority -100 ; }",
        "add rule ip t out ip daddr 127.0.0.1 tcp dport 80 redirect to :8080",
    ]);
    let server = Server::start(&room, room.place(), "redirected", Kind::Threads, "127.0.0.1:8080");
    let observation = Observation::begin(&room);
    let load = Client { connections: 4, ..Client::new("127.0.0.1:80".parse().unwrap(), 100, &["/a", "/status/404"]) };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(logged, counted);
    assert_eq!(observed.tally(At::SamePoint), counted);
    observed.assert_complete();
    for named in &observed.exchanges {
        assert_eq!(named.exchange.server.dialled, Some(endpoint("127.0.0.1:80")));
        assert_eq!(named.exchange.server.endpoint, endpoint("127.0.0.1:8080"));
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("client", "redirected"));
    }
}

#[test]
fn datagrams_of_nothing_known_are_counted() {
    const COUNT: u32 = 200;
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "echo", Kind::Udp, "127.0.0.1:5300");
    let observation = Observation::begin(&room);
    let answered = peer::udp(&room, room.place(), server.address(), COUNT);
    server.end();
    let observed = observation.end();

    assert_eq!(answered, u64::from(COUNT));
    observed.assert_complete();
    assert_eq!(observed.exchanges.len(), 0);
    // After some of them the socket's datagrams are wanted no longer.
    let packets = 2 * u64::from(COUNT);
    let unwanted = observed.withheld(Stage::Hook, Unit::Packets, "unwanted");
    let no_parser = observed.withheld(Stage::Flow, Unit::Packets, "no_parser");
    assert_eq!(no_parser + unwanted, packets, "{}", observed.books());
    assert_eq!(observed.row(Stage::Hook, Unit::Packets).passed, no_parser, "{}", observed.books());
}
