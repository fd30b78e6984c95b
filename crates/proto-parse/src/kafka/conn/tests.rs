use alloc::vec::Vec;

use super::*;
use crate::Connection as _;

fn message(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

/// A request of version 1 in a fixed layout, without client id.
fn request(api_key: u8, correlation_id: u32, body: &[u8]) -> Vec<u8> {
    message(&[&[0, api_key, 0, 1], &correlation_id.to_be_bytes(), b"\xff\xff", body])
}

fn drain(connection: &mut Connection) {
    let mut out = Exchange::default();
    while connection.poll(&mut out) {}
}

/// Whatever a peer sends, what is held is bounded: by the open exchanges, the definitions and two messages.
#[test]
fn nothing_makes_it_hold_more_than_its_limits() {
    let limits = Limits::default();
    let mut connection = Connection::new(&limits, false);
    let mut most_bytes = 0;
    // Topics with ids and names, in responses to Metadata in version 13.
    for id in 0..2000_u32 {
        let asked = message(&[b"\0\x03\0\x0d", &id.to_be_bytes(), b"\xff\xff\0\0\x01\0\0"]);
        let name = [b'n'; 120];
        let topic = [b"\0\0\x79", &name[..], &[7; 12], &id.to_be_bytes(), b"\0\x01\0\0\0\0\0"].concat();
        let told = message(&[&id.to_be_bytes(), b"\0\0\0\0\0\x01\0\0\0\0\0\x02", &topic, b"\0\0\0"]);
        connection.bytes(Direction::ToServer, 1, &asked);
        connection.bytes(Direction::ToClient, 2, &told);
        drain(&mut connection);
        most_bytes = most_bytes.max(connection.held_bytes());
    }
    assert!(connection.counters().definitions_evicted > 0, "{:?}", connection.counters());
    assert_eq!(connection.counters().malformed_responses, 0);
    // Requests that are never answered, about names of any length.
    let group = [&[0x40, 0][..], &[b'g'; 0x4000]].concat();
    for id in 0..5000 {
        connection.bytes(Direction::ToServer, 3, &request(12, id, &group));
        most_bytes = most_bytes.max(connection.held_bytes());
    }
    assert!(connection.counters().requests_evicted >= 3976);
    // A message of a gigabyte, and one that claims two thousand million topics.
    connection.bytes(Direction::ToServer, 4, b"\x40\0\0\0\0\0\0\x01\0\0\0\x01\xff\xff");
    (0..64).for_each(|_| connection.bytes(Direction::ToServer, 5, &[0; 4096]));
    connection.bytes(Direction::ToClient, 6, b"\x3f\xff\xff\xff\0\0\x13\x87\x7f\xff\xff\xff");
    (0..64).for_each(|_| connection.bytes(Direction::ToClient, 7, &[0; 4096]));
    most_bytes = most_bytes.max(connection.held_bytes());
    let exchange_bytes = size_of::<Exchange>() + 2 * (limits.resource_bytes + limits.verb_bytes + limits.error_bytes);
    let bound = limits.open_exchanges * exchange_bytes + limits.definition_bytes + 8 * limits.message_bytes;
    assert!(most_bytes < bound, "{most_bytes} bytes, {bound} allowed");
}

/// Behind a loss at the end of a message, the exchange that comes next but one is paired again.
#[test]
fn pairing_goes_on_behind_a_loss() {
    for lost in [Direction::ToServer, Direction::ToClient] {
        let mut connection = Connection::new(&Limits::default(), false);
        let beat = |id| request(12, id, b"\0\x07billing\0\0\0\x01\0\x01m");
        let beaten = |id: u32| message(&[&id.to_be_bytes(), b"\0\0\0\0\0\0"]);
        for id in 1..6 {
            for (direction, data) in [(Direction::ToServer, beat(id)), (Direction::ToClient, beaten(id))] {
                if id == 2 && direction == lost {
                    connection.gap(direction, u64::from(id), data.len() as u64);
                } else {
                    connection.bytes(direction, u64::from(id), &data);
                }
            }
        }
        connection.close(9);
        let mut out = Exchange::default();
        let mut paired = Vec::new();
        while connection.poll(&mut out) {
            assert_eq!(out.response.map(|response| response.first_ns), Some(out.request.first_ns));
            paired.push(out.request.first_ns);
        }
        assert_eq!(paired, [1, 3, 4, 5], "{lost:?}");
    }
}
