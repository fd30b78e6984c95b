//! Ledger records, events, statistics, eviction and notices.

use geophone_model::ledger::{LedgerRow, Unit};

use super::{Open, Room, fixture::*};
use crate::{
    Event, EventKind, EventQuery, ExchangeQuery, LedgerQuery, LedgerRecord, Notice, PointQuery, STORE_SOURCE, Store,
};

/// The latest record of each source, whatever order they came in, and all of them newest first.
pub async fn the_ledger_has_the_latest_and_the_history(open: &Open) {
    let store = open(Room::Ample).await;
    for (sequence, (source, at, seen)) in [("b", 1000, 1), ("a", 3000, 3), ("a", 2000, 2)].into_iter().enumerate() {
        let mut batch = batch(sequence as u64);
        batch.ledger.push(ledger_record(source, at, seen));
        append(&*store, batch).await;
    }
    let latest = store.ledger().await.unwrap();
    let others: Vec<_> = latest.iter().filter(|record| &*record.source != STORE_SOURCE).collect();
    let seen: Vec<_> = others.iter().map(|record| (&*record.source, record.rows[0].seen)).collect();
    assert_eq!(seen, [("a", 3), ("b", 1)], "sorted by source");

    let history = async |change: &dyn Fn(&mut LedgerQuery)| -> Vec<u64> {
        let mut query = LedgerQuery::new(EVERYTHING, 10);
        query.sources = vec!["a".into(), "b".into()];
        change(&mut query);
        let page = store.ledger_history(query).await.unwrap();
        page.rows.iter().map(|row| row.value.at.as_ns()).collect()
    };
    assert_eq!(history(&|_| ()).await, [3000, 2000, 1000]);
    assert_eq!(history(&|query| query.sources = vec!["a".into()]).await, [3000, 2000]);
    assert_eq!(history(&|query| query.range = range(1000, 3000)).await, [2000, 1000]);
    assert_eq!(history(&|query| query.limit = 1).await, [3000]);
}

/// Events are selected by kind and source, newest first, page by page.
pub async fn events_are_found_by_kind_and_source(open: &Open) {
    let store = open(Room::Ample).await;
    let mut batch = batch(0);
    batch.events = vec![
        event("a", EventKind::AgentStarted, 1000),
        event("b", EventKind::AgentStarted, 2000),
        event("a", EventKind::RecordsLost, 3000),
    ];
    append(&*store, batch).await;
    let found = async |change: &dyn Fn(&mut EventQuery)| -> Vec<u64> {
        let mut query = EventQuery::new(EVERYTHING, 10);
        change(&mut query);
        store.events(query).await.unwrap().rows.iter().map(|row| row.value.at.as_ns()).collect()
    };
    assert_eq!(found(&|_| ()).await, [3000, 2000, 1000]);
    assert_eq!(found(&|query| query.kinds = vec![EventKind::AgentStarted]).await, [2000, 1000]);
    assert_eq!(found(&|query| query.sources = vec!["a".into()]).await, [3000, 1000]);
    assert_eq!(found(&|query| query.range = range(2000, 3000)).await, [2000]);

    let mut query = EventQuery::new(EVERYTHING, 2);
    query.after = store.events(query.clone()).await.unwrap().next;
    let rest = store.events(query).await.unwrap();
    assert_eq!((rest.rows.len(), rest.rows[0].value.at, rest.next), (1, at(1000), None));
}

/// Seen = held + each reason for not holding, for points and for exchanges, with merged and repeated ones among them.
pub async fn the_books_of_the_store_balance(open: &Open) {
    let store = open(Room::Ample).await;
    for sequence in [0, 1, 1, 2, 0] {
        let mut batch = batch_of_exchanges(sequence, vec![exchange(1000), exchange(2000)]);
        batch.windows.push(snapshot(window(1), vec![point(window(1), "web", "db", "GET /", &[1])]));
        store.append(batch).await.unwrap();
    }
    let points = own_row(&*store, Unit::Points).await;
    assert_eq!((points.seen, points.passed, points.imbalance()), (5, 1, 0), "{points}");
    assert_eq!((withheld(&points, "duplicate"), withheld(&points, "merged")), (2, 2), "{points}");
    let exchanges = own_row(&*store, Unit::Exchanges).await;
    assert_eq!((exchanges.seen, exchanges.passed, exchanges.imbalance()), (10, 6, 0), "{exchanges}");
    assert_eq!(withheld(&exchanges, "duplicate"), 4, "{exchanges}");
}

/// A store that runs out of room drops the oldest rows, and what it says of that is what can be read.
pub async fn eviction_takes_the_oldest_and_is_told(open: &Open) {
    const BATCHES: u64 = 300;
    const ROWS: u64 = 10;
    let store = open(Room::Little).await;
    for sequence in 0..BATCHES {
        let points = (0..ROWS).map(|n| point(window(sequence), &format!("client-{n}"), "db", "GET /", &[1, 1000]));
        let exchanges = (0..ROWS).map(|n| exchange(sequence * WINDOW_NS + 1000 + n)).collect();
        let mut batch = batch_of_exchanges(sequence, exchanges);
        batch.windows.push(snapshot(window(sequence), points.collect()));
        append(&*store, batch).await;
    }

    let stats = store.stats().await.unwrap();
    let windows = store.windows(PointQuery::new(EVERYTHING)).await.unwrap();
    let exchanges = all(&*store, &ExchangeQuery::new(EVERYTHING, 1000)).await;
    for (rows, readable, unit) in [
        (stats.points, windows.iter().map(|snapshot| snapshot.points.len() as u64).sum(), Unit::Points),
        (stats.exchanges, exchanges.len() as u64, Unit::Exchanges),
    ] {
        assert_eq!(rows.rows, readable, "{unit:?} that are counted can be read");
        assert_eq!(rows.rows + rows.evicted, BATCHES * ROWS, "{unit:?} are there or evicted");
        assert!(rows.budget_bytes.is_none_or(|budget| rows.bytes <= budget), "{unit:?} are within their budget");
        let own = own_row(&*store, unit).await;
        assert_eq!((own.imbalance(), own.passed, withheld(&own, "evicted")), (0, rows.rows, rows.evicted), "{own}");
    }
    assert_eq!(stats.points.oldest, windows.first().map(|snapshot| snapshot.window.start));
    assert_eq!(stats.points.newest, windows.last().map(|snapshot| snapshot.window.end()));
    assert_eq!(stats.exchanges.oldest, exchanges.last().map(|stored| stored.exchange.end));
    assert_eq!(stats.exchanges.newest, exchanges.first().map(|stored| stored.exchange.end));
    let held: Vec<_> = windows.iter().map(|snapshot| snapshot.window).collect();
    let newest: Vec<_> = (BATCHES - held.len() as u64..BATCHES).map(window).collect();
    assert_eq!(held, newest, "the newest windows are the ones that are left");

    let ends: Vec<_> = exchanges.iter().map(|stored| stored.exchange.end.as_ns()).collect();
    let written = (0..BATCHES).rev().flat_map(|sequence| (0..ROWS).rev().map(move |n| sequence * WINDOW_NS + 1000 + n));
    assert!(written.take(ends.len()).eq(ends), "the newest exchanges are the ones that are left");

    let told: u64 = [stats.points, stats.exchanges].iter().map(|rows| u64::from(rows.evicted > 0)).sum();
    let mut query = EventQuery::new(EVERYTHING, 100);
    query.kinds = vec![EventKind::Evicted];
    assert_eq!(store.events(query).await.unwrap().rows.len() as u64, told, "the first eviction of a kind is an event");
}

/// Whoever subscribes hears of windows and events that are written from then on, and not of a batch that came before.
pub async fn subscribers_hear_of_what_is_written(open: &Open) {
    let store = open(Room::Ample).await;
    append(&*store, batch_of_windows(0, vec![snapshot(window(0), Vec::new())])).await;
    let mut subscription = store.subscribe();
    assert_eq!(store.stats().await.unwrap().subscribers, 1);

    let mut batch = batch_of_windows(1, vec![snapshot(window(1), vec![point(window(1), "web", "db", "GET /", &[1])])]);
    batch.events.push(event("a", EventKind::AgentStarted, 1000));
    append(&*store, batch.clone()).await;
    store.append(batch).await.unwrap();
    append(&*store, batch_of_windows(2, vec![snapshot(window(2), Vec::new())])).await;

    let mut heard = Vec::new();
    while heard.len() < 3 {
        let delivery = subscription.next().await.expect("the store is open");
        assert_eq!(delivery.skipped, 0);
        heard.push(match delivery.notice {
            Notice::Window { window, points, coverage } => {
                assert_eq!(coverage.wanted_bytes, 10);
                format!("window {} with {points}", window.start.as_ns() / WINDOW_NS)
            }
            Notice::Event(event) => {
                let Event { source, kind, .. } = &*event;
                format!("{} of {source}", kind.as_str())
            }
        });
    }
    assert_eq!(heard, ["window 1 with 1", "agent_started of a", "window 2 with 0"]);
    drop(subscription);
    assert_eq!(store.stats().await.unwrap().subscribers, 0);
}

async fn own_row(store: &dyn Store, unit: Unit) -> LedgerRow {
    let records = store.ledger().await.unwrap();
    let own = records.iter().find(|record| &*record.source == STORE_SOURCE).expect("the store keeps accounts");
    let LedgerRecord { rows, .. } = &**own;
    rows.iter().find(|row| row.unit == unit).expect("points and exchanges are counted").clone()
}

fn withheld(row: &LedgerRow, reason: &str) -> u64 {
    row.withheld.iter().find(|withheld| withheld.reason == reason).map_or(0, |withheld| withheld.count)
}
