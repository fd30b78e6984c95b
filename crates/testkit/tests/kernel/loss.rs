//! Packets that are lost on the way, other programs at the same hook, and a ring that is too small.

use geophone_model::{
    exchange::Observed as At,
    ledger::{Stage, Unit},
};
use geophone_testkit::{
    Direction, Loss, NetNs, Nginx, Observation, Observed, Room,
    client::H2loadRun,
    peer::{Account, Client, Kind, Server},
};

use crate::room;

/// Nanoseconds between two requests of a connection, with which the ring takes all that is not lost.
const PACE_NS: u64 = 5_000_000;

/// What was observed of eight connections from the room's namespace to a server in the other, or in the same, where each
/// request has a path of its own; and the client's account, which the server's agrees with.
fn load(room: &Room, server_in: &NetNs, listen: &str) -> (Observed, Account) {
    let server = Server::start(room, room.place_in(server_in), "lossy", Kind::Threads, listen);
    let observation = Observation::begin(room);
    let paths = ["/bytes/300000/{}", "/status/500/{}", "/chunked/100/{}", "/bytes/70000/{}"];
    // Bodies of requests, so that both directions have data enough to lose some.
    let client = Client {
        connections: 8,
        body_bytes: 20_000,
        interval_ns: PACE_NS,
        ..Client::new(server.address(), 40, &paths)
    };
    let counted = client.run(room, room.place());
    let logged = server.end();
    let observed = observation.end();

    assert_eq!((counted.requests.len(), counted.tally().with_status("500")), (320, 80));
    assert_eq!((logged.tally(), &logged.bytes), (counted.tally(), &counted.bytes));
    (observed, counted)
}

/// Asserts that a view has each request once, with the status that the client saw and every byte of it.
fn is_whole(observed: &Observed, at: At, counted: &Account) {
    assert_eq!(observed.tally(at), counted.tally(), "{}", observed.books());
    assert_eq!(observed.bytes(at), counted.bytes, "{}", observed.books());
    assert!(counted.tally().iter().all(|(_, count)| count == 1), "every request has a path of its own");
}

/// Asserts that packets were lost, and that their bytes came again: of each a thousand on average, even where the kernel
/// was told not to copy the rest of a body. What a loaded machine resends by itself is a hundredth of that.
fn came_again(observed: &Observed, loss: &Loss) {
    let (lost, again) = (loss.packets(), again(observed));
    assert!(
        lost > 0 && again > 1_000 * lost,
        "{lost} packets were lost, {again} bytes came again\n{}",
        observed.books()
    );
}

/// Bytes that came again.
fn again(observed: &Observed) -> u64 {
    observed.withheld(Stage::Reassembly, Unit::Bytes, "duplicate")
}

/// Asserts that TCP has sent again what was lost. It may put small neighbours into one segment.
fn were_resent(loss: &Loss, segments: u64) {
    let lost = loss.packets();
    assert!(2 * segments > lost, "of {lost} packets that were lost, {segments} were sent again");
}

/// One packet with data in so many is lost.
const EVERY: i32 = 10;

/// On the loopback device the hook sees the departure of packets that never arrive, and that of those which replace them.
#[test]
fn packets_that_are_lost_on_the_loopback_device() {
    let Some(room) = room(&[]) else { return };
    let loss = Loss::begin(room.cgroup(), Direction::Ingress, EVERY);
    let (observed, counted) = load(&room, room.netns(), "127.0.0.1:8080");

    is_whole(&observed, At::SamePoint, &counted);
    observed.assert_complete();
    came_again(&observed, &loss);
    were_resent(&loss, room.netns().counter("Tcp", "RetransSegs"));
}

/// The receiver's hook sees packets that its socket never gets, because another program at the same place throws them
/// away, and then those that replace them.
#[test]
fn packets_that_are_lost_behind_the_hook() {
    let Some(room) = room(&[]) else { return };
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24", "fd00::1/64"], &["10.9.0.2/24", "fd00::2/64"]);
    let mut sent_before = 0;
    for listen in ["10.9.0.2:8080", "[fd00::2]:8080"] {
        let loss = Loss::begin(room.cgroup(), Direction::Ingress, EVERY);
        let (observed, counted) = load(&room, &backend, listen);

        is_whole(&observed, At::Client, &counted);
        is_whole(&observed, At::Server, &counted);
        observed.assert_complete();
        let resent = room.netns().counter("Tcp", "RetransSegs") + backend.counter("Tcp", "RetransSegs") - sent_before;
        sent_before += resent;
        came_again(&observed, &loss);
        were_resent(&loss, resent);
    }
}

/// The sender's hook sees packets that never leave. TCP has been told, and does not take the next attempt for a
/// retransmission.
#[test]
fn packets_that_never_leave() {
    let Some(room) = room(&[]) else { return };
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24"], &["10.9.0.2/24"]);
    for (server_in, listen, views) in [
        (room.netns(), "127.0.0.1:8080", &[At::SamePoint] as &[At]),
        (&backend, "10.9.0.2:8080", &[At::Client, At::Server]),
    ] {
        let loss = Loss::begin(room.cgroup(), Direction::Egress, EVERY);
        let (observed, counted) = load(&room, server_in, listen);

        for view in views {
            is_whole(&observed, *view, &counted);
        }
        observed.assert_complete();
        came_again(&observed, &loss);
    }
}

/// Netfilter throws packets away at the receiver's input: the sender's hook has seen them, the receiver's has not, and sees
/// later bytes before earlier ones. A program at the receiver's cgroup cannot bring that about, since the probe's sees
/// whatever it throws away.
#[test]
fn later_bytes_before_earlier_ones() {
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
    let (observed, counted) = load(&room, &backend, "10.9.0.2:8080");

    is_whole(&observed, At::Client, &counted);
    is_whole(&observed, At::Server, &counted);
    observed.assert_complete();
    for (end, netns) in [("client", room.netns()), ("server", &backend)] {
        let (resent, early) = (netns.counter("Tcp", "RetransSegs"), netns.counter("TcpExt", "TCPOFOQueue"));
        assert!(resent > 0 && early > 0, "{resent} segments were resent and {early} early at the {end}");
    }
    assert!(again(&observed) > 0, "nothing was sent again\n{}", observed.books());
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
    let observation = Observation::with(&room, |config| config.ring_bytes = RING_BYTES);
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
