//! `/api/v1/service-map`: who calls whom.

use axum::{
    Json,
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use geophone_model::{identity::Identity, protocol::Protocol, series::View, time::Window};
use geophone_servicemap::{
    Difference, Direction, Filter, Health, PathPattern, ServiceMap,
    export::document::{Detail, Document},
};
use geophone_store::PointFilter;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::RangeBody,
    openapi::mirror,
    parameter::{Kind, Parameter, Parameters, RANGE, SERIES, SERVICES},
    query::Query,
    range::{self, Measured},
    time::parse_time,
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, SERIES, SERVICES, OWN];

/// Most steps away from a service.
const MAX_DEPTH: u64 = 16;

const OWN: &[Parameter] = &[
    Parameter::new(
        "format",
        Kind::Choice(&["json", "dot", "mermaid", "grafana"]),
        "json",
        "The format; json unless told otherwise.",
    ),
    Parameter::new(
        "detail",
        Kind::Choice(&["services", "operations"]),
        "operations",
        "Whether the JSON has the breakdown by protocol and operation; services, without it, unless told otherwise.",
    ),
    Parameter::text("neighbourhood", "unit~web.service", "Only what is around the service with this id."),
    Parameter::new(
        "depth",
        Kind::Integer { min: 1, max: MAX_DEPTH, default: Some(1) },
        "2",
        "How many steps around the service of `neighbourhood`.",
    ),
    Parameter::new(
        "direction",
        Kind::Choice(&["callers", "callees", "both"]),
        "both",
        "Which way to go from the service of `neighbourhood`; both unless told otherwise.",
    ),
    Parameter::text(
        "compare_from",
        "1700000000",
        "Start of an earlier range, with which the range is compared: the answer is the difference.",
    ),
    Parameter::text(
        "compare_to",
        "1700000300",
        "End of the earlier range; as long as the range is, after `compare_from`, where it is left out.",
    ),
];

/// A service map.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MapBody {
    /// The range that was asked for. The map's own start and length are of the part of it that was measured.
    range: RangeBody,
    /// The map.
    #[serde(flatten)]
    #[schema(value_type = mirror::Document)]
    document: Document,
    /// Ids of services that call each other in a circle, each circle once.
    cycles: Vec<Vec<String>>,
}

/// What has changed from one range to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceBody {
    /// The earlier range, as far as it was measured.
    before: RangeBody,
    /// The later range, as far as it was measured.
    after: RangeBody,
    /// What has changed.
    #[schema(value_type = mirror::Difference)]
    difference: Difference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Dot,
    Mermaid,
    Grafana,
}

impl Format {
    const ALL: &[Self] = &[Self::Json, Self::Dot, Self::Mermaid, Self::Grafana];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Grafana => "grafana",
        }
    }
}

pub(crate) async fn show(State(state): State<ApiState>, uri: Uri) -> Result<Response, Problem> {
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let view = MapView::read(&query)?;
    let points = point_filter(&query)?;
    let format = query.choices("format", Format::ALL, Format::as_str)?.pop().unwrap_or(Format::Json);
    let compared = compared_range(&query, range, state.max_range_ns())?;
    if compared.is_some() && format != Format::Json {
        return Err(Problem::invalid_parameter("format", "a difference is given as json only"));
    }

    let shared = state.clone();
    let answer = async move {
        let after = view.draw(&Measured::read(&shared, range, points.clone()).await?, &shared)?;
        let Some(compared) = compared else { return Ok(view.answer(&after, range, format)) };
        let before = view.draw(&Measured::read(&shared, compared, points).await?, &shared)?;
        let difference = Difference::between(&before, &after);
        Ok(Json(DifferenceBody { before: before.range().into(), after: after.range().into(), difference })
            .into_response())
    };
    state.run(answer).await
}

fn compared_range(query: &Query, range: Window, max_ns: u64) -> Result<Option<Window>, Problem> {
    let (from, to) = (query.value("compare_from", parse_time)?, query.value("compare_to", parse_time)?);
    match (from, to) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Problem::invalid_parameter("compare_to", "it needs a `compare_from`")),
        (Some(from), to) => {
            let to = to.unwrap_or_else(|| from.plus_ns(range.length_ns));
            range::between("compare_from", from, to, max_ns).map(Some)
        }
    }
}

/// Which part of the map to show.
struct MapView {
    filter: Filter,
    neighbourhood: Option<Identity>,
    depth: u32,
    direction: Direction,
    detail: Detail,
}

impl MapView {
    fn read(query: &Query) -> Result<Self, Problem> {
        let directions = [Direction::Callers, Direction::Callees, Direction::Both];
        let direction = query.choices("direction", &directions, |direction| match direction {
            Direction::Callers => "callers",
            Direction::Callees => "callees",
            Direction::Both => "both",
        })?;
        let details = [Detail::Services, Detail::Operations];
        let detail = query.choices("detail", &details, |detail| match detail {
            Detail::Operations => "operations",
            _ => "services",
        })?;
        let neighbourhood = query.value("neighbourhood", str::parse::<Identity>)?;
        for name in ["depth", "direction"] {
            if neighbourhood.is_none() && query.text(name).is_some() {
                return Err(Problem::invalid_parameter(name, "it needs a `neighbourhood`"));
            }
        }
        Ok(Self {
            filter: map_filter(query)?,
            neighbourhood,
            depth: query.integer("depth")?.and_then(|depth| u32::try_from(depth).ok()).unwrap_or(1),
            direction: direction.first().copied().unwrap_or(Direction::Both),
            detail: detail.first().copied().unwrap_or(Detail::Services),
        })
    }

    fn draw(&self, measured: &Measured, state: &ApiState) -> Result<ServiceMap, Problem> {
        let map = measured.map(state).filter(&self.filter);
        let Some(service) = &self.neighbourhood else { return Ok(map) };
        map.neighbourhood(service, self.depth, self.direction).ok_or_else(|| {
            let detail = format!("the map of the range has no service `{}`: see /api/v1/services", service.id());
            Problem::unknown_service("neighbourhood", detail)
        })
    }

    fn answer(&self, map: &ServiceMap, range: Window, format: Format) -> Response {
        let text = |content_type, text| ([(header::CONTENT_TYPE, content_type)], text).into_response();
        match format {
            Format::Dot => text("text/vnd.graphviz; charset=utf-8", map.to_dot()),
            Format::Mermaid => text("text/vnd.mermaid; charset=utf-8", map.to_mermaid()),
            Format::Grafana => Json(map.to_grafana()).into_response(),
            Format::Json => {
                let ids = |cycle: &geophone_servicemap::Cycle| {
                    cycle.services().iter().map(|identity| identity.id().to_string()).collect()
                };
                let cycles = map.cycles().iter().map(ids).collect();
                Json(MapBody { range: range.into(), document: map.to_document(self.detail), cycles }).into_response()
            }
        }
    }
}

/// Which points the store has to read.
pub(crate) fn point_filter(query: &Query) -> Result<PointFilter, Problem> {
    let mut filter = PointFilter::default();
    filter.view = query.choices("view", &[View::Client, View::Server], View::as_str)?.pop();
    filter.protocols = query.choices("protocol", Protocol::ALL, Protocol::as_str)?;
    Ok(filter)
}

/// Which part of a map to look at.
pub(crate) fn map_filter(query: &Query) -> Result<Filter, Problem> {
    let owned = |name| query.texts(name).map(str::to_owned).collect();
    let rate = |text: &str| match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err(format!("`{text}` is no number of requests a second")),
    };
    let mut filter = Filter::default();
    filter.namespaces = owned("namespace");
    filter.services = query.texts("service").map(canonical).collect();
    filter.path = query.value("path", PathPattern::new)?;
    filter.protocols = query.choices("protocol", Protocol::ALL, Protocol::as_str)?;
    filter.health = query.choices("health", Health::ALL, Health::as_str)?;
    filter.min_rate_per_second = query.value("min_rate", rate)?;
    filter.hide_externals = query.boolean("hide_externals")?;
    Ok(filter)
}

/// A service's id as the answers have it, where that is what it is; else a name, which stays as it is.
fn canonical(service: &str) -> String {
    service.parse::<Identity>().map_or_else(|_| service.to_owned(), |identity| identity.id().to_string())
}
