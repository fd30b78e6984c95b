//! The queue: order, grace, bounds and buffers.

use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape},
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{ConnectionId, NetNs, SocketCookie, Transport},
    protocol::Protocol,
    status::Status,
    time::Timestamp,
};
use geophone_resolve::{Config, Pending, PendingConfig, Resolver};
use proptest::prelude::*;

const AT: fn(u64) -> Timestamp = Timestamp::from_ns;

/// An exchange number `number` that ends at `end`, of an external client with the socket `cookie` of this machine.
fn exchange(number: u64, end: u64, cookie: u64) -> Exchange {
    let party = |endpoint: &str, cookie| Party { endpoint: endpoint.parse().unwrap(), dialled: None, cookie };
    Exchange {
        connection: ConnectionId(number),
        observed: Observed::Server,
        netns: NetNs(1),
        client: party("203.0.113.9:5000", None),
        server: party("10.0.0.1:80", SocketCookie::new(cookie)),
        protocol: Protocol::Http1,
        shape: Shape::Call,
        verb: "GET".into(),
        resource: format!("/{number}"),
        authority: "www.example.com".into(),
        status: Status::default(),
        request: Message::default(),
        response: None,
        end: AT(end),
        flags: ExchangeFlags::default(),
        ..Exchange::blank()
    }
}

/// The process `app` holds the socket `cookie`.
fn learn(resolver: &mut Resolver, cookie: u64) {
    let (at, netns, pid) = (Timestamp::MIN, NetNs(1), Pid(7));
    resolver.learn(&Fact::Process(ProcessFact {
        at,
        pid,
        parent: Pid(0),
        comm: "app".into(),
        executable: "app".into(),
        script: None,
        cgroup: "/".into(),
        container: None,
        unit: None,
        netns,
    }));
    resolver.learn(&Fact::Socket(SocketFact {
        at,
        netns,
        cookie: SocketCookie::new(cookie),
        transport: Transport::Tcp,
        local: "10.0.0.1:80".parse().unwrap(),
        remote: Some("203.0.113.9:5000".parse().unwrap()),
        pid,
        source: OwnerSource::Descriptor,
    }));
}

fn pending(grace_ns: u64, max_exchanges: usize) -> Pending {
    let mut config = PendingConfig::default();
    (config.grace_ns, config.max_exchanges) = (grace_ns, max_exchanges);
    Pending::new(&config)
}

/// Everything that can be given out now: `number server`, in order.
fn drain(pending: &mut Pending, resolver: &mut Resolver) -> String {
    let mut out = exchange(0, 0, 0);
    let mut text = Vec::new();
    while let Some((client, server)) = pending.poll(resolver, &mut out) {
        assert_eq!(client.identity.name, "203.0.113.9");
        assert_eq!(out.resource, format!("/{}", out.connection.0), "the whole exchange came along");
        text.push(format!("{} {}", out.connection.0, server.identity.name));
    }
    text.join(", ")
}

#[test]
fn settled_exchanges_pass_at_once_and_in_order() {
    let (mut pending, mut resolver) = (pending(100, 10), Resolver::new(&Config::default()));
    learn(&mut resolver, 1);
    for (number, cookie) in [(1, 1), (2, 2), (3, 1)] {
        pending.push(&mut exchange(number, 10, cookie)).unwrap();
    }
    assert_eq!(drain(&mut pending, &mut resolver), "1 app", "the second waits, and the third waits behind it");
    assert_eq!(drain(&mut pending, &mut resolver), "");
    learn(&mut resolver, 2);
    assert_eq!(drain(&mut pending, &mut resolver), "2 app, 3 app");
    let counters = pending.counters();
    assert_eq!((counters.pushed, counters.settled, counters.overdue, counters.evicted), (3, 3, 0, 0));
}

#[test]
fn who_need_not_wait_passes_those_who_do() {
    let (mut pending, mut resolver) = (pending(100, 10), Resolver::new(&Config::default()));
    learn(&mut resolver, 1);
    let mut pass = |resolver: &mut Resolver, number, end, cookie| {
        let mut exchange = exchange(number, end, cookie);
        let passed = pending.pass(resolver, &mut exchange).unwrap();
        assert_eq!(passed.is_some(), exchange.resource == format!("/{number}"), "what waits was taken");
        passed.map(|(_, server)| server.identity.name.clone())
    };
    assert_eq!(pass(&mut resolver, 2, 10, 2), None, "nobody knows the server's socket yet");
    assert_eq!(pass(&mut resolver, 1, 20, 1).as_deref(), Some("app"));
    assert_eq!(pass(&mut resolver, 2, 109, 2), None);
    assert_eq!(
        pass(&mut resolver, 2, 110, 2).as_deref(),
        Some("port 80"),
        "nothing more will be heard of the connection"
    );
    learn(&mut resolver, 2);
    assert_eq!(pass(&mut resolver, 2, 111, 2).as_deref(), Some("app"), "or so it seemed");
    assert_eq!(drain(&mut pending, &mut resolver), "2 app, 2 app");
    let counters = pending.counters();
    assert_eq!((counters.pushed, counters.settled, counters.overdue, counters.evicted), (5, 4, 1, 0));
}

#[test]
fn what_was_known_of_an_end_is_not_forgotten_while_the_other_is_waited_for() {
    let mut config = Config::default();
    config.max_sockets = 4;
    let (mut pending, mut resolver) = (pending(100, 10), Resolver::new(&config));
    learn(&mut resolver, 1);
    let mut waits = exchange(1, 10, 9);
    // The client has the socket that is known, and nobody knows the server's yet.
    std::mem::swap(&mut waits.client, &mut waits.server);
    waits.client.cookie = SocketCookie::new(1);
    waits.server.cookie = SocketCookie::new(9);
    assert!(pending.pass(&mut resolver, &mut waits).unwrap().is_none());
    (2..40).for_each(|cookie| learn(&mut resolver, cookie));
    assert!(resolver.ledger()[0].withheld.iter().any(|withheld| withheld.reason == "evicted" && withheld.count > 30));
    pending.advance(Timestamp::MAX);
    let mut out = Exchange::blank();
    let (client, _) = pending.poll(&mut resolver, &mut out).unwrap();
    assert_eq!(client.identity.name, "app");
    assert!(resolver.ledger().iter().all(|row| row.imbalance() == 0));
}

#[test]
fn grace_ends_by_event_time() {
    let (mut pending, mut resolver) = (pending(100, 10), Resolver::new(&Config::default()));
    pending.push(&mut exchange(1, 10, 1)).unwrap();
    pending.push(&mut exchange(2, 50, 1)).unwrap();
    pending.advance(AT(109));
    assert_eq!(drain(&mut pending, &mut resolver), "");
    pending.advance(AT(110));
    pending.advance(AT(3));
    assert_eq!(drain(&mut pending, &mut resolver), "1 port 80");
    pending.advance(Timestamp::MAX);
    assert_eq!(drain(&mut pending, &mut resolver), "2 port 80");
    assert_eq!(pending.counters().overdue, 2);
    assert!(pending.is_empty());
}

#[test]
fn a_full_queue_gives_way_at_its_head() {
    let (mut pending, mut resolver) = (pending(100, 3), Resolver::new(&Config::default()));
    for number in 1..=3 {
        pending.push(&mut exchange(number, 10, 1)).unwrap();
    }
    let mut refused = exchange(4, 10, 1);
    assert!(pending.push(&mut refused).is_err());
    assert_eq!(refused, exchange(4, 10, 1), "it stays with the caller");
    assert_eq!(drain(&mut pending, &mut resolver), "1 port 80");
    pending.push(&mut refused).unwrap();
    assert_eq!((pending.len(), pending.counters().evicted, pending.counters().pushed), (3, 1, 4));
}

#[test]
fn nothing_is_allocated_in_the_steady_state() {
    let (mut pending, mut resolver) = (pending(100, 64), Resolver::new(&Config::default()));
    learn(&mut resolver, 1);
    let (mut incoming, mut out) = (exchange(1, 0, 1), exchange(0, 0, 0));
    let mut round = |now: u64| {
        let (verb, resource) = (String::from("GET"), String::from("/some/path"));
        let measured = allocation_counter::measure(|| {
            for number in 0..1_000 {
                // As a parser does it: into the buffers that are there.
                incoming.resource.clone_from(&resource);
                incoming.verb.clone_from(&verb);
                incoming.authority.clear();
                incoming.client.endpoint = "203.0.113.9:5000".parse().unwrap();
                incoming.server.cookie = SocketCookie::new(1 + number % 2);
                incoming.server.endpoint = "10.0.0.1:80".parse().unwrap();
                incoming.end = AT(now + number * 10);
                pending.push(&mut incoming).unwrap();
                pending.advance(incoming.end);
                while pending.poll(&mut resolver, &mut out).is_some() {}
            }
        });
        measured.count_total
    };
    assert!(round(0) > 0, "the queue grows once");
    assert_eq!(round(20_000), 0);
}

proptest! {
    #[test]
    fn every_exchange_comes_out_once_and_in_order(
        steps in prop::collection::vec((0..4_u8, 0..6_u64, 0..40_u64), 0..200),
        max_exchanges in 1..8_usize,
    ) {
        let (mut pending, mut resolver) = (pending(15, max_exchanges), Resolver::new(&Config::default()));
        let (mut pushed, mut given, mut out) = (0, 0, exchange(0, 0, 0));
        for (step, cookie, time) in steps {
            match step {
                0 | 1 => {
                    let before = pending.len();
                    let taken = pending.push(&mut exchange(pushed + 1, time, cookie + 1)).is_ok();
                    prop_assert_eq!(taken, before < max_exchanges);
                    pushed += u64::from(taken);
                }
                2 => learn(&mut resolver, cookie + 1),
                _ => pending.advance(AT(time)),
            }
            while pending.poll(&mut resolver, &mut out).is_some() {
                given += 1;
                prop_assert_eq!(out.connection, ConnectionId(given));
            }
            prop_assert!(pending.len() < max_exchanges, "poll leaves room");
        }
        pending.advance(Timestamp::MAX);
        while pending.poll(&mut resolver, &mut out).is_some() {
            given += 1;
        }
        let counters = pending.counters();
        prop_assert_eq!((given, counters.pushed), (pushed, pushed));
        prop_assert_eq!(counters.settled + counters.overdue + counters.evicted, pushed);
    }
}

#[test]
fn the_ends_of_a_delivery_are_those_of_its_connection_the_other_way_round() {
    let mut resolver = Resolver::new(&Config::default());
    learn(&mut resolver, 9);
    let asked = exchange(1, 10, 9);
    let delivered = Exchange { client: asked.server, server: asked.client, delivery: true, ..asked.clone() };
    // Twice, since what was answered for a connection is remembered.
    for _ in 0..2 {
        let (client, server) = resolver.resolve(&asked);
        let (sender, receiver) = resolver.resolve(&delivered);
        assert_eq!((&sender, &receiver), (&server, &client));
        assert_eq!((sender.identity.name.as_str(), receiver.identity.name.as_str()), ("app", "203.0.113.9"));
    }
}
