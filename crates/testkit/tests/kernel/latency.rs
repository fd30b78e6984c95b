//! Durations: between what the server measured inside and the client outside, and the same as a third party's capture.

use std::collections::HashMap;

use geophone_distribution::Distribution as _;
use geophone_model::{exchange::Observed as At, series::View};
use geophone_testkit::{
    Named, NetNs, Observation, Tally,
    peer::{Account, Client, Kind, Server},
    tap::Tap,
};

use crate::room;

/// Sleeps of the server in microseconds, from far below a millisecond to half a second, a few to each.
const SLEEPS: [&str; 5] = ["/sleep/200/{}", "/sleep/1000/{}", "/sleep/5000/{}", "/sleep/50000/{}", "/sleep/500000/{}"];

/// The account by operation; every operation is there once.
fn by_operation(account: &Account) -> HashMap<&str, u64> {
    let map: HashMap<_, _> = account.requests.iter().map(|(line, ns)| (line.as_str(), *ns)).collect();
    assert_eq!(map.len(), account.requests.len(), "every request has a path of its own");
    map
}

/// Asserts of each exchange that its duration lies between the server's and the client's. Returns the durations by the
/// length of the sleep.
fn between(exchanges: &[&Named], inside: &Account, outside: &Account) -> HashMap<u64, Vec<u64>> {
    let (inside, outside) = (by_operation(inside), by_operation(outside));
    assert_eq!((exchanges.len(), inside.len()), (outside.len(), outside.len()));
    let mut by_sleep: HashMap<u64, Vec<u64>> = HashMap::new();
    for named in exchanges {
        let line = named.line();
        let (least, most) = (inside[line.as_str()], outside[line.as_str()]);
        let duration_ns = named.exchange.duration_ns().expect("it was answered");
        assert!((least..=most).contains(&duration_ns), "{line}: {duration_ns} ns is not within {least} and {most}");
        let sleep_us = named.exchange.resource.split('/').nth(2).and_then(|part| part.parse().ok()).unwrap();
        by_sleep.entry(sleep_us).or_default().push(duration_ns);
    }
    by_sleep
}

#[test]
fn a_duration_lies_between_the_servers_and_the_clients() {
    let Some(room) = room(&[]) else { return };
    let server = Server::start(&room, room.place(), "sleeper", Kind::Threads, "127.0.0.1:8080");
    let observation = Observation::begin(&room);
    let load = Client { connections: 5, ..Client::new(server.address(), 20, &SLEEPS) };
    let outside = load.run(&room, room.place());
    let inside = server.end();
    let observed = observation.end();

    observed.assert_complete();
    let by_sleep = between(&observed.exchanges.iter().collect::<Vec<_>>(), &inside, &outside);
    assert_eq!(by_sleep.len(), SLEEPS.len());
    for (sleep_us, durations) in &by_sleep {
        assert_eq!(durations.len(), 20);
        assert!(durations.iter().all(|duration_ns| *duration_ns >= sleep_us * 1_000), "{sleep_us}: {durations:?}");
    }
    // What takes a fifth of a millisecond is told from what takes a whole one.
    let shortest = by_sleep[&200].iter().min().unwrap();
    assert!(*shortest < 1_000_000, "{by_sleep:?}");
}

/// With a cable between the two, there are two measurements of each exchange, one within the other.
#[test]
fn the_clients_view_includes_the_servers() {
    let Some(room) = room(&[]) else { return };
    let backend = NetNs::create();
    room.netns().connect(&backend, &["10.9.0.1/24"], &["10.9.0.2/24"]);
    let server = Server::start(&room, room.place_in(&backend), "sleeper", Kind::Threads, "10.9.0.2:8080");
    let observation = Observation::begin(&room);
    let load = Client { connections: 5, ..Client::new(server.address(), 20, &SLEEPS[..4]) };
    let outside = load.run(&room, room.place());
    let inside = server.end();
    let observed = observation.end();

    observed.assert_complete();
    let view = |at: At| observed.exchanges.iter().filter(|named| named.exchange.observed == at).collect::<Vec<_>>();
    let (client, server) = (view(At::Client), view(At::Server));
    between(&client, &inside, &outside);
    between(&server, &inside, &outside);
    let durations = |named: &[&Named]| -> HashMap<String, u64> {
        named.iter().map(|named| (named.line(), named.exchange.duration_ns().unwrap())).collect()
    };
    let (client, server) = (durations(&client), durations(&server));
    for (line, duration_ns) in &server {
        assert!(*duration_ns <= client[line], "{line}: {duration_ns} ns at the server, {} at the client", client[line]);
    }
}

/// The widest that a bucket of the distributions in a series can be, relative to its values.
const BUCKET_WIDTH: f64 = 0.044;

/// The same packets through AF_PACKET, a pcapng file and the same pipeline: the quantiles of the series are those of the
/// exact durations of the file.
#[test]
fn quantiles_agree_with_those_of_a_packet_capture() {
    let Some(room) = room(&["dumpcap"]) else { return };
    let server = Server::start(&room, room.place(), "sleeper", Kind::Threads, "127.0.0.1:8080");
    let tap = Tap::begin(&room, room.place(), "lo");
    let observation = Observation::begin(&room);
    let paths = ["/sleep/5000/{}", "/sleep/8000/{}", "/sleep/12000/{}", "/sleep/20000/{}"];
    let load = Client { connections: 5, ..Client::new(server.address(), 100, &paths) };
    let counted = load.run(&room, room.place());
    assert_eq!(server.end().tally(), counted.tally());
    let observed = observation.end();
    let tapped = tap.end();

    observed.assert_complete();
    assert_eq!(observed.tally(At::SamePoint), counted.tally());
    let lines: Vec<String> = tapped.iter().map(Named::line).collect();
    assert_eq!(lines.iter().map(String::as_str).collect::<Tally>(), counted.tally());
    let mut exact: Vec<u64> = tapped.iter().map(|named| named.exchange.duration_ns().unwrap()).collect();
    exact.sort_unstable();
    let series = observed.durations(View::Server);
    assert_eq!(series.count(), exact.len() as u64);
    for q in [0.5, 0.99] {
        let rank = (q * exact.len() as f64).ceil() as usize - 1;
        let (exact_ns, series_ns) = (exact[rank] as f64, series.quantile_ns(q).unwrap() as f64);
        let error = (series_ns - exact_ns).abs() / exact_ns;
        assert!(error <= BUCKET_WIDTH, "p{}: {series_ns} ns in the series, {exact_ns} exactly", q * 100.0);
    }
}
