//! Series points and window snapshots, put together.
//!
//! What is counted of a window comes in several pieces: from several aggregators, or late. [`merge`] makes one snapshot of
//! each window of them; the result depends on what is merged and not on its order or grouping.
//!
//! ```
//! use std::sync::Arc;
//!
//! use geophone_distribution::{Config, Distribution, Exponential};
//! use geophone_model::{
//!     identity::{Identity, IdentityKind},
//!     ledger::Coverage,
//!     protocol::Protocol,
//!     series::{Buckets, SeriesKey, SeriesPoint, View, WindowSnapshot},
//!     status::Status,
//!     time::{Timestamp, Window},
//! };
//! use geophone_series::{merge, to_buckets};
//!
//! let stock = Arc::new(Identity::new(IdentityKind::Process, None, "stock"));
//! let shop = Arc::new(Identity::new(IdentityKind::Process, None, "shop"));
//! let window = Window { start: Timestamp::from_ns(0), length_ns: 10_000_000_000 };
//! let of_a_call = |duration_ns| {
//!     let mut duration = Exponential::default();
//!     duration.record(duration_ns);
//!     let point = SeriesPoint {
//!         key: SeriesKey {
//!             view: View::Server,
//!             local: stock.clone(),
//!             peer: shop.clone(),
//!             protocol: Protocol::Http1,
//!             operation: "GET /items/{id}".into(),
//!             status: Status::default(),
//!             delivery: false,
//!         },
//!         window,
//!         requests: 1,
//!         same_point: 0,
//!         streams: 0,
//!         request_bytes: 90,
//!         response_bytes: 400,
//!         duration: to_buckets(&duration),
//!         first_byte: Buckets::default(),
//!         lifetime: Buckets::default(),
//!         exemplars: Vec::new(),
//!     };
//!     WindowSnapshot { window, points: vec![point], coverage: Coverage::default() }
//! };
//!
//! let merged = merge([of_a_call(800_000), of_a_call(950_000)], Config::default())?;
//! assert_eq!((merged.len(), merged[0].points.len()), (1, 1));
//! assert_eq!((merged[0].points[0].requests, merged[0].points[0].duration.max_ns), (2, 950_000));
//! # Ok::<(), geophone_series::MalformedPoint>(())
//! ```
//!
//! # What is in it
//!
//! * [`merge`]: snapshots of windows; [`merge_with`]: a further one, where most of the points are held already.
//! * [`Sum`]: what points add up to, also across keys and windows.
//! * [`to_buckets`], [`into_buckets`], [`from_buckets`]: a distribution as the plain numbers of a point, and back.
//! * [`keep_slowest`]: which exemplars stay.
//!
//! Points may come from anywhere. One that no counting could have given is a [`MalformedPoint`], and no part of a result.

#![forbid(unsafe_code)]

mod buckets;
mod exemplars;
mod malformed;
mod merge;
mod sum;

pub use self::{
    buckets::{from_buckets, into_buckets, to_buckets},
    exemplars::{MAX_EXEMPLARS, keep_slowest},
    malformed::MalformedPoint,
    merge::{merge, merge_with},
    sum::Sum,
};
