//! Neighbourhoods and cycles.

use std::{collections::BTreeSet, sync::Arc};

use geophone_model::{identity::Identity, series::View};
use geophone_servicemap::{Direction, ServiceMap};
use proptest::prelude::*;

use crate::sample::{map, point, service};

/// A map of calls `a>b`, separated by spaces.
fn calls(calls: &str) -> ServiceMap {
    let points: Vec<_> = calls
        .split_whitespace()
        .map(|call| call.split_once('>').unwrap())
        .map(|(client, server)| point(View::Server, &service(client), &service(server), 1))
        .collect();
    map(&points)
}

fn edges(map: &ServiceMap) -> String {
    map.edges().iter().map(|edge| format!("{}>{}", edge.client(), edge.server())).collect::<Vec<_>>().join(" ")
}

fn cycles(map: &ServiceMap) -> Vec<String> {
    let names = |services: &[Arc<Identity>]| services.iter().map(|of| of.name.as_str()).collect::<Vec<_>>().join(" ");
    map.cycles().iter().map(|cycle| names(cycle.services())).collect()
}

#[test]
fn a_neighbourhood_follows_the_edges_step_by_step() {
    let chain = calls("a>b b>c c>d x>c");
    let around = |depth, direction| edges(&chain.neighbourhood(&service("b"), depth, direction).unwrap());
    assert_eq!(around(1, Direction::Callees), "b>c");
    assert_eq!(around(2, Direction::Callees), "b>c c>d");
    assert_eq!(around(9, Direction::Callees), "b>c c>d");
    assert_eq!(around(9, Direction::Callers), "a>b");
    assert_eq!(around(1, Direction::Both), "a>b b>c");
    assert_eq!(around(2, Direction::Both), "a>b b>c c>d x>c");
    assert_eq!(around(0, Direction::Both), "");
    assert_eq!(chain.neighbourhood(&service("nobody"), 1, Direction::Both), None);
}

#[test]
fn a_neighbourhood_has_the_figures_of_its_edges() {
    let map = calls("a>c b>c");
    let around = map.neighbourhood(&service("a"), 1, Direction::Both).unwrap();
    assert_eq!(around.node(&service("c")).unwrap().inbound().unwrap().requests(), 1);
}

#[test]
fn inbound_and_outbound_edges_are_those_of_the_node() {
    let map = calls("a>b b>c b>b");
    let b = service("b");
    let name = |edge: &geophone_servicemap::Edge| format!("{}>{}", edge.client(), edge.server());
    assert_eq!(map.inbound(&b).map(name).collect::<Vec<_>>(), ["a>b", "b>b"]);
    assert_eq!(map.outbound(&b).map(name).collect::<Vec<_>>(), ["b>b", "b>c"]);
    assert!(map.edges().iter().all(|edge| edge.touches(&b)));
}

#[test]
fn cycles_are_named_in_order() {
    assert_eq!(cycles(&calls("a>b b>c")), [""; 0]);
    assert_eq!(cycles(&calls("z>y y>z c>c b>a a>b a>c")), ["a b", "c", "y z"]);
    assert_eq!(cycles(&calls("a>b b>c c>a c>d d>b e>a")), ["a b c d"]);
}

#[test]
fn a_long_chain_does_not_exhaust_the_stack() {
    let names: Vec<_> = (0..20_000).map(|n| service(&format!("{n:05}"))).collect();
    let mut points: Vec<_> = names.windows(2).map(|pair| point(View::Server, &pair[0], &pair[1], 1)).collect();
    assert_eq!(map(&points).cycles(), []);
    points.push(point(View::Server, &names[19_999], &names[0], 1));
    assert_eq!(map(&points).cycles()[0].services().len(), 20_000);
}

/// Which of `len` nodes reach which by at most `steps` calls, by trying all of them.
fn reach(len: usize, calls: &BTreeSet<(usize, usize)>, steps: usize) -> BTreeSet<(usize, usize)> {
    let mut reached: BTreeSet<_> = calls.clone();
    for _ in 1..steps.min(len + 1) {
        let further: Vec<_> = reached
            .iter()
            .flat_map(|&(from, via)| calls.iter().filter(move |call| call.0 == via).map(move |call| (from, call.1)))
            .collect();
        reached.extend(further);
    }
    reached
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn calls_strategy() -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    proptest::collection::btree_set((0..NAMES.len(), 0..NAMES.len()), 1..16)
}

fn calls_map(calls: &BTreeSet<(usize, usize)>) -> ServiceMap {
    let points: Vec<_> = calls
        .iter()
        .map(|&(client, server)| point(View::Server, &service(NAMES[client]), &service(NAMES[server]), 1))
        .collect();
    map(&points)
}

proptest! {
    #[test]
    fn cycles_are_the_nodes_that_reach_themselves(calls in calls_strategy()) {
        let reached = reach(NAMES.len(), &calls, usize::MAX);
        let mut expected = BTreeSet::new();
        for node in (0..NAMES.len()).filter(|node| reached.contains(&(*node, *node))) {
            let together = |other: &usize| reached.contains(&(node, *other)) && reached.contains(&(*other, node));
            let members: Vec<_> = (0..NAMES.len()).filter(together).map(|member| NAMES[member]).collect();
            expected.insert(members.join(" "));
        }
        prop_assert_eq!(cycles(&calls_map(&calls)), expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_neighbourhood_has_the_edges_that_begin_within_reach(calls in calls_strategy(), depth in 0..5_usize) {
        let start = calls.first().unwrap().0;
        let reached = reach(NAMES.len(), &calls, depth.saturating_sub(1));
        let begins = |node| node == start || (depth > 1 && reached.contains(&(start, node)));
        let expected: Vec<_> = calls
            .iter()
            .filter(|call| depth > 0 && begins(call.0))
            .map(|call| format!("{}>{}", NAMES[call.0], NAMES[call.1]))
            .collect();

        let map = calls_map(&calls);
        let around = map.neighbourhood(&service(NAMES[start]), depth as u32, Direction::Callees).unwrap();
        prop_assert_eq!(edges(&around), expected.join(" "));

        let reversed: BTreeSet<_> = calls.iter().map(|&(client, server)| (server, client)).collect();
        let around = calls_map(&reversed).neighbourhood(&service(NAMES[start]), depth as u32, Direction::Callers).unwrap();
        let mut turned: Vec<_> = around.edges().iter().map(|edge| format!("{}>{}", edge.server(), edge.client())).collect();
        turned.sort_unstable();
        prop_assert_eq!(turned, expected);
    }
}
