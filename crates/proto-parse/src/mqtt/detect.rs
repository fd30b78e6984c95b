//! Is this MQTT?

use super::message::{FixedHeader, Packet, string};
use crate::read::Reader;
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Whether the first bytes of a direction are MQTT: of a client decided with the version in CONNECT, of a server with the code in
/// CONNACK.
///
/// In the middle of a stream a packet with a topic decides: PUBLISH, SUBSCRIBE or UNSUBSCRIBE.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    let (packet, len, rest) = match head(prefix) {
        Ok(head) => head,
        Err(detection) => return detection,
    };
    match (packet, direction, place) {
        (Packet::Connect, Direction::ToServer, _) => is_connect(rest),
        (Packet::Connack, Direction::ToClient, _) => is_connack(rest, len),
        (Packet::Publish { qos, .. }, _, Place::Middle) => has_topic(rest, 0, len, qos),
        (Packet::Subscribe | Packet::Unsubscribe, Direction::ToServer, Place::Middle) => has_filter(rest, len),
        _ => Detection::NoMatch,
    }
}

/// Whether a packet begins somewhere in a stream of which it is known that it is MQTT.
pub(super) fn begins(direction: Direction, data: &[u8], limits: &Limits) -> Detection {
    let (packet, len, rest) = match head(data) {
        Ok(head) => head,
        Err(detection) => return detection,
    };
    if !is_sent(packet, direction) {
        return Detection::NoMatch;
    }
    let len = match (packet, len) {
        (Packet::Connack | Packet::Unsuback, 2) | (Packet::Suback, 3) => len,
        // In version 5 with a reason, and that without properties.
        (Packet::Puback | Packet::Pubrec | Packet::Pubrel | Packet::Pubcomp, 2..=4) => len,
        (Packet::Pingreq | Packet::Pingresp, _) => len,
        _ => return detect(direction, Place::Middle, data, limits),
    };
    // Too short to be believed alone: another packet must follow.
    match rest.get(usize::try_from(len).unwrap_or(usize::MAX)..) {
        None | Some([]) => Detection::NeedMore,
        Some(next) => match head(next) {
            Err(detection) => detection,
            Ok((packet, ..)) if is_sent(packet, direction) => Detection::Match,
            Ok(_) => Detection::NoMatch,
        },
    }
}

/// The packet that begins, the bytes behind its fixed header, and what of them is there.
fn head(data: &[u8]) -> Result<(Packet, u64, &[u8]), Detection> {
    match FixedHeader::parse(data) {
        Err(_) => Err(Detection::NoMatch),
        Ok(Parsed::Incomplete { .. }) => Err(Detection::NeedMore),
        Ok(Parsed::Complete { value, consumed }) => {
            let rest = data.get(consumed..).unwrap_or_default();
            Ok((value.packet, value.len.saturating_sub(u64::try_from(consumed).unwrap_or(0)), rest))
        }
    }
}

const fn is_sent(packet: Packet, direction: Direction) -> bool {
    match packet {
        Packet::Connect | Packet::Subscribe | Packet::Unsubscribe | Packet::Pingreq => {
            matches!(direction, Direction::ToServer)
        }
        Packet::Connack | Packet::Suback | Packet::Unsuback | Packet::Pingresp => {
            matches!(direction, Direction::ToClient)
        }
        Packet::Publish { .. }
        | Packet::Puback
        | Packet::Pubrec
        | Packet::Pubrel
        | Packet::Pubcomp
        | Packet::Disconnect
        | Packet::Auth => true,
    }
}

/// Sections 3.1.2.1 and 3.1.2.2: the protocol's name, and its level.
fn is_connect(rest: &[u8]) -> Detection {
    let beginnings: [&[u8]; 3] = [b"\0\x04MQTT\x04", b"\0\x04MQTT\x05", b"\0\x06MQIsdp\x03"];
    if beginnings.iter().any(|beginning| rest.starts_with(beginning)) {
        Detection::Match
    } else if beginnings.iter().any(|beginning| beginning.starts_with(rest)) {
        Detection::NeedMore
    } else {
        Detection::NoMatch
    }
}

/// Section 3.2.2: a flag and a code; in version 5 then properties, whose length says where the packet ends.
fn is_connack(rest: &[u8], len: u64) -> Detection {
    let is_possible = |at: usize, byte: u8| match at {
        0 => byte <= 1,
        1 if len == 2 => byte <= 5,
        1 => byte == 0 || byte >= 0x80,
        // A length of one byte is that of the rest; one of more bytes is not looked at further.
        2 => byte >= 0x80 || u64::from(byte).saturating_add(3) == len,
        _ => true,
    };
    if len > MAX_CONNACK_BYTES
        || rest.iter().take(if len == 2 { 2 } else { 3 }).enumerate().any(|(at, byte)| !is_possible(at, *byte))
    {
        Detection::NoMatch
    } else if rest.len() < 3 && (rest.len() < 2 || len > 2) {
        Detection::NeedMore
    } else {
        Detection::Match
    }
}

/// A CONNACK that is longer is not believed to be one.
const MAX_CONNACK_BYTES: u64 = 1024;

/// Section 3.8: an identifier, properties in version 5, and a filter.
fn has_filter(rest: &[u8], len: u64) -> Detection {
    match rest {
        [0, 0, ..] => Detection::NoMatch,
        // The length of properties, none of them, or that of a filter of less than 256 bytes.
        [_, _, 0, 0, ..] => has_topic(rest, 3, len, 1),
        [_, _, 0, _, ..] => has_topic(rest, 2, len, 0),
        [] | [_] | [_, _] | [_, _, 0] => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Whether a topic of some characters stands at `at` in the first bytes of a packet of `len` bytes, in which it has room.
fn has_topic(rest: &[u8], at: usize, len: u64, qos: u8) -> Detection {
    let Some(field) = rest.get(at..) else { return Detection::NeedMore };
    let Some(topic_len) = Reader(field).u16_be() else { return Detection::NeedMore };
    let around = if qos > 0 { 2 + 2 } else { 2 };
    let needed = u64::from(topic_len).saturating_add(around);
    if !(MIN_TOPIC_BYTES..=MAX_TOPIC_BYTES).contains(&topic_len) || needed > len {
        return Detection::NoMatch;
    }
    let visible = field.get(2..).unwrap_or_default();
    let topic = visible.get(..usize::from(topic_len).min(ENOUGH_BYTES)).unwrap_or(visible);
    if topic.iter().any(u8::is_ascii_control) {
        return Detection::NoMatch;
    }
    if string(&mut Reader(field)).is_some() || topic.len() >= ENOUGH_BYTES {
        Detection::Match
    } else {
        Detection::NeedMore
    }
}

/// Shorter topics are not believed in the middle of a stream.
const MIN_TOPIC_BYTES: u16 = 3;

/// Longer ones are not met.
const MAX_TOPIC_BYTES: u16 = 1024;

/// Bytes of a topic that are enough to believe it.
const ENOUGH_BYTES: usize = 32;
