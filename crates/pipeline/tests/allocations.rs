//! What exchanges and connections cost in allocations.

mod support;

use allocation_counter::measure;
use geophone_model::capture::TcpFlags;
use geophone_pipeline::{Config, NoPolicy, Pipeline};
use support::{Recorded, Scene, Script, View};

/// Feeds `events` and gives how many exchanges came out.
fn feed(pipeline: &mut Pipeline, events: &[Recorded]) -> u64 {
    let mut exchanges = 0;
    for recorded in events {
        pipeline.event(&recorded.event(), &mut NoPolicy);
        while pipeline.poll().is_some() {
            exchanges += 1;
        }
    }
    exchanges
}

/// Clients of one server, each with a connection of its own.
fn clients(count: u16) -> Vec<Script> {
    let client = |index: u16| {
        let endpoint = format!("10.0.{}.{}:40000", index >> 8, index & 255).parse().unwrap();
        let (client_cookie, server_cookie) = (1 + u64::from(index), 100_001 + u64::from(index));
        Script::new(Scene { client: endpoint, client_cookie, server_cookie, ..Scene::new(View::Loopback) })
    };
    (0..count).map(client).collect()
}

/// A call of each client.
fn calls(clients: &mut [Script], at: u64) -> Vec<Recorded> {
    let none = TcpFlags::default();
    let call = |client: &mut Script| {
        let request = format!("GET /items/{at} HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        [client.packet(at, true, none, None, request.as_bytes()), client.packet(at + 1, false, none, None, response)]
    };
    clients.iter_mut().flat_map(call).collect()
}

#[test]
fn calls_on_open_connections_allocate_nothing() {
    let mut clients = clients(50);
    let rounds: Vec<Vec<Recorded>> = (0..200).map(|index| calls(&mut clients, 1 + index * 1_000_000)).collect();
    let (warm_up, measured) = rounds.split_at(20);
    let mut pipeline = Pipeline::new(Config::default());
    for events in warm_up {
        feed(&mut pipeline, events);
    }
    let mut exchanges = 0;
    let allocations = measure(|| exchanges = measured.iter().map(|events| feed(&mut pipeline, events)).sum());
    assert_eq!((exchanges, allocations.count_total), (180 * 50, 0));
}

#[test]
fn the_estimate_of_memory_is_near_what_is_allocated() {
    let mut clients = clients(1000);
    let events = calls(&mut clients, 1);
    let mut pipeline = Pipeline::new(Config::default());
    let allocated = measure(|| {
        feed(&mut pipeline, &events);
    });
    let (estimated, allocated) = (pipeline.memory_bytes() as f64, allocated.bytes_current as f64);
    assert!((0.8..1.25).contains(&(estimated / allocated)), "estimated {estimated}, allocated {allocated}");
}
