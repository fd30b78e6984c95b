use super::*;

const GREETING: &[u8] =
    b"\x64\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0abcdefgh\0\xfe\xf7\x08\x02\0\xff\x81\x15\
    \0\0\0\0\0\0\x1d\0\0\0ijklmnopqrst\0mysql_native_password\0";
const LOGIN: &[u8] = b"\x8a\0\0\x01\x8c\xa2\xbf\0\0\0\0\x10\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn at_start(direction: Direction, data: &[u8]) -> Detection {
    detect(direction, Place::Start, data, &Limits::default())
}

#[test]
fn a_connection_begins_with_a_greeting_and_a_login() {
    let login = [&b"\x8a\0\0\x01\x8c\xa2\xbf\0\0\0\0\x10\x21"[..], &[0; 23], b"app\0"].concat();
    assert_eq!(at_start(Direction::ToServer, &login), Detection::Match);
    assert_eq!(at_start(Direction::ToServer, &login[..35]), Detection::NeedMore);
    assert_eq!(at_start(Direction::ToServer, LOGIN), Detection::NoMatch, "a character set in the place of zeros");
    assert_eq!(at_start(Direction::ToClient, GREETING), Detection::Match);
    assert_eq!(at_start(Direction::ToClient, &GREETING[..40]), Detection::NeedMore);
}

#[test]
fn a_server_may_refuse_at_once() {
    for refusal in [
        &b"\x17\0\0\0\xff\x10\x04Too many connections"[..],
        b"\x1d\0\0\0\xff\x10\x04#08004Too many connections",
        b"\x38\0\0\0\xff\x6a\x04Host '10.0.0.7' is not allowed to connect to this MySQL",
    ] {
        assert_eq!(at_start(Direction::ToClient, refusal), Detection::Match, "{}", refusal.escape_ascii());
        assert_eq!(at_start(Direction::ToClient, &refusal[..12]), Detection::NeedMore);
    }
    assert_eq!(at_start(Direction::ToClient, b"\x08\0\0\0\xff\x10\x04\x01\x02\x03\x04\x05"), Detection::NoMatch);
}

#[test]
fn others_are_told_with_a_few_bytes() {
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"HTTP/1.1 200 OK\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x54\0\x03\0\0user\0app\0",
        b"AMQP\0\0\x09\x01",
        b"\x04\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x05\0\0\0\n5.7",
    ] {
        for direction in [Direction::ToServer, Direction::ToClient] {
            assert_ne!(at_start(direction, other), Detection::Match, "{}", other.escape_ascii());
        }
    }
}

#[test]
fn a_command_in_the_middle_is_told_by_its_beginning() {
    let in_the_middle = |data: &[u8]| detect(Direction::ToServer, Place::Middle, data, &Limits::default());
    for command in [
        &b"\x21\0\0\0\x03select item from orders where id"[..],
        b"\x0b\0\0\0\x03\0\x01/**/ DO 1",
        b"\x05\0\0\0\x02shop",
        b"\x08\0\0\0\x04orders\0",
        b"\x0a\0\0\0\x17\x01\0\0\0\0\x01\0\0\0",
        b"\x05\0\0\0\x19\x01\0\0\0",
        b"\x01\0\0\0\x0e\x01\0\0\0\x0e",
    ] {
        assert_eq!(in_the_middle(command), Detection::Match, "{}", command.escape_ascii());
    }
    for other in [
        &b"\x21\0\0\x01\x03select item from orders where id"[..],
        b"\x21\0\0\0\x03\x01\x02\x03\x04",
        b"\x0a\0\0\0\x17\x01\0\0\0\0\x02\0\0\0",
        b"\x06\0\0\0\x19\x01\0\0\0\0",
        b"\x01\0\0\0\x0e\x01\0\0\x01\x0e",
        b"\x08\0\0\0\x04ord\x01rs\0",
    ] {
        assert_eq!(in_the_middle(other), Detection::NoMatch, "{}", other.escape_ascii());
    }
    assert_eq!(in_the_middle(b"\x01\0\0\0\x0e"), Detection::NeedMore);
    assert_eq!(
        begins(Direction::ToServer, b"\x01\0\0\0\x0e"),
        Detection::NoMatch,
        "not sure, and not to be waited for"
    );
}

#[test]
fn a_reply_in_the_middle_is_told_by_its_beginning() {
    for reply in [
        &b"\x07\0\0\x01\0\x01\0\x02\0\0\0"[..],
        b"\x0f\0\0\x01\0\0\0\x02\0\0\0\x07Rows: 1",
        b"\x10\0\0\x01\0\0\0\x02\x40\0\0\0\x07\x01\x05\x04shop",
        b"\x2b\0\0\x01\xff\x7a\x04#42S02Table 'shop.nowhere' doesn't exist",
        b"\x01\0\0\x01\x03\x2a\0\0\x02\x03def\x04shop",
        b"\x02\0\0\x01\x01\x01\x2a\0\0\x02\x03def\x04shop",
        b"\x0c\0\0\x01\0\x01\0\0\0\x01\0\x02\0\0\0\0\x17\0\0\x02\x03def",
    ] {
        assert_eq!(begins(Direction::ToClient, reply), Detection::Match, "{}", reply.escape_ascii());
        assert_eq!(begins(Direction::ToClient, &reply[..8]), Detection::NeedMore, "{}", reply.escape_ascii());
    }
    for other in [
        &b"\x07\0\0\x02\0\x01\0\x02\0\0\0"[..],
        b"\0\x02\0\x01\0\0\x01\x01\x2e\0\0\x02\x03def",
        b"\x2b\0\0\x01\xff\xff\xff\x01\x02",
        b"\x01\0\0\x01\x03\x2a\0\0\x03\x03def",
        b"\x05\0\0\x01\x04item",
    ] {
        assert_eq!(begins(Direction::ToClient, other), Detection::NoMatch, "{}", other.escape_ascii());
    }
}

/// What was found by a fuzzer: what is behind the first bytes of a text, and in the next packet, decides nothing any more.
#[test]
fn what_is_decided_stays_so() {
    let name = [&b"\x25\0\0\0\x02SYSTEM_OF_RECORDS"[..], &[0x0c; 20], b"\0"].concat();
    let info = [&b"\x30\0\0\x01\0\0\0\x02\0\0\0\x28Records: 2000 and"[..], &[0x0c; 30]].concat();
    for (direction, data) in [(Direction::ToServer, name), (Direction::ToClient, info)] {
        let decided: alloc::vec::Vec<_> = (0..=data.len()).map(|len| begins(direction, &data[..len])).collect();
        assert!(decided.is_sorted_by(|one, other| *one == Detection::NeedMore || one == other), "{decided:?}");
        assert_eq!(decided.last(), Some(&Detection::Match));
    }
}
