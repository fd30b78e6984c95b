use super::*;

fn at_start(direction: Direction, data: &[u8]) -> Detection {
    detect(direction, Place::Start, data, &Limits::default())
}

fn in_the_middle(direction: Direction, data: &[u8]) -> Detection {
    detect(direction, Place::Middle, data, &Limits::default())
}

#[test]
fn a_connection_begins_with_options_or_startup() {
    let startup = b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0";
    let supported = b"\x84\0\0\0\x06\0\0\0\x1c\0\x01\0\x0bCQL_VERSION\0\x01\0\x053.4.6";
    let refused = b"\x84\0\0\0\0\0\0\0\x0e\0\0\0\x0a\0\x08no thank";
    for (direction, data) in [
        (Direction::ToServer, &b"\x05\0\0\0\x05\0\0\0\0"[..]),
        (Direction::ToServer, startup),
        (Direction::ToClient, supported),
        (Direction::ToClient, b"\x84\0\0\0\x02\0\0\0\0"),
        (Direction::ToClient, refused),
    ] {
        assert_eq!(at_start(direction, data), Detection::Match, "{}", data.escape_ascii());
        assert_eq!(at_start(direction, &data[..8]), Detection::NeedMore);
        assert_eq!(at_start(direction.opposite(), data), Detection::NoMatch);
    }
    let query = b"\x04\0\0\x01\x07\0\0\0\x0f\0\0\0\x08SELECT 1\0\x01\0";
    assert_eq!(at_start(Direction::ToServer, query), Detection::NoMatch, "nobody asks before it has started up");
    assert_eq!(in_the_middle(Direction::ToServer, query), Detection::Match);
}

#[test]
fn others_are_told_with_a_few_bytes() {
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"\x04\0\0\0\x05hello and more of it",
        b"\x05\0\0\0\x03\0\0\0\0",
        b"\x05\x01\0",
        b"\x05\0\0\0\x0a5.7",
        b"\x84\0\0\0\x08\0\0\0\x04\0\0\0\x09",
    ] {
        for direction in [Direction::ToServer, Direction::ToClient] {
            assert_ne!(in_the_middle(direction, other), Detection::Match, "{}", other.escape_ascii());
            assert_ne!(at_start(direction, other), Detection::Match, "{}", other.escape_ascii());
        }
    }
}

#[test]
fn an_envelope_in_the_middle_has_the_body_of_its_opcode() {
    for (direction, data) in [
        (Direction::ToServer, &b"\x03\0\0\x01\x09\0\0\0\x0c\0\0\0\x08SELECT 1"[..]),
        (Direction::ToServer, b"\x04\0\0\x01\x0a\0\0\0\x07\0\x02id\0\x01\0"),
        (Direction::ToServer, b"\x04\0\0\x01\x0d\0\0\0\x12\0\0\x01\0\0\0\0\x08DELETE 1\0\0\0\x01\0"),
        (Direction::ToServer, b"\x04\0\0\x01\x0f\0\0\0\x07\0\0\0\x03\0a\0"),
        (Direction::ToClient, b"\x84\0\0\x01\x08\0\0\0\x04\0\0\0\x01"),
        (Direction::ToClient, b"\x84\0\0\x01\x08\0\0\0\x64\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\x04shop"),
        (Direction::ToClient, b"\x84\0\xff\xff\x0c\0\0\0\x20\0\x0dSCHEMA_CHANGE\0\x07CREATED"),
        (
            Direction::ToClient,
            b"\x84\x02\0\x01\x08\0\0\0\x14\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\0\0\0\x01",
        ),
    ] {
        assert_eq!(begins(direction, data), Detection::Match, "{}", data.escape_ascii());
    }
    for (direction, data) in [
        (Direction::ToServer, &b"\x03\0\0\x01\x09\0\0\0\x0c\0\0\0\x09SELECT 1"[..]),
        (Direction::ToServer, b"\x03\0\0\x01\x09\0\0\0\x0c\0\0\0\x08SELE\x01T 1"),
        (Direction::ToServer, b"\x04\x40\0\x01\x09\0\0\0\x0c\0\0\0\x08SELECT 1"),
        (Direction::ToServer, b"\x04\0\0\x01\x0a\0\0\0\x07\0\x02id\x01\x01\0"),
        (Direction::ToClient, b"\x84\0\xff\xff\x08\0\0\0\x04\0\0\0\x01"),
        (Direction::ToClient, b"\x84\0\0\x01\x0c\0\0\0\x20\0\x0dSCHEMA_CHANGE\0\x07CREATED"),
        (Direction::ToClient, b"\x84\0\0\x01\0\0\0\0\x0e\0\0\x12\x34\0\x08anything"),
    ] {
        assert_eq!(begins(direction, data), Detection::NoMatch, "{}", data.escape_ascii());
    }
}

#[test]
fn a_frame_in_the_middle_has_its_checksum_and_an_envelope() {
    let ready = b"\x09\0\x02\xa4\xc8\xc1\x85\0\0\x03\x02\0\0\0\0";
    assert_eq!(in_the_middle(Direction::ToClient, ready), Detection::Match);
    assert_eq!(in_the_middle(Direction::ToServer, ready), Detection::NoMatch);
    assert_eq!(in_the_middle(Direction::ToClient, b"\x09\0\x02\xa4\xc8\xc2\x85\0\0\x03"), Detection::NoMatch);
    let compressed = b"\x8c\x00\x30\x01\x04\xf6\x6e\xbb";
    assert_eq!(in_the_middle(Direction::ToServer, compressed), Detection::Match);
    assert_eq!(in_the_middle(Direction::ToServer, &compressed[..7]), Detection::NeedMore);
    assert_eq!(begins(Direction::ToClient, ready), Detection::NoMatch, "a frame is no envelope");
}
