//! The HTTP API of Geophone as an axum [`Router`], to be mounted in any program that has a
//! [`Store`](geophone_store::Store).
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{body::Body, http::Request};
//! use geophone_api::{ApiState, Config, Now, router};
//! use geophone_store::{MemoryConfig, MemoryStore};
//! use tower::ServiceExt;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let store = Arc::new(MemoryStore::new(MemoryConfig::default()));
//! let state = ApiState::new(store, Now::NewestRow, Config::default());
//! let app = axum::Router::new().nest_service("/geophone", router(state));
//!
//! // In a program of yours: `axum::serve(listener, app).await`.
//! let request = Request::get("/geophone/api/v1/services?last=5m").header("host", "localhost").body(Body::empty())?;
//! assert_eq!(app.oneshot(request).await?.status(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # What it answers
//!
//! | path | what |
//! |---|---|
//! | `/api/v1/services` | services with their figures |
//! | `/api/v1/services/{id}` | one service: operations, callers, callees, figures over time |
//! | `/api/v1/service-map` | who calls whom, as JSON, DOT, Mermaid or for Grafana; the difference of two times |
//! | `/api/v1/exchanges` | single requests with their responses |
//! | `/api/v1/ledger` | what was seen, kept and lost at every stage |
//! | `/api/v1/events` | notable things |
//! | `/api/v1/about` | what is served: live traffic, or which recording, and what is not seen |
//! | `/api/v1/stream` | server-sent events: a window was closed |
//! | `/api/v1/openapi.json` | all of this for programs (OpenAPI 3.1) |
//! | `/healthz`, `/readyz`, `/metrics` | for whoever runs it |
//! | `/` | the page |
//!
//! Times in answers are RFC 3339 in UTC, durations seconds, sizes bytes, ratios from 0 to 1. An error is a problem document
//! (RFC 9457) that names the parameter at fault; a parameter that is not known is an error and not ignored.
//!
//! # What it does not do
//!
//! * It writes nothing: there is no method but GET (and HEAD).
//! * It has no authentication. [`Config::allowed_hosts`] keeps pages of other sites from reaching it through the browser of
//!   somebody who runs it on the loopback address; on other addresses, put it behind something that knows your users.
//! * It reads no clock for its answers: "now" is what [`Now`] says, so that a recording can be asked like what happens now.
//!
//! Every query has a bound: [`Config`] has the longest range, the most points, how many queries run at a time and for how long.

#![forbid(unsafe_code)]

mod body;
mod config;
mod exposition;
mod guard;
mod hosts;
mod now;
mod openapi;
mod page;
mod parameter;
mod problem;
mod process;
mod query;
mod range;
mod routes;
mod state;
mod time;

use axum::{Router, middleware, routing::get};

pub use config::{Config, DEFAULT_LAST_NS, DEFAULT_LIMIT, MAX_LIMIT};
pub use exposition::{Exposition, Family, MetricKind, SampleValue};
pub use hosts::AllowedHosts;
pub use now::{Now, Recording};
pub use openapi::openapi;
pub use problem::Problem;
pub use state::{ApiState, Readiness};

/// All paths of the API, and the page.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/api/v1/services", get(routes::services::list))
        .route("/api/v1/services/{id}", get(routes::service::show))
        .route("/api/v1/service-map", get(routes::service_map::show))
        .route("/api/v1/exchanges", get(routes::exchanges::list))
        .route("/api/v1/ledger", get(routes::ledger::show))
        .route("/api/v1/events", get(routes::events::list))
        .route("/api/v1/about", get(routes::about::show))
        .route("/api/v1/stream", get(routes::stream::follow))
        .route("/api/v1/openapi.json", get(routes::openapi::show))
        .route("/healthz", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .route("/metrics", get(routes::metrics::show))
        .merge(page::router())
        .fallback(guard::unknown_path)
        .method_not_allowed_fallback(guard::unknown_method)
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}
