//! What HTTP/2 costs, one core: exchanges of streams whose numbers go up, heads in Huffman code, and bodies.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geophone_proto_parse::{Connection, Direction, Exchange, Limits, Protocol};

const CLIENT_HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SERVER_HELLO: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// An exchange of which a connection has had one, so that its fields are in the tables. Streams are numbered later.
struct Round {
    name: &'static str,
    first: [&'static [u8]; 2],
    request: &'static [u8],
    response: &'static [u8],
}

const ROUNDS: [Round; 2] = [
    Round {
        name: "GET",
        first: [
            b"\0\0\x27\x01\x05\0\0\0\x01\x82\x86\x41\x0cshop.example\x44\x15/api/v1/items/42?x=yz",
            b"\0\0\x0d\x01\x04\0\0\0\x01\x88\x76\x0anginx/1.26\0\0\x05\0\x01\0\0\0\x01hello",
        ],
        request: b"\0\0\x04\x01\x05\0\0\0\x01\x82\x86\xbf\xbe",
        response: b"\0\0\x02\x01\x04\0\0\0\x01\x88\xbe\0\0\x05\0\x01\0\0\0\x01hello",
    },
    Round {
        name: "call",
        first: [
            b"\0\0\x36\x01\x04\0\0\0\x01\x83\x86\x44\x12/shop.Orders/Place\x41\x0cshop.example\x5f\x10application/grpc\
              \0\0\x0a\0\x01\0\0\0\x01\0\0\0\0\x05order",
            b"\0\0\x13\x01\x04\0\0\0\x01\x88\x5f\x10application/grpc\0\0\x0a\0\0\0\0\0\x01\0\0\0\0\x05hello\
              \0\0\x0f\x01\x05\0\0\0\x01\x40\x0bgrpc-status\x010",
        ],
        request: b"\0\0\x05\x01\x04\0\0\0\x01\x83\x86\xc0\xbf\xbe\0\0\x0a\0\x01\0\0\0\x01\0\0\0\0\x05order",
        response:
            b"\0\0\x02\x01\x04\0\0\0\x01\x88\xbf\0\0\x0a\0\0\0\0\0\x01\0\0\0\0\x05hello\0\0\x01\x01\x05\0\0\0\x01\xbe",
    },
];

/// Gives the frames of each of `depth` equal exchanges their stream, from `first` on.
fn number(frames: &mut [u8], depth: usize, first: u32) {
    let each = frames.len() / depth;
    for (exchange, index) in frames.chunks_mut(each).zip(0..) {
        let mut rest = exchange;
        while let [_, _, len, _, _, stream_0, stream_1, stream_2, stream_3, after @ ..] = rest {
            [*stream_0, *stream_1, *stream_2, *stream_3] = (first + 2 * index).to_be_bytes();
            rest = &mut after[usize::from(*len)..];
        }
    }
}

fn open(first: [&[u8]; 2]) -> Option<Box<dyn Connection + Send>> {
    let mut connection = Protocol::Http2.connection(&Limits::default(), false)?;
    connection.bytes(Direction::ToServer, 1, CLIENT_HELLO);
    connection.bytes(Direction::ToClient, 1, SERVER_HELLO);
    connection.bytes(Direction::ToServer, 1, first[0]);
    connection.bytes(Direction::ToClient, 1, first[1]);
    assert!(connection.poll(&mut Exchange::default()));
    Some(connection)
}

fn exchanges(c: &mut Criterion) {
    let mut group = c.benchmark_group("http2 exchanges");
    for Round { name, first, request, response } in ROUNDS {
        for depth in [1, 16] {
            let Some(mut connection) = open(first) else { continue };
            let (mut requests, mut responses) = (request.repeat(depth), response.repeat(depth));
            let (mut out, mut stream) = (Exchange::default(), 3);
            let elements = depth as u64;
            group.throughput(Throughput::ElementsAndBytes {
                elements,
                bytes: elements * (request.len() + response.len()) as u64,
            });
            group.bench_function(format!("{name} by {depth}"), |b| {
                b.iter(|| {
                    number(&mut requests, depth, stream);
                    number(&mut responses, depth, stream);
                    stream += 2 * depth as u32;
                    connection.bytes(Direction::ToServer, 1, black_box(&requests));
                    connection.bytes(Direction::ToClient, 2, black_box(&responses));
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

/// A kilobyte in Huffman code of fields that do not matter: the worst, since it is decoded for its length.
fn heads(c: &mut Criterion) {
    let mut group = c.benchmark_group("http2 heads");
    let text = b"\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf".repeat(51);
    let head = [b"\0\x03\xfc\x01\x04\0\0\0\x01".as_slice(), &text].concat();
    let Some(mut connection) = open(ROUNDS[0].first) else { return };
    group.throughput(Throughput::Bytes(head.len() as u64));
    group.bench_function("Huffman code", |b| {
        b.iter(|| connection.bytes(Direction::ToServer, 1, black_box(&head)));
    });
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let mut group = c.benchmark_group("http2 bodies");
    let Some(mut connection) = open(ROUNDS[0].first) else { return };
    connection.bytes(Direction::ToServer, 1, b"\0\0\x04\x01\x05\0\0\0\x03\x82\x86\xbf\xbe");
    connection.bytes(Direction::ToClient, 1, b"\0\0\x02\x01\x04\0\0\0\x03\x88\xbe");
    let data = [b"\0\x40\0\0\0\0\0\0\x03".as_slice(), &[0; 1 << 14]].concat();
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("DATA", |b| {
        b.iter(|| connection.bytes(Direction::ToClient, 1, black_box(&data)));
    });
    group.finish();
}

criterion_group!(benches, exchanges, heads, bodies);
criterion_main!(benches);
