//! Layer-7 protocol parsers for passive observation.

#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod connection;
mod counters;
mod detect;
mod exchange;
#[cfg(any(feature = "fuzz", all(test, feature = "http1")))]
pub mod fuzz;
#[cfg(feature = "http1")]
pub mod http1;
mod limits;
mod parsed;
mod protocol;
mod trace_context;

pub use connection::{Connection, Direction, End, Want};
pub use counters::Counters;
pub use detect::{Detection, Detector, Side, Verdict};
pub use exchange::{Exchange, Flags, Shape, Span, StatusClass};
pub use limits::Limits;
pub use parsed::Parsed;
pub use protocol::Protocol;
pub use trace_context::TraceContext;
