//! `/api/v1/services` and `/api/v1/services/{id}`.

use serde_json::{Value, json};

use crate::fixture::{START, app, db, encode, get, outside, web};

fn names(body: &Value) -> Vec<&str> {
    body["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect()
}

fn close(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() <= expected * 0.05
}

#[tokio::test]
async fn a_service_has_its_figures_and_says_who_measured_them() {
    let body = get(&app().await, "/api/v1/services").await.ok();
    assert_eq!(names(&body), ["db", "web.service", "10.9.9.9"]);
    let db = &body["services"][0];
    assert_eq!(
        (&db["id"], &db["kind"], &db["namespace"]),
        (&json!("container~shop~db"), &json!("container"), &json!("shop"))
    );
    assert_eq!((&db["requests"], &db["errors"], &db["client_errors"]), (&json!(900), &json!(180), &json!(0)));
    assert_eq!((&db["rate_per_second"], &db["error_ratio"]), (&json!(1.0), &json!(0.2)));
    assert_eq!(db["view"], "server", "both ends measured, and the server's view is preferred");
    assert!(close(&db["duration_seconds"]["p99"], 0.008) && close(&db["first_byte_seconds"]["p50"], 0.004), "{db}");
    assert_eq!(
        (&db["health"], &db["reason"]),
        (&json!("failing"), &json!("20.0 % of 900 requests failed (server error)"))
    );
    assert_eq!(db["coverage"]["ratio"], 0.99);

    let web = &body["services"][1];
    assert_eq!((&web["requests"], &web["errors"], &web["client_errors"]), (&json!(450), &json!(0), &json!(90)));
    let outside = &body["services"][2];
    assert_eq!(
        (&outside["kind"], &outside["requests"], &outside["view"]),
        (&json!("external_client"), &json!(0), &json!(null))
    );
}

#[tokio::test]
async fn without_a_range_the_last_quarter_of_an_hour_of_the_recording_is_shown() {
    let body = get(&app().await, "/api/v1/services").await.ok();
    assert_eq!(
        body["range"],
        json!({"from": "2023-11-14T22:13:20Z", "to": "2023-11-14T22:28:20Z", "length_seconds": 900.0})
    );
    assert_eq!(body["measured"], body["range"]);
}

#[tokio::test]
async fn a_range_is_given_in_several_ways_and_rates_are_of_what_was_measured() {
    let app = app().await;
    let from = START + 100;
    for range in [
        format!("from={from}&to={}", from + 100),
        format!("last=100s&to={}", from + 100),
        format!("from={}&to=2023-11-14T22:16:40Z", encode("2023-11-14T23:15:00+01:00")),
    ] {
        let body = get(&app, &format!("/api/v1/services?{range}")).await.ok();
        assert_eq!(
            (&body["services"][0]["requests"], &body["range"]["length_seconds"]),
            (&json!(100), &json!(100.0)),
            "{range}"
        );
    }
    let body = get(&app, &format!("/api/v1/services?from={}&to={}", START - 3600, START + 3600)).await.ok();
    let db = &body["services"][0];
    assert_eq!((&db["requests"], &body["measured"]["from"]), (&json!(900), &json!("2023-11-14T22:13:20Z")));
    assert_eq!(body["measured"]["to"], "2023-11-14T23:13:20Z", "an hour of silence is an hour");
    let body = get(&app, &format!("/api/v1/services?last=1h&to={}", START + 915)).await.ok();
    assert_eq!(body["services"][0]["rate_per_second"], json!(1.0), "the window under way is not silence");
}

#[tokio::test]
async fn filters_select_services_and_not_those_that_they_talk_to() {
    let app = app().await;
    for (query, expected) in [
        ("service=db", vec!["db"]),
        ("service=shop/db", vec!["db"]),
        ("service=unit~web.service", vec!["web.service"]),
        ("service=db&service=web.service", vec!["db", "web.service"]),
        ("namespace=shop", vec!["db"]),
        ("namespace=other", vec![]),
        ("kind=unit&kind=external_client", vec!["web.service", "10.9.9.9"]),
        ("kind=external-client", vec!["10.9.9.9"]),
        ("service=external-client~10.9.9.9", vec!["10.9.9.9"]),
        ("service=external_client~10.9.9.9", vec!["10.9.9.9"]),
        ("health=failing", vec!["db", "web.service"]),
        ("health=failing&kind=unit", vec!["web.service"]),
        ("min_rate=0.9", vec!["db"]),
        ("hide_externals=true", vec!["db", "web.service"]),
        ("path=^/users/", vec!["db", "web.service"]),
        ("path=^/users/1", vec![]),
        ("protocol=http1", vec!["db", "web.service", "10.9.9.9"]),
    ] {
        let body = get(&app, &format!("/api/v1/services?{}", query.replace('^', "%5E"))).await.ok();
        assert_eq!(names(&body), expected, "{query}");
        assert_eq!(body["total"], expected.len(), "{query}");
    }
    let body = get(&app, "/api/v1/services?view=client&service=db").await.ok();
    assert_eq!(body["services"][0]["view"], "client");
    assert!(close(&body["services"][0]["duration_seconds"]["p50"], 0.010));
}

#[tokio::test]
async fn pages_of_services_make_up_the_whole() {
    let app = app().await;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let body = get(&app, &format!("/api/v1/services?limit=1{cursor}")).await.ok();
        assert_eq!(body["total"], 3);
        found.extend(names(&body).into_iter().map(str::to_owned));
        match body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encode(next)),
            None => break,
        }
    }
    assert_eq!(found, ["db", "web.service", "10.9.9.9"]);
}

#[tokio::test]
async fn a_service_is_shown_with_its_operations_edges_and_series() {
    let app = app().await;
    let body = get(&app, &format!("/api/v1/services/{}?step=5m", web().id())).await.ok();
    assert_eq!(body["service"]["requests"], 450);
    assert_eq!(body["operations"][0]["name"], "GET /");
    let ends = |name: &str| (body[name][0]["source"].clone(), body[name][0]["target"].clone());
    assert_eq!(ends("inbound"), (json!(outside().id()), json!(web().id())));
    assert_eq!(ends("outbound"), (json!(web().id()), json!(db().id())));
    let edge = &body["outbound"][0];
    assert_eq!((&edge["client"]["requests"], &edge["server"]["requests"]), (&json!(900), &json!(900)), "side by side");
    assert!(close(&edge["network_time_seconds"]["mean"], 0.002), "{edge}");

    // Steps begin at multiples of their length, and the rows do not: the first and the last step are short.
    let series = body["series"].as_array().unwrap();
    let steps: Vec<_> = series.iter().map(|step| step["requests"].as_u64().unwrap()).collect();
    assert_eq!(steps, [50, 150, 150, 100]);
    assert_eq!(series[0]["at"], "2023-11-14T22:10:00Z");
    assert!(series.iter().all(|step| step["rate_per_second"] == json!(0.5)), "steady throughout: {series:?}");
    assert_eq!(body["step_seconds"], 300.0);
}

#[tokio::test]
async fn the_step_of_the_series_is_whole_windows_and_bounded() {
    let app = app().await;
    let id = db().id();
    let body = get(&app, &format!("/api/v1/services/{id}")).await.ok();
    assert_eq!((&body["step_seconds"], body["series"].as_array().unwrap().len()), (&json!(20.0), 45));
    let body = get(&app, &format!("/api/v1/services/{id}?step=1s")).await.ok();
    assert_eq!((&body["step_seconds"], body["series"].as_array().unwrap().len()), (&json!(10.0), 90));
    let answer = get(&app, &format!("/api/v1/services/{id}?step=10s&from={}&to={}", START, START + 86_400)).await;
    let (status, parameter, detail) = answer.problem();
    assert_eq!((status, &*parameter), (400, "step"), "{detail}");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_problem() {
    let app = app().await;
    for (id, why) in [
        ("unit~nobody", "no matching traffic"),
        ("nonsense", "is no service id"),
        ("%ff", "cannot be read"),
        ("container~shop~db?path=^/other".replace('^', "%5E").leak() as &str, "no matching traffic"),
    ] {
        let (status, parameter, detail) = get(&app, &format!("/api/v1/services/{id}")).await.problem();
        assert_eq!((status, &*parameter), (404, "id"));
        assert!(detail.contains(why), "{detail}");
    }
}
