//! What is counted, and what is shown of it.

use geophone_model::{
    ledger::Coverage,
    series::{View, WindowSnapshot},
    status::StatusClass,
    time::Window,
};
use geophone_servicemap::{AddPointError, Config, MalformedPoint, MapBuilder, ServiceMap, Tally};

use crate::sample::{MS, RANGE, Sample, container, map, point, service, shop};

#[test]
fn a_service_has_the_figures_of_its_own_view() {
    let shop = shop();
    let cart = shop.node(&container("back", "cart")).unwrap();
    let figures = shop.summary(cart.inbound().unwrap());
    assert_eq!(figures.view, View::Server);
    assert_eq!((figures.requests, figures.errors, figures.client_errors), (100, 10, 0), "not both views");
    assert_eq!((figures.rate_per_second, figures.error_ratio), (10.0, 0.1));
    let durations = figures.duration_seconds.unwrap();
    assert_eq!((durations.count, durations.mean, durations.p50, durations.max), (100, 0.004, 0.004, 0.004));
    assert_eq!(figures.first_byte_seconds.unwrap().p99, 0.002);
    assert_eq!(figures.lifetime_seconds, None);
}

#[test]
fn a_service_that_only_its_clients_see_has_their_figures() {
    let (a, b, s3) = (service("a"), service("b"), service("s3"));
    let map = map(&[point(View::Client, &a, &s3, 3), point(View::Client, &b, &s3, 4)]);
    let inbound = map.node(&s3).unwrap().inbound().unwrap();
    assert_eq!((inbound.view(), inbound.requests()), (View::Client, 7));
    let (a, s3) = (map.node(&a).unwrap(), map.node(&s3).unwrap());
    assert_eq!((a.inbound(), s3.outbound()), (None, None));
    assert_eq!(a.outbound().map(Tally::requests), Some(3));
}

#[test]
fn operations_are_of_the_view_that_the_service_shows() {
    let (a, b, api) = (service("a"), service("b"), service("api"));
    let map = map(&[
        point(View::Client, &a, &api, 50).operation("GET /only-the-client-saw-it"),
        point(View::Server, &a, &api, 2).operation("GET /users/{id}"),
        point(View::Server, &b, &api, 3).operation("GET /users/{id}"),
        point(View::Server, &b, &api, 1).operation("DELETE /users/{id}"),
    ]);
    let operations = map.node(&api).unwrap().operations();
    let counts: Vec<_> = operations.iter().map(|of| (&**of.name(), of.views().server().unwrap().requests())).collect();
    assert_eq!(counts, [("DELETE /users/{id}", 1), ("GET /users/{id}", 5)]);
    assert!(operations.iter().all(|operation| operation.views().client().is_none()));
}

#[test]
fn the_views_of_an_edge_stand_side_by_side() {
    let shop = shop();
    let edge = shop.edge(&container("front", "web"), &container("back", "cart")).unwrap();
    let views = edge.views();
    assert_eq!([views.client(), views.server()].map(|view| view.unwrap().requests()), [100, 100]);
    let network = views.network_time().unwrap();
    assert_eq!(network.mean_ns, 1_100_000, "90 × 5 ms and 10 × 6 ms less 4 ms");
    assert!(network.median_ns.abs_diff(1_000_000) < 5 * MS * 45 / 1_000, "as near as the buckets: {network:?}");

    let protocols = edge.protocols();
    assert_eq!(protocols.len(), 1);
    assert_eq!(protocols.values().next(), Some(views));
    assert_eq!(edge.operations().len(), 2);
}

#[test]
fn one_point_of_measurement_has_no_network_time() {
    let shop = shop();
    let edge = shop.edge(&container("back", "cart"), &service("postgres")).unwrap();
    assert!(edge.views().same_point());
    assert_eq!(edge.views().network_time(), None);
}

#[test]
fn without_durations_there_is_no_network_time() {
    let (a, b) = (service("a"), service("b"));
    let only_server = [point(View::Client, &a, &b, 2), point(View::Server, &a, &b, 2).durations(&[MS; 2])];
    assert_eq!(map(&only_server).edges()[0].views().network_time(), None);
    let only_client = [point(View::Client, &a, &b, 2).durations(&[MS; 2])];
    assert_eq!(map(&only_client).edges()[0].views().network_time(), None);
}

#[test]
fn a_shorter_client_time_is_a_negative_network_time() {
    let (a, b) = (service("a"), service("b"));
    let points =
        [point(View::Client, &a, &b, 1).durations(&[2 * MS]), point(View::Server, &a, &b, 1).durations(&[5 * MS])];
    let network = map(&points).edges()[0].views().network_time().unwrap();
    assert_eq!((network.median_ns, network.mean_ns), (-3_000_000, -3_000_000));
}

#[test]
fn points_that_are_left_out_are_counted() {
    let (a, b) = (service("a"), service("b"));
    let mut late = point(View::Server, &a, &b, 7);
    late.window = Window { start: RANGE.end(), length_ns: RANGE.length_ns };
    let mut malformed = point(View::Server, &a, &b, 7).durations(&[MS; 7]);
    malformed.duration.max_ns = 1;
    let map = map(&[point(View::Server, &a, &b, 2), late, malformed]);
    assert_eq!(map.edges()[0].views().server().unwrap().requests(), 2);
    let left_out = map.left_out();
    assert_eq!((left_out.outside_range, left_out.malformed, left_out.over_limit), (1, 1, 0));
}

#[test]
fn a_full_map_counts_what_it_has_no_room_for() {
    let server = service("server");
    let mut config = Config::default();
    config.max_rows = 3;
    let points: Vec<_> =
        (0..20).map(|n| point(View::Server, &service(&format!("client-{n:02}")), &server, 1)).collect();
    let twice = points.iter().rev().chain(&points);
    let map = ServiceMap::build(twice, RANGE, config);
    let clients: Vec<_> = map.edges().iter().map(|edge| edge.client().name.as_str()).collect();
    assert_eq!(clients, ["client-00", "client-01", "client-02"]);
    assert_eq!(map.left_out().over_limit, 2 * 17);
    assert_eq!(map.node(&server).unwrap().inbound().unwrap().requests(), 2 * 3);
}

#[test]
fn coverage_is_that_of_the_windows_in_the_range() {
    let (a, b) = (service("a"), service("b"));
    let snapshot = |window, wanted_bytes| WindowSnapshot {
        window,
        points: vec![point(View::Server, &a, &b, 1)],
        coverage: Coverage { wanted_bytes, delivered_bytes: 30, ..Coverage::default() },
    };
    let outside = Window { start: RANGE.end(), length_ns: RANGE.length_ns };
    let mut builder = MapBuilder::new(RANGE, Config::default());
    builder.add(&snapshot(RANGE, 40));
    let first = builder.clone().finish();
    builder.add(&snapshot(RANGE, 60));
    builder.add(&snapshot(outside, 1_000));
    let map = builder.finish();

    assert_eq!((first.coverage().wanted_bytes, map.coverage().wanted_bytes), (40, 100));
    let figures = map.summary(map.nodes()[1].inbound().unwrap());
    assert_eq!(figures.coverage.ratio(), 0.6);
    assert_eq!(figures.requests, 3, "the points say themselves when they are of");
}

#[test]
fn a_tally_takes_points_of_its_view_only() {
    let (a, b) = (service("a"), service("b"));
    let mut tally = Tally::new(View::Server);
    let refused = tally.add(&point(View::Client, &a, &b, 1)).unwrap_err();
    assert_eq!(refused, AddPointError::OtherView { expected: View::Server, found: View::Client });
    assert_eq!(
        refused.to_string(),
        "cannot add a point of the client view to a tally of the server view: keep a tally for each"
    );
    let mut malformed = point(View::Server, &a, &b, 1);
    malformed.lifetime.counts = vec![1];
    let Err(AddPointError::Malformed { point: none }) = tally.add(&malformed) else { panic!("it was added") };
    assert!(matches!(none, MalformedPoint::Distribution { distribution: "lifetime", .. }), "{none}");
    assert_eq!(tally, Tally::new(View::Server), "nothing of a refused point is added");
}

#[test]
fn counts_stop_at_their_maximum() {
    let (a, b) = (service("a"), service("b"));
    let mut tally = Tally::new(View::Server);
    for class in StatusClass::ALL {
        tally.add(&point(View::Server, &a, &b, u64::MAX).outcome(*class)).unwrap();
    }
    assert_eq!((tally.requests(), tally.errors()), (u64::MAX, u64::MAX));
}

#[test]
fn an_empty_distribution_of_another_scale_makes_nothing_coarser() {
    let (a, b) = (service("a"), service("b"));
    let mut tally = Tally::new(View::Server);
    tally.add(&point(View::Server, &a, &b, 1).durations(&[MS])).unwrap();
    let scale = tally.duration().scale();
    let empty = point(View::Server, &a, &b, 1);
    assert_ne!(empty.duration.scale, scale);
    tally.add(&empty).unwrap();
    assert_eq!(tally.duration().scale(), scale);
}

#[test]
fn a_range_without_length_has_no_rate() {
    let (a, b) = (service("a"), service("b"));
    let map = map(&[point(View::Server, &a, &b, 5)]);
    let tally = map.nodes()[1].inbound().unwrap();
    let instant = Window { start: RANGE.start, length_ns: 0 };
    assert_eq!(geophone_servicemap::Summary::new(tally, instant, Coverage::default()).rate_per_second, 0.0);
}
