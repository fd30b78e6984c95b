//! The stages between a capture and a store, joined: events and facts go in, in the order in which they came; named exchanges
//! and windows come out. Live packets, recordings and pcap files take the same way, in an agent, in a test and in a program of
//! your own.
//!
//! [`Analysis`] owns a [`Pipeline`](geophone_pipeline::Pipeline), which pairs requests with responses, a
//! [`Resolver`](geophone_resolve::Resolver), which says who both ends were, and an
//! [`Aggregator`](geophone_red::Aggregator), which counts. Each can be used without the others; what is here is the order in
//! which they are asked.
//!
//! ```
//! use geophone_analysis::{Analysis, Config, Named};
//! use geophone_model::{
//!     capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
//!     fact::Fact,
//!     net::NetNs,
//!     time::Timestamp,
//! };
//! use geophone_pipeline::NoPolicy;
//!
//! let packet = |at_ns, source: &str, destination: &str, seq, ack, payload: &'static str| {
//!     CaptureEvent::Packet(Packet {
//!         at: Timestamp::from_ns(at_ns),
//!         side: Side::Tap,
//!         netns: NetNs(1),
//!         cookie: None,
//!         source: source.parse().unwrap(),
//!         destination: destination.parse().unwrap(),
//!         tcp: Some(TcpHeader { seq, ack, flags: TcpFlags::ACK }),
//!         payload_len: payload.len() as u32,
//!         captured_offset: 0,
//!         captured: payload.as_bytes(),
//!         cut: Cut::Whole,
//!     })
//! };
//! let (client, server) = ("203.0.113.9:40000", "198.51.100.7:80");
//! let mut analysis = Analysis::new(Config::default());
//! let mut lines = Vec::new();
//! let mut print = |named: Named<'_>| lines.push(format!("{} -> {}: {}", named.client.name, named.server.name, named.operation));
//!
//! let asked = packet(1_000, client, server, 500, 900, "GET /cart/17 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
//! let answered = packet(4_000, server, client, 900, 547, "HTTP/1.1 204 No Content\r\n\r\n");
//! analysis.event(&asked, &mut NoPolicy, &mut print);
//! analysis.event(&answered, &mut NoPolicy, &mut print);
//! analysis.finish(&mut print);
//!
//! assert_eq!(lines, ["203.0.113.9 -> shop.example: GET /cart/{id}"]);
//! let windows = analysis.take_windows();
//! assert_eq!(windows[0].points.iter().map(|point| point.requests).sum::<u64>(), 2, "one, in both views");
//! assert!(analysis.ledger().iter().all(|row| row.imbalance() == 0));
//! ```
//!
//! # Time
//!
//! Nothing here reads a clock. A live source calls [`Analysis::tick`] once in a while with a time before which no event will come
//! any more; a file, with [`Analysis::watermark`].

#![forbid(unsafe_code)]

mod analysis;
mod config;
mod naming;

pub use analysis::Analysis;
pub use config::Config;
pub use naming::Named;
