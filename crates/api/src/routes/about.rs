//! `/api/v1/about`: what is served.

use axum::{Json, extract::State, http::Uri};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiState, Now, Problem, Recording, body::RangeBody, parameter::Parameters, query::Query};

pub(crate) const PARAMETERS: Parameters = &[];

/// What all other answers are about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AboutBody {
    /// Where the figures come from: `live` traffic, the `replay` of a recording, or `rows` that somebody else writes.
    serves: &'static str,
    /// The recording; null where there is none. It is the range of a query that has none.
    recording: Option<RecordingBody>,
    /// What does not become part of the figures, for people; empty where nobody has said so.
    not_seen: Vec<String>,
    /// Version of the program's API crate.
    version: &'static str,
}

/// A file with traffic that is over.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RecordingBody {
    /// The file's name.
    name: String,
    /// From its first event to its last, in whole windows; of no length where it has none.
    range: RangeBody,
}

impl From<&Recording> for RecordingBody {
    fn from(Recording { name, range }: &Recording) -> Self {
        Self { name: name.clone(), range: (*range).into() }
    }
}

pub(crate) async fn show(State(state): State<ApiState>, uri: Uri) -> Result<Json<AboutBody>, Problem> {
    Query::new(&uri, PARAMETERS)?;
    let serves = match state.source() {
        Now::Provided(_) => "live",
        Now::NewestRow => "rows",
        Now::EndOf(_) => "replay",
    };
    Ok(Json(AboutBody {
        serves,
        recording: state.source().recording().map(RecordingBody::from),
        not_seen: state.not_seen().to_vec(),
        version: env!("CARGO_PKG_VERSION"),
    }))
}
