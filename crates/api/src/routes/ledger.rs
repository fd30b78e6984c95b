//! `/api/v1/ledger`: what was seen, kept and lost at every stage.

use axum::{Json, extract::State, http::Uri};
use geophone_model::ledger::{Coverage, LedgerRow};
use geophone_store::{Cursor, LedgerQuery, LedgerRecord, RowStats, Stats};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::{CoverageBody, RangeBody},
    parameter::{PAGE, Parameter, Parameters, RANGE},
    query::Query,
    range::{self, Measured},
    time::rfc3339,
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, OWN, PAGE];

const OWN: &[Parameter] = &[Parameter::text("source", "store", "Only accounts of this source.").repeats()];

/// The books: at every stage, seen = passed + each named reason for not passing on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LedgerBody {
    /// The range that was asked for.
    range: RangeBody,
    /// How much of the traffic the capture delivered in the range.
    coverage: CoverageBody,
    /// The latest accounts of each source, sorted by source.
    latest: Vec<RecordBody>,
    /// The accounts of the range, newest first.
    history: Vec<RecordBody>,
    /// Where the next page of the history begins; null on the last one.
    cursor: Option<String>,
    /// How much the store holds, and what it no longer does.
    store: StoreBody,
}

/// The accounts of one source at one time, counted since the start of its incarnation.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RecordBody {
    /// Who keeps the accounts: an agent, or `store`.
    source: String,
    /// Which life of the source they are from.
    incarnation: u64,
    /// When they were read.
    #[schema(format = DateTime)]
    at: String,
    /// An account for each stage and unit.
    rows: Vec<RowBody>,
}

/// The account of one stage in one unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RowBody {
    /// The stage: `hook`, `decode`, `flow`, `reassembly`, `parse`, `pair`, `resolve`, `aggregate` or `store`.
    stage: &'static str,
    /// What is counted: `packets`, `records`, `bytes`, `messages`, `exchanges` or `points`.
    unit: &'static str,
    /// What arrived.
    seen: u64,
    /// What was handed to the next stage.
    passed: u64,
    /// What was not, by reason.
    withheld: Vec<WithheldBody>,
    /// Seen less passed less withheld: zero, unless something vanished without a reason.
    imbalance: i64,
}

/// A reason for not passing on.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct WithheldBody {
    /// The reason.
    reason: String,
    /// How often it applied.
    count: u64,
}

/// How much the store holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct StoreBody {
    /// What a restart loses: with `memory` everything, with `durable` nothing.
    durability: &'static str,
    /// Series points.
    points: RowStatsBody,
    /// Exchanges.
    exchanges: RowStatsBody,
    /// Ledger records.
    ledger: RowStatsBody,
    /// Events.
    events: RowStatsBody,
}

/// How much the store holds of one kind of rows.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RowStatsBody {
    /// Rows that it holds.
    rows: u64,
    /// Bytes that they take, an estimate from above.
    bytes: u64,
    /// Bytes that they may take; null where there is no limit but the disk.
    budget_bytes: Option<u64>,
    /// Rows that were dropped to stay within the budget.
    evicted: u64,
    /// The time of the oldest row.
    #[schema(format = DateTime)]
    oldest: Option<String>,
    /// The time of the newest row.
    #[schema(format = DateTime)]
    newest: Option<String>,
}

pub(crate) async fn show(State(state): State<ApiState>, uri: Uri) -> Result<Json<LedgerBody>, Problem> {
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let mut wanted = LedgerQuery::new(range, query.limit()?);
    wanted.sources = query.texts("source").map(str::to_owned).collect();
    wanted.after = query.value("cursor", str::parse::<Cursor>)?;

    let shared = state.clone();
    let body = async move {
        let sources = wanted.sources.clone();
        let mut latest = shared.store().ledger().await?;
        latest.retain(|record| sources.is_empty() || sources.iter().any(|one| **one == *record.source));
        let page = shared.store().ledger_history(wanted).await?;
        let measured = Measured::read(&shared, range, Default::default()).await?;
        let mut coverage = Coverage::default();
        measured.windows.iter().for_each(|window| coverage.merge(window.coverage));
        let stats = shared.store().stats().await?;
        Ok(Json(LedgerBody {
            range: range.into(),
            coverage: coverage.into(),
            latest: latest.iter().map(|record| RecordBody::from(&**record)).collect(),
            history: page.rows.iter().map(|row| RecordBody::from(&*row.value)).collect(),
            cursor: page.next.map(|cursor| cursor.to_string()),
            store: StoreBody::new(shared.store().durability().as_str(), &stats),
        }))
    };
    state.run(body).await
}

impl From<&LedgerRecord> for RecordBody {
    fn from(record: &LedgerRecord) -> Self {
        let LedgerRecord { source, incarnation, at, rows } = record;
        let rows = rows.iter().map(RowBody::from).collect();
        Self { source: source.to_string(), incarnation: *incarnation, at: rfc3339(*at), rows }
    }
}

impl From<&LedgerRow> for RowBody {
    fn from(row: &LedgerRow) -> Self {
        let imbalance = row.imbalance().clamp(i64::MIN.into(), i64::MAX.into());
        let withheld = row.withheld.iter();
        Self {
            stage: row.stage.as_str(),
            unit: row.unit.as_str(),
            seen: row.seen,
            passed: row.passed,
            withheld: withheld.map(|one| WithheldBody { reason: one.reason.to_string(), count: one.count }).collect(),
            imbalance: i64::try_from(imbalance).unwrap_or_default(),
        }
    }
}

impl StoreBody {
    fn new(durability: &'static str, stats: &Stats) -> Self {
        Self {
            durability,
            points: stats.points.into(),
            exchanges: stats.exchanges.into(),
            ledger: stats.ledger.into(),
            events: stats.events.into(),
        }
    }
}

impl From<RowStats> for RowStatsBody {
    fn from(stats: RowStats) -> Self {
        Self {
            rows: stats.rows,
            bytes: stats.bytes,
            budget_bytes: stats.budget_bytes,
            evicted: stats.evicted,
            oldest: stats.oldest.map(rfc3339),
            newest: stats.newest.map(rfc3339),
        }
    }
}
