//! The vocabulary of Geophone: the nouns that its crates exchange, and nothing that does work.
//!
//! The way of the data is the order of the modules:
//!
//! 1. [`capture`]: what a kernel hook, a pcap file or a recording delivers: packets, plaintext chunks, socket changes, losses.
//! 2. [`fact`]: what is known about processes, sockets and names; the input of the resolver.
//! 3. [`exchange`]: a request with its response, paired by a parser, between two endpoints.
//! 4. [`identity`]: who an endpoint was: a container, a systemd unit, an executable, somebody outside.
//! 5. [`series`]: requests, errors and durations of one window, counted per view, pair of identities, operation and status.
//! 6. [`ledger`]: at every stage, seen = passed on + each named reason for not passing on.
//!
//! [`time`], [`net`], [`protocol`] and [`status`] hold the small types that all of them use.
//!
//! No module reads a clock, does IO or depends on another crate (`serde` is a feature). Times are nanoseconds since the
//! Unix epoch in [`time::Timestamp`]; durations are plain `u64` with the unit in the name.
//!
//! ```
//! use geophone_model::{identity::{Identity, IdentityKind}, net::Endpoint, time::{Timestamp, Window}};
//!
//! let server: Endpoint = "[::ffff:10.0.0.7]:8080".parse().unwrap();
//! assert_eq!(server.to_string(), "10.0.0.7:8080", "v4-mapped addresses are the v4 address");
//!
//! let window = Window::containing(Timestamp::from_ns(12_345_678_901), 10_000_000_000);
//! assert_eq!(window.start.as_ns(), 10_000_000_000);
//!
//! let nginx = Identity::new(IdentityKind::Unit, None, "nginx.service");
//! assert_eq!(nginx.id().as_str(), "unit~nginx.service");
//! ```

#![forbid(unsafe_code)]

pub mod capture;
pub mod code;
pub mod exchange;
pub mod fact;
pub mod identity;
pub mod ledger;
pub mod net;
pub mod protocol;
pub mod series;
pub mod status;
pub mod time;
