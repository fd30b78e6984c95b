//! In the steady state an exchange costs no allocation.

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering},
};

use geophone_model::capture::TcpFlags;
use geophone_pipeline::{Config, NoPolicy, Pipeline};
use support::{Recorded, Scene, Script, View};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` is of the system's allocator, since all are.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Feeds `events` and gives how many exchanges came out.
fn feed(pipeline: &mut Pipeline, events: &[Recorded]) -> u64 {
    let mut exchanges = 0;
    for recorded in events {
        pipeline.event(&recorded.event(), &mut NoPolicy);
        while pipeline.poll().is_some() {
            exchanges += 1;
        }
    }
    exchanges
}

#[test]
fn calls_on_open_connections_allocate_nothing() {
    let mut scripts: Vec<Script> = (0..50u16)
        .map(|index| {
            let client = format!("10.0.0.1:{}", 40_000 + index).parse().unwrap();
            let (client_cookie, server_cookie) = (1 + u64::from(index), 1001 + u64::from(index));
            Script::new(Scene { client, client_cookie, server_cookie, ..Scene::new(View::Loopback) })
        })
        .collect();
    let none = TcpFlags::default();
    let mut round = |at: u64| -> Vec<Recorded> {
        let calls = scripts.iter_mut().flat_map(|script| {
            let path = format!("GET /items/{at} HTTP/1.1\r\nHost: shop.example\r\n\r\n");
            let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            [script.packet(at, true, none, None, path.as_bytes()), script.packet(at + 1, false, none, None, response)]
        });
        calls.collect()
    };
    let rounds: Vec<Vec<Recorded>> = (0..200).map(|index| round(1 + index * 1_000_000)).collect();
    let mut pipeline = Pipeline::new(Config::default());
    let (warm_up, measured) = rounds.split_at(20);
    warm_up.iter().for_each(|events| {
        feed(&mut pipeline, events);
    });
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let exchanges: u64 = measured.iter().map(|events| feed(&mut pipeline, events)).sum();
    let allocated = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!((exchanges, allocated), (180 * 50, 0));
}
