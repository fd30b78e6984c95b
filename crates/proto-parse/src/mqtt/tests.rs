//! Packets by themselves, and what a connection holds at most.

use alloc::vec::Vec;

use super::code::{connect_status, reason_status};
use super::*;
use crate::{Connection as _, Detection, Direction, Exchange, Limits, Parsed, Place, StatusClass};

#[test]
fn a_fixed_header_says_type_and_length() {
    for (data, packet, len) in [
        (&b"\x10\x0c"[..], Packet::Connect, 14),
        (b"\x30\x7f", Packet::Publish { qos: 0, dup: false }, 129),
        (b"\x3b\x80\x01", Packet::Publish { qos: 1, dup: true }, 131),
        (b"\x35\xff\x7f", Packet::Publish { qos: 2, dup: false }, 3 + 16_383),
        (b"\x62\x02", Packet::Pubrel, 4),
        (b"\xe0\x00", Packet::Disconnect, 2),
        (b"\x30\xff\xff\xff\x7f", Packet::Publish { qos: 0, dup: false }, 5 + 268_435_455),
    ] {
        let expected = Parsed::Complete { value: FixedHeader { packet, len }, consumed: data.len() };
        assert_eq!(FixedHeader::parse(data), Ok(expected), "{}", data.escape_ascii());
        for short in 1..data.len() {
            assert_eq!(FixedHeader::parse(&data[..short]), Ok(Parsed::Incomplete { at_least: 1 }));
        }
    }
}

#[test]
fn what_is_no_fixed_header_is_refused() {
    for (data, error) in [
        (&b"\x00"[..], MqttError::NotMqtt),
        (b"\x11", MqttError::NotMqtt),
        (b"\x36", MqttError::NotMqtt),
        (b"\x38", MqttError::NotMqtt),
        (b"\x60", MqttError::NotMqtt),
        (b"\x80", MqttError::NotMqtt),
        (b"\x10\x0b", MqttError::Length),
        (b"\x30\x01", MqttError::Length),
        (b"\x32\x03", MqttError::Length),
        (b"\x40\x01", MqttError::Length),
        (b"\xc0\x01", MqttError::Length),
        (b"\x30\x80\x80\x80\x80", MqttError::Length),
    ] {
        assert_eq!(FixedHeader::parse(data), Err(error), "{}", data.escape_ascii());
    }
}

#[test]
fn a_message_has_a_topic_and_perhaps_an_identifier_and_an_alias() {
    let publish = Publish::parse(b"\0\x03a/b\0\x07rest", 1).unwrap();
    assert_eq!((publish.topic, publish.id, publish.rest), (&b"a/b"[..], Some(7), &b"rest"[..]));
    for (data, qos) in [(&b""[..], 0), (b"\0", 0), (b"\0\x04a/b", 0), (b"\0\x03a/b\0", 1)] {
        assert_eq!(Publish::parse(data, qos), Err(MqttError::Field));
    }
    for (properties, alias) in [
        (&b"\x03\x23\x01\x02"[..], Some(0x0102)),
        (b"\x0f\x01\x01\x02\0\0\0\x09\x0b\x80\x01\x23\x01\x02..", Some(0x0102)),
        (b"\x14\x03\0\x01t\x08\0\x01r\x09\0\0\x26\0\x01k\0\0\x23\x01\x02", Some(0x0102)),
        (b"\0payload#\x01\x02", None),
        (b"\x03\x24\x01\x02", None),
        (b"\x02\x23\x01\x02", None),
        (b"\x80", None),
        (b"", None),
    ] {
        let data = [b"\0\0", properties].concat();
        let publish = Publish::parse(&data, 0).unwrap();
        assert_eq!(publish.topic_alias(), alias, "{}", properties.escape_ascii());
    }
}

#[test]
fn who_sends_a_code_blames_the_other_side_or_itself() {
    use Direction::{ToClient, ToServer};
    use StatusClass::{ClientError, Ok, ServerError};
    for (sent, code, expected) in [
        (ToClient, 0x00, Ok),
        (ToClient, 0x10, Ok),
        (ToClient, 0x7f, Ok),
        (ToClient, 0x87, ClientError),
        (ToClient, 0x89, ServerError),
        (ToServer, 0x99, ServerError),
        (ToServer, 0x83, ClientError),
    ] {
        assert_eq!(reason_status(sent, code), expected, "{sent:?} {code:#x}");
    }
    assert_eq!(
        [0, 1, 3, 5, 0x88, 0x87].map(connect_status),
        [Ok, ClientError, ServerError, ClientError, ServerError, ClientError]
    );
}

#[test]
fn a_beginning_is_told_from_what_resembles_it() {
    let limits = Limits::default();
    use Detection::{Match, NeedMore, NoMatch};
    use Direction::{ToClient, ToServer};
    use Place::{Middle, Start};
    for (direction, place, data, expected) in [
        (ToServer, Start, &b"\x10\x10\0\x04MQTT\x04"[..], Match),
        (ToServer, Start, b"\x10\x90\x01\0\x04MQTT\x05", Match),
        (ToServer, Start, b"\x10\x12\0\x06MQIsdp\x03", Match),
        (ToServer, Start, b"\x10\x10\0\x04MQT", NeedMore),
        (ToServer, Start, b"\x10\x10\0\x04MQTT\x06", NoMatch),
        (ToServer, Start, b"\x10\x10\0\x04HTTP", NoMatch),
        (ToServer, Start, b"\x30\x08\0\x03a/bxyz", NoMatch),
        (ToClient, Start, b"\x10\x10\0\x04MQTT\x04", NoMatch),
        (ToClient, Start, b"\x20\x02\0\0", Match),
        (ToClient, Start, b"\x20\x02\x01\x05", Match),
        (ToClient, Start, b"\x20\x02\0", NeedMore),
        (ToClient, Start, b"\x20\x02\0\x06", NoMatch),
        (ToClient, Start, b"\x20\x02\x02", NoMatch),
        (ToClient, Start, b"\x20\x09\0\0\x06", Match),
        (ToClient, Start, b"\x20\x09\0\0", NeedMore),
        (ToClient, Start, b"\x20\x09\0\0\x07", NoMatch),
        (ToClient, Start, b"\x20\x09\0\x01", NoMatch),
        (ToClient, Start, b"\x20\xff\x7f\0", NoMatch),
        (ToServer, Middle, b"\x30\x08\0\x03a/bxyz", Match),
        (ToServer, Middle, b"\x30\x08\0\x03a/", NeedMore),
        (ToServer, Middle, b"\x30\x08\0\x02a/", NoMatch),
        (ToServer, Middle, b"\x30\x08\0\x03a\0", NoMatch),
        (ToServer, Middle, b"\x30\x06\0\x05a/b/c", NoMatch),
        (ToServer, Middle, b"\x82\x08\0\x01\0\x03a/b\0", Match),
        (ToServer, Middle, b"\x82\x09\0\x01\0\0\x03a/b\0", Match),
        (ToServer, Middle, b"\x82\x08\0\x01\0", NeedMore),
        (ToServer, Middle, b"\x82\x08\0\x01\x01", NoMatch),
        (ToClient, Middle, b"\x82\x08\0\x01\0\x03a/b\0", NoMatch),
        (ToServer, Middle, b"\x82\x08\0\0\0", NoMatch),
        (ToServer, Middle, b"01234567", NoMatch),
        (ToClient, Middle, b"\x40\x02\0\x01", NoMatch),
    ] {
        assert_eq!(
            detect(direction, place, data, &limits),
            expected,
            "{direction:?} {place:?} {}",
            data.escape_ascii()
        );
    }
}

/// What a long topic's beginning has decided, a byte further on does not change.
#[test]
fn a_long_topic_is_believed_for_its_first_bytes() {
    let data = [&b"\x30\x7f\0\x64"[..], &[b't'; 32], b"\0\0\0"].concat();
    let decided =
        (1..=data.len()).map(|len| detect(Direction::ToServer, Place::Middle, &data[..len], &Limits::default()));
    let needed = decided.clone().take_while(|detection| *detection == Detection::NeedMore).count();
    assert_eq!(needed, data.len() - 4);
    assert!(decided.skip(needed).all(|detection| detection == Detection::Match));
}

/// Messages that nobody acknowledges with all identifiers both ways, an alias for each long topic, and a packet of 256 MiB.
#[test]
fn what_is_held_is_bounded() {
    let limits = Limits::default();
    let mut connection = Connection::new(&limits, false);
    connection.bytes(Direction::ToServer, 1, b"\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0\0");
    let topic = [b't'; 1000];
    for id in 1..=u16::MAX {
        let [high, low] = id.to_be_bytes();
        let body = [&[3, 232][..], &topic, &[high, low, 3, 0x23, high, low]].concat();
        let len = [0x80 | u8::try_from(body.len() % 128).unwrap(), u8::try_from(body.len() / 128).unwrap()];
        let publish = [&[0x32][..], &len, &body].concat();
        connection.bytes(Direction::ToServer, 1, &publish);
        connection.bytes(Direction::ToClient, 1, &publish);
    }
    connection.bytes(Direction::ToServer, 1, b"\x82\xff\xff\xff\x7f\0\x01");
    for _ in 0..100 {
        connection.bytes(Direction::ToServer, 1, &[b'x'; 1 << 14]);
    }
    let each = size_of::<Exchange>() + limits.resource_bytes + 64;
    let bound =
        (limits.open_exchanges + limits.spare_exchanges) * each + limits.definition_bytes + 8 * limits.message_bytes;
    let held_bytes = connection.held_bytes();
    assert!(held_bytes <= bound, "{held_bytes} of {bound}");
    assert!(connection.counters().definitions_evicted > 100_000);
    connection.close(2);
    let mut out = Exchange::default();
    let mut topics = Vec::new();
    while connection.poll(&mut out) {
        topics.push(out.resource.len());
    }
    assert!(topics.iter().skip(1).all(|len| *len == limits.resource_bytes), "{topics:?}");
    assert!(connection.counters().balances());
}
