//! `/api/v1/openapi.json`: the API for programs.

use std::sync::LazyLock;

use axum::{
    http::{Uri, header},
    response::{IntoResponse, Response},
};

use crate::{Problem, parameter::Parameters, query::Query};

pub(crate) const PARAMETERS: Parameters = &[];

/// It is the same for as long as the program runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi);

pub(crate) async fn show(uri: Uri) -> Result<Response, Problem> {
    Query::new(&uri, PARAMETERS)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response())
}
