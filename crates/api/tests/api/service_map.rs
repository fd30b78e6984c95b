//! `/api/v1/service-map`.

use serde_json::{Value, json};

use crate::fixture::{START, app, db, get, outside, web};

fn edges(body: &Value) -> Vec<(String, String)> {
    let end = |edge: &Value, name: &str| edge[name].as_str().unwrap().to_owned();
    body["edges"].as_array().unwrap().iter().map(|edge| (end(edge, "source"), end(edge, "target"))).collect()
}

#[tokio::test]
async fn the_map_has_nodes_and_edges_with_both_views() {
    let body = get(&app().await, "/api/v1/service-map?detail=operations").await.ok();
    let id = |identity: std::sync::Arc<geophone_model::identity::Identity>| identity.id().to_string();
    assert_eq!(edges(&body), [(id(web()), id(db())), (id(outside()), id(web()))]);
    let edge = &body["edges"][0];
    assert_eq!((&edge["client"]["requests"], &edge["server"]["requests"]), (&json!(900), &json!(900)));
    assert_eq!(edge["operations"][0]["name"], "GET /users/{id}");
    assert_eq!(body["edges"][1]["client"], Value::Null, "nobody measured at the outsider's end");
    assert_eq!(body["cycles"], json!([]));
}

#[tokio::test]
async fn the_map_comes_in_other_formats() {
    let app = app().await;
    for (format, content_type, begins) in [
        ("dot", "text/vnd.graphviz; charset=utf-8", "digraph"),
        ("mermaid", "text/vnd.mermaid; charset=utf-8", ""),
        ("grafana", "application/json", "{\"nodes\":"),
    ] {
        let answer = get(&app, &format!("/api/v1/service-map?format={format}")).await;
        assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()), (200, content_type));
        assert!(answer.text.starts_with(begins) && answer.text.contains("web.service"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_neighbourhood_is_a_part_of_the_map() {
    let app = app().await;
    let around =
        async |query: String| edges(&get(&app, &format!("/api/v1/service-map?neighbourhood={query}")).await.ok()).len();
    assert_eq!(around(db().id().to_string()).await, 1);
    assert_eq!(around(format!("{}&depth=2", db().id())).await, 2);
    assert_eq!(around(format!("{}&direction=callees", db().id())).await, 0);
    assert_eq!(around(format!("{}&direction=callers", web().id())).await, 1);
    let (status, parameter, detail) = get(&app, "/api/v1/service-map?neighbourhood=unit~nobody").await.problem();
    assert_eq!((status, &*parameter), (404, "neighbourhood"));
    assert!(detail.contains("unit~nobody"), "{detail}");
}

#[tokio::test]
async fn two_ranges_are_compared() {
    let app = app().await;
    let uri = format!("/api/v1/service-map?from={}&to={}", START + 300, START + 600);
    let same = get(&app, &format!("{uri}&compare_from={START}")).await.ok();
    assert_eq!(same["before"]["length_seconds"], 300.0);
    assert_eq!(same["difference"]["nodes_changed"], json!([]));
    assert_eq!(same["difference"]["edges_added"], json!([]));

    let new = get(&app, &format!("{uri}&compare_from={}&compare_to={}", START - 300, START)).await.ok();
    assert_eq!(new["difference"]["nodes_added"].as_array().unwrap().len(), 3);

    let (status, parameter, _) = get(&app, &format!("{uri}&compare_from={START}&format=dot")).await.problem();
    assert_eq!((status, &*parameter), (400, "format"));
}
