//! Batches are applied once, whole or not at all.

use super::{Open, Room, fixture::*};
use crate::{AppendError, Applied, Batch, BatchId, EventKind, EventQuery, ExchangeQuery, LedgerQuery, PointQuery};

/// Reading an empty store is no error, and finds nothing but the store's own account.
pub async fn an_empty_store_has_nothing(open: &Open) {
    let store = open(Room::Ample).await;
    assert!(store.windows(PointQuery::new(EVERYTHING)).await.unwrap().is_empty());
    let exchanges = store.exchanges(ExchangeQuery::new(EVERYTHING, 10)).await.unwrap();
    assert!(exchanges.rows.is_empty() && exchanges.next.is_none());
    let events = store.events(EventQuery::new(EVERYTHING, 10)).await.unwrap();
    assert!(events.rows.is_empty() && events.next.is_none());
    let history = store.ledger_history(LedgerQuery::new(EVERYTHING, 10)).await.unwrap();
    assert!(history.rows.is_empty() && history.next.is_none());

    let stats = store.stats().await.unwrap();
    for rows in [stats.points, stats.exchanges, stats.ledger, stats.events] {
        assert_eq!((rows.rows, rows.evicted, rows.oldest, rows.newest), (0, 0, None, None));
    }
    for record in store.ledger().await.unwrap() {
        assert!(record.rows.iter().all(|row| row.seen == 0 && row.imbalance() == 0), "{record:?}");
    }
}

/// The same batch, sent again, changes nothing; the same number in another life or of another agent is another batch.
pub async fn a_batch_is_applied_once(open: &Open) {
    let store = open(Room::Ample).await;
    let batch = full_batch(BatchId::new("agent", 1, 7));
    append(&*store, batch.clone()).await;
    let points = store.windows(PointQuery::new(EVERYTHING)).await.unwrap();

    for _ in 0..3 {
        assert_eq!(store.append(batch.clone()).await.unwrap(), Applied::Before);
    }
    assert_eq!(store.windows(PointQuery::new(EVERYTHING)).await.unwrap(), points);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.exchanges.rows, stats.batches, stats.duplicate_batches), (1, 1, 3));
    assert_eq!(store.events(EventQuery::new(EVERYTHING, 10)).await.unwrap().rows.len(), 1);

    for other in [BatchId::new("agent", 2, 7), BatchId::new("other", 1, 7), BatchId::new("agent", 1, 8)] {
        append(&*store, full_batch(other)).await;
    }
    assert_eq!(store.stats().await.unwrap().exchanges.rows, 4);
}

/// Numbers may arrive in any order, with gaps that are filled later or never.
pub async fn batches_may_come_in_any_order(open: &Open) {
    let store = open(Room::Ample).await;
    let sequences = [5, 0, u64::MAX, 4, 2, 1];
    for sequence in sequences {
        append(&*store, batch_of_exchanges(sequence, vec![exchange(1000)])).await;
    }
    for sequence in sequences {
        let again = store.append(batch_of_exchanges(sequence, vec![exchange(1000)])).await.unwrap();
        assert_eq!(again, Applied::Before, "batch {sequence} is known");
    }
    append(&*store, batch_of_exchanges(3, vec![exchange(1000)])).await;
    assert_eq!(store.stats().await.unwrap().exchanges.rows, sequences.len() as u64 + 1);
}

/// A batch with a point that contradicts itself, or belongs to another window, is refused whole, and may be sent again once
/// it is right.
pub async fn a_refused_batch_leaves_nothing_behind(open: &Open) {
    let store = open(Room::Ample).await;
    let mut false_sum = full_batch(BatchId::new("agent", 1, 0));
    false_sum.windows[0].points[0].duration.sum_ns = 1;
    let mut other_window = full_batch(BatchId::new("agent", 1, 0));
    other_window.windows[0].points[0].window = window(9);
    for refused in [false_sum, other_window] {
        let error = store.append(refused).await.expect_err("the point is malformed");
        assert!(matches!(&error, AppendError::Malformed { agent, sequence: 0, .. } if &**agent == "agent"), "{error}");
    }
    assert!(store.windows(PointQuery::new(EVERYTHING)).await.unwrap().is_empty());
    assert_eq!(store.stats().await.unwrap().exchanges.rows, 0);

    append(&*store, full_batch(BatchId::new("agent", 1, 0))).await;
    assert_eq!(store.stats().await.unwrap().exchanges.rows, 1);
}

/// A row of each kind.
fn full_batch(id: BatchId) -> Batch {
    let mut batch = Batch::new(id);
    batch.windows.push(snapshot(window(1), vec![point(window(1), "web", "db", "GET /", &[100, 200])]));
    batch.exchanges.push(exchange(1000));
    batch.ledger.push(ledger_record("agent", 1000, 1));
    batch.events.push(event("agent", EventKind::AgentStarted, 1000));
    batch
}
