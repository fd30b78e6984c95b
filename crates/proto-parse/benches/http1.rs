//! What HTTP/1 costs: nanoseconds per exchange and bytes per second, beside httparse for the heads alone.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geophone_proto_parse::http1::Connection;
use geophone_proto_parse::{Connection as _, Direction, Exchange, Limits};

const SMALL_REQUEST: &[u8] =
    b"GET /api/v1/items/42 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

const SMALL_RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.26\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 16\r\nConnection: keep-alive\r\n\r\n{\"answer\":42424}";

const CHUNKED_RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.26\r\nContent-Type: text/plain\r\n\
    Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n8\r\n01234567\r\n0\r\n\r\n";

/// What a browser sends behind a load balancer: 1 KiB.
fn large_request() -> Vec<u8> {
    let mut head = b"GET /shop/products/outdoor/tents?page=2&sort=price&utm_source=mail HTTP/1.1\r\nHost: www.shop.example\r\n\
        X-Forwarded-For: 203.0.113.7, 10.0.0.3\r\nX-Forwarded-Proto: https\r\nX-Request-Id: 6f1c7d1e-5a0b-4f0e-9a3e-2f5b6c7d8e9f\r\n\
        traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
        Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nReferer: https://www.shop.example/\r\n\
        Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n\
        Priority: u=0, i\r\nCookie: session="
        .to_vec();
    head.resize(1024 - 4, b'c');
    head.extend_from_slice(b"\r\n\r\n");
    head
}

struct Bench {
    connection: Connection,
    out: Exchange,
    now_ns: u64,
}

impl Bench {
    fn new() -> Self {
        Self { connection: Connection::new(&Limits::default(), false), out: Exchange::default(), now_ns: 0 }
    }

    fn bytes(&mut self, direction: Direction, data: &[u8]) {
        self.now_ns += 1;
        self.connection.bytes(direction, self.now_ns, black_box(data));
    }

    fn expect(&mut self, exchanges: usize) {
        for _ in 0..exchanges {
            assert!(self.connection.poll(&mut self.out));
            black_box(&self.out);
        }
    }
}

fn exchanges(c: &mut Criterion) {
    let large_request = large_request();
    let mut group = c.benchmark_group("exchange");
    for (name, request, response) in [
        ("small", SMALL_REQUEST, SMALL_RESPONSE),
        ("1 KiB request head", &large_request, SMALL_RESPONSE),
        ("chunked response", SMALL_REQUEST, CHUNKED_RESPONSE),
    ] {
        let mut bench = Bench::new();
        group.throughput(Throughput::ElementsAndBytes { elements: 1, bytes: (request.len() + response.len()) as u64 });
        group.bench_function(name, |b| {
            b.iter(|| {
                bench.bytes(Direction::ToServer, request);
                bench.bytes(Direction::ToClient, response);
                bench.expect(1);
            });
        });
    }
    let (requests, responses) = (SMALL_REQUEST.repeat(16), SMALL_RESPONSE.repeat(16));
    let mut bench = Bench::new();
    group.throughput(Throughput::ElementsAndBytes { elements: 16, bytes: (requests.len() + responses.len()) as u64 });
    group.bench_function("pipelined by 16", |b| {
        b.iter(|| {
            bench.bytes(Direction::ToServer, &requests);
            bench.bytes(Direction::ToClient, &responses);
            bench.expect(16);
        });
    });
    let mut bench = Bench::new();
    let bytes = (SMALL_REQUEST.len() + SMALL_RESPONSE.len()) as u64;
    group.throughput(Throughput::ElementsAndBytes { elements: 1, bytes });
    group.bench_function("heads cut in two", |b| {
        b.iter(|| {
            for (direction, data) in [(Direction::ToServer, SMALL_REQUEST), (Direction::ToClient, SMALL_RESPONSE)] {
                let (one, two) = data.split_at(50);
                bench.bytes(direction, one);
                bench.bytes(direction, two);
            }
            bench.expect(1);
        });
    });
    group.finish();
}

/// Bodies that nobody left out.
fn bodies(c: &mut Criterion) {
    let segment = vec![b'x'; 16 * 1024];
    let chunk = [b"4000\r\n", segment.as_slice(), b"\r\n"].concat();
    let small_chunks = [b"100\r\n", &segment[..256], b"\r\n"].concat().repeat(62);
    let mut group = c.benchmark_group("body");
    for (name, head, data) in [
        ("content-length", &b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"[..], &segment),
        ("chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk),
        ("chunked by 256 B", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &small_chunks),
    ] {
        let mut bench = Bench::new();
        bench.bytes(Direction::ToServer, SMALL_REQUEST);
        bench.bytes(Direction::ToClient, head);
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function(name, |b| b.iter(|| bench.bytes(Direction::ToClient, data)));
    }
    // A search goes through every byte.
    let mut bench = Bench::new();
    bench.connection.gap(Direction::ToClient, 0, 1);
    group.throughput(Throughput::Bytes(segment.len() as u64));
    group.bench_function("searched", |b| b.iter(|| bench.bytes(Direction::ToClient, &segment)));
    group.finish();
}

/// The same heads through httparse, which gives every field and pairs nothing.
fn httparse_heads(c: &mut Criterion) {
    let large_request = large_request();
    let mut group = c.benchmark_group("httparse");
    for (name, request) in [("small", SMALL_REQUEST), ("1 KiB request head", &large_request)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut fields = [httparse::EMPTY_HEADER; 32];
                let mut head = httparse::Request::new(&mut fields);
                assert!(head.parse(black_box(request)).is_ok_and(|status| status.is_complete()));
                let mut fields = [httparse::EMPTY_HEADER; 32];
                let mut head = httparse::Response::new(&mut fields);
                assert!(head.parse(black_box(SMALL_RESPONSE)).is_ok_and(|status| status.is_complete()));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, exchanges, bodies, httparse_heads);
criterion_main!(benches);
