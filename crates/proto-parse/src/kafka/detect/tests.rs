use super::*;

fn at_start(direction: Direction, data: &[u8]) -> Detection {
    detect(direction, Place::Start, data, &Limits::default())
}

/// The first messages of real clients and servers, and how many bytes of each decide.
#[test]
fn the_first_messages_are_recognised() {
    for (direction, data, decided_at) in [
        (Direction::ToServer, &b"\0\0\0\x40\0\x12\0\x03\0\0\0\x01\0\x07rdkafka\0\x17confluent"[..], 21),
        (Direction::ToServer, b"\0\0\0\x21\0\x12\0\0\0\0\0\0\0\x17kafka-python-producer-1", 37),
        (Direction::ToServer, b"\0\0\0\x11\0\x11\0\x01\0\0\0\0\xff\xff\0\x05PLAIN", 14),
        (Direction::ToClient, b"\0\0\0\x11\0\0\0\x01\0\x23\x01\0\x12\0\0\0\x02\0\0\0\0", 12),
        (Direction::ToClient, b"\0\0\0\x9a\0\0\0\x02\0\0\0\0\0\x18\0\0\0\0\0\x0a\0\x01\0\0\0\x10\0\x02\0\0\0\x07", 32),
        (
            Direction::ToClient,
            b"\0\0\x01\xb2\0\0\0\0\0\0\x3c\0\0\0\0\0\x0d\0\0\x01\0\x04\0\x12\0\0\x02\0\x01\0\x0b\0",
            32,
        ),
        (Direction::ToClient, b"\0\0\0\x31\0\0\0\x04\0\x02\x07orders\x02", 17),
        (
            Direction::ToClient,
            b"\0\0\0\x9a\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\x02vt\xbc\x30\x2e\xd1\x0c\xfd\x11\x9e\x8f\xd4\x33\xce\x66\x3e\x02",
            36,
        ),
        (Direction::ToClient, b"\0\0\0\x06\0\0\0\x04\0\x1b\0\0\0\x06\0\0\0\x05\0\0\0\0\0\x06\0\0\0\x09\0\0\0\0\0\x06\0\0\0\x0a\0\0", 40),
    ] {
        let decided = (1..=data.len()).find(|len| at_start(direction, &data[..*len]) != Detection::NeedMore);
        assert_eq!(decided, Some(decided_at), "{}", data.escape_ascii());
        assert_eq!(at_start(direction, data), Detection::Match, "{}", data.escape_ascii());
    }
}

#[test]
fn other_protocols_are_told_apart() {
    for data in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        // PostgreSQL: a start-up, which looks like Metadata, and a request for TLS.
        b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0shop\0\0",
        b"\0\0\0\x54\0\x03\0\0user\0pg\0application_name\0psql\0client_encoding\0UTF8\0\0",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        // A query over TCP to a name server, without recursion.
        b"\0\x1d\x12\x34\0\0\0\x01\0\0\0\0\0\0\x03www\x07example\0\0\x01\0\x01",
        // MongoDB: a length and an identifier with zeros where Kafka has a size and a key.
        b"\0\x01\0\0\0\x10\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0",
        // Zeros and small numbers: a size, a key, a version, an id, and no name.
        b"\0\x01\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\0\0\0\x0c\0\x07\0\0\0\0\0\x01\0\0\0\x05",
        // Cassandra, HTTP/2, MQTT, AMQP.
        b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
        b"AMQP\0\0\x09\x01",
    ] {
        assert_eq!(at_start(Direction::ToServer, data), Detection::NoMatch, "{}", data.escape_ascii());
    }
    for data in [
        &b"HTTP/1.1 200 OK\r\n"[..],
        // HTTP/2's settings: a limit for streams, and two of no weight.
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff",
        b"\0\0\x06\x04\0\0\0\0\0\0\x02\0\0\0\0\0\0\x04\x01\0\0\0\0",
        // MongoDB, with a length that may be a size; AMQP's Connection.Start; MySQL's greeting; DNS.
        b"\x02\x01\0\0\x05\0\0\0\x01\0\0\0\xdd\x07\0\0",
        b"\x01\0\0\0\0\x01\xd2\0\x0a\0\x0a\0\x09",
        b"\x4a\0\0\0\x0a8.0.36\0",
        b"\0\x2e\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0",
        b"S",
    ] {
        assert_eq!(at_start(Direction::ToClient, data), Detection::NoMatch, "{}", data.escape_ascii());
    }
}

#[test]
fn ids_are_early_at_the_start_only() {
    let data = b"\0\0\0\x1f\x02\0\0\x06\0\0\0\0\0\x01\0\x06orders";
    assert_eq!(at_start(Direction::ToClient, data), Detection::NoMatch);
    assert_eq!(detect(Direction::ToClient, Place::Middle, data, &Limits::default()), Detection::Match);
}

#[test]
fn zeros_alone_are_nothing() {
    for size in [6, 16, 64, 255] {
        let data = [&[0, 0, 0, size][..], &[0; 300]].concat();
        assert_ne!(at_start(Direction::ToClient, &data), Detection::Match, "{size}");
        assert_eq!(at_start(Direction::ToServer, &data), Detection::NoMatch, "{size}");
    }
}
