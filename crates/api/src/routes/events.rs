//! `/api/v1/events`: notable things.

use axum::{Json, extract::State, http::Uri};
use geophone_store::{Cursor, Event, EventKind, EventQuery};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::RangeBody,
    parameter::{Kind, PAGE, Parameter, Parameters, RANGE},
    query::Query,
    range,
    time::rfc3339,
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, OWN, PAGE];

const OWN: &[Parameter] = &[
    Parameter::new(
        "kind",
        Kind::Choice(&[
            "agent_started",
            "agent_stopped",
            "capture_attached",
            "capture_unavailable",
            "records_lost",
            "recording_ended",
            "evicted",
        ]),
        "records_lost",
        "Only events of this kind.",
    )
    .repeats(),
    Parameter::text("source", "store", "Only events of this source.").repeats(),
];

/// Some events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventsBody {
    /// The range that was asked for.
    range: RangeBody,
    /// The events, newest first.
    events: Vec<EventBody>,
    /// Where the next page begins; null on the last one. A page may be short of its limit, or empty, and not be the last one.
    cursor: Option<String>,
}

/// Something that a person who looks at the figures of its time should know.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// When it happened.
    #[schema(format = DateTime)]
    at: String,
    /// Whom it happened to.
    source: String,
    /// What happened.
    kind: &'static str,
    /// How many, where the kind counts something; else zero.
    count: u64,
    /// The details, for people.
    detail: String,
}

impl From<&Event> for EventBody {
    fn from(event: &Event) -> Self {
        let Event { at, source, kind, count, detail } = event;
        Self {
            at: rfc3339(*at),
            source: source.to_string(),
            kind: kind.as_str(),
            count: *count,
            detail: detail.clone(),
        }
    }
}

pub(crate) async fn list(State(state): State<ApiState>, uri: Uri) -> Result<Json<EventsBody>, Problem> {
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let mut wanted = EventQuery::new(range, query.limit()?);
    wanted.kinds = query.choices("kind", EventKind::ALL, EventKind::as_str)?;
    wanted.sources = query.texts("source").map(str::to_owned).collect();
    wanted.after = query.value("cursor", str::parse::<Cursor>)?;
    let store = state.store().clone();
    let body = async move {
        let page = store.events(wanted).await?;
        Ok(Json(EventsBody {
            range: range.into(),
            events: page.rows.iter().map(|row| EventBody::from(&*row.value)).collect(),
            cursor: page.next.map(|cursor| cursor.to_string()),
        }))
    };
    state.run(body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_asked_for() {
        let Kind::Choice(choices) = OWN[0].kind else { panic!("kind is a choice") };
        assert!(EventKind::ALL.iter().map(|kind| kind.as_str()).eq(choices.iter().copied()));
    }
}
