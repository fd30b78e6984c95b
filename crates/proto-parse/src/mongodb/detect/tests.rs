use super::*;

/// The first messages of real clients and servers, and how many bytes of each decide.
#[test]
fn the_first_messages_are_recognised() {
    for (direction, data, decided_at) in [
        (
            Direction::ToServer,
            &b"\x3a\x01\0\0\xc6\x23\x3c\x32\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff"[..],
            21,
        ),
        (Direction::ToServer, b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x10ping\0", 27),
        (Direction::ToServer, b"\x8a\0\0\0\x07\0\0\0\0\0\0\0\xdc\x07\0\0\xdd\x07\0\0\x6e\0\0\0\x02\x78\x9c", 20),
        (Direction::ToClient, b"\x26\0\0\0\x65\0\0\0\x07\0\0\0\xdd\x07\0\0\0\0\0\0\0\x11\0\0\0\x01ok\0", 27),
        (Direction::ToClient, b"\x40\0\0\0\x65\0\0\0\x07\0\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0", 20),
    ] {
        let decided = (1..=data.len()).find(|len| begins(direction, &data[..*len]) != Detection::NeedMore);
        assert_eq!(decided, Some(decided_at), "{}", data.escape_ascii());
        assert_eq!(begins(direction, data), Detection::Match, "{}", data.escape_ascii());
        assert_eq!(begins(direction.opposite(), data), Detection::NoMatch, "{}", data.escape_ascii());
    }
}

#[test]
fn what_is_not_quite_it_is_not_taken_for_it() {
    for data in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\0\0\0\0",
        // An opcode that there is not; flags that nobody knows; a kind of section, a document, an element that is none.
        b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xde\x07\0\0",
        b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\x04\0\0\0",
        b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\x02",
        b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1f\0\0\0",
        b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x10\x01",
    ] {
        assert_eq!(begins(Direction::ToServer, data), Detection::NoMatch, "{}", data.escape_ascii());
    }
}
