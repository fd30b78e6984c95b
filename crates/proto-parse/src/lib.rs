//! Layer-7 protocol parsers for passive observation.
//!
//! They read the bytes of a connection that somebody else has: from a packet capture, a proxy, a recorded file. They
//! take the time as an argument, do no input or output, and yield finished [`Exchange`]s: what was asked, how it went, when
//! the first and the last byte of either side passed.
//!
//! ```
//! use geophone_proto_parse::{Direction, Exchange, Limits, Protocol, StatusClass};
//!
//! # #[cfg(feature = "http1")] {
//! let mut connection = Protocol::Http1.connection(&Limits::default(), false).expect("the feature is on");
//! // Bytes come in pieces, as they were seen; times are nanoseconds of the caller's clock.
//! connection.bytes(Direction::ToServer, 1_000, b"GET /orders/42?token=secret HTTP/1.1\r\nHo");
//! connection.bytes(Direction::ToServer, 1_500, b"st: shop.example\r\n\r\n");
//! connection.bytes(Direction::ToClient, 9_000, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
//!
//! let mut exchange = Exchange::default(); // one for all: its buffers go round
//! while connection.poll(&mut exchange) {
//!     assert_eq!((exchange.verb.as_str(), exchange.resource.as_str()), ("GET", "/orders/42"));
//!     assert_eq!((exchange.status, exchange.native_status), (StatusClass::ClientError, Some(404)));
//!     let response = exchange.response.expect("it was answered");
//!     assert_eq!(response.last_ns - exchange.request.first_ns, 8_000);
//! }
//! assert!(connection.counters().balances());
//! # }
//! ```
//!
//! # What a parser promises
//!
//! * **Results do not depend on how the bytes were cut**, in their times neither: what happens at a byte is decided by its
//!   place in the stream.
//! * **What is missing is told**, as a [`gap`](Connection::gap) or, where the content did not matter, as
//!   [`skipped`](Connection::skipped). After a gap a parser finds its place again; it pairs requests with responses only
//!   where the count is certain, and [`Counters`] says what became of the rest.
//! * **What does not matter need not be captured**: [`Connection::want`] says how many of the next bytes are a body.
//! * **Nothing a peer sends is without a bound**: [`Limits`] has them all. There is no recursion, no indexing that can
//!   panic, and no `unsafe`; bodies are counted and not stored.
//! * **Secrets stay inside**: query, fragment, user info, path parameters, field values and bodies are not in an exchange.
//!
//! # Where to look
//!
//! [`Detector`] finds the protocol of a connection, and which side is the client, from its first bytes.
//! [`Protocol::connection`] makes the parser, a [`Connection`], that yields [`Exchange`]s and counts in [`Counters`].
//! What two UDP sockets say in DNS has a parser of its own, `dns::Datagrams`: nothing is to be detected there but the port.
//! A module per protocol, behind a feature of the same name, has its message-level parsers: pure functions that return
//! [`Parsed`]. The module `sql` has what the protocols of SQL databases share: the fingerprint of a statement.
//!
//! The crate is `no_std` with `alloc`.

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

#[cfg(feature = "amqp")]
pub mod amqp;
#[cfg(feature = "cassandra")]
pub mod cassandra;
mod connection;
mod counters;
mod definitions;
mod detect;
#[cfg(feature = "dns")]
pub mod dns;
mod exchange;
mod framed;
#[cfg(any(feature = "fuzz", test))]
pub mod fuzz;
#[cfg(any(feature = "memcached", feature = "nats"))]
mod hash;
#[cfg(feature = "http1")]
pub mod http1;
#[cfg(feature = "http2")]
pub mod http2;
#[cfg(feature = "kafka")]
pub mod kafka;
mod limits;
#[cfg(feature = "memcached")]
pub mod memcached;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "nats")]
pub mod nats;
mod pairing;
mod parsed;
#[cfg(feature = "postgres")]
pub mod postgres;
mod protocol;
mod read;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sql")]
pub mod sql;
mod text;
#[cfg(feature = "tls")]
pub mod tls;
mod trace_context;

pub use connection::{Connection, Direction, End, Want};
pub use counters::Counters;
pub use detect::{Detection, Detector, Place, Side, Verdict};
pub use exchange::{Answer, Exchange, Flags, Shape, Span, StatusClass};
pub use limits::Limits;
pub use parsed::Parsed;
pub use protocol::Protocol;
pub use trace_context::TraceContext;

/// The examples in README.md run too.
#[cfg(all(doctest, feature = "http1"))]
#[doc = include_str!("../README.md")]
struct Readme;
