//! `/api/v1/openapi.json`: the API for programs.

use axum::{
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
};

use crate::{ApiState, Problem, parameter::Parameters, query::Query};

pub(crate) const PARAMETERS: Parameters = &[];

pub(crate) async fn show(State(_): State<ApiState>, uri: Uri) -> Result<Response, Problem> {
    Query::new(&uri, PARAMETERS)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], crate::openapi()).into_response())
}
