//! Packets that are larger than 64 KiB, as fast networks make them (BIG TCP).

use std::{fs, io::Write as _};

use geophone_model::{
    exchange::Observed as At,
    ledger::{Stage, Unit},
};
use geophone_testkit::{
    NetNs, Observation,
    peer::{Client, Kind, Server},
};

use crate::room;

/// A limit that is no multiple of the largest record's 128 KiB.
const PACKET_BYTES: u32 = 185_000;

const BODY_BYTES: u32 = 10 << 20;

#[test]
fn large_bodies_over_ipv6() {
    are_counted_to_the_byte("[fd00::2]:8080");
}

#[test]
fn large_bodies_over_ipv4() {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map_while(|number| number.parse::<u32>().ok());
    if (numbers.next(), numbers.next()) < (Some(6), Some(3)) {
        let _ = writeln!(std::io::stdout(), "\nskipped: BIG TCP over IPv4 needs Linux 6.3, this is {}", release.trim());
        return;
    }
    are_counted_to_the_byte("10.9.0.2:8080");
}

/// A body of 10 MiB there and one back, copied whole while nobody reads the ring; then the same once more while it
/// is read, and the kernel told that nobody wants the rest of a body.
fn are_counted_to_the_byte(address: &str) {
    let Some(room) = room(&[]) else { return };
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24", "fd00::1/64"], &["10.9.0.2/24", "fd00::2/64"]);
    room.netns().enlarge_packets("veth0", PACKET_BYTES);
    backend.enlarge_packets("veth0", PACKET_BYTES);
    let server = Server::start(&room, room.place_in(&backend), "far", Kind::Threads, address);
    let observation = Observation::begin(&room);
    let path = format!("/bytes/{BODY_BYTES}/{{}}");
    let paths = [path.as_str()];
    let load = Client { body_bytes: BODY_BYTES, ..Client::new(server.address(), 1, &paths) };
    let mut client = load.start(&room, room.place());
    observation.pause();
    client.phase();
    observation.go_on();
    client.phase();
    let counted = client.end();
    let logged = server.end();
    let observed = observation.end();

    assert_eq!((counted.requests.len(), &logged.bytes), (2, &counted.bytes));
    for view in [At::Client, At::Server] {
        assert_eq!((observed.tally(view), observed.bytes(view)), (counted.tally(), counted.bytes.clone()));
    }
    observed.assert_complete();
    // A packet has more pieces than one only if it is larger than 128 KiB.
    let packets = observed.row(Stage::Hook, Unit::Packets).passed;
    assert!(observed.handed_over.pieces > packets, "there were no large packets\n{}", observed.books());
}
