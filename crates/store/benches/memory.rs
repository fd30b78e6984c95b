//! The memory backend: what it costs to write and to read.
//!
//! * `append`: batches of 1,000 exchanges, or of a window with 1,000 points, into a store that evicts as many.
//! * `page`: the newest 100 of 200,000 exchanges; 100 that match a pattern which one in 1,000 matches; none at all.
//! * `windows`: an hour of windows (360) with 1,000 points each, all of them, or those of one service.

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use geophone_distribution::{Distribution, Exponential};
use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape},
    identity::{Identity, IdentityKind},
    ledger::Coverage,
    net::{ConnectionId, NetNs},
    protocol::Protocol,
    series::{Buckets, SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::Status,
    time::{Timestamp, Window},
};
use geophone_series::into_buckets;
use geophone_store::{
    Batch, BatchId, ExchangeQuery, MemoryConfig, MemoryStore, PathPattern, PointQuery, Store, StoredExchange,
};
use pollster::block_on;

const WINDOW_NS: u64 = Window::DEFAULT_LENGTH_NS;

const EVERYTHING: Window = Window { start: Timestamp::MIN, length_ns: u64::MAX };

fn service(number: u64) -> Arc<Identity> {
    Arc::new(Identity::new(IdentityKind::Unit, None, &format!("service-{number}.service")))
}

fn exchange(number: u64, ends: &[Arc<Identity>]) -> StoredExchange {
    let party = Party { endpoint: "10.0.0.1:80".parse().expect("it is one"), dialled: None, cookie: None };
    let end = Timestamp::from_ns(number * 1_000);
    let message = Message { first: end, last: end, bytes: 500 };
    let exchange = Exchange {
        connection: ConnectionId(number),
        observed: Observed::SamePoint,
        netns: NetNs(1),
        client: party,
        server: party,
        protocol: Protocol::Http1,
        shape: Shape::Call,
        verb: "GET".into(),
        resource: format!("/users/{}/orders", number % 1_000),
        authority: "shop.example".into(),
        status: Status::default(),
        request: message,
        response: Some(message),
        end,
        flags: ExchangeFlags::default(),
        ..Exchange::blank()
    };
    StoredExchange {
        exchange,
        client: ends[0].clone(),
        server: ends[1].clone(),
        operation: "GET /users/{id}/orders".into(),
    }
}

fn snapshot(number: u64, services: &[Arc<Identity>]) -> WindowSnapshot {
    let window = Window { start: Timestamp::from_ns(number * WINDOW_NS), length_ns: WINDOW_NS };
    let mut latency = Exponential::default();
    (0..100).for_each(|value| latency.record(200_000 + value * value * 1_000));
    let duration = into_buckets(latency);
    let point = |(index, local): (usize, &Arc<Identity>)| SeriesPoint {
        key: SeriesKey {
            view: View::Server,
            local: local.clone(),
            peer: services[(index + 1) % services.len()].clone(),
            protocol: Protocol::Http1,
            operation: "GET /".into(),
            status: Status::default(),
            delivery: false,
        },
        window,
        requests: 100,
        same_point: 0,
        streams: 0,
        request_bytes: 1,
        response_bytes: 1,
        duration: duration.clone(),
        first_byte: duration.clone(),
        lifetime: Buckets::default(),
        exemplars: Vec::new(),
    };
    WindowSnapshot { window, points: services.iter().enumerate().map(point).collect(), coverage: Coverage::default() }
}

fn append(c: &mut Criterion) {
    let services: Vec<_> = (0..1_000).map(service).collect();
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(1_000));
    let store = MemoryStore::new(MemoryConfig::within(64 << 20));
    let mut sequence = 0;
    let mut next = || {
        sequence += 1;
        Batch::new(BatchId::new("bench", 1, sequence))
    };
    group.bench_function("1000 exchanges", |b| {
        let mut number = 0;
        let make = || {
            let mut batch = next();
            batch.exchanges = (number..number + 1_000).map(|number| exchange(number, &services)).collect();
            number += 1_000;
            batch
        };
        b.iter_batched(make, |batch| block_on(store.append(batch)), BatchSize::SmallInput);
    });
    group.bench_function("1000 points", |b| {
        let mut number = 0;
        let make = || {
            let mut batch = next();
            batch.windows.push(snapshot(number, &services));
            number += 1;
            batch
        };
        b.iter_batched(make, |batch| block_on(store.append(batch)), BatchSize::SmallInput);
    });
}

fn read(c: &mut Criterion) {
    let services: Vec<_> = (0..1_000).map(service).collect();
    let store = MemoryStore::new(MemoryConfig::within(4 << 30));
    let mut batch = Batch::new(BatchId::new("bench", 1, 0));
    batch.exchanges = (0..200_000).map(|number| exchange(number, &services)).collect();
    batch.windows = (0..360).map(|number| snapshot(number, &services)).collect();
    block_on(store.append(batch)).expect("it is sound");

    let newest = ExchangeQuery::new(EVERYTHING, 100);
    let (mut rare, mut none) = (newest.clone(), newest.clone());
    rare.filter.path = Some(PathPattern::new("^/users/7/").expect("it is one"));
    none.filter.path = Some(PathPattern::new("^/users/x+/").expect("it is one"));
    for (name, query) in [("newest", newest), ("rare", rare), ("none", none)] {
        c.bench_function(&format!("page/{name}"), |b| b.iter(|| black_box(block_on(store.exchanges(query.clone())))));
    }
    let all = PointQuery::new(EVERYTHING);
    let mut one = all.clone();
    one.filter.services = vec![(*services[7]).clone()];
    for (name, query) in [("all", all), ("one service", one)] {
        c.bench_function(&format!("windows/{name}"), |b| b.iter(|| black_box(block_on(store.windows(query.clone())))));
    }
}

criterion_group!(benches, append, read);
criterion_main!(benches);
