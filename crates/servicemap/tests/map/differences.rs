//! The difference of two maps.

use geophone_model::{
    series::View,
    status::StatusClass,
    time::{Timestamp, Window},
};
use geophone_servicemap::{Config, Difference, ServiceMap};

use crate::sample::{MS, RANGE, Sample, map, point, service, shop};

#[test]
fn nothing_changes_from_a_map_to_itself() {
    let shop = shop();
    let difference = Difference::between(&shop, &shop);
    assert!(difference.is_empty(), "{difference:?}");
    assert_eq!(difference, Difference::default());
}

#[test]
fn what_comes_and_goes_is_named() {
    let [a, b, c] = ["a", "b", "c"].map(service);
    let before = map(&[point(View::Server, &a, &b, 1)]);
    let after = map(&[point(View::Server, &c, &b, 1)]);
    let difference = Difference::between(&before, &after);
    assert_eq!(
        (difference.nodes_added.as_slice(), difference.nodes_removed.as_slice()),
        (&[c.id()][..], &[a.id()][..])
    );
    let [added, removed] = [&difference.edges_added, &difference.edges_removed].map(Vec::as_slice);
    assert_eq!((added.len(), removed.len()), (1, 1));
    assert_eq!((&added[0].source, &added[0].target), (&c.id(), &b.id()));
    assert_eq!((&removed[0].source, &removed[0].target), (&a.id(), &b.id()));
    assert!(
        difference.nodes_changed.is_empty() && difference.edges_changed.is_empty(),
        "b is asked as often as before"
    );
    assert!(!difference.is_empty());
}

#[test]
fn a_change_has_both_values() {
    let (a, b) = (service("a"), service("b"));
    let before = map(&[point(View::Server, &a, &b, 10).durations(&[MS; 10])]);
    let after = map(&[
        point(View::Server, &a, &b, 15).durations(&[4 * MS; 15]),
        point(View::Server, &a, &b, 5).outcome(StatusClass::ServerError),
    ]);
    let difference = Difference::between(&before, &after);
    let [change] = difference.nodes_changed.as_slice() else { panic!("{difference:?}") };
    assert_eq!(change.id, b.id());
    let (before, after) = (change.before.unwrap(), change.after.unwrap());
    assert_eq!((before.rate_per_second, before.error_ratio, before.p95_seconds), (1.0, 0.0, Some(0.001)));
    assert_eq!((after.rate_per_second, after.error_ratio, after.p95_seconds), (2.0, 0.25, Some(0.004)));
    let [edge] = difference.edges_changed.as_slice() else { panic!("{difference:?}") };
    assert_eq!((edge.before, edge.after), (change.before, change.after));
}

#[test]
fn rates_of_ranges_of_different_length_compare() {
    let (a, b) = (service("a"), service("b"));
    let long = Window { start: Timestamp::from_ns(0), length_ns: 10 * RANGE.length_ns };
    let mut hundred = point(View::Server, &a, &b, 100);
    hundred.window = Window { start: long.start, length_ns: RANGE.length_ns };
    let before = ServiceMap::build(&[hundred], long, Config::default());
    let after = map(&[point(View::Server, &a, &b, 10)]);
    assert!(Difference::between(&before, &after).is_empty());
}

#[test]
fn an_edge_is_compared_in_a_view_that_both_maps_have() {
    let (a, b) = (service("a"), service("b"));
    let client = |requests| point(View::Client, &a, &b, requests);
    let both = map(&[client(10), point(View::Server, &a, &b, 999)]);
    assert_eq!(Difference::between(&both, &map(&[client(10)])).edges_changed, []);

    let difference = Difference::between(&both, &map(&[client(20)]));
    let change = &difference.edges_changed[0];
    assert_eq!((change.before.unwrap().view, change.before.unwrap().rate_per_second), (View::Client, 1.0));
    assert_eq!((change.after.unwrap().view, change.after.unwrap().rate_per_second), (View::Client, 2.0));
}

#[test]
fn figures_without_a_common_view_say_which_they_are_of() {
    let (a, b) = (service("a"), service("b"));
    let before = map(&[point(View::Client, &a, &b, 10)]);
    let after = map(&[point(View::Server, &a, &b, 10)]);
    let difference = Difference::between(&before, &after);
    let change = &difference.edges_changed[0];
    assert_eq!((change.before.unwrap().view, change.after.unwrap().view), (View::Client, View::Server));
}

#[test]
fn a_service_that_is_no_longer_called_has_no_figures_after() {
    let [a, b, c] = ["a", "b", "c"].map(service);
    let before = map(&[point(View::Server, &a, &b, 10), point(View::Server, &b, &c, 10)]);
    let after = map(&[point(View::Server, &b, &c, 10)]);
    let difference = Difference::between(&before, &after);
    let [change] = difference.nodes_changed.as_slice() else { panic!("{difference:?}") };
    assert_eq!((&change.id, change.before.is_some(), change.after), (&b.id(), true, None));
}
