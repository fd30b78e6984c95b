//! Mergeable distributions of durations.
//!
//! A distribution takes durations in whole nanoseconds, one at a time, and tells afterwards how many there were and where
//! their quantiles lie, in a few hundred bytes. Two of them can be [merged](Distribution::merge), and the result is what one
//! distribution would hold that had seen the values of both: merging adds counts and nothing else, so the order in which
//! windows, nodes or ends of a connection are put together does not matter.
//!
//! ```
//! use geophone_distribution::{Distribution, Exponential};
//!
//! let mut morning = Exponential::default();
//! for value_ns in [180_000, 210_000, 250_000, 4_000_000] {
//!     morning.record(value_ns);
//! }
//! let mut day = Exponential::default();
//! day.record_n(95_000, 96);
//! day.merge(&morning);
//!
//! assert_eq!((day.count(), day.min_ns(), day.max_ns()), (100, Some(95_000), Some(4_000_000)));
//! let p99_ns = day.quantile_ns(0.99).expect("it is not empty");
//! assert!(p99_ns.abs_diff(250_000) < 250_000 * 45 / 1_000);
//!
//! // What goes over the wire and what comes back are plain numbers, and hostile ones are refused.
//! let buckets = day.to_parts();
//! assert_eq!(Exponential::from_parts(buckets, *day.config()), Ok(day));
//! ```
//!
//! * [`Exponential`] is the one to take: base-2 exponential buckets, as OTLP and Prometheus native histograms have them.
//!   Recording needs no logarithm, the number of buckets has a cap, and [`Buckets`] is a lossless plain form.
//! * [`Compact`] becomes one: where there are thousands that are recorded into by turns, it takes fewer cache lines.
#![cfg_attr(
    feature = "hdr",
    doc = " * [`Hdr`] keeps two or three significant digits, for fifty to three hundred times the memory."
)]
//! * [`Cumulative`] counts values up to fixed bounds, for classic Prometheus histograms at the edge.
//!
//! Quantiles are nearest-rank: of `n` values the quantile `q` is the `⌈q·n⌉`th smallest, and no value between two others is
//! ever made up. See [`Distribution::quantile_ns`].
//!
//! # Features
//!
//! * `hdr` (default): the `Hdr` distribution.
//! * `serde`: `Serialize` and `Deserialize` for `Buckets`.

#![forbid(unsafe_code)]

/// The README's example runs as a test of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod cumulative;
mod distribution;
mod exponential;
#[cfg(feature = "hdr")]
mod hdr;
mod rank;

pub use cumulative::{BoundsError, Cumulative, MAX_BOUNDS};
pub use distribution::Distribution;
pub use exponential::{
    Buckets, Compact, Config, ConfigError, DEFAULT_MAX_BUCKETS, DEFAULT_SCALE, Exponential, MAX_BUCKETS, MAX_SCALE,
    MIN_BUCKETS, MIN_SCALE, PartsError,
};
#[cfg(feature = "hdr")]
pub use hdr::{Digits, Hdr};
