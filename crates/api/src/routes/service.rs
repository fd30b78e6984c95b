//! `/api/v1/services/{id}`: one service.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::Uri,
};
use geophone_model::{
    identity::Identity,
    time::{Timestamp, Window},
};
use geophone_servicemap::{
    Filter, MapBuilder, Quantiles,
    export::document::{Detail, EdgeDocument, NodeOperation},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::RangeBody,
    openapi::mirror,
    parameter::{Parameter, Parameters, RANGE, SERIES},
    query::Query,
    range::{self, Measured},
    routes::{
        service_map::{map_filter, point_filter},
        services::ServiceBody,
    },
    time::{parse_duration_ns, rfc3339},
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, SERIES, OWN];

/// Most steps of the figures over time.
const MAX_STEPS: u64 = 1000;

/// Steps of the figures over time, unless told otherwise; fewer where windows are longer.
const DEFAULT_STEPS: u64 = 60;

const OWN: &[Parameter] = &[Parameter::text(
    "step",
    "10m",
    "Length of a step of the figures over time, a duration; a sixtieth of the range unless told otherwise, rounded up to \
     whole windows. At most 1000 steps are answered.",
)];

/// A service, what it is asked, by whom, and what it asks of others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServiceDetailBody {
    /// The range that was asked for.
    range: RangeBody,
    /// The part of it that was measured, which rates are of.
    measured: RangeBody,
    /// The service.
    service: ServiceBody,
    /// What it was asked by operation, in the service's view.
    #[schema(value_type = Vec<mirror::NodeOperation>)]
    operations: Vec<NodeOperation>,
    /// By whom it is called, sorted.
    #[schema(value_type = Vec<mirror::EdgeDocument>)]
    inbound: Vec<EdgeDocument>,
    /// Whom it calls, sorted.
    #[schema(value_type = Vec<mirror::EdgeDocument>)]
    outbound: Vec<EdgeDocument>,
    /// Length of a step of the series.
    step_seconds: f64,
    /// What it was asked over time, oldest first. A step without requests is left out.
    series: Vec<StepBody>,
}

/// What a service was asked in one step of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StepBody {
    /// The first moment of the step.
    #[schema(format = DateTime)]
    at: String,
    /// Which end measured: `server` or `client`.
    #[schema(value_type = String)]
    view: geophone_model::series::View,
    /// Requests.
    requests: u64,
    /// Of these, the ones that it failed.
    errors: u64,
    /// Of these, the ones that it says the client got wrong.
    client_errors: u64,
    /// Requests a second, of the part of the step that was measured.
    rate_per_second: f64,
    /// Errors over requests, from 0 to 1.
    error_ratio: f64,
    /// First request byte to last response byte; null where no call was answered.
    #[schema(value_type = Option<mirror::Quantiles>)]
    duration_seconds: Option<Quantiles>,
}

pub(crate) async fn show(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Json<ServiceDetailBody>, Problem> {
    let unknown = |detail| Problem::unknown_service("id", detail);
    let unreadable = |error: PathRejection| unknown(format!("the id cannot be read: {error}"));
    let Path(id) = id.map_err(unreadable)?;
    let identity: Identity = id.parse().map_err(|error| unknown(format!("{error}")))?;
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let step_ns = query.value("step", parse_duration_ns)?;
    let filter = map_filter(&query)?;
    let mut points = point_filter(&query)?;
    points.services = vec![identity.clone()];

    let shared = state.clone();
    let body = async move {
        let measured = Measured::read(&shared, range, points).await?;
        let map = measured.map(&shared).filter(&filter);
        let Some(node) = map.node(&identity) else {
            let detail = format!(
                "service `{id}` has no matching traffic from {} to {}",
                rfc3339(range.start),
                rfc3339(range.end())
            );
            return Err(unknown(detail));
        };
        let step_ns = step_of(step_ns, &measured)?;
        Ok(Json(ServiceDetailBody {
            range: range.into(),
            measured: measured.span.into(),
            service: ServiceBody::new(node, &map),
            operations: map.node_document(node, Detail::Operations).operations,
            inbound: map.inbound(&identity).map(|edge| map.edge_document(edge, Detail::Operations)).collect(),
            outbound: map.outbound(&identity).map(|edge| map.edge_document(edge, Detail::Operations)).collect(),
            step_seconds: crate::time::seconds(step_ns),
            series: series(&measured, &identity, &filter, step_ns, &shared),
        }))
    };
    state.run(body).await
}

/// The length of a step: whole windows, and no more steps than can be answered.
fn step_of(wanted_ns: Option<u64>, measured: &Measured) -> Result<u64, Problem> {
    let window_ns = measured.windows.first().map_or(1, |first| first.window.length_ns.max(1));
    let span_ns = measured.span.length_ns;
    let step_ns = wanted_ns.unwrap_or(span_ns / DEFAULT_STEPS).max(1);
    let step_ns = step_ns.div_ceil(window_ns).saturating_mul(window_ns);
    match span_ns / step_ns {
        0..MAX_STEPS => Ok(step_ns),
        steps => Err(Problem::invalid_parameter(
            "step",
            format!("that makes {steps} steps, and at most {MAX_STEPS} are answered"),
        )),
    }
}

/// The figures of each step, which starts at a multiple of its length.
fn series(measured: &Measured, identity: &Identity, filter: &Filter, step_ns: u64, state: &ApiState) -> Vec<StepBody> {
    let step_at = |start: Timestamp| Window::containing(start, step_ns);
    let steps = measured.windows.chunk_by(|a, b| step_at(a.window.start) == step_at(b.window.start));
    let figures = steps.filter_map(|windows| {
        let step = step_at(windows.first()?.window.start);
        let mut builder = MapBuilder::new(common(step, measured.span), state.config().map);
        windows.iter().for_each(|window| builder.add(window));
        let map = builder.finish().filter(filter);
        let figures = map.summary(map.node(identity)?.inbound()?);
        Some(StepBody {
            at: rfc3339(step.start),
            view: figures.view,
            requests: figures.requests,
            errors: figures.errors,
            client_errors: figures.client_errors,
            rate_per_second: figures.rate_per_second,
            error_ratio: figures.error_ratio,
            duration_seconds: figures.duration_seconds,
        })
    });
    figures.collect()
}

/// The part of a step that was measured: the first and the last one may begin before, or end after, what was.
fn common(step: Window, measured: Window) -> Window {
    let (start, end) = (step.start.max(measured.start), step.end().min(measured.end()));
    Window { start, length_ns: end.ns_since(start) }
}
