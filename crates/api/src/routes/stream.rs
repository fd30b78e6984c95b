//! `/api/v1/stream`: server-sent events.
//!
//! * `window`: a window was closed, or late rows were added to it. Its data is a [`WindowBody`].
//! * `event`: something notable happened. Its data is an [`EventBody`].
//! * `skipped`: the client was too slow, and lost that many of the above. Its data is a [`SkippedBody`].
//!
//! A comment is sent now and then so that a silent stream can be told from a broken one.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    extract::State,
    http::Uri,
    response::sse::{self, KeepAlive, KeepAliveStream, Sse},
};
use futures_core::Stream;
use geophone_model::{ledger::Coverage, time::Window};
use geophone_store::{Delivery, Notice, Subscription};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::{CoverageBody, RangeBody},
    parameter::Parameters,
    query::Query,
    routes::events::EventBody,
};

pub(crate) const PARAMETERS: Parameters = &[];

/// The data of a `window` event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WindowBody {
    /// The window.
    window: RangeBody,
    /// Series points that it has.
    points: usize,
    /// How far it can be trusted.
    coverage: CoverageBody,
}

/// The data of a `skipped` event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SkippedBody {
    /// Events that were lost.
    skipped: u64,
}

pub(crate) async fn follow(State(state): State<ApiState>, uri: Uri) -> Result<Sse<KeepAliveStream<Notices>>, Problem> {
    Query::new(&uri, PARAMETERS)?;
    let most = state.config().max_streams;
    let full = || Problem::busy(format!("{most} clients follow the stream already: close one, or try again later"));
    let place = state.join_stream().ok_or_else(full)?;
    let notices = Notices { _place: place, subscription: state.store().subscribe(), waiting: None };
    Ok(Sse::new(notices).keep_alive(KeepAlive::new().interval(state.config().keep_alive)))
}

/// What a client is sent: the store's notices, for as long as the client stays.
#[derive(Debug)]
pub(crate) struct Notices {
    /// It comes first and is given back first: who sees that the subscription is gone finds the place free.
    _place: OwnedSemaphorePermit,
    subscription: Subscription,
    /// The notice that comes after a `skipped`.
    waiting: Option<Notice>,
}

impl Stream for Notices {
    type Item = Result<sse::Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.waiting.take().and_then(|notice| event_of(&notice)) {
                return Poll::Ready(Some(Ok(event)));
            }
            let Delivery { notice, skipped } = match self.subscription.poll_next(context) {
                Poll::Ready(Some(delivery)) => delivery,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            };
            self.waiting = Some(notice);
            if let Some(event) = json_event("skipped", &SkippedBody { skipped }).filter(|_| skipped > 0) {
                return Poll::Ready(Some(Ok(event)));
            }
        }
    }
}

fn event_of(notice: &Notice) -> Option<sse::Event> {
    match notice {
        Notice::Window { window, points, coverage } => {
            json_event("window", &WindowBody::new(*window, *points, *coverage))
        }
        Notice::Event(event) => json_event("event", &EventBody::from(&**event)),
        _ => None,
    }
}

/// `None` where the data cannot be written as JSON, which none of ours can't.
fn json_event(name: &str, data: &impl Serialize) -> Option<sse::Event> {
    sse::Event::default().event(name).json_data(data).ok()
}

impl WindowBody {
    fn new(window: Window, points: usize, coverage: Coverage) -> Self {
        Self { window: window.into(), points, coverage: coverage.into() }
    }
}
