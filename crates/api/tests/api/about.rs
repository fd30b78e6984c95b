//! `/api/v1/about`, and what a recording changes in other answers.

use std::sync::Arc;

use axum::Router;
use geophone_api::{ApiState, Config, Now, Recording, router};
use geophone_model::time::{Timestamp, Window};
use serde_json::{Value, json};

use crate::{
    fixture::{SECOND, START, app, filled_store, get},
    schema,
};

/// The fixture's rows, as if they were of a file that begins a minute before and ends an hour after them.
async fn replay(config: Config) -> Router {
    let range = Window { start: Timestamp::from_ns((START - 60) * SECOND), length_ns: (60 + 900 + 3600) * SECOND };
    let now = Now::EndOf(Recording { name: "shop.geocap".into(), range });
    router(ApiState::new(filled_store().await, now, config).with_not_seen(["what is said inside TLS"]))
}

#[tokio::test]
async fn a_replay_is_told_from_live_traffic() {
    let clock = Arc::new(|| Timestamp::from_ns((START + 900) * SECOND));
    let live = router(ApiState::new(filled_store().await, Now::Provided(clock), Config::default()));
    let body = get(&live, "/api/v1/about").await.ok();
    assert_eq!((&body["serves"], &body["recording"], &body["not_seen"]), (&json!("live"), &Value::Null, &json!([])));
    assert_eq!(get(&app().await, "/api/v1/about").await.ok()["serves"], "rows");

    let body = get(&replay(Config::default()).await, "/api/v1/about").await.ok();
    assert_eq!((&body["serves"], &body["recording"]["name"]), (&json!("replay"), &json!("shop.geocap")));
    let range = json!({"from": "2023-11-14T22:12:20Z", "to": "2023-11-14T23:28:20Z", "length_seconds": 4560.0});
    assert_eq!(body["recording"]["range"], range);
    assert_eq!(body["not_seen"], json!(["what is said inside TLS"]));

    let document: Value = serde_json::from_str(&geophone_api::openapi()).unwrap();
    let answer = &document["paths"]["/api/v1/about"]["get"]["responses"]["200"]["content"]["application/json"];
    schema::check(&body, &answer["schema"], &document).unwrap();
}

#[tokio::test]
async fn a_query_without_a_range_is_about_the_whole_recording_and_now_is_its_end() {
    let mut config = Config::default();
    config.max_range_ns = 60 * SECOND;
    // However long it is: who asks for nothing in particular has not asked for too much.
    let app = replay(config).await;
    for (query, from, to) in [
        ("", "22:12:20", "23:28:20"),
        ("?last=1m", "23:27:20", "23:28:20"),
        ("?from=1700000000", "22:13:20", "23:28:20"),
        ("?to=1700000900", "22:13:20", "22:28:20"),
    ] {
        for path in ["services", "service-map", "exchanges", "ledger", "events"] {
            let body = get(&app, &format!("/api/v1/{path}{query}")).await.ok();
            let range = [&body["range"]["from"], &body["range"]["to"]];
            assert_eq!(range, [from, to].map(|time| format!("2023-11-14T{time}Z")).each_ref(), "{path}{query}");
        }
    }
    let (status, parameter, detail) = get(&app, "/api/v1/services?last=77m").await.problem();
    assert_eq!((status, &*parameter), (400, "last"), "{detail}");
}
