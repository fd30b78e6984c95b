//! Thresholds and reasons.

use geophone_model::{series::View, status::StatusClass};
use geophone_servicemap::{Health, Tally, Thresholds};

use crate::sample::{Sample, map, point, service};

fn check(outcomes: &[(StatusClass, u64)], health: Health, reason: &str) {
    let (a, b) = (service("a"), service("b"));
    let mut tally = Tally::new(View::Server);
    for (class, requests) in outcomes {
        tally.add(&point(View::Server, &a, &b, *requests).outcome(*class)).unwrap();
    }
    let verdict = Thresholds::default().judge(tally.outcomes());
    assert_eq!((verdict.health, verdict.reason.as_str()), (health, reason));
}

#[test]
fn errors_degrade_at_once_and_fail_from_a_tenth_on() {
    use StatusClass::{NoResponse, Ok, ProtocolError, ServerError};
    check(&[(Ok, 80)], Health::Healthy, "none of 80 requests failed");
    check(&[(Ok, 79), (ServerError, 1)], Health::Degraded, "1.2 % of 80 requests failed (server error)");
    check(&[(Ok, 99_999), (NoResponse, 1)], Health::Degraded, "less than 0.1 % of 100000 requests failed (no answer)");
    check(&[(Ok, 901), (ProtocolError, 99)], Health::Degraded, "9.9 % of 1000 requests failed (protocol error)");
    check(&[(Ok, 90), (ProtocolError, 10)], Health::Failing, "10.0 % of 100 requests failed (protocol error)");
    check(&[(Ok, 70), (ServerError, 10)], Health::Failing, "12.5 % of 80 requests failed (server error)");
    check(
        &[(Ok, 70), (ServerError, 8), (NoResponse, 2)],
        Health::Failing,
        "12.5 % of 80 requests failed (8 × server error, 2 × no answer)",
    );
}

#[test]
fn client_errors_degrade_from_a_tenth_and_fail_from_a_fifth_on() {
    use StatusClass::{ClientError, Ok};
    check(&[(Ok, 91), (ClientError, 9)], Health::Healthy, "none of 100 requests failed");
    check(&[(Ok, 90), (ClientError, 10)], Health::Degraded, "10.0 % of 100 requests were client errors");
    check(&[(Ok, 80), (ClientError, 20)], Health::Failing, "20.0 % of 100 requests were client errors");
}

#[test]
fn the_worse_of_errors_and_client_errors_is_the_reason() {
    use StatusClass::{ClientError, Ok, ServerError};
    check(
        &[(Ok, 79), (ClientError, 20), (ServerError, 1)],
        Health::Failing,
        "20.0 % of 100 requests were client errors",
    );
    check(
        &[(Ok, 60), (ClientError, 20), (ServerError, 20)],
        Health::Failing,
        "20.0 % of 100 requests failed (server error)",
    );
    check(
        &[(Ok, 84), (ClientError, 15), (ServerError, 1)],
        Health::Degraded,
        "1.0 % of 100 requests failed (server error)",
    );
}

#[test]
fn too_few_requests_say_nothing_unless_one_failed() {
    use StatusClass::{ClientError, Ok, ServerError};
    check(&[], Health::Unknown, "0 requests: too few to say");
    check(&[(Ok, 1)], Health::Unknown, "1 request: too few to say");
    check(&[(ClientError, 4)], Health::Unknown, "4 requests: too few to say");
    check(&[(ServerError, 4)], Health::Degraded, "100.0 % of 4 requests failed (server error)");
    check(&[(Ok, 5)], Health::Healthy, "none of 5 requests failed");
    check(&[(ServerError, 5)], Health::Failing, "100.0 % of 5 requests failed (server error)");
}

#[test]
fn thresholds_can_be_moved() {
    let (a, b) = (service("a"), service("b"));
    let mut tally = Tally::new(View::Server);
    tally.add(&point(View::Server, &a, &b, 99)).unwrap();
    tally.add(&point(View::Server, &a, &b, 1).outcome(StatusClass::ServerError)).unwrap();
    let mut thresholds = Thresholds::default();
    thresholds.degraded_error_ratio = 0.02;
    let verdict = thresholds.judge(tally.outcomes());
    assert_eq!(
        (verdict.health, verdict.reason.as_str()),
        (Health::Healthy, "1.0 % of 100 requests failed (server error)")
    );
    thresholds.failing_error_ratio = 0.01;
    assert_eq!(thresholds.judge(tally.outcomes()).health, Health::Failing);
}

#[test]
fn an_edge_is_as_well_as_its_worse_end_says() {
    let (a, b) = (service("a"), service("b"));
    let map = map(&[
        point(View::Server, &a, &b, 80),
        point(View::Client, &a, &b, 79),
        point(View::Client, &a, &b, 1).outcome(StatusClass::NoResponse),
    ]);
    let verdict = map.edges()[0].verdict();
    assert_eq!(verdict.health, Health::Degraded);
    assert_eq!(verdict.reason, "1.2 % of 80 requests failed (no answer) as the client sees it");
    assert_eq!(map.node(&b).unwrap().verdict().health, Health::Healthy, "the server did not see it");
    assert_eq!(map.node(&a).unwrap().verdict().reason, "nobody calls it");
}

#[test]
fn the_server_speaks_where_both_ends_agree() {
    let (a, b) = (service("a"), service("b"));
    let map = map(&[point(View::Server, &a, &b, 80), point(View::Client, &a, &b, 90)]);
    assert_eq!(map.edges()[0].verdict().reason, "none of 80 requests failed as the server sees it");
}

#[test]
fn names_round_trip_and_an_unknown_one_is_named() {
    for health in Health::ALL {
        assert_eq!(health.as_str().parse(), Ok(*health));
    }
    assert_eq!(
        "sick".parse::<Health>().unwrap_err().to_string(),
        "unknown health `sick`, known are: unknown healthy degraded failing"
    );
}
