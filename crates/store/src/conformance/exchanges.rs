//! Exchanges, page by page.

use std::collections::BTreeSet;

use geophone_model::{
    exchange::{Observed, TraceContext},
    protocol::Protocol,
    series::View,
    status::{Status, StatusClass},
};

use super::{Open, Room, fixture::*};
use crate::{ExchangeFilter, ExchangeQuery, PathPattern, StoredExchange};

/// An exchange belongs to the range in which it ended, so that ranges that touch never share one.
pub async fn a_range_holds_its_start_and_not_its_end(open: &Open) {
    let store = open(Room::Ample).await;
    append(&*store, batch_of_exchanges(0, [1000, 2000, 3000].map(exchange).into())).await;
    let ends = async |from, to| ends(&all(&*store, &ExchangeQuery::new(range(from, to), 10)).await);
    assert_eq!(ends(1000, 3000).await, [2000, 1000]);
    assert_eq!(ends(1001, 3001).await, [3000, 2000]);
    assert_eq!(ends(2000, 2000).await, [0; 0]);
}

/// Newest first, however they were written.
pub async fn the_newest_comes_first(open: &Open) {
    let store = open(Room::Ample).await;
    append(&*store, batch_of_exchanges(0, [3000, 1000, 2000].map(exchange).into())).await;
    append(&*store, batch_of_exchanges(1, [1500, 4000].map(exchange).into())).await;
    assert_eq!(ends(&all(&*store, &ExchangeQuery::new(EVERYTHING, 100)).await), [4000, 3000, 2000, 1500, 1000]);
}

/// Each condition selects what it says, alone and with another one.
pub async fn each_condition_selects(open: &Open) {
    let store = open(Room::Ample).await;
    append(&*store, batch_of_exchanges(0, assorted())).await;
    let found = async |change: &dyn Fn(&mut ExchangeFilter)| {
        let mut query = ExchangeQuery::new(EVERYTHING, 100);
        change(&mut query.filter);
        ends(&all(&*store, &query).await)
    };
    let one = |name: &str| vec![(*service(name)).clone()];
    assert_eq!(found(&|_| ()).await.len(), assorted().len());
    assert_eq!(found(&|filter| filter.services = one("app")).await, [3000, 2000]);
    assert_eq!(found(&|filter| filter.clients = one("app")).await, [2000]);
    assert_eq!(found(&|filter| filter.servers = one("app")).await, [3000]);
    assert_eq!(
        found(&|filter| filter.classes = vec![StatusClass::ServerError, StatusClass::NoResponse]).await,
        [5000, 4000]
    );
    assert_eq!(found(&|filter| filter.codes = vec![503.into()]).await, [4000]);
    assert_eq!(found(&|filter| filter.operations = vec!["POST /pay".into()]).await, [6000]);
    assert_eq!(found(&|filter| filter.path = Some(PathPattern::new("^/pay$").unwrap())).await, [6000]);
    assert_eq!(found(&|filter| filter.min_duration_ns = Some(101)).await, [7000]);
    assert_eq!(found(&|filter| filter.trace_id = Some([7; 16])).await, [8000]);
    assert_eq!(found(&|filter| filter.view = Some(View::Client)).await.len(), assorted().len() - 1);
    assert!(!found(&|filter| filter.view = Some(View::Client)).await.contains(&9000));
    assert_eq!(found(&|filter| filter.protocols = Protocol::ALL.to_vec()).await.len(), assorted().len());
    let both = |filter: &mut ExchangeFilter| {
        filter.services = one("app");
        filter.clients = one("web");
    };
    assert_eq!(found(&both).await, [3000]);
}

/// Pages of any size make up the whole: nothing twice, nothing left out, and the last one says that it is.
pub async fn pages_make_up_the_whole(open: &Open) {
    let store = open(Room::Ample).await;
    // Three of each time: a page must not end with a time, but with a row.
    let exchanges: Vec<_> = (0..60).map(|number| exchange(1000 + number / 3)).collect();
    append(&*store, batch_of_exchanges(0, exchanges)).await;
    for limit in [1, 2, 3, 7, 59, 60, 61, 1000] {
        let pages = pages(&*store, &ExchangeQuery::new(EVERYTHING, limit)).await;
        let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
        assert_eq!(rows.len(), 60, "with pages of {limit}");
        assert!(rows.windows(2).all(|pair| pair[0].cursor > pair[1].cursor), "with pages of {limit}");
        assert!(rows.iter().all(|row| row.cursor.at == row.value.exchange.end));
    }
}

/// A reader who goes on from a cursor sees each row that was there from the start exactly once, whatever is written
/// meanwhile, and no row that is newer than the page before.
pub async fn a_cursor_stays_while_others_write(open: &Open) {
    let store = open(Room::Ample).await;
    append(&*store, batch_of_exchanges(0, (0..50).map(|number| exchange(1000 + 10 * (number / 2))).collect())).await;
    let first = pages(&*store, &ExchangeQuery::new(EVERYTHING, 1000)).await;
    let before: BTreeSet<_> = first.iter().flat_map(|page| &page.rows).map(|row| row.cursor).collect();

    let mut query = ExchangeQuery::new(EVERYTHING, 7);
    let mut seen = Vec::new();
    for sequence in 1.. {
        let page = store.exchanges(query.clone()).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.cursor));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
        // Newer, as old as some that were read, as old as some that were not, and older.
        append(&*store, batch_of_exchanges(sequence, [5000, 1240, 1100, 1000, 10].map(exchange).into())).await;
    }
    let unique: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(unique.len(), seen.len(), "nothing is seen twice");
    assert!(unique.is_superset(&before), "nothing that was there is missed");
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "the order holds across pages");
    assert!(seen.iter().all(|cursor| cursor.at < at(5000)), "nothing newer than the first page");
}

fn ends(exchanges: &[std::sync::Arc<StoredExchange>]) -> Vec<u64> {
    exchanges.iter().map(|stored| stored.exchange.end.as_ns()).collect()
}

/// One of each sort, told apart by their ends.
fn assorted() -> Vec<StoredExchange> {
    let with = |end, change: &dyn Fn(&mut StoredExchange)| {
        let mut stored = exchange(end);
        change(&mut stored);
        stored
    };
    let trace = TraceContext { trace_id: [7; 16], span_id: [1; 8], flags: 0 };
    vec![
        exchange(1000),
        with(2000, &|stored| stored.client = service("app")),
        with(3000, &|stored| stored.server = service("app")),
        with(4000, &|stored| stored.exchange.status = Status { class: StatusClass::ServerError, code: 503.into() }),
        with(5000, &|stored| {
            stored.exchange.status = Status { class: StatusClass::NoResponse, code: 0.into() };
            stored.exchange.response = None;
        }),
        with(6000, &|stored| {
            stored.operation = "POST /pay".into();
            stored.exchange.resource = "/pay".into();
        }),
        with(7000, &|stored| stored.exchange.request.first = at(6000)),
        with(8000, &|stored| stored.exchange.trace = Some(trace)),
        with(9000, &|stored| stored.exchange.observed = Observed::Server),
    ]
}
