//! Hosts, headers, paths and methods; the page.

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
};
use geophone_api::{AllowedHosts, Config};

use crate::fixture::{app, app_with, filled_store, get, request, send};

#[tokio::test]
async fn a_foreign_name_is_refused_on_the_loopback_address_and_told_the_remedy() {
    let app = app().await;
    for path in ["/", "/api/v1/services", "/metrics", "/nowhere"] {
        let foreign = Request::get(path).header("host", "evil.example:8080").body(Body::empty()).unwrap();
        let (status, _, detail) = send(&app, foreign).await.problem();
        assert_eq!(status, 403, "{path}");
        assert!(detail.contains("`evil.example:8080`") && detail.contains("--allow-host NAME"), "{detail}");
    }
    let nameless = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(send(&app, nameless).await.problem().0, 403);
    // HTTP/2 has the name in the target.
    let target = Request::get("http://evil.example/healthz").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(send(&app, target).await.problem().0, 403);
}

#[tokio::test]
async fn names_that_were_allowed_are_answered() {
    let mut config = Config::default();
    config.allowed_hosts = AllowedHosts::These(vec!["geophone.example".into()]);
    let app = app_with(filled_store().await, config);
    for (host, status) in [("geophone.example", 200), ("localhost", 200), ("other.example", 403)] {
        let request = Request::get("/healthz").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(send(&app, request).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn an_unknown_path_and_an_unknown_method_are_problems() {
    let app = app().await;
    for path in ["/api/v1/nothing", "/api/v2/services", "/index.htm", "/api/v1/services/", "/../etc/passwd"] {
        let (status, _, detail) = get(&app, path).await.problem();
        assert_eq!(status, 404, "{path}: {detail}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let mut request = request("/api/v1/services");
        *request.method_mut() = method.clone();
        let answer = send(&app, request).await;
        let (status, _, detail) = answer.problem();
        assert_eq!(status, 405);
        assert!(detail.contains(method.as_str()), "{detail}");
        assert_eq!(answer.headers["allow"], "GET,HEAD", "RFC 9110 section 15.5.6");
    }
    let mut head = request("/api/v1/services");
    *head.method_mut() = Method::HEAD;
    let answer = send(&app, head).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_from_being_run_or_framed() {
    let app = app().await;
    for path in ["/", "/api/v1/services", "/nowhere", "/metrics"] {
        let headers = get(&app, path).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"), "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
    }
    assert_eq!(get(&app, "/api/v1/services").await.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn the_page_is_served_and_not_sent_twice() {
    let app = app().await;
    let page = get(&app, "/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.text.contains("Geophone"));
    let again = Request::get("/").header("host", "localhost").header("if-none-match", &page.headers["etag"]);
    let answer = send(&app, again.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (304, ""));
}

#[tokio::test]
async fn the_page_may_be_mounted_below_any_path_and_asked_for_without_a_slash() {
    for mount in ["/geophone", "/tools/geo:phone"] {
        let app = Router::new().nest_service(mount, app().await);
        let answer = get(&app, &format!("{mount}?tab=ledger")).await;
        assert_eq!(answer.status, 308);
        let location = answer.headers["location"].to_str().unwrap();
        // RFC 3986 section 5.2.3: what follows the last slash is replaced.
        let (folder, name) = mount.rsplit_once('/').unwrap();
        assert_eq!(location, format!("./{name}/?tab=ledger"));
        let target = format!("{folder}/{}", location.trim_start_matches("./"));
        assert!(get(&app, &target).await.text.contains("<title>Geophone"), "{target}");
        assert_eq!(get(&app, &format!("{mount}/css/page.css")).await.status, 200);

        let (status, _, detail) = get(&app, &format!("{mount}/nowhere")).await.problem();
        assert_eq!(status, 404);
        let [asked, lists] = ["/nowhere", "/api/v1/openapi.json"].map(|path| format!("{mount}{path}"));
        assert!(detail.contains(&format!("`{asked}`")) && detail.contains(&format!("{lists} lists")), "{detail}");
        assert_eq!(get(&app, &lists).await.status, 200);
    }
}
