//! `/metrics`, `/healthz` and `/readyz`.

use std::collections::BTreeSet;

use geophone_api::{ApiState, Config, MetricKind, Now, Readiness, router};

use crate::fixture::{app, filled_store, get};

#[tokio::test]
async fn metrics_are_families_of_unique_samples() {
    let app = app().await;
    get(&app, "/nowhere").await;
    let answer = get(&app, "/metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let (mut families, mut samples, mut family) = (BTreeSet::new(), BTreeSet::new(), String::new());
    for line in answer.text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap().to_owned();
            assert!(families.insert(family.clone()), "{family} comes in one piece");
            // By convention, and so that a counter is known by its name.
            assert_eq!(family.ends_with("_total"), line.ends_with(" counter"), "{line}");
        } else if !line.starts_with('#') {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(sample.split('{').next(), Some(&*family), "{line}");
            assert!(samples.insert(sample), "{sample} comes once");
            value.parse::<f64>().unwrap();
        }
    }
    for line in [
        concat!("geophone_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        r#"geophone_store_rows{kind="exchanges"} 900"#,
        r#"geophone_store_evicted_total{kind="points"} 0"#,
        r#"geophone_api_answers_total{code="404"} 1"#,
        r#"geophone_ledger_seen_total{source="agent",stage="hook",unit="packets"} 1500"#,
        r#"geophone_ledger_withheld{source="agent",stage="hook",unit="packets",reason="ring_full"} 3"#,
        r#"geophone_ledger_passed{source="store",stage="store",unit="points"} 540"#,
    ] {
        assert!(answer.text.lines().any(|other| other == line), "{line} in\n{}", answer.text);
    }
}

#[tokio::test]
async fn a_program_adds_metrics_and_readiness_of_its_own() {
    let state = ApiState::new(filled_store().await, Now::NewestRow, Config::default())
        .with_readiness(|| Readiness::NotReady("no hook is attached".into()))
        .with_metrics(|exposition| {
            exposition.family("own_total", MetricKind::Counter, "Mine.").sample(&[], 7_u64);
        });
    let app = router(state);
    assert!(get(&app, "/metrics").await.text.ends_with("own_total 7\n"));
    let (status, _, detail) = get(&app, "/readyz").await.problem();
    assert_eq!((status, &*detail), (503, "no hook is attached"));
    assert_eq!(get(&app, "/healthz").await.ok()["status"], "ok");
}
