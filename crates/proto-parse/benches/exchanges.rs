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

const ROUNDS: &[Round] = &[
    Round {
        protocol: Protocol::Http1,
        name: "GET",
        prelude: &[],
        request:
            b"GET /api/v1/items/42 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
        response:
            b"HTTP/1.1 200 OK\r\nServer: nginx/1.26\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n\
        {\"answer\":42424}",
    },
    Round {
        protocol: Protocol::Memcached,
        name: "get",
        prelude: &[],
        request: b"get order:42\r\n",
        response: b"VALUE order:42 0 16\r\n{\"answer\":42424}\r\nEND\r\n",
    },
    Round {
        protocol: Protocol::Amqp,
        name: "get",
        prelude: &[],
        request: b"\x01\0\x01\0\0\0\x0e\0\x3c\0\x46\0\0\x06orders\0\xce",
        response: b"\x01\0\x01\0\0\0\x19\0\x3c\0\x47\0\0\0\0\0\0\0\x01\0\0\x06orders\0\0\0\0\xce\
            \x02\0\x01\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\x05\0\0\xce\x03\0\x01\0\0\0\x05hello\xce",
    },
    Round {
        protocol: Protocol::Nats,
        name: "PUB",
        prelude: &[],
        request: b"PUB orders.new 16\r\n{\"answer\":42424}\r\n",
        response: b"",
    },
    Round {
        protocol: Protocol::Redis,
        name: "GET",
        prelude: &[],
        request: b"*2\r\n$3\r\nGET\r\n$8\r\norder:42\r\n",
        response: b"$16\r\n{\"answer\":42424}\r\n",
    },
    Round {
        protocol: Protocol::Postgres,
        name: "query",
        prelude: POSTGRES_LOGIN,
        request: b"Q\0\0\0\x2aSELECT item FROM orders WHERE id = 42\0",
        response: POSTGRES_ROW,
    },
    Round {
        protocol: Protocol::Postgres,
        name: "execute",
        prelude: POSTGRES_LOGIN,
        request: b"B\0\0\0\x14\0s1\0\0\0\0\x01\0\0\0\x0242\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
        response: b"2\0\0\0\x04D\0\0\0\x0f\0\x01\0\0\0\x05helloC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I",
    },
    Round {
        protocol: Protocol::MySql,
        name: "query",
        prelude: MYSQL_LOGIN,
        request: b"\x26\0\0\0\x03SELECT item FROM orders WHERE id = 42",
        response: b"\x01\0\0\x01\x01\x2e\0\0\x02\x03def\x04shop\x06orders\x06orders\x04item\x04item\x0c-\0\xa0\0\0\0\xfd\0\0\0\0\0\
            \x05\0\0\x03\xfe\0\0\x02\0\x06\0\0\x04\x05hello\x05\0\0\x05\xfe\0\0\x02\0",
    },
    Round {
        protocol: Protocol::MySql,
        name: "execute",
        prelude: MYSQL_LOGIN,
        request: b"\x12\0\0\0\x17\x07\0\0\0\0\x01\0\0\0\0\x01\x03\0\x2a\0\0\0",
        response: b"\x07\0\0\x01\0\x01\0\x02\0\0\0",
    },
];

/// A greeting, a login, and a statement that is prepared as number 7.
const MYSQL_LOGIN: &[(Direction, &[u8])] = &[
    (Direction::ToClient, b"\x18\0\0\0\n8.0.36\0\x01\0\0\0abcdefgh\0\xff\xf7\x2d"),
    (
        Direction::ToServer,
        b"\x24\0\0\x01\x0d\xa2\x3a\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0",
    ),
    (Direction::ToClient, b"\x07\0\0\x02\0\0\0\x02\0\0\0"),
    (Direction::ToServer, b"\x21\0\0\0\x16UPDATE orders SET a=1 WHERE id=?"),
    (Direction::ToClient, b"\x0c\0\0\x01\0\x07\0\0\0\0\0\0\0\0\0\0"),
];

/// A login, and a statement that is prepared as `s1`.
const POSTGRES_LOGIN: &[(Direction, &[u8])] = &[
    (Direction::ToServer, b"\0\0\0\x14\0\x03\0\0user\0clerk\0\0"),
    (Direction::ToClient, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"),
    (Direction::ToServer, b"P\0\0\0\x2fs1\0SELECT item FROM orders WHERE id = $1\0\0\0S\0\0\0\x04"),
    (Direction::ToClient, b"1\0\0\0\x04Z\0\0\0\x05I"),
];

const POSTGRES_ROW: &[u8] =
    b"T\0\0\0\x1d\0\x01item\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x0f\0\x01\0\0\0\x05hello\
    C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

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

/// An exchange of a protocol in which the response repeats an identifier of the request's.
struct ByKey {
    protocol: Protocol,
    name: &'static str,
    request: &'static [u8],
    response: &'static [u8],
    /// Where a byte of the identifier is in each.
    id_at: [usize; 2],
}

const BY_KEY: &[ByKey] = &[
    ByKey {
        protocol: Protocol::Cassandra,
        name: "query",
        request: b"\x04\0\0\0\x07\0\0\0\x2c\0\0\0\x25SELECT item FROM orders WHERE id = 42\0\x01\0",
        response: b"\x84\0\0\0\x08\0\0\0\x30\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\x04shop\0\x06orders\0\x04item\0\x0d\
            \0\0\0\x01\0\0\0\x06item 1",
        id_at: [3, 3],
    },
    ByKey {
        protocol: Protocol::Dns,
        name: "A",
        request: b"\0\x1e\0\0\x01\0\0\x01\0\0\0\0\0\0\x04shop\x07example\0\0\x01\0\x01",
        response: b"\0\x2e\0\0\x81\x80\0\x01\0\x01\0\0\0\0\x04shop\x07example\0\0\x01\0\x01\
            \xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07",
        id_at: [3, 3],
    },
    ByKey {
        protocol: Protocol::Kafka,
        name: "produce",
        request: b"\0\0\0D\0\0\0\x09\0\0\0\0\0\x07rdkafka\0\0\xff\xff\0\0u0\x02\x07orders\x02\0\0\0\0\x1breco\
            rds records records re\0\0\0",
        response: b"\0\0\x005\0\0\0\0\0\x02\x07orders\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\xff\xff\xff\xff\xff\
            \xff\xff\xff\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0",
        id_at: [11, 7],
    },
    ByKey {
        protocol: Protocol::Mqtt,
        name: "PUBLISH",
        request: b"\x32\x23\0\x10plant/7/pressure\0\0{\"bar\": 1.25}..",
        response: b"\x40\x02\0\0",
        id_at: [21, 3],
    },
    ByKey {
        protocol: Protocol::MongoDb,
        name: "find",
        request: b"N\0\0\0\0\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\09\0\0\0\x02find\0\x07\0\0\0orders\0\x03filt\
            er\0\x0d\0\0\0\x10id\0*\0\0\0\0\x02$db\0\x05\0\0\0shop\0\0",
        response: b"&\0\0\0e\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x11\0\0\0\x01ok\0\0\0\0\0\0\0\xf0?\0",
        id_at: [4, 8],
    },
];

/// 16 requests, and their responses in the opposite order.
fn by_key(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchanges by key");
    for ByKey { protocol, name, request, response, id_at: [request_at, response_at] } in BY_KEY {
        let with_id = |message: &[u8], at: usize, id: u8| {
            let mut message = message.to_vec();
            message[at] = id;
            message
        };
        let requests: Vec<u8> = (0..16).flat_map(|id| with_id(request, *request_at, id)).collect();
        let responses: Vec<u8> = (0..16).rev().flat_map(|id| with_id(response, *response_at, id)).collect();
        let Some(mut connection) = protocol.connection(&Limits::default(), false) else { continue };
        let mut out = Exchange::default();
        group.throughput(Throughput::ElementsAndBytes {
            elements: 16,
            bytes: (requests.len() + responses.len()) as u64,
        });
        group.bench_function(format!("{} {name} by 16", protocol.name()), |b| {
            b.iter(|| {
                connection.bytes(Direction::ToServer, 1, black_box(&requests));
                connection.bytes(Direction::ToClient, 2, black_box(&responses));
                for _ in 0..16 {
                    assert!(connection.poll(&mut out));
                    black_box(&out);
                }
            });
        });
    }
    group.finish();
}

/// TLS 1.3 from the hello to the end of the connection: two exchanges; and encrypted bytes, which are counted only.
fn tls(c: &mut Criterion) {
    let client_hello = b"\x16\x03\x01\x00\x54\x01\x00\x00\x50\x03\x0300000000000000000000000000000000\x00\x00\x02\x13\x01\x01\x00\
        \x00\x25\x00\x00\x00\x11\x00\x0f\x00\x00\x0cshop.example\x00\x10\x00\x05\x00\x03\x02h2\x00\x2b\x00\x03\x02\x03\x04";
    let server_hello = b"\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x0300000000000000000000000000000000\x00\x13\x01\x00\
        \x00\x06\x00\x2b\x00\x02\x03\x04";
    let encrypted = [b"\x17\x03\x03\x40\x00", &[0; 1 << 14][..]].concat();
    let mut group = c.benchmark_group("tls");
    group.throughput(Throughput::Elements(2));
    group.bench_function("connection", |b| {
        let mut out = Exchange::default();
        b.iter(|| {
            let Some(mut connection) = Protocol::Tls.connection(&Limits::default(), false) else { return };
            connection.bytes(Direction::ToServer, 1, black_box(client_hello));
            connection.bytes(Direction::ToClient, 2, black_box(server_hello));
            connection.bytes(Direction::ToServer, 3, black_box(&encrypted));
            connection.close(4);
            assert!(connection.poll(&mut out) && connection.poll(&mut out));
            black_box(&out);
        });
    });
    group.throughput(Throughput::Bytes(encrypted.len() as u64));
    group.bench_function("encrypted bytes", |b| {
        let Some(mut connection) = Protocol::Tls.connection(&Limits::default(), true) else { return };
        b.iter(|| connection.bytes(Direction::ToClient, 1, black_box(&encrypted)));
    });
    group.finish();
}

criterion_group!(benches, exchanges, by_key, tls);
criterion_main!(benches);
