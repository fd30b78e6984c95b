//! A protocol's real server and client, run by the scripts in `workloads/`: what they did is what is observed.

use geophone_testkit::{Observation, Workload};

use crate::room;

/// Runs every scenario of a protocol, each in a room of its own. `programs` are those that it uses beside Python.
fn every_scenario_is_observed_exactly(protocol: &str, programs: &[&str]) {
    let programs = [&["python"], programs].concat();
    let Some(first) = room(&programs) else { return };
    let scenarios = Workload::scenarios(first.place(), protocol);
    drop(first);
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        let Some(room) = room(&programs) else { return };
        let observation = Observation::begin(&room);
        let workload = Workload::run(room.place(), protocol, &scenario);
        workload.assert_observed(&observation.end());
    }
}

#[test]
fn amqp() {
    every_scenario_is_observed_exactly("amqp", &["epmd", "rabbitmq-server"]);
}

#[test]
fn cassandra() {
    every_scenario_is_observed_exactly("cassandra", &[]);
}

#[test]
fn dns() {
    every_scenario_is_observed_exactly("dns", &["dnsmasq"]);
}

#[test]
fn grpc() {
    every_scenario_is_observed_exactly("grpc", &[]);
}

#[test]
fn http1() {
    every_scenario_is_observed_exactly("http1", &[]);
}

#[test]
fn http2() {
    every_scenario_is_observed_exactly("http2", &["curl", "h2load", "nghttp", "nghttpd", "nghttpx", "nginx"]);
}

#[test]
fn kafka() {
    every_scenario_is_observed_exactly("kafka", &[]);
}

#[test]
fn memcached() {
    every_scenario_is_observed_exactly("memcached", &["memcached", "memccp"]);
}

#[test]
fn mongodb() {
    every_scenario_is_observed_exactly("mongodb", &[]);
}

#[test]
fn mqtt() {
    every_scenario_is_observed_exactly("mqtt", &["mosquitto", "mosquitto_passwd"]);
}

#[test]
fn mysql() {
    every_scenario_is_observed_exactly("mysql", &["mariadbd", "openssl"]);
}

#[test]
fn nats() {
    every_scenario_is_observed_exactly("nats", &["nats-server"]);
}

#[test]
fn postgres() {
    every_scenario_is_observed_exactly(
        "postgres",
        &["initdb", "openssl", "pg_recvlogical", "pgbench", "postgres", "psql"],
    );
}

#[test]
fn redis() {
    every_scenario_is_observed_exactly("redis", &["redis-server"]);
}

#[test]
fn tls() {
    every_scenario_is_observed_exactly("tls", &["curl", "nginx", "openssl"]);
}

#[test]
fn websocket() {
    every_scenario_is_observed_exactly("websocket", &[]);
}
