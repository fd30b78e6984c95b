//! In the steady state an exchange costs no allocation: the buffers of those that were polled go round.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "without the protocols that are measured nothing measures")
)]

mod support;

use geophone_proto_parse::{Direction, Protocol};
use support::steady::Round;

fn assert_free(protocol: Protocol, round: &Round<'_>) {
    for (depth, cut) in [(1, usize::MAX), (1, 1), (1, 50), (16, usize::MAX), (16, 33)] {
        round.assert_free(protocol, depth, cut);
    }
}

#[cfg(feature = "http1")]
#[test]
fn http1() {
    let round = Round {
        prelude: &[],
        request: b"POST /orders/42?x=y HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        response: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        exchanges: 1,
    };
    assert_free(Protocol::Http1, &round);
}

/// A message is published, and another one fetched.
#[cfg(feature = "amqp")]
#[test]
fn amqp() {
    let round = Round {
        prelude: &[],
        request: b"\x01\0\x01\0\0\0\x0f\0\x3c\0\x28\0\0\0\x06orders\0\xce\
            \x02\0\x01\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\x05\0\0\xce\x03\0\x01\0\0\0\x05hello\xce\
            \x01\0\x01\0\0\0\x0e\0\x3c\0\x46\0\0\x06orders\0\xce",
        response: b"\x01\0\x01\0\0\0\x05\0\x3c\0\x48\0\xce",
        exchanges: 2,
    };
    assert_free(Protocol::Amqp, &round);
}

/// Answers have a text each; without any, nothing is allocated.
#[cfg(feature = "dns")]
#[test]
fn dns() {
    let message = |id: u8, flags: [u8; 2]| {
        [&[0, 30, 0, id, flags[0], flags[1], 0, 1, 0, 0, 0, 0, 0, 0], &b"\x04shop\x07example\0\0\x01\0\x01"[..]]
            .concat()
    };
    let (request, response): (Vec<_>, Vec<_>) =
        (0..16).map(|id| (message(id, [1, 0]), message(id, [0x81, 0x83]))).unzip();
    let round = Round { prelude: &[], request: &request.concat(), response: &response.concat(), exchanges: 16 };
    for cut in [usize::MAX, 1, 50] {
        round.assert_free(Protocol::Dns, 1, cut);
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis() {
    let round = Round {
        prelude: &[],
        request: b"*3\r\n$3\r\nSET\r\n$8\r\norder:42\r\n$5\r\nhello\r\n*2\r\n$6\r\nLRANGE\r\n$5\r\nqueue\r\nPING\r\n",
        response: b"+OK\r\n*2\r\n$5\r\nhello\r\n*1\r\n:1\r\n-LOADING not yet\r\n",
        exchanges: 3,
    };
    assert_free(Protocol::Redis, &round);
}

#[cfg(feature = "redis")]
#[test]
fn redis_deliveries() {
    let round = Round {
        prelude: &[
            (Direction::ToServer, b"*2\r\n$9\r\nSUBSCRIBE\r\n$6\r\norders\r\n"),
            (Direction::ToClient, b"*3\r\n$9\r\nsubscribe\r\n$6\r\norders\r\n:1\r\n"),
        ],
        request: b"*1\r\n$4\r\nPING\r\n",
        response: b"*3\r\n$7\r\nmessage\r\n$6\r\norders\r\n$5\r\nhello\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n",
        exchanges: 2,
    };
    assert_free(Protocol::Redis, &round);
}

#[cfg(feature = "mysql")]
#[test]
fn mysql() {
    // A login, and a statement that is prepared as number 7.
    let prelude: [(Direction, &[u8]); 5] = [
        (Direction::ToClient, b"\x18\0\0\0\n8.0.36\0\x01\0\0\0abcdefgh\0\xff\xf7\x2d"),
        (
            Direction::ToServer,
            b"\x24\0\0\x01\x0d\xa2\x3a\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0",
        ),
        (Direction::ToClient, b"\x07\0\0\x02\0\0\0\x02\0\0\0"),
        (Direction::ToServer, b"\x18\0\0\0\x16DELETE FROM t WHERE a=?"),
        (Direction::ToClient, b"\x0c\0\0\x01\0\x07\0\0\0\0\0\0\0\0\0\0"),
    ];
    let query = Round {
        prelude: &prelude,
        request: b"\x2e\0\0\0\x03SELECT item FROM orders WHERE id IN (1, 2, 3)",
        response: b"\x01\0\0\x01\x01\x0d\0\0\x02\x03def\0\0\0\x01a\0\x0c?\0\x05\0\0\x03\xfe\0\0\x02\0\x02\0\0\x04\x01a\x05\0\0\x05\xfe\0\0\x02\0",
        exchanges: 1,
    };
    assert_free(Protocol::MySql, &query);
    let execute = Round {
        request: b"\x0a\0\0\0\x17\x07\0\0\0\0\x01\0\0\0",
        response: b"\x07\0\0\x01\0\x01\0\x02\0\0\0",
        ..query
    };
    assert_free(Protocol::MySql, &execute);
}

#[cfg(feature = "memcached")]
#[test]
fn memcached() {
    let round = Round {
        prelude: &[],
        request: b"set order:42 0 0 5\r\nhello\r\nmg a v q O1\r\nflush_all noreply\r\nget order:42 order:43\r\n",
        response: b"STORED\r\nVALUE order:42 0 5\r\nhello\r\nEND\r\n",
        exchanges: 4,
    };
    assert_free(Protocol::Memcached, &round);
}

#[cfg(feature = "mongodb")]
#[test]
fn mongodb() {
    let round = Round {
        prelude: &[],
        request: b"N\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\09\0\0\0\x02find\0\x07\0\0\0orders\0\x03fi\
            lter\0\x0d\0\0\0\x10id\0*\0\0\0\0\x02$db\0\x05\0\0\0shop\0\0",
        response: b"0\0\0\0e\0\0\0\x07\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1b\0\0\0\x01ok\0\0\0\0\0\0\0\0\0\x10code\
            \0\x12\0\0\0\0",
        exchanges: 1,
    };
    // The identifier is the same in every round, so one at a time is open.
    for cut in [usize::MAX, 1, 50] {
        round.assert_free(Protocol::MongoDb, 1, cut);
    }
}

#[cfg(feature = "kafka")]
#[test]
fn kafka() {
    let round = Round {
        prelude: &[],
        request: b"\0\0\0D\0\0\0\x09\0\0\0\x07\0\x07rdkafka\0\0\xff\xff\0\0u0\x02\x07orders\x02\0\0\0\0\x1bre\
            cords records records re\0\0\0",
        response: b"\0\0\x005\0\0\0\x07\0\x02\x07orders\x02\0\0\0\0\0\x06\0\0\0\0\0\0\0\x05\xff\xff\xff\xff\
            \xff\xff\xff\xff\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0",
        exchanges: 1,
    };
    // The identifier is the same in every round, so one at a time is open.
    for cut in [usize::MAX, 1, 50] {
        round.assert_free(Protocol::Kafka, 1, cut);
    }
}

#[cfg(feature = "cassandra")]
#[test]
fn cassandra() {
    let query = Round {
        prelude: &[],
        request: b"\x04\0\0\x01\x07\0\0\0\x2c\0\0\0\x25SELECT item FROM orders WHERE id = 42\0\x01\0",
        response: b"\x84\0\0\x01\x08\0\0\0\x04\0\0\0\x01",
        exchanges: 1,
    };
    for cut in [usize::MAX, 1, 50] {
        query.assert_free(Protocol::Cassandra, 1, cut);
    }
}

/// A message that is acknowledged, and one that is not.
#[cfg(feature = "mqtt")]
#[test]
fn mqtt() {
    let round = Round {
        prelude: &[],
        request: b"\x30\x08\0\x03a/bxyz\x32\x0a\0\x03a/b\0\x01xyz",
        response: b"\x40\x02\0\x01",
        exchanges: 2,
    };
    for cut in [usize::MAX, 1, 5] {
        round.assert_free(Protocol::Mqtt, 1, cut);
    }
}

#[cfg(feature = "nats")]
#[test]
fn nats() {
    let round = Round {
        prelude: &[
            (Direction::ToClient, b"INFO {\"server_id\":\"N\"}\r\n"),
            (Direction::ToServer, b"CONNECT {\"verbose\":false}\r\nPING\r\n"),
            (Direction::ToClient, b"PONG\r\n"),
        ],
        request: b"PUB orders.new 5\r\nhello\r\nPUB price _INBOX.a.b 2\r\nhi\r\n",
        response: b"MSG _INBOX.a.b 1 2\r\n42\r\nMSG orders.old 2 5\r\nhello\r\n",
        exchanges: 3,
    };
    for cut in [usize::MAX, 1, 50] {
        round.assert_free(Protocol::Nats, 1, cut);
    }
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    // A login, and a statement that is prepared as `s1`.
    let prelude: [(Direction, &[u8]); 4] = [
        (Direction::ToServer, b"\0\0\0\x14\0\x03\0\0user\0clerk\0\0"),
        (Direction::ToClient, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"),
        (Direction::ToServer, b"P\0\0\0\x27s1\0SELECT a FROM t WHERE id = $1\0\0\0S\0\0\0\x04"),
        (Direction::ToClient, b"1\0\0\0\x04Z\0\0\0\x05I"),
    ];
    let query = Round {
        prelude: &prelude,
        request: b"Q\0\0\0\x37SELECT a FROM t WHERE id IN (1, 2) AND b = 'hello'\0",
        response: b"T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011\
            C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I",
        exchanges: 1,
    };
    assert_free(Protocol::Postgres, &query);
    // A failure, and a statement that is prepared and run, each in a group of its own.
    let groups = Round {
        request: b"P\0\0\0\x0f\0SELEC 1\0\0\0S\0\0\0\x04\
            P\0\0\0\x10\0SELECT 1\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04\
            B\0\0\0\x0e\0s1\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
        response: b"E\0\0\0\x1aSERROR\0VERROR\0C42601\0\0Z\0\0\0\x05I\
            1\0\0\0\x042\0\0\0\x04C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I\
            2\0\0\0\x04C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I",
        exchanges: 3,
        ..query
    };
    assert_free(Protocol::Postgres, &groups);
}
