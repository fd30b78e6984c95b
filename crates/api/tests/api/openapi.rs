//! The OpenAPI document: it is the file, it describes the answers, and every parameter in it works.

use geophone_model::exchange::ExchangeFlags;
use serde_json::{Value, json};

use crate::{
    fixture::{app, db, encode, get, web},
    schema,
};

#[test]
fn the_document_is_the_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let document = geophone_api::openapi();
    if std::env::var_os("GEOPHONE_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert!(file == document, "the API has changed: look at it, then run with GEOPHONE_UPDATE_GOLDEN=1");
}

fn document() -> Value {
    serde_json::from_str(&geophone_api::openapi()).unwrap()
}

#[tokio::test]
async fn the_document_is_served_and_every_reference_in_it_leads_somewhere() {
    let served = get(&app().await, "/api/v1/openapi.json").await.ok();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut stack = vec![&served];
    let mut references = 0;
    while let Some(value) = stack.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(served.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            references += 1;
        }
        stack.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        stack.extend(value.as_array().into_iter().flatten());
    }
    assert!(references > 20, "{references}");
}

#[test]
fn every_flag_of_an_exchange_is_documented() {
    let document = document();
    let flags = document["components"]["schemas"]["ExchangeBody"]["properties"]["flags"]["description"].as_str();
    for name in ExchangeFlags(u16::MAX).names() {
        assert!(flags.unwrap().contains(&format!("`{name}`")), "{name}");
    }
}

/// The documented shape of a good answer.
fn shape<'a>(document: &'a Value, path: &str, content_type: &str) -> &'a Value {
    let answer = &document["paths"][path]["get"]["responses"]["200"]["content"][content_type]["schema"];
    assert!(!answer.is_null(), "{path} answers with {content_type}");
    answer
}

#[tokio::test]
async fn every_answer_has_the_documented_shape() {
    let (app, document) = (app().await, document());
    let (web, db) = (web().id(), db().id());
    for (path, uri) in [
        ("/api/v1/services", "/api/v1/services".to_owned()),
        ("/api/v1/services", "/api/v1/services?limit=1".to_owned()),
        ("/api/v1/services/{id}", format!("/api/v1/services/{web}")),
        ("/api/v1/services/{id}", format!("/api/v1/services/{db}?view=client")),
        ("/api/v1/service-map", "/api/v1/service-map".to_owned()),
        ("/api/v1/service-map", "/api/v1/service-map?detail=operations".to_owned()),
        ("/api/v1/service-map", "/api/v1/service-map?format=grafana".to_owned()),
        ("/api/v1/service-map", "/api/v1/service-map?last=5m&compare_from=1700000000".to_owned()),
        ("/api/v1/service-map", "/api/v1/service-map?view=client&last=5m&compare_from=1600000000".to_owned()),
        ("/api/v1/exchanges", "/api/v1/exchanges".to_owned()),
        ("/api/v1/ledger", "/api/v1/ledger".to_owned()),
        ("/api/v1/events", "/api/v1/events".to_owned()),
        ("/api/v1/about", "/api/v1/about".to_owned()),
        ("/healthz", "/healthz".to_owned()),
        ("/readyz", "/readyz".to_owned()),
    ] {
        let body = get(&app, &uri).await.ok();
        let shape = shape(&document, path, "application/json");
        schema::check(&body, shape, &document).unwrap_or_else(|error| panic!("{uri}: {error}\n{body:#}"));
    }
    let problem = get(&app, "/api/v1/services?a=b").await.json();
    let shape =
        &document["paths"]["/api/v1/services"]["get"]["responses"]["default"]["content"]["application/problem+json"];
    schema::check(&problem, &shape["schema"], &document).unwrap();
}

/// What a parameter needs beside it.
fn company(name: &str) -> &'static str {
    match name {
        "depth" | "direction" => "&neighbourhood=unit~web.service",
        "compare_to" => "&compare_from=1700000000",
        _ => "",
    }
}

#[tokio::test]
async fn every_documented_parameter_works_and_every_other_one_is_refused_by_name() {
    let (app, document) = (app().await, document());
    let id = web().id().to_string();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let uri = path.replace("{id}", &id);
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "path" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            let example = match (name, path.as_str()) {
                ("cursor", "/api/v1/services") => id.clone(),
                ("cursor", _) => "0".repeat(32),
                _ => parameter["example"].as_str().unwrap().to_owned(),
            };
            let uri = format!("{uri}?{name}={}{}", encode(&example), company(name));
            let answer = get(&app, &uri).await;
            assert_eq!(answer.status, 200, "{uri}: {}", answer.text);
            tried += 1;
        }
        if path == "/api/v1/stream" {
            continue;
        }
        let (status, parameter, detail) = get(&app, &format!("{uri}?colour=red")).await.problem();
        assert_eq!((status, &*parameter), (400, "colour"), "{uri}");
        for known in item["get"]["parameters"].as_array().into_iter().flatten().filter(|known| known["in"] == "query") {
            assert!(detail.contains(known["name"].as_str().unwrap()), "{detail}");
        }
    }
    assert!(tried > 50, "{tried}");
    assert_eq!(document["info"]["title"], json!("Geophone"));
}
