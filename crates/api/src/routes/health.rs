//! `/healthz` and `/readyz`: for whoever starts and restarts the program.

use axum::{Json, extract::State, http::Uri};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiState, Problem, Readiness, parameter::Parameters, query::Query};

pub(crate) const PARAMETERS: Parameters = &[];

/// That all is well.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// `ok`: anything else comes as a problem.
    status: &'static str,
}

const OK: Json<HealthBody> = Json(HealthBody { status: "ok" });

/// The program answers.
pub(crate) async fn alive(uri: Uri) -> Result<Json<HealthBody>, Problem> {
    Query::new(&uri, PARAMETERS).map(|_| OK)
}

/// The program can do its work.
pub(crate) async fn ready(State(state): State<ApiState>, uri: Uri) -> Result<Json<HealthBody>, Problem> {
    Query::new(&uri, PARAMETERS)?;
    match state.readiness() {
        Readiness::Ready => Ok(OK),
        Readiness::NotReady(reason) => Err(Problem::not_ready(reason)),
    }
}
