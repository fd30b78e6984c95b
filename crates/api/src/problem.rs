//! Errors as problem documents (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use geophone_store::ReadError;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of problem, which stays the same: `urn:geophone:problem:unknown-parameter`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The status code of the answer.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// The parameter of the query or the path that is at fault, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: String) -> Self {
        Self { kind: format!("urn:geophone:problem:{kind}"), title, status: status.as_u16(), detail, parameter: None }
    }

    fn of_parameter(kind: &str, title: &'static str, name: &str, detail: String) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, kind, title, detail);
        Self { parameter: Some(name.to_owned()), ..problem }
    }

    pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let known = match known {
            [] => "this path takes none".to_owned(),
            names => format!("known are: {}", names.join(", ")),
        };
        Self::of_parameter(
            "unknown-parameter",
            "Unknown parameter",
            name,
            format!("there is no parameter `{name}`; {known}"),
        )
    }

    pub(crate) fn repeated_parameter(name: &str) -> Self {
        let detail = format!("parameter `{name}` takes one value and was given several");
        Self::of_parameter("repeated-parameter", "Repeated parameter", name, detail)
    }

    pub(crate) fn too_many_values(name: &str, most: usize) -> Self {
        let detail = format!("a query takes at most {most} values, and parameter `{name}` is one too many");
        Self::of_parameter("too-many-values", "Too many values", name, detail)
    }

    pub(crate) fn invalid_parameter(name: &str, why: impl std::fmt::Display) -> Self {
        Self::of_parameter("invalid-parameter", "Invalid parameter", name, format!("parameter `{name}`: {why}"))
    }

    pub(crate) fn unknown_path(path: &str, mounted_at: &str) -> Self {
        let detail = format!("there is nothing at `{path}`; {mounted_at}/api/v1/openapi.json lists what there is");
        Self::new(StatusCode::NOT_FOUND, "unknown-path", "Unknown path", detail)
    }

    /// `name` is the parameter of the path or the query that has the service's id.
    pub(crate) fn unknown_service(name: &str, detail: String) -> Self {
        let problem = Self::new(StatusCode::NOT_FOUND, "unknown-service", "Unknown service", detail);
        Self { parameter: Some(name.to_owned()), ..problem }
    }

    pub(crate) fn unknown_method(method: &str) -> Self {
        let detail = format!("the API is read-only: use GET or HEAD, and not {method}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "unknown-method", "Method not allowed", detail)
    }

    pub(crate) fn foreign_host(host: Option<&str>) -> Self {
        let called = host.map_or_else(|| "without a `Host` header".to_owned(), |host| format!("as `{host}`"));
        let detail = format!(
            "the API was called {called}, and answers by the names that it was given only: \
             use http://localhost or http://127.0.0.1, or have the name allowed (`geophone --allow-host NAME`, or \
             `Config::allowed_hosts` in a program of your own)"
        );
        Self::new(StatusCode::FORBIDDEN, "foreign-host", "Host not allowed", detail)
    }

    pub(crate) fn too_much(detail: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "too-much", "Too much was asked for", detail)
    }

    pub(crate) fn busy(detail: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail)
    }

    pub(crate) fn not_ready(detail: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", detail)
    }

    pub(crate) fn failed(detail: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "The store failed", detail)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooManyPoints { .. } => Self::too_much(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
