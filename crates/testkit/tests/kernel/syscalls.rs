//! The fallback: what programs read from sockets and write to them, where packets cannot be captured.

use geophone_model::{
    exchange::{ExchangeFlags, Observed as At},
    ledger::{Stage, Unit},
};
use geophone_probe::Family;
use geophone_testkit::{
    Nginx, Observation, Observed, Room, Tally,
    client::{self, H2loadRun},
    peer::{Account, Calls, Client, Kind, Server},
};

use crate::room;

const ADDRESS: &str = "127.0.0.1:80";

/// Observes while `work` is done. System calls know no cgroup, so the whole machine is observed, and the books are those of
/// the whole machine: they balance and nothing is lost. The exchanges are those of the room.
fn observe<T>(room: &Room, work: impl FnOnce() -> T) -> (T, Observed) {
    let observation = Observation::with(room, |config| config.family = Family::Syscalls);
    let done = work();
    let mut observed = observation.end();
    observed.assert_balanced();
    assert_eq!(observed.lost_records, 0, "does the machine do something else meanwhile?\n{}", observed.books());
    observed.exchanges.retain(|named| named.exchange.netns == room.netns().id());
    for named in &observed.exchanges {
        assert_ne!(named.exchange.observed, At::SamePoint, "each socket is observed by itself");
    }
    (done, observed)
}

/// What each view must have counted.
fn both_views(observed: &Observed, expected: &Tally) {
    assert_eq!((&observed.tally(At::Client), &observed.tally(At::Server)), (expected, expected));
}

fn h2load_is_counted_exactly(run: &H2loadRun<'_>) {
    let Some(room) = room(&["nginx", "h2load"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let ((counted, logged), observed) = observe(&room, || (run.run(room.place()), nginx.end()));

    assert_eq!(counted.classes, [0, 0, u64::from(run.requests), 0, 0, 0]);
    assert_eq!(logged, Tally::of(&[("GET /ok 200", counted.done)]));
    both_views(&observed, &logged);
    for named in &observed.exchanges {
        assert_eq!((named.client.name.as_str(), named.server.name.as_str()), ("h2load", "nginx"));
        assert_eq!(named.exchange.flags, ExchangeFlags::default());
    }
}

#[test]
fn one_kept_connection() {
    h2load_is_counted_exactly(&H2loadRun {
        requests: 2_000,
        connections: 1,
        pipelined: 1,
        urls: &["http://127.0.0.1/ok"],
    });
}

#[test]
fn sixty_four_kept_connections() {
    h2load_is_counted_exactly(&H2loadRun {
        requests: 6_400,
        connections: 64,
        pipelined: 1,
        urls: &["http://127.0.0.1/ok"],
    });
}

#[test]
fn pipelined_requests() {
    h2load_is_counted_exactly(&H2loadRun {
        requests: 4_000,
        connections: 4,
        pipelined: 16,
        urls: &["http://127.0.0.1/ok"],
    });
}

#[test]
fn bodies_of_unknown_length() {
    let Some(room) = room(&["nginx", "curl"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let (codes, observed) =
        observe(&room, || client::curl(room.place(), &["--compressed"], &["http://127.0.0.1/chunked"; 50]));

    assert_eq!(codes, [200].repeat(50));
    let logged = nginx.end();
    assert_eq!(logged, Tally::of(&[("GET /chunked 200", 50)]));
    both_views(&observed, &logged);
}

/// nginx's bodies go from the file to the socket and are never in its memory: the server's view has a gap of known length
/// where the client's has read them.
#[test]
fn files_that_are_sent_by_the_kernel() {
    const LEN: usize = 300_000;
    let Some(room) = room(&["nginx"]) else { return };
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    nginx.put("large", LEN);
    let load = Client { connections: 4, ..Client::new(ADDRESS.parse().unwrap(), 20, &["/large", "/ok"]) };
    let (counted, observed) = observe(&room, || load.run(&room, room.place()));
    let logged = nginx.end();

    assert_eq!(logged, Tally::of(&[("GET /large 200", 40), ("GET /ok 200", 40)]));
    is_whole(&observed, At::Client, &counted);
    is_whole(&observed, At::Server, &counted);
    for named in &observed.exchanges {
        let gap = named.exchange.flags.contains(ExchangeFlags::RESPONSE_GAP);
        let sent = named.exchange.observed == At::Server && named.exchange.resource == "/large";
        assert_eq!(gap, sent, "{named:?}");
    }
    let unseen = observed.withheld(Stage::Hook, Unit::Bytes, "unreadable");
    assert!(unseen >= 40 * LEN as u64, "{}", observed.books());
}

/// Asserts that a view has what a client has counted, to the byte.
fn is_whole(observed: &Observed, at: At, counted: &Account) {
    assert_eq!(observed.tally(at), counted.tally(), "{at:?}\n{}", observed.books());
    assert_eq!(observed.bytes(at), counted.bytes, "{at:?}\n{}", observed.books());
}

/// A client of nginx that moves its bytes by these calls; what was observed, and what it counted.
fn client_of_nginx(calls: Calls) -> Option<(Observed, Account)> {
    let room = room(&["nginx"])?;
    let nginx = Nginx::start(&room, room.place(), ADDRESS, 1);
    let load = Client {
        connections: 4,
        pipelined: 3,
        body_bytes: 5_000,
        calls,
        ..Client::new(ADDRESS.parse().unwrap(), 100, &["/upload", "/nowhere", "/broken"])
    };
    let (counted, observed) = observe(&room, || load.run(&room, room.place()));
    assert_eq!((counted.requests.len(), nginx.end()), (400, counted.tally()));
    is_whole(&observed, At::Server, &counted);
    Some((observed, counted))
}

#[test]
fn vectors() {
    let Some((observed, counted)) = client_of_nginx(Calls::Vectors) else { return };
    is_whole(&observed, At::Client, &counted);
}

#[test]
fn messages_of_parts() {
    let Some((observed, counted)) = client_of_nginx(Calls::Message) else { return };
    is_whole(&observed, At::Client, &counted);
}

#[test]
fn several_messages_at_a_time() {
    let Some((observed, counted)) = client_of_nginx(Calls::Messages) else { return };
    is_whole(&observed, At::Client, &counted);
}

/// What goes through io_uring is not seen, and the hooks say so; who makes plain calls is seen as ever.
#[test]
fn a_client_with_io_uring() {
    let Some((observed, counted)) = client_of_nginx(Calls::Uring) else { return };
    assert_eq!(observed.tally(At::Client).total(), 0, "{}", observed.books());
    assert_eq!(observed.exchanges.len(), counted.requests.len());
    let hook = observed.hooks.iter().find(|hook| hook.starts_with("io_uring: ")).expect("io_uring is named");
    assert!(hook.contains("not attached, so without what is sent and received through it"), "{hook}");
}

#[test]
fn a_server_with_io_uring() {
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "server", Kind::Uring, ADDRESS);
    let load = Client { connections: 4, ..Client::new(ADDRESS.parse().unwrap(), 50, &["/a", "/status/503"]) };
    let (counted, observed) = observe(&room, || load.run(&room, room.place()));
    assert_eq!(server.end().tally(), counted.tally());
    is_whole(&observed, At::Client, &counted);
    assert_eq!(observed.tally(At::Server).total(), 0, "{}", observed.books());
}
