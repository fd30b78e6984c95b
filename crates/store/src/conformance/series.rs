//! Windows and points.

use geophone_model::{
    ledger::Coverage,
    series::{SeriesPoint, View},
};

use super::{Open, Room, fixture::*};
use crate::{MAX_EXEMPLARS, PointQuery, ReadError};

/// A window belongs to the range in which it starts, so that ranges that touch never share one.
pub async fn a_range_holds_its_start_and_not_its_end(open: &Open) {
    let store = open(Room::Ample).await;
    let windows = (1..=4).rev().map(|number| snapshot(window(number), Vec::new())).collect();
    append(&*store, batch_of_windows(0, windows)).await;
    let starts = async |from, to| -> Vec<u64> {
        let windows = store.windows(PointQuery::new(range(from, to))).await.unwrap();
        windows.iter().map(|snapshot| snapshot.window.start.as_ns() / WINDOW_NS).collect()
    };
    assert_eq!(starts(0, 5 * WINDOW_NS).await, [1, 2, 3, 4], "oldest first");
    assert_eq!(starts(2 * WINDOW_NS, 4 * WINDOW_NS).await, [2, 3]);
    assert_eq!(starts(2 * WINDOW_NS + 1, 4 * WINDOW_NS + 1).await, [3, 4]);
    assert_eq!(starts(2 * WINDOW_NS, 2 * WINDOW_NS).await, [0; 0]);
}

/// Snapshots of one window, in one batch or in several, are one window with each key once.
pub async fn snapshots_of_a_window_come_merged(open: &Open) {
    let store = open(Room::Ample).await;
    let first = snapshot(
        window(1),
        vec![point(window(1), "web", "db", "GET /b", &[100]), point(window(1), "web", "db", "GET /a", &[300, 400])],
    );
    let second = snapshot(window(1), vec![point(window(1), "web", "db", "GET /b", &[9_000, 200, 5, 6, 7])]);
    let third = snapshot(window(1), vec![point(window(1), "app", "db", "GET /b", &[100])]);
    append(&*store, batch_of_windows(0, vec![first, second])).await;
    append(&*store, batch_of_windows(1, vec![third])).await;

    let windows = store.windows(PointQuery::new(EVERYTHING)).await.unwrap();
    let [merged] = windows.as_slice() else { panic!("one window, and not {}", windows.len()) };
    let names: Vec<_> = merged.points.iter().map(|point| (&*point.key.client().name, &*point.key.operation)).collect();
    assert_eq!(names, [("app", "GET /b"), ("web", "GET /a"), ("web", "GET /b")], "sorted by key");
    assert_eq!(merged.coverage, Coverage { wanted_bytes: 30, delivered_bytes: 27, ..Coverage::default() });

    let sum = &merged.points[2];
    assert_eq!(sum.duration, buckets(&[100, 9_000, 200, 5, 6, 7]));
    assert_eq!((sum.requests, sum.request_bytes, sum.response_bytes), (6, 600, 6000));
    let slowest: Vec<_> = sum.exemplars.iter().map(|exemplar| exemplar.duration_ns).collect();
    assert_eq!(slowest, [9_000, 200, 100, 7], "the {MAX_EXEMPLARS} slowest, slowest first");
}

/// Whichever snapshot comes first, the window is the same.
pub async fn the_order_of_snapshots_makes_no_difference(open: &Open) {
    let part =
        |operation, durations: &[u64]| snapshot(window(1), vec![point(window(1), "web", "db", operation, durations)]);
    let parts =
        [part("GET /", &[1, 2, 3]), part("GET /", &[u64::MAX / 8]), part("GET /a", &[]), part("GET /", &[1_000_000])];
    let mut results = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let store = open(Room::Ample).await;
        for (sequence, index) in order.into_iter().enumerate() {
            append(&*store, batch_of_windows(sequence as u64, vec![parts[index].clone()])).await;
        }
        results.push(store.windows(PointQuery::new(EVERYTHING)).await.unwrap());
    }
    assert!(results.iter().all(|result| *result == results[0]), "{results:#?}");
}

/// A distribution without values has no resolution, and takes none from others.
pub async fn nothing_makes_nothing_coarser(open: &Open) {
    let fine = point(window(1), "web", "db", "GET /", &[100, 200, 300]);
    let mut nothing = point(window(1), "web", "db", "GET /", &[]);
    nothing.duration.scale = 0;
    for [first, second] in [[&fine, &nothing], [&nothing, &fine]] {
        let store = open(Room::Ample).await;
        append(&*store, batch_of_windows(0, vec![snapshot(window(1), vec![first.clone()])])).await;
        append(&*store, batch_of_windows(1, vec![snapshot(window(1), vec![second.clone()])])).await;
        let windows = store.windows(PointQuery::new(EVERYTHING)).await.unwrap();
        assert_eq!(windows[0].points[0].duration, fine.duration);
    }
}

/// Each condition selects points; a window is there for its coverage, also without any.
pub async fn filters_select_points_and_keep_windows(open: &Open) {
    let store = open(Room::Ample).await;
    let client_view = |point: SeriesPoint| {
        let mut point = point;
        point.key.view = View::Client;
        std::mem::swap(&mut point.key.local, &mut point.key.peer);
        point
    };
    let points = vec![
        point(window(1), "web", "db", "GET /", &[1]),
        client_view(point(window(1), "web", "db", "GET /", &[2])),
        point(window(1), "app", "web", "GET /", &[3]),
    ];
    append(&*store, batch_of_windows(0, vec![snapshot(window(1), points)])).await;

    let requests = async |change: &dyn Fn(&mut PointQuery)| {
        let mut query = PointQuery::new(EVERYTHING);
        change(&mut query);
        let windows = store.windows(query).await.unwrap();
        assert_eq!(windows.len(), 1, "the window is there, whatever matches");
        let mut durations: Vec<_> = windows[0].points.iter().map(|point| point.duration.max_ns).collect();
        durations.sort_unstable();
        durations
    };
    assert_eq!(requests(&|_| ()).await, [1, 2, 3]);
    assert_eq!(requests(&|query| query.filter.view = Some(View::Client)).await, [2]);
    assert_eq!(requests(&|query| query.filter.services = vec![(*service("db")).clone()]).await, [1, 2]);
    assert_eq!(
        requests(&|query| query.filter.services = ["db", "app"].map(|name| (*service(name)).clone()).into()).await,
        [1, 2, 3]
    );
    assert_eq!(requests(&|query| query.filter.services = vec![(*service("nobody")).clone()]).await, [0; 0]);
    assert_eq!(
        requests(&|query| query.filter.protocols = vec![geophone_model::protocol::Protocol::Http1]).await,
        [1, 2, 3]
    );
}

/// A query says how many points it can take, and is told where there are more, rather than given some.
pub async fn too_many_points_are_refused(open: &Open) {
    let store = open(Room::Ample).await;
    let points = |number| ["a", "b"].map(|client| point(window(number), client, "db", "GET /", &[1])).into();
    let windows = (0..3).map(|number| snapshot(window(number), points(number))).collect();
    append(&*store, batch_of_windows(0, windows)).await;

    let mut query = PointQuery::new(EVERYTHING);
    query.max_points = 6;
    assert_eq!(store.windows(query.clone()).await.unwrap().len(), 3);
    query.max_points = 5;
    let error = store.windows(query.clone()).await.expect_err("there are six points");
    assert!(matches!(error, ReadError::TooManyPoints { max_points: 5 }), "{error}");
    query.filter.services = vec![(*service("a")).clone()];
    assert!(store.windows(query).await.is_ok(), "only points that match count");
}
