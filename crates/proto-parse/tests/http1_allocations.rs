//! In the steady state an exchange costs no allocation: the buffers of those that were polled go round.

#![cfg(feature = "http1")]

use geophone_proto_parse::http1::Connection;
use geophone_proto_parse::{Connection as _, Direction, Exchange, Limits};

const REQUEST: &[u8] = b"POST /orders/42?x=y HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\
    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Allocations while `rounds` times `depth` exchanges pass, in pieces of `cut` bytes.
fn allocations(rounds: usize, depth: usize, cut: usize, connection: &mut Connection, out: &mut Exchange) -> u64 {
    let (requests, responses) = (REQUEST.repeat(depth), RESPONSE.repeat(depth));
    let measured = allocation_counter::measure(|| {
        for _ in 0..rounds {
            requests.chunks(cut).for_each(|data| connection.bytes(Direction::ToServer, 1, data));
            responses.chunks(cut).for_each(|data| connection.bytes(Direction::ToClient, 2, data));
            for _ in 0..depth {
                assert!(connection.poll(out));
                assert_eq!(out.resource, "/orders/42");
            }
        }
    });
    measured.count_total
}

#[test]
fn nothing_is_allocated_in_the_steady_state() {
    for (depth, cut) in [(1, usize::MAX), (1, 1), (1, 50), (16, usize::MAX), (16, 33)] {
        let mut connection = Connection::new(&Limits::default(), false);
        let mut out = Exchange::default();
        let first = allocations(4, depth, cut, &mut connection, &mut out);
        assert!(first > 0, "the counter counts");
        assert_eq!(allocations(1000, depth, cut, &mut connection, &mut out), 0, "depth {depth}, cut at {cut}");
    }
}
