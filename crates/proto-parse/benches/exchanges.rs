//! What one small exchange of each protocol costs, one core: exchanges and bytes per second, the caller's buffers reused.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geophone_proto_parse::{Direction, Exchange, Limits, Protocol};

/// A round of exchanges.
struct Round {
    protocol: Protocol,
    name: &'static str,
    /// What comes once, before all rounds: a greeting, a login.
    prelude: &'static [(Direction, &'static [u8])],
    request: &'static [u8],
    response: &'static [u8],
}

const ROUNDS: &[Round] = &[Round {
    protocol: Protocol::Http1,
    name: "GET",
    prelude: &[],
    request: b"GET /api/v1/items/42 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
    response: b"HTTP/1.1 200 OK\r\nServer: nginx/1.26\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n\
        {\"answer\":42424}",
}];

fn exchanges(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchanges");
    for Round { protocol, name, prelude, request, response } in ROUNDS {
        for depth in [1, 16] {
            let Some(mut connection) = protocol.connection(&Limits::default(), false) else { continue };
            let mut out = Exchange::default();
            let mut now_ns = 0;
            for (direction, data) in *prelude {
                connection.bytes(*direction, now_ns, data);
            }
            while connection.poll(&mut out) {}
            let (requests, responses) = (request.repeat(depth), response.repeat(depth));
            let elements = depth as u64;
            group.throughput(Throughput::ElementsAndBytes {
                elements,
                bytes: elements * (request.len() + response.len()) as u64,
            });
            group.bench_function(format!("{} {name} by {depth}", protocol.name()), |b| {
                b.iter(|| {
                    now_ns += 2;
                    connection.bytes(Direction::ToServer, now_ns, black_box(&requests));
                    connection.bytes(Direction::ToClient, now_ns + 1, black_box(&responses));
                    for _ in 0..depth {
                        assert!(connection.poll(&mut out));
                        black_box(&out);
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, exchanges);
criterion_main!(benches);
