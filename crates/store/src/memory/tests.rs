use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use pollster::block_on;

use super::*;
use crate::{
    BatchId, Delivery, EventKind,
    conformance::{
        self,
        fixture::{EVERYTHING, event, exchange, ledger_record, point, snapshot, window},
    },
};

fn batch(sequence: u64, exchanges: impl IntoIterator<Item = StoredExchange>) -> Batch {
    let mut batch = Batch::new(BatchId::new("agent", 1, sequence));
    batch.exchanges.extend(exchanges);
    batch
}

#[test]
fn it_conforms() {
    let open = |room| -> BoxFuture<'static, Arc<dyn Store>> {
        let config = match room {
            conformance::Room::Ample => MemoryConfig::default(),
            conformance::Room::Little => MemoryConfig::within(256 << 10),
        };
        Box::pin(ready(Arc::new(MemoryStore::new(config)) as Arc<dyn Store>))
    };
    block_on(conformance::run(&open));
}

#[test]
fn every_kind_of_rows_evicts_and_stays_within_its_budget() {
    let store = MemoryStore::new(MemoryConfig::within(256 << 10));
    for sequence in 0..300 {
        let mut batch = batch(sequence, (0..10).map(exchange));
        let points = ["a", "b", "c"].map(|client| point(window(sequence), client, "db", "GET /", &[1, 1000]));
        batch.windows.push(snapshot(window(sequence), points.into()));
        batch.ledger.push(ledger_record("agent", sequence, sequence));
        batch.events.push(event("agent", EventKind::RecordsLost, sequence));
        block_on(store.append(batch)).unwrap();

        let stats = store.count();
        for rows in [stats.points, stats.exchanges, stats.ledger, stats.events] {
            assert!(rows.bytes <= rows.budget_bytes.unwrap() && rows.rows > 0, "{stats:?}");
        }
    }
    let stats = store.count();
    for rows in [stats.points, stats.exchanges, stats.ledger, stats.events] {
        assert!(rows.evicted > 100, "{stats:?}");
    }
    // The latest record of a source is kept apart from the history.
    assert_eq!(block_on(store.ledger()).unwrap()[0].rows[0].seen, 299);
}

#[test]
fn many_exchanges_never_drive_out_the_series() {
    let store = MemoryStore::new(MemoryConfig::within(64 << 10));
    let mut first = batch(0, []);
    first.windows.push(snapshot(window(0), Vec::new()));
    block_on(store.append(first)).unwrap();
    block_on(store.append(batch(1, (0..10_000).map(exchange)))).unwrap();
    assert!(store.count().exchanges.evicted > 0);
    assert_eq!(block_on(store.windows(PointQuery::new(EVERYTHING))).unwrap().len(), 1);
}

#[test]
fn a_budget_of_nothing_keeps_nothing() {
    let store = MemoryStore::new(MemoryConfig::within(0));
    block_on(store.append(batch(0, (0..1000).map(exchange)))).unwrap();
    let stats = store.count();
    assert_eq!((stats.exchanges.rows, stats.exchanges.bytes, stats.exchanges.evicted), (0, 0, 1000));
}

#[test]
fn a_reader_who_looks_for_what_is_rare_gets_there_by_short_pages() {
    let store = MemoryStore::new(MemoryConfig::within(4 << 30));
    const ROWS: u64 = 450_000;
    for sequence in 0..ROWS / 10_000 {
        let from = sequence * 10_000;
        block_on(store.append(batch(sequence, (from..from + 10_000).map(exchange)))).unwrap();
    }
    let mut query = ExchangeQuery::new(EVERYTHING, 10);
    query.filter.min_duration_ns = Some(u64::MAX);
    let mut pages = 0;
    loop {
        let page = block_on(store.exchanges(query.clone())).unwrap();
        pages += 1;
        assert!(page.rows.is_empty());
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3, "a page looks at no more than 200,000 rows, and some more to fill a bite");
}

#[test]
fn readers_and_writers_at_the_same_time_see_each_row_once_and_the_books_balance() {
    const WRITERS: u64 = 3;
    const BATCHES: u64 = 60;
    let store = MemoryStore::new(MemoryConfig::within(2 << 20));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let store = &store;
        let reader = scope.spawn(|| {
            let mut pages = 0_u64;
            while !done.load(Ordering::Acquire) || pages == 0 {
                let mut query = ExchangeQuery::new(EVERYTHING, 50);
                let mut last = None;
                loop {
                    let page = block_on(store.exchanges(query.clone())).unwrap();
                    pages += 1;
                    for row in page.rows {
                        assert!(last.is_none_or(|last| row.cursor < last), "sorted, and nothing twice");
                        last = Some(row.cursor);
                    }
                    query.after = page.next;
                    if query.after.is_none() {
                        break;
                    }
                }
                for record in block_on(store.ledger()).unwrap() {
                    assert!(record.rows.iter().all(|row| row.imbalance() == 0), "{record:?}");
                }
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    for sequence in 0..BATCHES {
                        let mut batch = batch(sequence, (0..50).map(|n| exchange(sequence * 1000 + n)));
                        batch.id = BatchId::new(&format!("agent-{writer}"), 1, sequence);
                        block_on(store.append(batch)).unwrap();
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Release);
        reader.join().unwrap();
    });
    let stats = store.count();
    assert_eq!(stats.batches, WRITERS * BATCHES);
    assert_eq!(stats.exchanges.rows + stats.exchanges.evicted, WRITERS * BATCHES * 50);
}

/// A reader that runs in the moment in which it is woken, as some executors have it, and asks the store.
struct RunsAtOnce {
    store: Arc<MemoryStore>,
    subscription: Mutex<Subscription>,
    heard: mpsc::SyncSender<(Delivery, Stats)>,
}

impl RunsAtOnce {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut subscription = lock(&self.subscription);
        while let Poll::Ready(Some(delivery)) = subscription.poll_next(&mut Context::from_waker(&waker)) {
            drop(self.store.subscribe());
            assert_eq!(block_on(self.store.ledger()).unwrap().len(), 1);
            self.heard.send((delivery, block_on(self.store.stats()).unwrap())).unwrap();
        }
    }
}

impl Wake for RunsAtOnce {
    fn wake(self: Arc<Self>) {
        self.run();
    }
}

#[test]
fn a_reader_that_runs_when_it_is_woken_finds_the_store_free() {
    let store = Arc::new(MemoryStore::new(MemoryConfig::default()));
    let (heard, listening) = mpsc::sync_channel(2);
    let subscription = Mutex::new(store.subscribe());
    Arc::new(RunsAtOnce { store: store.clone(), subscription, heard }).run();

    let mut batch = batch(0, []);
    batch.windows.push(snapshot(window(0), Vec::new()));
    batch.events.push(event("agent", EventKind::RecordsLost, 1));
    // In a thread of its own, lest the test wait for ever where they wait for each other.
    let writer = std::thread::spawn(move || block_on(store.append(batch)));
    let [first, second] =
        [(); 2].map(|()| listening.recv_timeout(Duration::from_secs(10)).expect("the reader has run"));
    assert!(matches!(first.0.notice, Notice::Window { .. }) && matches!(second.0.notice, Notice::Event(_)));
    for (delivery, stats) in [first, second] {
        assert_eq!((delivery.skipped, stats.batches, stats.events.rows), (0, 1, 1), "the whole batch is there");
    }
    assert_eq!(writer.join().unwrap().unwrap(), Applied::Now);
}
