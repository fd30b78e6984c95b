//! `/api/v1/exchanges` and `/api/v1/events`.

use std::{collections::BTreeSet, sync::Arc};

use geophone_api::Config;
use geophone_store::Store;
use serde_json::{Value, json};

use crate::fixture::{START, TRACE_ID, app, app_with, batch, db, encode, exchange, filled_store, get, web};

fn paths(body: &Value) -> Vec<&str> {
    body["exchanges"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_exchange_comes_first_with_all_that_is_known_of_it() {
    let body = get(&app().await, "/api/v1/exchanges?limit=1&trace_id=4bf92f3577b34da6a3ce929d0e0e4736").await.ok();
    let row = &body["exchanges"][0];
    assert_eq!(row["id"].as_str().unwrap().len(), 32);
    let mut row = row.clone();
    row.as_object_mut().unwrap().remove("id");
    assert_eq!(
        row,
        json!({
            "start": "2023-11-14T22:26:39.7Z",
            "end": "2023-11-14T22:26:40.5Z",
            "client": {"id": "unit~web.service", "name": "web.service", "kind": "unit", "namespace": null},
            "server": {"id": "container~shop~db", "name": "db", "kind": "container", "namespace": "shop"},
            "client_address": "10.0.0.1:40000",
            "server_address": "[2001:db8::2]:80",
            "observed": "same_point",
            "protocol": "http1",
            "shape": "call",
            "delivery": false,
            "verb": "GET",
            "path": "/users/800",
            "authority": "db.example",
            "operation": "GET /users/{id}",
            "status": "server_error",
            "code": "503",
            "duration_seconds": 0.8,
            "first_byte_seconds": 0.4,
            "request_messages": 0,
            "response_messages": 0,
            "request_bytes": 80,
            "response_bytes": 500,
            "flags": ["joined_late", "ambiguous_framing"],
            "trace_id": TRACE_ID,
            "span_id": "abababababababab",
        })
    );
}

#[tokio::test]
async fn each_condition_selects_by_the_path_and_not_its_template() {
    let app = app().await;
    let count =
        async |query: &str| paths(&get(&app, &format!("/api/v1/exchanges?limit=1000&{query}")).await.ok()).len();
    assert_eq!(count("").await, 900);
    assert_eq!(count(&format!("service={}", web().id())).await, 900);
    assert_eq!(count(&format!("client={}", db().id())).await, 0);
    assert_eq!(count(&format!("server={}&server={}", db().id(), web().id())).await, 900);
    assert_eq!(count("status=server_error").await, 90);
    assert_eq!(count("status=server_error&status=ok").await, 900);
    assert_eq!(count("code=503").await, 90);
    assert_eq!(count("min_duration=899ms").await, 1);
    assert_eq!(count("min_duration=0.5").await, 400);
    assert_eq!(count(&format!("path={}", encode("^/users/1?7$"))).await, 2);
    assert_eq!(count(&format!("path={}", encode(r"\{id\}"))).await, 0, "that is the template");
    assert_eq!(count(&format!("operation={}", encode("GET /users/{id}"))).await, 900);
    assert_eq!(count("operation=GET").await, 0);
    assert_eq!(count(&format!("trace_id={}", TRACE_ID.to_uppercase())).await, 9);
    assert_eq!(count("view=client").await, 900);
    assert_eq!(count(&format!("from={START}&to={}", START + 10)).await, 10);
}

#[tokio::test]
async fn pages_are_complete_and_nothing_comes_twice_while_others_write() {
    let store = filled_store().await;
    let app = app_with(store.clone(), Config::default());
    let range = format!("from={START}&to={}", START + 2000);
    let (mut ids, mut found, mut cursor) = (BTreeSet::new(), BTreeSet::new(), String::new());
    for sequence in 1.. {
        let body = get(&app, &format!("/api/v1/exchanges?{range}&limit=70{cursor}")).await.ok();
        for row in body["exchanges"].as_array().unwrap() {
            assert!(ids.insert(row["id"].as_str().unwrap().to_owned()), "nothing twice");
            found.insert(row["path"].as_str().unwrap().to_owned());
        }
        let Some(next) = body["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        let mut batch = batch(sequence);
        batch.exchanges = vec![exchange(1000 + sequence), exchange(3)];
        store.append(batch).await.unwrap();
    }
    let all: BTreeSet<_> = (0..900).map(|number| format!("/users/{number}")).collect();
    assert_eq!(found, all, "everything that was there, and nothing newer");
}

#[tokio::test]
async fn a_pattern_that_is_wrong_is_located() {
    for path in ["/api/v1/exchanges", "/api/v1/services", "/api/v1/service-map"] {
        let (status, parameter, detail) = get(&app().await, &format!("{path}?path={}", encode("/a(b"))).await.problem();
        assert_eq!((status, &*parameter), (400, "path"));
        assert!(detail.contains("at byte 2"), "{detail}");
    }
}

#[tokio::test]
async fn events_are_listed_page_by_page() {
    let app = app().await;
    let first = get(&app, "/api/v1/events?limit=10&kind=records_lost&source=agent").await.ok();
    let next = first["cursor"].as_str().unwrap();
    let rest = get(&app, &format!("/api/v1/events?kind=records_lost&source=agent&cursor={next}")).await.ok();
    let events: Vec<_> = [&first, &rest].iter().flat_map(|body| body["events"].as_array().unwrap().clone()).collect();
    assert_eq!((events.len(), &rest["cursor"]), (15, &Value::Null));
    assert_eq!(
        events[14],
        json!({"at": "2023-11-14T22:13:20Z", "source": "agent", "kind": "records_lost", "count": 3, "detail": "the ring was full"})
    );
    assert_eq!(get(&app, "/api/v1/events?kind=evicted").await.ok()["events"], json!([]));
}

#[tokio::test]
async fn an_empty_store_answers_with_empty_lists() {
    let store: Arc<dyn Store> = Arc::new(geophone_store::MemoryStore::new(Default::default()));
    let app = app_with(store, Config::default());
    for (path, list) in [
        ("/api/v1/exchanges", "exchanges"),
        ("/api/v1/events", "events"),
        ("/api/v1/services", "services"),
        ("/api/v1/service-map", "edges"),
        ("/api/v1/ledger", "history"),
    ] {
        assert_eq!(get(&app, path).await.ok()[list], json!([]), "{path}");
    }
}
