//! Packets that are lost on the way, other programs at the same hook, and a ring that is too small.

use geophone_model::{
    exchange::Observed as At,
    ledger::{Stage, Unit},
};
use geophone_testkit::{
    NetNs, Nginx, Observation,
    client::H2loadRun,
    peer::{Client, Kind, Server},
};

use crate::room;

/// Every twentieth packet but those that open a connection is thrown away before it reaches its socket, in both
/// directions, so that TCP sends again and later bytes come before earlier ones.
///
/// It is netfilter that drops them, at the receiver's input: the sender's hook has seen the packet, the receiver's has
/// not. What this cannot show is a packet that is dropped between the sender's socket and its own hook, or behind the
/// receiver's; there is nothing at those places but other programs of the same cgroup.
#[test]
fn retransmission_and_reordering() {
    let Some(room) = room(&["nft"]) else { return };
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24"], &["10.9.0.2/24"]);
    for netns in [room.netns(), &backend] {
        netns.nft(&[
            "add table ip t",
            "add chain ip t in { type filter hook input priority 0 ; }",
            "add rule ip t in iifname veth0 tcp flags & (syn | rst) == 0 numgen inc mod 20 == 0 drop",
        ]);
    }
    let server = Server::start(&room, room.place_in(&backend), "lossy", Kind::Threads, "10.9.0.2:8080");
    let observation = Observation::begin(&room);
    let paths = ["/a", "/bytes/300000/b", "/status/500", "/chunked/100/c"];
    let load = Client { connections: 8, ..Client::new(server.address(), 40, &paths) };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(counted.total(), 320);
    assert_eq!(logged, counted);
    assert_eq!((&observed.tally(At::Client), &observed.tally(At::Server)), (&counted, &counted));
    observed.assert_complete();
    let again = observed.withheld(Stage::Reassembly, Unit::Bytes, "duplicate");
    assert!(again > 10_000, "nothing was sent again\n{}", observed.books());
}

/// A second capture has its programs at the same cgroup. Neither disturbs the other.
#[test]
fn two_captures_at_once() {
    let Some(room) = room(&["nginx", "h2load"]) else { return };
    let nginx = Nginx::start(&room, room.place(), "127.0.0.1:80", 1);
    let first = Observation::begin(&room);
    let second = Observation::begin(&room);
    let urls = ["http://127.0.0.1/ok", "http://127.0.0.1/broken"];
    let counted = H2loadRun { requests: 2_000, connections: 8, pipelined: 1, urls: &urls }.run(room.place());
    let logged = nginx.end();

    assert_eq!(counted.classes, [0, 0, 1_000, 0, 0, 1_000]);
    for observed in [first.end(), second.end()] {
        assert_eq!(observed.tally(At::SamePoint), logged);
        observed.assert_complete();
    }
}

/// The reader stands still until the ring is full. What was lost is counted, to the packet; what is observed all the same
/// is true, each answer belongs to its request; and before and after it nothing is missing.
#[test]
fn a_ring_that_overflows() {
    const RING_BYTES: usize = 1 << 20;
    const CONNECTIONS: u32 = 8;
    const REQUESTS: u32 = 150;
    const PHASE: u64 = (CONNECTIONS * REQUESTS) as u64;
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "server", Kind::Threads, "127.0.0.1:8080");
    let observation = Observation::with_ring(&room, RING_BYTES);
    let load = Client {
        connections: CONNECTIONS,
        interval_ns: 4_000_000,
        ..Client::new(server.address(), REQUESTS, &["/status/200/{}", "/status/404/{}", "/status/503/{}"])
    };
    let mut client = load.start(&room, room.place());
    client.phase();
    // What is in the ring now was there before.
    std::thread::sleep(std::time::Duration::from_millis(200));
    observation.pause();
    for _ in 0..3 {
        client.phase();
    }
    observation.go_on();
    std::thread::sleep(std::time::Duration::from_millis(200));
    client.phase();
    let counted = client.end().tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!((counted.total(), &logged), (5 * PHASE, &counted));
    observed.assert_balanced();
    let books = observed.books();
    let dropped = observed.withheld(Stage::Hook, Unit::Packets, "ring_full");
    assert!(dropped > 0, "the ring has not overflowed\n{books}");
    assert!(observed.lost_records >= dropped, "{} of {dropped} are known\n{books}", observed.lost_records);
    assert!(observed.withheld(Stage::Reassembly, Unit::Bytes, "hole") > 0, "{books}");
    // Every request has a number, given in order, and is answered with the code that its path asks for.
    let mut by_phase = [0; 5];
    for (line, count) in observed.tally(At::SamePoint).iter() {
        assert!(count == 1 && counted.count(line) == 1, "{line} is not what was answered\n{books}");
        let number = line.split(['/', ' ']).nth(4).and_then(|number| number.parse::<u64>().ok()).unwrap();
        by_phase[usize::try_from(number / PHASE).unwrap()] += 1;
    }
    assert_eq!(by_phase[0], PHASE, "{by_phase:?}\n{books}");
    // A connection's first request after the loss tells where its messages begin, and is the last that may be missing.
    assert!(by_phase[4] >= PHASE - u64::from(CONNECTIONS), "{by_phase:?}\n{books}");
}
