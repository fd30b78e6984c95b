//! Filters: what each condition keeps.

use geophone_model::{protocol::Protocol, series::View, status::StatusClass};
use geophone_servicemap::{Filter, Health, PathPattern, ServiceMap, Tally};

use crate::sample::{Sample, container, map, point, service, shop};

/// The shop, filtered, as text: a line for each edge, with the requests of both views.
fn check(change: impl FnOnce(&mut Filter), expected: &[&str]) -> ServiceMap {
    let mut filter = Filter::default();
    change(&mut filter);
    let filtered = shop().filter(&filter);
    let lines: Vec<_> = filtered
        .edges()
        .iter()
        .map(|edge| {
            let requests = |view| edge.views().of(view).map_or(0, Tally::requests);
            format!("{} -> {}: {}/{}", edge.client(), edge.server(), requests(View::Client), requests(View::Server))
        })
        .collect();
    assert_eq!(lines, expected);
    filtered
}

const CART_DB: &str = "back/cart -> postgres: 20/20";
const WEB_CART: &str = "front/web -> back/cart: 100/100";
const VISITOR_WEB: &str = "internet -> front/web: 0/40";

#[test]
fn without_a_condition_everything_stays() {
    let all = check(|_| {}, &[CART_DB, WEB_CART, VISITOR_WEB]);
    assert_eq!(all, shop());
}

#[test]
fn a_namespace_keeps_the_edges_that_touch_it() {
    check(|filter| filter.namespaces = vec!["front".into()], &[WEB_CART, VISITOR_WEB]);
    check(|filter| filter.namespaces = vec!["front".into(), "back".into()], &[CART_DB, WEB_CART, VISITOR_WEB]);
    check(|filter| filter.namespaces = vec!["".into()], &[]);
}

#[test]
fn a_service_is_found_by_id_name_and_full_name() {
    let id = container("front", "web").id();
    for name in [id.as_str(), "web", "front/web"] {
        check(|filter| filter.services = vec![name.into()], &[WEB_CART, VISITOR_WEB]);
    }
    check(|filter| filter.services = vec!["postgres".into(), "internet".into()], &[CART_DB, VISITOR_WEB]);
    check(|filter| filter.services = vec!["nobody".into()], &[]);
}

#[test]
fn namespace_and_service_are_conditions_on_the_same_end() {
    let both = |filter: &mut Filter| {
        filter.namespaces = vec!["front".into()];
        filter.services = vec!["cart".into()];
    };
    check(both, &[]);
}

#[test]
fn a_path_narrows_the_figures() {
    let path = |pattern: &str| Some(PathPattern::new(pattern).unwrap());
    let carts = check(|filter| filter.path = path("/items$"), &["front/web -> back/cart: 10/10"]);
    let cart = carts.node(&container("back", "cart")).unwrap();
    assert_eq!(cart.inbound().unwrap().requests(), 10);
    assert_eq!(cart.outbound(), None, "its own calls do not match");
    assert_eq!(cart.verdict().health, Health::Failing, "of the matching requests, all failed");
    check(|filter| filter.path = path("^/carts"), &[WEB_CART]);
    check(|filter| filter.path = path("^GET"), &[]);
}

#[test]
fn an_operation_without_a_verb_is_a_path() {
    let (a, b) = (service("a"), service("b"));
    let map = map(&[point(View::Server, &a, &b, 1).operation("~other")]);
    let mut filter = Filter::default();
    filter.path = Some(PathPattern::new("^~other$").unwrap());
    assert_eq!(map.filter(&filter), map);
}

#[test]
fn a_protocol_keeps_its_operations() {
    check(|filter| filter.protocols = vec![Protocol::Http1], &[CART_DB, WEB_CART, VISITOR_WEB]);
}

#[test]
fn health_keeps_the_nodes_of_that_health_with_all_their_edges() {
    check(|filter| filter.health = vec![Health::Failing], &[CART_DB, WEB_CART]);
    check(|filter| filter.health = vec![Health::Degraded], &[]);
    check(|filter| filter.health = vec![Health::Unknown], &[VISITOR_WEB]);
}

#[test]
fn a_rate_is_a_lower_bound() {
    check(|filter| filter.min_rate_per_second = Some(4.0), &[WEB_CART, VISITOR_WEB]);
    check(|filter| filter.min_rate_per_second = Some(4.1), &[WEB_CART]);
}

#[test]
fn outsiders_are_hidden_with_what_they_ask() {
    let ours = check(|filter| filter.hide_externals = true, &[CART_DB, WEB_CART]);
    let web = ours.node(&container("front", "web")).unwrap();
    assert_eq!((web.inbound(), web.outbound().unwrap().requests()), (None, 100));
}

#[test]
fn a_filter_changes_neither_coverage_nor_what_was_left_out() {
    let (a, b) = (service("a"), service("b"));
    let mut malformed = point(View::Server, &a, &b, 1);
    malformed.duration.counts = vec![1];
    let map = map(&[point(View::Server, &a, &b, 1).outcome(StatusClass::Ok), malformed]);
    let mut filter = Filter::default();
    filter.services = vec!["nobody".into()];
    let nothing = map.filter(&filter);
    assert!(nothing.nodes().is_empty());
    assert_eq!((nothing.left_out(), nothing.range()), (map.left_out(), map.range()));
}
