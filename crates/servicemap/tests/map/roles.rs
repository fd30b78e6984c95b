//! What kind of server a node is.

use geophone_distribution::Distribution as _;
use geophone_model::{
    protocol::{Protocol, Role},
    series::{SeriesPoint, View},
};
use geophone_servicemap::{Node, ServiceMap};

use crate::sample::{map, point, service};

/// A producer publishes to a broker, which delivers to a consumer; the consumer asks a database and a cache.
fn shop() -> ServiceMap {
    let [producer, broker, consumer] = ["producer", "broker", "consumer"].map(service);
    let (db, cache) = (service("db"), service("cache"));
    let spoken = |protocol, mut point: SeriesPoint| {
        point.key.protocol = protocol;
        point
    };
    let delivered = |mut point: SeriesPoint| {
        point.key.delivery = true;
        point
    };
    map(&[
        spoken(Protocol::Amqp, point(View::Server, &producer, &broker, 30)),
        point(View::Server, &producer, &broker, 3),
        delivered(spoken(Protocol::Amqp, point(View::Client, &broker, &consumer, 30))),
        spoken(Protocol::Postgres, point(View::Client, &consumer, &db, 10)),
        spoken(Protocol::Redis, point(View::Client, &consumer, &cache, 10)),
    ])
}

fn node<'a>(map: &'a ServiceMap, name: &str) -> &'a Node {
    map.nodes().iter().find(|node| node.identity().name == name).unwrap()
}

#[test]
fn a_node_is_what_it_is_spoken_to_as() {
    let map = shop();
    let role = |name| node(&map, name).role();
    assert_eq!([role("db"), role("cache"), role("broker")], [Role::Database, Role::Cache, Role::Queue]);
    assert_eq!([role("producer"), role("consumer")], [Role::Service; 2], "who is delivered to is no broker");
    assert_eq!(node(&map, "broker").protocols(), [Protocol::Amqp, Protocol::Http1]);
    assert_eq!(node(&map, "consumer").protocols(), []);
}

#[test]
fn an_edge_goes_the_way_of_the_message() {
    let map = shop();
    let edge = map.edges().iter().find(|edge| edge.server().name == "consumer").unwrap();
    assert_eq!(edge.client().name, "broker");
    assert!(edge.operations()[0].is_delivery());
    let inbound = node(&map, "consumer").inbound().unwrap();
    assert_eq!((inbound.requests(), inbound.duration().is_empty()), (30, true), "a message has no duration");
}

#[test]
fn pictures_show_it() {
    let map = shop();
    assert!(map.to_dot().contains("database (postgres), process"), "{}", map.to_dot());
    assert!(map.to_dot().contains("shape=cylinder") && map.to_dot().contains("shape=cds"));
    assert!(map.to_mermaid().contains("[(\"db") && map.to_mermaid().contains("[[\"broker"), "{}", map.to_mermaid());
    let rows = map.to_grafana().nodes;
    assert_eq!(rows.iter().find(|row| row.title == "cache").unwrap().subtitle, "cache");
}
