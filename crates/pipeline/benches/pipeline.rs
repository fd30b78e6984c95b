//! What an event costs: small calls on connections that stay open, from the packet to the exchange.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
    net::{Endpoint, NetNs, SocketCookie},
    time::Timestamp,
};
use geophone_pipeline::{Config, NoPolicy, Pipeline};

const REQUEST: &[u8] =
    b"GET /api/v1/items/4711 HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";
/// Of a protocol that nobody knows, so that no parser works.
const NOISE: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// One connection's progress.
struct Caller {
    client: Endpoint,
    sent: u32,
    received: u32,
}

/// Connections that call one after another, endlessly.
struct Load {
    pipeline: Pipeline,
    callers: Vec<Caller>,
    server: Endpoint,
    now_ns: u64,
    request: &'static [u8],
    response: &'static [u8],
}

impl Load {
    fn new(connections: usize, request: &'static [u8], response: &'static [u8]) -> Self {
        let caller = |index: usize| Caller {
            client: Endpoint::new([10, 0, (index >> 8) as u8, index as u8].into(), 40_000),
            sent: 1,
            received: 1,
        };
        let mut load = Self {
            pipeline: Pipeline::new(Config::default()),
            callers: (0..connections).map(caller).collect(),
            server: "10.1.0.1:80".parse().unwrap(),
            now_ns: 1,
            request,
            response,
        };
        for index in 0..connections {
            let (client, cookie) = (load.callers[index].client, 1 + 2 * index as u64);
            let (syn, ack) = (TcpFlags::SYN, TcpFlags::SYN | TcpFlags::ACK);
            load.take(packet(1, cookie, client, load.server, TcpHeader { seq: 0, ack: 0, flags: syn }, b""));
            load.take(packet(1, cookie + 1, load.server, client, TcpHeader { seq: 0, ack: 1, flags: ack }, b""));
        }
        for _ in 0..2 * connections {
            load.call();
        }
        load
    }

    /// The next connection's request and response; how many exchanges came of them.
    fn call(&mut self) -> u64 {
        let index = (self.now_ns / 2) as usize % self.callers.len();
        let Self { server, request, response, .. } = *self;
        let caller = &mut self.callers[index];
        let (client, sent, received) = (caller.client, caller.sent, caller.received);
        caller.sent = sent.wrapping_add(request.len() as u32);
        caller.received = received.wrapping_add(response.len() as u32);
        let after = caller.sent;
        let cookie = 1 + 2 * index as u64;
        let ask = TcpHeader { seq: sent, ack: received, flags: TcpFlags::ACK };
        let answer = TcpHeader { seq: received, ack: after, flags: TcpFlags::ACK };
        self.take(packet(self.now_ns, cookie, client, server, ask, request))
            + self.take(packet(self.now_ns + 1, cookie + 1, server, client, answer, response))
    }

    fn take(&mut self, packet: Packet<'_>) -> u64 {
        self.now_ns += 1;
        self.pipeline.event(&CaptureEvent::Packet(packet), &mut NoPolicy);
        let mut exchanges = 0;
        while let Some(exchange) = self.pipeline.poll() {
            black_box(exchange);
            exchanges += 1;
        }
        exchanges
    }
}

fn packet(
    at_ns: u64,
    cookie: u64,
    source: Endpoint,
    destination: Endpoint,
    header: TcpHeader,
    payload: &[u8],
) -> Packet<'_> {
    Packet {
        at: Timestamp::from_ns(at_ns),
        side: Side::Loopback,
        netns: NetNs(1),
        cookie: SocketCookie::new(cookie),
        source,
        destination,
        tcp: Some(header),
        payload_len: payload.len() as u32,
        captured_offset: 0,
        captured: payload,
        cut: Cut::Whole,
    }
}

fn events(criterion: &mut Criterion) {
    for (name, request, response, exchanges) in
        [("keep_alive_get", REQUEST, RESPONSE, 1), ("unrecognised", NOISE, NOISE, 0)]
    {
        let mut group = criterion.benchmark_group(name);
        // A call is two events: the packet of the request and that of the response.
        group.throughput(Throughput::Elements(2));
        for connections in [1, 64, 1000] {
            let mut load = Load::new(connections, request, response);
            assert_eq!(load.call(), exchanges, "the load is what it is meant to be");
            group.bench_function(BenchmarkId::from_parameter(connections), |bencher| bencher.iter(|| load.call()));
        }
        group.finish();
    }
}

criterion_group!(benches, events);
criterion_main!(benches);
