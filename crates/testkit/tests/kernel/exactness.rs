//! nginx under load: what it logs, what the client counts and what is observed is the same, to the request.

use geophone_model::{
    exchange::{ExchangeFlags, Observed as At},
    ledger::{Stage, Unit},
    status::StatusClass,
};
use geophone_testkit::{
    Named, Nginx, Observation, Observed, Room, Tally,
    client::{self, H2loadRun},
    peer::{Client, Kind, Server},
};

use crate::room;

const ADDRESS: &str = "127.0.0.1:80";

/// One run of h2load against an nginx; what it counted, by class of status.
fn h2load_is_counted_exactly(run: &H2loadRun<'_>, expected_classes: [u64; 6]) {
    let Some(room) = room(&["nginx", "h2load"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let observation = Observation::begin(&room);
    let counted = run.run(room.place());
    let logged = nginx.end();
    let observed = observation.end();

    assert_eq!(counted.classes, expected_classes);
    assert_eq!(logged.total(), counted.done);
    assert_eq!(observed.tally(At::SamePoint), logged);
    observed.assert_complete();
    assert_eq!(observed.exchanges.len() as u64, counted.done, "nothing was observed beside the load");
    assert_eq!(observed.connections.closed, u64::from(run.connections), "{}", observed.books());
    for named in &observed.exchanges {
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("h2load", "nginx"));
        assert_eq!(named.exchange.flags, ExchangeFlags::default());
        let response = named.exchange.response.expect("it was answered");
        assert!(response.last >= response.first && response.first >= named.exchange.request.last);
    }
}

#[test]
fn one_kept_connection() {
    let run = H2loadRun { requests: 2_000, connections: 1, pipelined: 1, urls: &["http://127.0.0.1/ok"] };
    h2load_is_counted_exactly(&run, [0, 0, 2_000, 0, 0, 0]);
}

#[test]
fn sixty_four_kept_connections() {
    let run = H2loadRun { requests: 6_400, connections: 64, pipelined: 1, urls: &["http://127.0.0.1/ok"] };
    h2load_is_counted_exactly(&run, [0, 0, 6_400, 0, 0, 0]);
}

#[test]
fn pipelined_requests() {
    let run = H2loadRun { requests: 4_000, connections: 4, pipelined: 16, urls: &["http://127.0.0.1/ok"] };
    h2load_is_counted_exactly(&run, [0, 0, 4_000, 0, 0, 0]);
}

#[test]
fn errors_are_counted_by_their_status() {
    let urls = ["http://127.0.0.1/ok", "http://127.0.0.1/nowhere", "http://127.0.0.1/broken", "http://127.0.0.1/ok"];
    // Each connection begins with the first URL, and each has a multiple of four requests.
    let run = H2loadRun { requests: 3_200, connections: 8, pipelined: 1, urls: &urls };
    h2load_is_counted_exactly(&run, [0, 0, 1_600, 0, 800, 800]);
}

const LARGE_BYTES: usize = 10 << 20;

/// An MTU of the loopback device with which no packet is larger than 64 KiB.
const MODEST_MTU: &str = "link set lo mtu 16000";

/// Downloads and uploads large files with `curl` and these options.
fn large_bodies(room: &Room, options: &[&str], times: usize) -> Observed {
    let nginx = Nginx::start(room, room.place(), ADDRESS, 1);
    nginx.put("large", LARGE_BYTES);
    let upload = room.folder().join("upload");
    std::fs::write(&upload, vec![b'u'; LARGE_BYTES]).unwrap();
    let data = format!("@{}", upload.display());
    let observation = Observation::begin(room);
    let down = client::curl(room.place(), options, &["http://127.0.0.1/large", "http://127.0.0.1/ok"].repeat(times));
    // Without `Expect: 100-continue`, as most programs do.
    let options = [options, &["-H", "Expect:", "--data-binary", &data]].concat();
    let up = client::curl(room.place(), &options, &["http://127.0.0.1/upload"].repeat(times));
    let logged = nginx.end();
    let observed = observation.end();

    assert_eq!((down, up), ([200].repeat(2 * times), [204].repeat(times)));
    let count = times as u64;
    let expected = Tally::of(&[("GET /large 200", count), ("GET /ok 200", count), ("POST /upload 204", count)]);
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&expected, &expected));
    for named in &observed.exchanges {
        let response = named.exchange.response.expect("it was answered");
        match named.exchange.resource.as_str() {
            "/large" => assert!(response.bytes > LARGE_BYTES as u64 && response.last > response.first),
            // nginx answers before it has read the body, and so do others that do not want it.
            "/upload" => assert!(response.bytes < 1_000),
            _ => assert!(response.bytes < 1_000),
        }
    }
    observed
}

/// At this rate a body takes half a second, and the kernel hears in time that nobody wants it.
#[test]
fn large_bodies_are_counted_and_not_copied() {
    let Some(room) = room(&["nginx", "curl"]) else { return };
    room.netns().ip(MODEST_MTU);
    let observed = large_bodies(&room, &["--limit-rate", "20m"], 2);
    observed.assert_complete();
    let unwanted = observed.withheld(Stage::Hook, Unit::Bytes, "unwanted");
    let passed = observed.row(Stage::Hook, Unit::Bytes).passed;
    assert!(observed.skips >= 4 && unwanted > passed, "bodies were copied\n{}", observed.books());
}

#[test]
fn large_request_bodies() {
    let Some(room) = room(&[]) else { return };
    room.netns().ip(MODEST_MTU);
    let server = Server::start(&room, room.place(), "reader", Kind::Threads, ADDRESS);
    let observation = Observation::begin(&room);
    let load = Client { body_bytes: LARGE_BYTES as u32, ..Client::new(server.address(), 4, &["/a", "/status/503"]) };
    let counted = load.run(&room, room.place()).tally();
    let logged = server.end().tally();
    let observed = observation.end();

    assert_eq!(counted, Tally::of(&[("POST /a 200", 2), ("POST /status/503 503", 2)]));
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted, &counted));
    observed.assert_complete();
    for named in &observed.exchanges {
        let request = named.exchange.request;
        assert!(request.bytes > LARGE_BYTES as u64 && request.last > request.first);
    }
}

/// At full speed the loopback device carries packets of up to 128 KiB: its MTU is 64 KiB, and TCP sends two segments at a
/// time (`tcp_tso_autosize`, net/ipv4/tcp_output.c). Behind the end of one body there may be the next request's head.
#[test]
fn packets_that_are_larger_than_sixty_four_kibibytes() {
    let Some(room) = room(&["nginx", "curl"]) else { return };
    large_bodies(&room, &[], 8).assert_complete();
}

#[test]
fn bodies_of_unknown_length() {
    let Some(room) = room(&["nginx", "curl"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let observation = Observation::begin(&room);
    let codes = client::curl(room.place(), &["--compressed"], &["http://127.0.0.1/chunked"; 50]);
    let logged = nginx.end();
    let observed = observation.end();

    assert_eq!(codes, [200].repeat(50));
    assert_eq!(logged, Tally::of(&[("GET /chunked 200", 50)]));
    assert_eq!(observed.tally(At::SamePoint), logged);
    observed.assert_complete();
}

/// They are in another network namespace than the probe, which finds their owners there.
#[test]
fn connections_that_are_older_than_the_probe() {
    const CONNECTIONS: u32 = 8;
    let Some(room) = room(&["nginx"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let load = Client {
        name: "early-bird",
        connections: CONNECTIONS,
        ..Client::new(ADDRESS.parse().unwrap(), 100, &["/ok", "/nowhere"])
    };
    let mut client = load.start(&room, room.place());
    client.phase();
    let observation = Observation::begin(&room);
    client.phase();
    let counted = client.end();
    let logged = nginx.end();
    let observed = observation.end();

    // Half of what was done was done before.
    assert_eq!(counted.tally(), logged);
    assert_eq!(logged, Tally::of(&[("GET /ok 200", 800), ("GET /nowhere 404", 800)]));
    assert_eq!(observed.tally(At::SamePoint), Tally::of(&[("GET /ok 200", 400), ("GET /nowhere 404", 400)]));
    observed.assert_complete();
    assert_eq!(observed.connections.opened, u64::from(CONNECTIONS));
    let late = |named: &&Named| named.exchange.flags.contains(ExchangeFlags::JOINED_LATE);
    assert_eq!(observed.exchanges.iter().filter(late).count(), CONNECTIONS as usize, "the first of each connection");
    for named in &observed.exchanges {
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("early-bird", "nginx"));
    }
}

/// Requests a second that all programs of a test, compiled without optimisation, keep up with on two busy cores. The
/// benchmark of the whole process has twice as many.
const PACED_PER_SECOND: u64 = 5_000;

#[test]
fn a_paced_load() {
    const CONNECTIONS: u32 = 8;
    const SECONDS: u64 = 3;
    let Some(room) = room(&["nginx"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let requests = u32::try_from(PACED_PER_SECOND * SECONDS).unwrap() / CONNECTIONS;
    let load = Client {
        connections: CONNECTIONS,
        interval_ns: 1_000_000_000 * u64::from(CONNECTIONS) / PACED_PER_SECOND,
        ..Client::new(ADDRESS.parse().unwrap(), requests, &["/ok", "/broken"])
    };
    let observation = Observation::begin(&room);
    let counted = load.run(&room, room.place());
    let logged = nginx.end();
    let observed = observation.end();

    assert_eq!(counted.tally().total(), PACED_PER_SECOND * SECONDS);
    assert_eq!((&logged, &observed.tally(At::SamePoint)), (&counted.tally(), &counted.tally()));
    observed.assert_complete();
}

/// At its end, wrk closes its connections without a look at what is still unanswered. Such a request is observed as one
/// without a response, also where nginx has read it and logged what it would have answered.
#[test]
fn requests_that_the_client_cuts_off() {
    const CONNECTIONS: u32 = 16;
    let Some(room) = room(&["nginx", "wrk"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let observation = Observation::begin(&room);
    let counted = client::wrk(room.place(), CONNECTIONS, 2, "http://127.0.0.1/ok");
    let logged = nginx.end();
    let observed = observation.end();

    observed.assert_balanced();
    let tally = observed.tally(At::SamePoint);
    let (answered, cut) = (tally.count("GET /ok 200"), tally.total() - tally.count("GET /ok 200"));
    let books = observed.books();
    assert!(cut <= u64::from(CONNECTIONS), "{cut} of {tally:?}\n{books}");
    assert!(counted <= answered, "wrk counted {counted} answers, observed were {tally:?}\n{books}");
    assert!(answered <= logged.count("GET /ok 200"), "nginx logged {logged:?}, observed were {tally:?}\n{books}");
    assert!(logged.total() <= tally.total(), "nginx logged {logged:?}, observed were {tally:?}\n{books}");
    assert_eq!(observed.row(Stage::Pair, Unit::Exchanges).seen, tally.total(), "a request is not named\n{books}");
    for named in observed.exchanges.iter().filter(|named| named.exchange.status.code.is_none()) {
        assert_eq!(named.exchange.status.class, StatusClass::NoResponse);
    }
}
