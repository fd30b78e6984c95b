//! What holds for all maps.

use std::{collections::BTreeMap, sync::Arc};

use geophone_model::{
    identity::{Identity, IdentityKind},
    ledger::Coverage,
    protocol::Protocol,
    series::{SeriesPoint, View, WindowSnapshot},
    status::StatusClass,
    time::Window,
};
use geophone_servicemap::{Config, Difference, Direction, Filter, Health, Node, PathPattern, ServiceMap, Tally, Views};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::sample::{RANGE, Sample, buckets, container, external_client, map, point, service};

fn identities() -> Vec<Arc<Identity>> {
    vec![
        service("a"),
        service("b"),
        container("shop", "web"),
        container("shop", "cart"),
        container("bank", "web"),
        external_client("internet"),
        Arc::new(Identity::new(IdentityKind::ExternalService, None, "api.example.com")),
    ]
}

prop_compose! {
    fn any_point()(
        view in select(vec![View::Client, View::Server]),
        client in select(identities()),
        server in select(identities()),
        operation in select(vec!["GET /users/{id}", "GET /carts/{id}", "POST /carts", "~other"]),
        class in select(StatusClass::ALL.to_vec()),
        requests in 0..30_u64,
        durations_ns in vec(0..5_000_000_000_u64, 0..5),
        lifetimes_ns in vec(any::<u64>(), 0..2),
        same_point in proptest::bool::weighted(0.1),
        outside in proptest::bool::weighted(0.05),
        malformed in proptest::bool::weighted(0.05),
    ) -> SeriesPoint {
        let mut point = point(view, &client, &server, requests).operation(operation).outcome(class).durations(&durations_ns);
        point.request_bytes = requests * 7;
        point.streams = lifetimes_ns.len() as u64;
        point.lifetime = buckets(&lifetimes_ns);
        if same_point {
            point = point.same_point();
        }
        if outside {
            point.window = Window { start: RANGE.end(), length_ns: RANGE.length_ns };
        }
        if malformed {
            point.first_byte.zero_count += 1;
            point.first_byte.min_ns = u64::MAX;
        }
        point
    }
}

fn points() -> impl Strategy<Value = Vec<SeriesPoint>> {
    vec(any_point(), 0..40)
}

prop_compose! {
    fn any_filter()(
        namespaces in vec(select(vec!["shop", "bank", "none"]), 0..2),
        services in vec(select(vec!["a", "web", "shop/cart", "internet", "nobody"]), 0..3),
        path in option::of(select(vec!["^/carts", "users", "~other", "^$"])),
        http in any::<bool>(),
        health in vec(select(Health::ALL.to_vec()), 0..3),
        min_rate_per_second in option::of(0.0..5.0_f64),
        hide_externals in any::<bool>(),
    ) -> Filter {
        let mut filter = Filter::default();
        filter.namespaces = namespaces.into_iter().map(str::to_owned).collect();
        filter.services = services.into_iter().map(str::to_owned).collect();
        filter.path = path.map(|pattern| PathPattern::new(pattern).unwrap());
        filter.protocols = http.then_some(Protocol::Http1).into_iter().collect();
        filter.health = health;
        filter.min_rate_per_second = min_rate_per_second;
        filter.hide_externals = hide_externals;
        filter
    }
}

fn small(max_rows: usize) -> Config {
    let mut config = Config::default();
    config.max_rows = max_rows;
    config
}

/// Every node is an end of an edge, every end of an edge is a node, and both lists are sorted.
fn assert_whole(map: &ServiceMap) {
    for node in map.nodes() {
        assert!(map.edges().iter().any(|edge| edge.touches(node.identity())), "phantom {}", node.identity());
    }
    for edge in map.edges() {
        assert!(map.node(edge.client()).is_some() && map.node(edge.server()).is_some());
        assert!(map.edge(edge.client(), edge.server()) == Some(edge));
        assert!(!edge.operations().is_empty());
        assert!(edge.operations().is_sorted_by_key(|operation| (operation.protocol(), operation.name().clone())));
    }
    assert!(map.nodes().is_sorted_by_key(Node::identity));
    assert!(map.edges().is_sorted_by_key(|edge| (edge.client(), edge.server())));
}

/// Every operation of `part` is in `whole`, with the same figures.
fn assert_part_of(part: &ServiceMap, whole: &ServiceMap) {
    for edge in part.edges() {
        let of_whole = whole.edge(edge.client(), edge.server()).expect("no edge appears from nowhere");
        for operation in edge.operations() {
            assert!(of_whole.operations().contains(operation));
        }
    }
}

/// Requests by view, client and server, added up one by one.
type Requests<'a> = BTreeMap<(View, &'a Identity, &'a Identity), u64>;

fn requests_of(views: &Views, view: View) -> u64 {
    views.of(view).map_or(0, Tally::requests)
}

proptest! {
    #[test]
    fn the_order_of_points_changes_nothing(
        (points, shuffled) in points().prop_flat_map(|points| (Just(points.clone()), Just(points).prop_shuffle())),
        max_rows in 0..12_usize,
    ) {
        prop_assert_eq!(map(&points), map(&shuffled));
        let small = small(max_rows);
        let (one, other) = (ServiceMap::build(&points, RANGE, small), ServiceMap::build(&shuffled, RANGE, small));
        prop_assert!(one.edges().iter().map(|edge| edge.operations().len()).sum::<usize>() <= max_rows);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn snapshots_add_up_to_their_points(parts in vec((points(), 0..100_u64), 0..4)) {
        let snapshots: Vec<_> = parts
            .into_iter()
            .map(|(points, wanted_bytes)| {
                let coverage = Coverage { wanted_bytes, ..Coverage::default() };
                WindowSnapshot { window: RANGE, points, coverage }
            })
            .collect();
        let forth = ServiceMap::from_snapshots(&snapshots, RANGE, Config::default());
        let back = ServiceMap::from_snapshots(snapshots.iter().rev(), RANGE, Config::default());
        prop_assert_eq!(&forth, &back);
        let points: Vec<_> = snapshots.iter().flat_map(|snapshot| snapshot.points.clone()).collect();
        let map = map(&points);
        prop_assert_eq!(forth.edges(), map.edges());
        prop_assert_eq!(forth.coverage().wanted_bytes, snapshots.iter().map(|of| of.coverage.wanted_bytes).sum::<u64>());
    }

    #[test]
    fn the_views_are_never_added(points in points()) {
        let map = map(&points);
        let left_out = map.left_out();
        let mut expected = Requests::new();
        let mut used = 0;
        for point in &points {
            if point.window == RANGE && point.first_byte.min_ns != u64::MAX {
                let key = (point.key.view, &**point.key.client(), &**point.key.server());
                *expected.entry(key).or_default() += point.requests;
                used += 1;
            }
        }
        prop_assert_eq!(used + left_out.outside_range + left_out.malformed + left_out.over_limit, points.len() as u64);

        let mut found = Requests::new();
        for edge in map.edges() {
            for tally in [edge.views().client(), edge.views().server()].into_iter().flatten() {
                found.insert((tally.view(), edge.client(), edge.server()), tally.requests());
            }
            for view in [View::Client, View::Server] {
                let by_operation: u64 = edge.operations().iter().map(|of| requests_of(of.views(), view)).sum();
                let by_protocol: u64 = edge.protocols().values().map(|views| requests_of(views, view)).sum();
                prop_assert_eq!([by_operation, by_protocol], [requests_of(edge.views(), view); 2]);
            }
        }
        prop_assert_eq!(&found, &expected);

        for node in map.nodes() {
            let sum = |view: View, end: fn(&(View, &Identity, &Identity)) -> Identity| -> u64 {
                let of_node = expected.iter().filter(|(key, _)| key.0 == view && end(key) == **node.identity());
                of_node.map(|(_, requests)| requests).sum()
            };
            if let Some(inbound) = node.inbound() {
                prop_assert_eq!(inbound.requests(), sum(inbound.view(), |key| key.2.clone()));
                let by_operation: u64 = node.operations().iter().map(|of| requests_of(of.views(), inbound.view())).sum();
                prop_assert_eq!(by_operation, inbound.requests());
                let server = map.inbound(node.identity()).any(|edge| edge.views().server().is_some());
                prop_assert_eq!(inbound.view(), if server { View::Server } else { View::Client });
            }
            if let Some(outbound) = node.outbound() {
                prop_assert_eq!(outbound.requests(), sum(outbound.view(), |key| key.1.clone()));
            }
        }
    }

    #[test]
    fn a_filter_selects_and_makes_nothing_up(points in points(), filter in any_filter()) {
        let map = map(&points);
        let filtered = map.filter(&filter);
        assert_whole(&map);
        assert_whole(&filtered);
        assert_part_of(&filtered, &map);
        prop_assert_eq!(filtered.filter(&filter), filtered.clone());
        prop_assert_eq!(map.filter(&Filter::default()), map);
    }

    #[test]
    fn a_neighbourhood_selects_and_makes_nothing_up(points in points(), start in select(identities()), depth in 0..4_u32) {
        let map = map(&points);
        for direction in [Direction::Callers, Direction::Callees, Direction::Both] {
            let around = map.neighbourhood(&start, depth, direction);
            prop_assert_eq!(around.is_some(), map.node(&start).is_some());
            if let Some(around) = around {
                assert_whole(&around);
                assert_part_of(&around, &map);
                let further = map.neighbourhood(&start, depth + 1, direction).unwrap();
                assert_part_of(&around, &further);
            }
        }
    }

    #[test]
    fn a_difference_is_empty_for_equals_and_turns_around(before in points(), after in points()) {
        let (before, after) = (map(&before), map(&after));
        prop_assert!(Difference::between(&before, &before).is_empty());
        let (forth, back) = (Difference::between(&before, &after), Difference::between(&after, &before));
        prop_assert_eq!(&forth.nodes_added, &back.nodes_removed);
        prop_assert_eq!(&forth.edges_added, &back.edges_removed);
        prop_assert_eq!(&forth.nodes_removed, &back.nodes_added);
        prop_assert_eq!(&forth.edges_removed, &back.edges_added);
        let turned: Vec<_> = back.nodes_changed.iter().map(|change| (&change.id, change.after, change.before)).collect();
        let changed: Vec<_> = forth.nodes_changed.iter().map(|change| (&change.id, change.before, change.after)).collect();
        prop_assert_eq!(changed, turned);
        prop_assert_eq!(after.nodes().len() + forth.nodes_removed.len(), before.nodes().len() + forth.nodes_added.len());
        prop_assert_eq!(after.edges().len() + forth.edges_removed.len(), before.edges().len() + forth.edges_added.len());
    }
}
