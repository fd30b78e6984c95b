use alloc::vec::Vec;

use super::*;
use crate::Connection as _;

fn message(request_id: u32, response_to: u32, flags: u32, elements: &[u8]) -> Vec<u8> {
    let len = |len: usize, more: u32| u32::try_from(len).unwrap().saturating_add(more).to_le_bytes();
    let head = [request_id, response_to, 2013, flags].map(u32::to_le_bytes).concat();
    [&len(elements.len(), 26), &head[..], &[0], &len(elements.len(), 5), elements, &[0]].concat()
}

fn ping(id: u32) -> Vec<u8> {
    message(id, 0, 0, b"\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0")
}

fn ok(id: u32) -> Vec<u8> {
    message(1000, id, 0, b"\x10ok\0\x01\0\0\0")
}

/// Whatever a peer sends, what is held is bounded: by the open exchanges and two messages.
#[test]
fn nothing_makes_it_hold_more_than_its_limits() {
    let limits = Limits::default();
    let mut connection = Connection::new(&limits, false);
    let mut most_bytes = 0;
    // Commands that are never answered, with names of any length, and one that is answered again and again.
    let name = |kind: &[u8], len: u32| [kind, &len.to_le_bytes(), &[b'n'; 8000][..], &[0]].concat();
    let long = [name(b"\x02find\0", 8001), name(b"\x02$db\0", 8001)].concat();
    for id in 0..5000 {
        connection.bytes(Direction::ToServer, 1, &message(id, 0, 0, &long));
        most_bytes = most_bytes.max(connection.held_bytes());
    }
    assert!(connection.counters().requests_evicted >= 3976, "{:?}", connection.counters());
    for id in 5000..9000 {
        connection.bytes(
            Direction::ToClient,
            2,
            &message(id + 1, if id == 5000 { 4999 } else { id }, 2, b"\x10ok\0\x01\0\0\0"),
        );
        most_bytes = most_bytes.max(connection.held_bytes());
    }
    assert_eq!((connection.counters().responses, connection.counters().responses_unmatched), (1, 0));
    // Documents in documents, as deep as a message allows, whose end never comes; and the longest message.
    let deep: Vec<u8> = (0..5000_u32).flat_map(|_| *b"\xff\xff\xff\x02\x03a\0").collect();
    connection.bytes(Direction::ToServer, 3, &message(1, 0, 0, &[&b"\x03ping\0"[..], &deep].concat()));
    connection.bytes(Direction::ToClient, 4, b"\0\x6c\xdc\x02\x01\0\0\0\x01\0\0\0\xdd\x07\0\0");
    (0..64).for_each(|_| connection.bytes(Direction::ToClient, 5, &[0; 4096]));
    most_bytes = most_bytes.max(connection.held_bytes());
    let exchange_bytes = size_of::<Exchange>() + 2 * (limits.resource_bytes + limits.verb_bytes + limits.error_bytes);
    let bound = limits.open_exchanges * exchange_bytes + 8 * limits.message_bytes;
    assert!(most_bytes < bound, "{most_bytes} bytes, {bound} allowed");
}

/// Behind a loss at the end of a message, the exchange that comes next is paired again.
#[test]
fn pairing_goes_on_behind_a_loss() {
    for lost in [Direction::ToServer, Direction::ToClient] {
        let mut connection = Connection::new(&Limits::default(), false);
        for id in 1..6 {
            for (direction, data) in [(Direction::ToServer, ping(id)), (Direction::ToClient, ok(id))] {
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
