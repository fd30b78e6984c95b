//! Windows of rate, errors and duration: exchanges in, one snapshot per window out.
//!
//! An [`Aggregator`] takes exchanges with the identities of both ends, counts them in windows of ten seconds, and hands out
//! a [`WindowSnapshot`] of each window once the watermark of event time has passed it. No clock is read: the same exchanges
//! and watermarks give the same snapshots, live and in a replay.
//!
//! A program of one's own needs no capture for that, only something to count:
//!
//! ```
//! use std::sync::Arc;
//!
//! use geophone_model::{
//!     exchange::Observed,
//!     identity::{Identity, IdentityKind},
//!     protocol::Protocol,
//!     time::Timestamp,
//! };
//! use geophone_red::{Aggregator, Config, Outcome, Subject};
//!
//! let shop = Arc::new(Identity::new(IdentityKind::Process, None, "shop"));
//! let stock = Arc::new(Identity::new(IdentityKind::Process, None, "stock"));
//! let mut aggregator = Aggregator::new(Config::default());
//!
//! for (second, path, duration_ns) in [(1, "/items/17", 800_000), (4, "/items/23", 950_000), (12, "/items/17", 700_000)] {
//!     let subject = Subject {
//!         observed: Observed::Server,
//!         client: &shop,
//!         server: &stock,
//!         delivery: false,
//!         protocol: Protocol::Http1,
//!         verb: "GET",
//!         resource: path,
//!     };
//!     let outcome = Outcome::answered(Timestamp::from_ns(second * 1_000_000_000), duration_ns);
//!     assert_eq!(&**aggregator.observe(&subject, &outcome), "GET /items/{id}");
//! }
//!
//! // The first window is over, with two seconds of grace for what comes late.
//! let closed = aggregator.advance(Timestamp::from_ns(13_000_000_000));
//! assert_eq!(closed.len(), 1);
//! assert_eq!(closed[0].points[0].requests, 2);
//! assert_eq!(closed[0].points[0].duration.max_ns, 950_000);
//! assert_eq!(aggregator.flush()[0].points[0].requests, 1);
//! ```
//!
//! # How it works
//!
//! * [`Aggregator::record`] takes a [`model::Exchange`](geophone_model::exchange::Exchange),
//!   [`Aggregator::observe`] a [`Subject`] and its [`Outcome`], and [`Aggregator::prepare`] does the naming once for
//!   subjects that come again and again.
//! * **Operations.** The path of an HTTP request becomes a template, see [`template`]; other protocols' resources are taken
//!   as they are. A service has at most [`Config::max_operations`]; what comes after folds into
//!   [`OTHER_OPERATION`](geophone_model::series::OTHER_OPERATION).
//! * **Windows.** An exchange belongs to the window of its end. One that ends in a window that was handed out already is
//!   counted as late and gives a further snapshot of it: [`merge`] puts the two together, exactly.
//! * **Bounds.** Identities, operations, learned positions, windows, series and the bytes of all of them have a cap in
//!   [`Config`], a fold or an expiry, and a counter in [`Counters`]. [`Aggregator::ledger`] balances to the exchange.
//!
//! # What is promised of snapshots
//!
//! Whatever way the same exchanges are dealt out to aggregators, in whatever order: as long as no cap is hit and no position
//! of a path is learned, [`merge`] of all snapshots gives the same result, bit for bit, exemplars included. Learning and
//! caps depend on what came before, so they can put an exchange under another operation or, past the caps on identities and
//! series, under another identity or without a status code. They never lose one: per view, protocol, class of status and
//! window, the sums stay the same. Only what the ledger names as withheld is in no snapshot.
//!
//! # One distribution, not a parameter
//!
//! Durations are counted in [`Exponential`](geophone_distribution::Exponential) distributions. The aggregator is not
//! generic over [`Distribution`](geophone_distribution::Distribution), because a snapshot leaves as exponential
//! [`Buckets`](geophone_model::series::Buckets): any other distribution would be forced into them at the end of its window
//! and lose there what it was chosen for. Who wants finer quantiles sets [`Config::distribution`]: scale 6 has an error
//! below 0.6 %, for several times the memory, and the time to fetch it where there are thousands of series.
//!
//! [`WindowSnapshot`]: geophone_model::series::WindowSnapshot

#![forbid(unsafe_code)]

mod accumulator;
mod aggregator;
mod clock;
mod config;
mod counters;
mod key;
mod operations;
mod path_cache;
mod roster;
mod subject;
pub mod template;
mod windows;

pub use self::{
    aggregator::{Aggregator, Prepared, Stale},
    config::Config,
    counters::Counters,
    operations::MAX_OPERATION_BYTES,
    subject::{Outcome, Subject, Timing},
};
pub use geophone_series::{MAX_EXEMPLARS, MalformedPoint, merge};
