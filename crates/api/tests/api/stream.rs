//! `/api/v1/stream`.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use geophone_api::Config;
use geophone_model::time::Timestamp;
use geophone_store::{Event, EventKind, MAX_QUEUED_NOTICES, MemoryStore, Store};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    fixture::{app_with, batch, get, request, snapshot},
    schema,
};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Default::default()))
}

async fn follow(app: &Router) -> Body {
    let response = app.clone().oneshot(request("/api/v1/stream")).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

/// The next event's name and data.
async fn next(body: &mut Body) -> (String, Value) {
    let frame = body.frame().await.expect("the stream goes on").unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.to_vec()).unwrap();
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    (field("event:"), serde_json::from_str(&field("data:")).unwrap_or(Value::Null))
}

async fn close_window(store: &MemoryStore, number: u64) {
    let mut batch = batch(number);
    batch.windows.push(snapshot(number));
    store.append(batch).await.unwrap();
}

#[tokio::test]
async fn a_window_that_is_closed_and_an_event_are_sent_in_their_documented_shapes() {
    let store = store();
    let app = app_with(store.clone(), Config::default());
    let mut body = follow(&app).await;
    close_window(&store, 0).await;
    let mut notable = batch(1);
    let at = Timestamp::from_ns(1);
    notable.events.push(Event {
        at,
        source: "a".into(),
        kind: EventKind::AgentStarted,
        count: 0,
        detail: "x\ny".into(),
    });
    store.append(notable).await.unwrap();

    let (name, data) = next(&mut body).await;
    assert_eq!((&*name, &data["points"], &data["coverage"]["ratio"]), ("window", &json!(6), &json!(0.99)));
    assert_eq!(data["window"]["from"], "2023-11-14T22:13:20Z");
    let (name, event) = next(&mut body).await;
    assert_eq!((&*name, &event["kind"], &event["detail"]), ("event", &json!("agent_started"), &json!("x\ny")));

    let document: Value = serde_json::from_str(&geophone_api::openapi()).unwrap();
    let shape =
        &document["paths"]["/api/v1/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"];
    for data in [data, event, json!({"skipped": 1})] {
        schema::check(&data, shape, &document).unwrap();
    }
}

#[tokio::test]
async fn a_slow_client_skips_and_is_told_how_many() {
    let store = store();
    let app = app_with(store.clone(), Config::default());
    let mut body = follow(&app).await;
    for number in 0..MAX_QUEUED_NOTICES as u64 + 5 {
        close_window(&store, number).await;
    }
    assert_eq!(next(&mut body).await, ("skipped".to_owned(), json!({"skipped": 5})));
    let (name, data) = next(&mut body).await;

    assert_eq!((&*name, &data["window"]["from"]), ("window", &json!("2023-11-14T22:14:10Z")));
}

#[tokio::test]
async fn followers_are_bounded_and_a_place_becomes_free_when_one_goes() {
    let mut config = Config::default();
    config.max_streams = 1;
    let app = app_with(store(), config);
    let first = follow(&app).await;
    let (status, _, detail) = get(&app, "/api/v1/stream").await.problem();
    assert_eq!(status, 503);
    assert!(detail.contains("1 clients"), "{detail}");
    drop(first);
    drop(follow(&app).await);
}

#[tokio::test]
async fn a_silent_stream_shows_that_it_is_alive() {
    let mut config = Config::default();
    config.keep_alive = Duration::from_millis(5);
    let app = app_with(store(), config);
    let frame = follow(&app).await.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(frame.starts_with(b":"), "a comment: {frame:?}");
}

#[tokio::test]
async fn the_stream_takes_no_parameters() {
    let app = app_with(store(), Config::default());
    assert_eq!(get(&app, "/api/v1/stream?a=b").await.problem().1, "a");
}
