//! The graph of who calls whom, with how often, how often in vain, and how long it takes.
//!
//! A [`ServiceMap`] is drawn from the series points of a span of time. It has a [`Node`] for everybody who asks or is asked,
//! and an [`Edge`] for every pair of them. It is a value: the same points give the same map, in whatever order they came,
//! and every list in it is sorted.
//!
//! ```
//! use std::sync::Arc;
//! use geophone_model::{
//!     identity::{Identity, IdentityKind},
//!     protocol::Protocol,
//!     series::{Buckets, SeriesKey, SeriesPoint, View},
//!     status::{Status, StatusClass},
//!     time::{Timestamp, Window},
//! };
//! use geophone_servicemap::{Config, Filter, Health, PathPattern, ServiceMap};
//!
//! // Ten seconds of a web server asking a cart, as the cart saw it: 70 requests that it answered and 10 that it failed.
//! let window = Window { start: Timestamp::from_ns(0), length_ns: 10_000_000_000 };
//! let cart = Arc::new(Identity::new(IdentityKind::Container, Some("shop"), "cart"));
//! let web = Arc::new(Identity::new(IdentityKind::Unit, None, "nginx.service"));
//! let point = |class, code: i32, requests| SeriesPoint {
//!     key: SeriesKey {
//!         view: View::Server,
//!         local: cart.clone(),
//!         peer: web.clone(),
//!         protocol: Protocol::Http1,
//!         operation: "GET /carts/{id}".into(),
//!         status: Status { class, code: code.into() },
//!         delivery: false,
//!     },
//!     window,
//!     requests,
//!     same_point: 0,
//!     streams: 0,
//!     request_bytes: 200 * requests,
//!     response_bytes: 900 * requests,
//!     duration: Buckets::default(),
//!     first_byte: Buckets::default(),
//!     lifetime: Buckets::default(),
//!     exemplars: Vec::new(),
//! };
//! let points = [point(StatusClass::Ok, 200, 70), point(StatusClass::ServerError, 503, 10)];
//!
//! let map = ServiceMap::build(&points, window, Config::default());
//! let node = map.node(&cart).expect("it was asked");
//! assert_eq!(node.verdict().health, Health::Failing);
//! assert_eq!(node.verdict().reason, "12.5 % of 80 requests failed (server error)");
//! let figures = map.summary(node.inbound().expect("it was asked"));
//! assert_eq!((figures.rate_per_second, figures.error_ratio), (8.0, 0.125));
//!
//! // A filter selects series, and the map is drawn again from those.
//! let mut users = Filter::default();
//! users.path = Some(PathPattern::new("^/users/")?);
//! assert!(map.filter(&users).nodes().is_empty());
//! assert!(map.to_mermaid().contains("nginx.service"));
//! # Ok::<(), geophone_servicemap::InvalidPathPattern>(())
//! ```
//!
//! # What is in it
//!
//! * [`Tally`] is what was counted: integers and distributions, exact. [`Summary`] is what people read of it: rates, ratios,
//!   quantiles, in seconds and bytes.
//! * **Two views.** What the client measured and what the server measured stand side by side in [`Views`] and are never
//!   added: it is the same request. Their difference is the [`NetworkTime`], unless both were measured at the same point.
//! * A service's figures are the server's view where one exists, else its clients' view, and say which.
//! * [`Health`] with a reason, by [`Thresholds`].
//! * [`ServiceMap::filter`], [`ServiceMap::neighbourhood`], [`ServiceMap::cycles`], and the [`Difference`] of two maps.
//! * [`export`]: JSON, Graphviz, Mermaid, Grafana.
//! * [`MapBuilder`] takes one window after the other.
//!
//! # Features
//!
//! * `serde`: `Serialize` and `Deserialize` for the JSON [`Document`](export::document::Document), [`Summary`],
//!   [`Difference`] and [`NodeGraph`](export::grafana::NodeGraph).

#![forbid(unsafe_code)]

mod builder;
mod cycle;
mod difference;
mod edge;
pub mod export;
mod filter;
mod health;
mod map;
mod neighbourhood;
mod node;
mod outcomes;
mod rollup;
mod summary;
mod tally;
mod text;
mod views;

pub use builder::MapBuilder;
pub use cycle::Cycle;
pub use difference::{Difference, EdgeChange, EdgeEnds, Figures, NodeChange};
pub use edge::{Edge, Operation};
pub use filter::Filter;
pub use geophone_path_pattern::{InvalidPathPattern, MAX_PATTERN_LEN, PathPattern};
pub use geophone_series::MalformedPoint;
pub use health::{Health, Thresholds, UnknownHealth, Verdict};
pub use map::{Config, DEFAULT_MAX_ROWS, LeftOut, ServiceMap};
pub use neighbourhood::Direction;
pub use node::Node;
pub use outcomes::Outcomes;
pub use summary::{Quantiles, Summary};
pub use tally::{AddPointError, Tally};
pub use views::{NetworkTime, Views};
