//! `/api/v1/services`: services with their figures.

use std::{mem::take, sync::Arc};

use axum::{Json, extract::State, http::Uri};
use geophone_model::{
    identity::{Identity, IdentityKind},
    protocol::Role,
};
use geophone_servicemap::{Filter, Health, Node, Quantiles, ServiceMap, Summary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::{CoverageBody, RangeBody},
    openapi::mirror,
    parameter::{Kind, PAGE, Parameter, Parameters, RANGE, SERIES, SERVICES},
    query::Query,
    range::{self, Measured},
    routes::service_map::{map_filter, point_filter},
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, SERIES, SERVICES, OWN, PAGE];

const OWN: &[Parameter] = &[Parameter::new(
    "kind",
    Kind::Choice(KINDS),
    "unit",
    "Only services of this kind; `-` may stand for `_`, as in ids.",
)
.repeats()];

const KINDS: &[&str] = &["container", "unit", "process", "external_client", "external_service", "unknown"];

/// Some services.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServicesBody {
    /// The range that was asked for.
    range: RangeBody,
    /// The part of it that was measured, which rates are of.
    measured: RangeBody,
    /// The services, sorted by kind, namespace and name.
    services: Vec<ServiceBody>,
    /// Number of services that match, on this page and others.
    total: usize,
    /// Where the next page begins; null on the last one.
    cursor: Option<String>,
}

/// A service, or somebody outside.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServiceBody {
    /// Its id, which stays the same and needs no escaping in a URL.
    id: String,
    /// Its name.
    name: String,
    /// What it was found by: `container`, `unit`, `process`, `external_client`, `external_service` or `unknown`.
    #[schema(value_type = String)]
    kind: IdentityKind,
    /// What kind of server it is, by the protocols that it is spoken to in: `service`, `database`, `cache`, `queue` or `name_server`.
    #[schema(value_type = String)]
    role: Role,
    /// The protocols that it is spoken to in, as a server; sorted.
    protocols: Vec<&'static str>,
    /// Its namespace, where it has one.
    namespace: Option<String>,
    /// Which end measured the figures, `server` or `client`; null where nobody calls it, and the figures are zero.
    #[schema(value_type = Option<String>)]
    view: Option<geophone_model::series::View>,
    /// Requests that it got.
    requests: u64,
    /// Of these, the ones that it failed: HTTP 5xx, an answer that broke the protocol, no answer.
    errors: u64,
    /// Of these, the ones that it says the client got wrong (HTTP 4xx). They are not among the errors.
    client_errors: u64,
    /// Of these, long-lived ones, whose lifetimes are not among the durations.
    streams: u64,
    /// Requests a second.
    rate_per_second: f64,
    /// Errors over requests, from 0 to 1.
    error_ratio: f64,
    /// Bytes of the requests.
    request_bytes: u64,
    /// Bytes of the responses.
    response_bytes: u64,
    /// First request byte to last response byte; null where no call was answered.
    #[schema(value_type = Option<mirror::Quantiles>)]
    duration_seconds: Option<Quantiles>,
    /// First request byte to first response byte; null where no call was answered.
    #[schema(value_type = Option<mirror::Quantiles>)]
    first_byte_seconds: Option<Quantiles>,
    /// How far the figures can be trusted.
    coverage: CoverageBody,
    /// How well it answers: `unknown`, `healthy`, `degraded` or `failing`.
    #[schema(value_type = String)]
    health: Health,
    /// Why, for people.
    reason: String,
}

impl ServiceBody {
    pub(crate) fn new(node: &Node, map: &ServiceMap) -> Self {
        let Identity { kind, namespace, name } = &**node.identity();
        let figures = node.inbound().map(|tally| map.summary(tally));
        let count = |of: fn(&Summary) -> u64| figures.as_ref().map_or(0, of);
        let ratio = |of: fn(&Summary) -> f64| figures.as_ref().map_or(0.0, of);
        Self {
            id: node.identity().id().to_string(),
            name: name.clone(),
            kind: *kind,
            role: node.role(),
            protocols: node.protocols().iter().map(|protocol| protocol.as_str()).collect(),
            namespace: namespace.clone(),
            view: figures.as_ref().map(|figures| figures.view),
            requests: count(|figures| figures.requests),
            errors: count(|figures| figures.errors),
            client_errors: count(|figures| figures.client_errors),
            streams: count(|figures| figures.streams),
            rate_per_second: ratio(|figures| figures.rate_per_second),
            error_ratio: ratio(|figures| figures.error_ratio),
            request_bytes: count(|figures| figures.request_bytes),
            response_bytes: count(|figures| figures.response_bytes),
            duration_seconds: figures.as_ref().and_then(|figures| figures.duration_seconds),
            first_byte_seconds: figures.as_ref().and_then(|figures| figures.first_byte_seconds),
            coverage: map.coverage().into(),
            health: node.verdict().health,
            reason: node.verdict().reason.clone(),
        }
    }
}

pub(crate) async fn list(State(state): State<ApiState>, uri: Uri) -> Result<Json<ServicesBody>, Problem> {
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let points = point_filter(&query)?;
    let limit = query.limit()?;
    let after = query.value("cursor", str::parse::<Identity>)?;
    let mut series = map_filter(&query)?;
    let wanted = Wanted::new(&mut series, query.values("kind", str::parse::<IdentityKind>)?);

    let shared = state.clone();
    let body = async move {
        let measured = Measured::read(&shared, range, points).await?;
        let map = measured.map(&shared).filter(&series);
        let matching: Vec<&Node> = map.nodes().iter().filter(|node| wanted.is(node, &map)).collect();
        let rest = matching.iter().filter(|node| after.as_ref().is_none_or(|after| **node.identity() > *after));
        let page: Vec<&Node> = rest.clone().take(limit).copied().collect();
        let more = rest.count() > page.len();
        Ok(Json(ServicesBody {
            range: range.into(),
            measured: measured.span.into(),
            total: matching.len(),
            cursor: page.last().filter(|_| more).map(|node| node.identity().id().to_string()),
            services: page.iter().map(|node| ServiceBody::new(node, &map)).collect(),
        }))
    };
    state.run(body).await
}

/// Conditions on a service.
struct Wanted {
    namespaces: Vec<String>,
    services: Vec<String>,
    kinds: Vec<IdentityKind>,
    health: Vec<Health>,
    min_rate_per_second: Option<f64>,
}

impl Wanted {
    /// Takes out of a filter what would select the edges of a map: here it selects services, and not those that they talk to.
    fn new(filter: &mut Filter, kinds: Vec<IdentityKind>) -> Self {
        Self {
            namespaces: take(&mut filter.namespaces),
            services: take(&mut filter.services),
            kinds,
            health: take(&mut filter.health),
            min_rate_per_second: take(&mut filter.min_rate_per_second),
        }
    }

    fn is(&self, node: &Node, map: &ServiceMap) -> bool {
        let identity: &Arc<Identity> = node.identity();
        let namespace = identity.namespace.as_ref();
        let rate = || node.inbound().map_or(0.0, |tally| map.summary(tally).rate_per_second);
        (self.kinds.is_empty() || self.kinds.contains(&identity.kind))
            && (self.health.is_empty() || self.health.contains(&node.verdict().health))
            && (self.namespaces.is_empty() || namespace.is_some_and(|own| self.namespaces.contains(own)))
            && (self.services.is_empty() || self.services.iter().any(|wanted| is_called(identity, wanted)))
            && self.min_rate_per_second.is_none_or(|min| rate() >= min)
    }
}

/// Whether somebody goes by this id, name or `namespace/name`.
fn is_called(identity: &Identity, wanted: &str) -> bool {
    identity.name == wanted || identity.id().as_str() == wanted || identity.to_string() == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_offered_as_answers_have_it() {
        for text in KINDS {
            let kind: IdentityKind = text.parse().unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), *text);
        }
    }
}
