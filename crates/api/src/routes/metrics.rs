//! `/metrics`: the process, the store and the ledger in the Prometheus text format.

use axum::{
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use geophone_store::{LedgerRecord, RowStats, Stats};
use std::sync::Arc;

use crate::{ApiState, Exposition, MetricKind, Problem, parameter::Parameters, process, query::Query, time::seconds};

pub(crate) const PARAMETERS: Parameters = &[];

pub(crate) async fn show(State(state): State<ApiState>, uri: Uri) -> Result<Response, Problem> {
    Query::new(&uri, PARAMETERS)?;
    let shared = state.clone();
    let exposition = async move {
        let mut exposition = Exposition::default();
        process::expose(&mut exposition);
        build(&mut exposition);
        answers(&mut exposition, &shared);
        store(&mut exposition, &shared.store().stats().await?);
        ledger(&mut exposition, &shared.store().ledger().await?);
        shared.add_metrics(&mut exposition);
        Ok(exposition.into_text())
    };
    let text = state.run(exposition).await?;
    Ok(([(header::CONTENT_TYPE, Exposition::CONTENT_TYPE)], text).into_response())
}

/// That it is always one lets it be joined to other metrics, for its labels.
fn build(exposition: &mut Exposition) {
    let mut family =
        exposition.family("geophone_build_info", MetricKind::Gauge, "Which version runs; the value is always 1.");
    family.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1_u64);
}

fn answers(exposition: &mut Exposition, state: &ApiState) {
    let mut family =
        exposition.family("geophone_api_answers_total", MetricKind::Counter, "Answers of the API by status code.");
    for (code, count) in state.answers() {
        family.sample(&[("code", &code.to_string())], count);
    }
}

fn store(exposition: &mut Exposition, stats: &Stats) {
    let kinds: [(&str, RowStats); 4] =
        [("points", stats.points), ("exchanges", stats.exchanges), ("ledger", stats.ledger), ("events", stats.events)];
    let mut family = exposition.family("geophone_store_rows", MetricKind::Gauge, "Rows that the store holds.");
    kinds.iter().for_each(|(kind, stats)| family.sample(&[("kind", kind)], stats.rows));
    let mut family =
        exposition.family("geophone_store_bytes", MetricKind::Gauge, "Bytes that the rows take, estimated from above.");
    kinds.iter().for_each(|(kind, stats)| family.sample(&[("kind", kind)], stats.bytes));
    let mut family =
        exposition.family("geophone_store_budget_bytes", MetricKind::Gauge, "Bytes that the rows may take.");
    for (kind, stats) in &kinds {
        stats.budget_bytes.into_iter().for_each(|bytes| family.sample(&[("kind", kind)], bytes));
    }
    let mut family = exposition.family(
        "geophone_store_evicted_total",
        MetricKind::Counter,
        "Rows that were dropped to stay within the budget.",
    );
    kinds.iter().for_each(|(kind, stats)| family.sample(&[("kind", kind)], stats.evicted));
    let mut family = exposition.family(
        "geophone_store_oldest_timestamp_seconds",
        MetricKind::Gauge,
        "The time of the oldest row in seconds since the Unix epoch.",
    );
    for (kind, stats) in &kinds {
        stats.oldest.into_iter().for_each(|at| family.sample(&[("kind", kind)], seconds(at.as_ns())));
    }
    let counters = [
        ("geophone_store_batches_total", stats.batches, "Batches that were applied."),
        (
            "geophone_store_duplicate_batches_total",
            stats.duplicate_batches,
            "Batches that came again and changed nothing.",
        ),
        (
            "geophone_store_senders_forgotten_total",
            stats.senders_forgotten,
            "Senders whose batches are no longer remembered.",
        ),
        ("geophone_store_notices_skipped_total", stats.notices_skipped, "Notices that subscribers were too slow for."),
    ];
    for (name, count, help) in counters {
        exposition.family(name, MetricKind::Counter, help).sample(&[], count);
    }
    let subscribers = stats.subscribers as u64;
    exposition
        .family("geophone_store_subscribers", MetricKind::Gauge, "Subscriptions that are open.")
        .sample(&[], subscribers);
}

fn ledger(exposition: &mut Exposition, records: &[Arc<LedgerRecord>]) {
    let rows = || records.iter().flat_map(|record| record.rows.iter().map(move |row| (&*record.source, row)));
    let mut family = exposition.family(
        "geophone_ledger_seen_total",
        MetricKind::Counter,
        "What arrived at a stage, in the stage's unit.",
    );
    for (source, row) in rows() {
        family.sample(&[("source", source), ("stage", row.stage.as_str()), ("unit", row.unit.as_str())], row.seen);
    }
    // What the store holds is what it was handed less what it has evicted since: it goes up and down.
    let mut family =
        exposition.family("geophone_ledger_passed", MetricKind::Gauge, "What a stage handed on, in the stage's unit.");
    for (source, row) in rows() {
        family.sample(&[("source", source), ("stage", row.stage.as_str()), ("unit", row.unit.as_str())], row.passed);
    }
    // What is open or held is withheld until it is decided: not every reason only grows.
    let mut family = exposition.family(
        "geophone_ledger_withheld",
        MetricKind::Gauge,
        "What a stage has not handed on, by reason, in the stage's unit.",
    );
    for (source, row) in rows() {
        for withheld in &row.withheld {
            let (stage, unit) = (row.stage.as_str(), row.unit.as_str());
            let labels = [("source", source), ("stage", stage), ("unit", unit), ("reason", &withheld.reason)];
            family.sample(&labels, withheld.count);
        }
    }
}
