//! In the steady state an exchange costs no allocation: the buffers of those that were polled go round.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use geophone_proto_parse::http1::Connection;
use geophone_proto_parse::{Connection as _, Direction, Exchange, Limits};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, and so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const REQUEST: &[u8] = b"POST /orders/42?x=y HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\
    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Allocations while `rounds` times `depth` exchanges pass, in pieces of `cut` bytes.
fn allocations(rounds: usize, depth: usize, cut: usize, connection: &mut Connection, out: &mut Exchange) -> u64 {
    let (requests, responses) = (REQUEST.repeat(depth), RESPONSE.repeat(depth));
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..rounds {
        requests.chunks(cut).for_each(|data| connection.bytes(Direction::ToServer, 1, data));
        responses.chunks(cut).for_each(|data| connection.bytes(Direction::ToClient, 2, data));
        for _ in 0..depth {
            assert!(connection.poll(out));
            assert_eq!(out.resource, "/orders/42");
        }
    }
    ALLOCATIONS.with(Cell::get) - before
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
