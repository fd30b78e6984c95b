//! Parameters that are wrong, and arbitrary ones.

use geophone_api::Config;
use proptest::prelude::*;

use crate::fixture::{START, app, app_with, encode, filled_store, get};

#[tokio::test]
async fn what_is_wrong_is_named_with_what_would_be_right() {
    let app = app().await;
    for (query, parameter, remedy) in [
        ("colour=red", "colour", "known are: from, to, last,"),
        ("Limit=1", "Limit", "limit"),
        ("limit=0", "limit", "from 1 to 1000"),
        ("limit=1001", "limit", "from 1 to 1000"),
        ("limit=-1", "limit", "from 1 to 1000"),
        ("limit=5&limit=6", "limit", "several"),
        ("limit=", "limit", "leave it out"),
        ("last=yesterday", "last", "`5m`"),
        ("from=now", "from", "RFC 3339"),
        ("from=1700000000&last=5m", "last", "either"),
        ("from=1700000100&to=1700000000", "from", "starts at 2023-11-14T22:15:00Z, after its end"),
        ("to=99999999999", "to", "from 1970 to 2554"),
        ("from=1&to=1700000000", "from", "at most 604800 s"),
        ("last=8d", "last", "at most 604800 s"),
        ("view=both", "view", "client, server"),
        ("protocol=gopher", "protocol", "http1"),
        ("status=bad", "status", "client_error"),
        ("code=O.K.", "code", "no status code"),
        ("min_duration=long", "min_duration", "250ms"),
        ("trace_id=xyz", "trace_id", "32 hexadecimal digits"),
        ("trace_id=%2b1111111111111111111111111111111", "trace_id", "32 hexadecimal digits"),
        ("service=web", "service", "unit~nginx.service"),
        ("cursor=12", "cursor", "32 hexadecimal digits"),
        ("path=%28%3F%3Aa%7B1000%7D%29%7B1000%7D", "path", "smaller repetitions"),
        ("path=%ff", "path", "not UTF-8"),
    ] {
        let (status, named, detail) = get(&app, &format!("/api/v1/exchanges?{query}")).await.problem();
        assert_eq!((status, &*named), (400, parameter), "{query}: {detail}");
        assert!(detail.contains(remedy), "{query}: {detail}");
    }
    for (query, parameter) in [
        ("depth=2", "depth"),
        ("neighbourhood=x", "neighbourhood"),
        ("format=xml", "format"),
        ("compare_to=1", "compare_to"),
        ("compare_from=2000000000&compare_to=1", "compare_from"),
        ("health=well", "health"),
        ("min_rate=-1", "min_rate"),
        ("min_rate=NaN", "min_rate"),
        ("hide_externals=yes", "hide_externals"),
    ] {
        let (status, named, detail) = get(&app, &format!("/api/v1/service-map?{query}")).await.problem();
        assert_eq!((status, &*named), (400, parameter), "{query}: {detail}");
    }
    let many = "status=ok&".repeat(65);
    let (status, named, _) = get(&app, &format!("/api/v1/exchanges?{many}")).await.problem();
    assert_eq!((status, &*named), (400, "status"));
}

#[tokio::test]
async fn a_range_with_too_many_points_is_refused() {
    let mut config = Config::default();
    config.max_points = 100;
    let app = app_with(filled_store().await, config);
    assert_eq!(get(&app, "/api/v1/services?last=1m").await.status, 200);
    for path in ["services", "service-map", "ledger"] {
        let (status, _, detail) = get(&app, &format!("/api/v1/{path}?last=15m")).await.problem();
        assert_eq!(status, 400);
        assert!(detail.contains("shorter range"), "{path}: {detail}");
    }
}

/// Names of parameters, and what is nearly one.
fn names() -> impl Strategy<Value = String> {
    let known = [
        "from",
        "to",
        "last",
        "limit",
        "cursor",
        "view",
        "protocol",
        "path",
        "hide_externals",
        "namespace",
        "service",
        "health",
        "min_rate",
        "kind",
        "format",
        "detail",
        "neighbourhood",
        "depth",
        "direction",
        "compare_from",
        "compare_to",
        "step",
        "client",
        "server",
        "status",
        "code",
        "operation",
        "min_duration",
        "trace_id",
        "source",
    ];
    prop_oneof![9 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

/// Values of all sorts, many of them nearly right.
fn values() -> impl Strategy<Value = String> {
    let times = (0..20_000_000_000_u64).prop_map(|seconds| seconds.to_string());
    let near = (START - 2000..START + 2000).prop_map(|seconds| seconds.to_string());
    let durations = (any::<u32>(), prop::sample::select(vec!["", "ns", "us", "ms", "s", "m", "h", "d", "w"]))
        .prop_map(|(number, unit)| format!("{number}{unit}"));
    let words = prop::sample::select(vec![
        "client",
        "server",
        "http1",
        "true",
        "unit~web.service",
        "container~shop~db",
        "json",
        "dot",
        "mermaid",
        "grafana",
        "both",
        "operations",
        "failing",
        "ok",
        "18446744073709551615",
        "18446744073.709551615",
        "0",
        "-0",
        "1e308",
        "inf",
        "^/",
        "(",
        "[[:",
        "\\p{Greek}",
        "ffffffffffffffffffffffffffffffff",
        "9999-12-31T23:59:59.999999999Z",
        "0000-01-01T00:00:00Z",
    ])
    .prop_map(str::to_owned);
    prop_oneof![times, near, durations, words, ".{0,40}", any::<u64>().prop_map(|number| number.to_string())]
}

proptest! {
    #[test]
    fn no_query_makes_the_api_fail(
        path in prop::sample::select(vec![
            "/api/v1/services", "/api/v1/services/unit~web.service", "/api/v1/services/~", "/api/v1/service-map",
            "/api/v1/exchanges", "/api/v1/ledger", "/api/v1/events", "/healthz", "/metrics", "/api/v1/openapi.json",
        ]),
        pairs in prop::collection::vec((names(), values()), 0..5),
        raw in "[!$%&'()*+,./0-9:;=?@A-Za-z_~-]{0,30}",
    ) {
        let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let query = query.join("&");
        let answers = tokio::runtime::Runtime::new().unwrap().block_on(async {
            let app = app().await;
            [get(&app, &format!("{path}?{query}")).await, get(&app, &format!("{path}?{query}&{raw}")).await]
        });
        for answer in answers {
            prop_assert!(answer.status.as_u16() < 500, "{path}?{query}: {}", answer.text);
            if answer.status != 200 {
                answer.problem();
            }
        }
    }
}
