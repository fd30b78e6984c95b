//! From capture events to exchanges: packets of many connections go in, in the order in which they were seen; requests
//! with their responses come out. Without a clock, IO or threads: a live ring, a pcap file, a recording and a test use the
//! same entry, and the same events give the same exchanges.
//!
//! ```
//! use geophone_model::{
//!     capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
//!     net::NetNs,
//!     time::Timestamp,
//! };
//! use geophone_pipeline::{Config, NoPolicy, Pipeline};
//!
//! let packet = |at_ns, source: &str, destination: &str, seq, ack, payload: &'static str| {
//!     CaptureEvent::Packet(Packet {
//!         at: Timestamp::from_ns(at_ns),
//!         side: Side::Tap,
//!         netns: NetNs(0),
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
//! let (client, server) = ("10.0.0.1:40000", "10.0.0.7:80");
//! let mut pipeline = Pipeline::new(Config::default());
//!
//! pipeline.event(&packet(1_000, client, server, 500, 900, "GET /cart?id=7 HTTP/1.1\r\nHost: shop\r\n\r\n"), &mut NoPolicy);
//! assert!(pipeline.poll().is_none());
//!
//! pipeline.event(&packet(4_000, server, client, 900, 539, "HTTP/1.1 204 No Content\r\n\r\n"), &mut NoPolicy);
//! let exchange = pipeline.poll().expect("the request has its response");
//! assert_eq!((exchange.verb.as_str(), exchange.resource.as_str(), exchange.status.code.as_number()), ("GET", "/cart", Some(204)));
//! assert_eq!((exchange.client.endpoint.to_string().as_str(), exchange.duration_ns()), (client, Some(3_000)));
//!
//! assert!(pipeline.ledger().iter().all(|row| row.imbalance() == 0));
//! ```
//!
//! # The way of a packet
//!
//! 1. Its **connection** is looked up: by network namespace and both endpoints where one sighting serves both ends
//!    (loopback, pcap), by the local socket's endpoints where the observation point is one socket's. Two sockets of one
//!    host that speak with each other over a virtual cable are two connections, each with its own view. A cookie alone
//!    names no connection; it says which socket an end is, and what the kernel has told about that.
//! 2. Its bytes are put **in order** by TCP's sequence numbers. The first sighting of a byte gives its content and its
//!    time. What is missing is waited for, until the peer acknowledges it, [`Config::patience_ns`] is over, or too much
//!    waits; then it is a gap. An acknowledgement of what nobody saw sent is believed with data that is next in its own
//!    direction; otherwise once the sender's own numbers agree.
//!    The first bytes of a connection that was open before wait until its other end has had them: earlier ones may follow.
//!    What system calls move is in order already; a count of it that goes back has begun again.
//! 3. While it is not known what a connection speaks, its first bytes are held and a **detector** looks at them. Then the
//!    protocol's **parser** gets them, each with the time of its packet. A connection that speaks nothing known is left alone.
//! 4. Finished **exchanges** wait for [`Pipeline::poll`].
//! 5. What the parser does not want (the rest of a large body, all that follows an upgrade) is told to the source through a
//!    [`Policy`]; what is missing because of that is no loss.
//!
//! # Time
//!
//! The only clock is the *watermark*: the latest time of all events so far. Timeouts are measured in it, and
//! [`Pipeline::tick`] moves it when nothing happens. A time far ahead of all before it needs a second witness: see
//! [`Config::max_step_ns`].
//!
//! # Who is the client
//!
//! In this order: what the kernel says of the sockets (they connect, or they are accepted), who sent SYN, what the
//! protocol says. Port numbers say nothing.
//!
//! # Bounds and books
//!
//! Connections, sockets, waiting bytes and finished exchanges are bounded by [`Config`]; what goes over a bound is counted
//! in [`Pipeline::ledger`] and [`Pipeline::connections`]. In the ledger, *seen = passed on + each reason for not passing
//! on* holds after every event, for packets, stream bytes, messages and requests. Of bytes that were never seen, those
//! count as seen that are known to have passed. [`Pipeline::take_coverage`] has the same by window.

#![forbid(unsafe_code)]

mod clock;
mod config;
mod connection;
mod coverage;
mod datagrams;
mod driver;
mod face;
mod ledger;
mod lru;
mod pipeline;
mod policy;
mod ready;
mod reassembly;
mod sockets;
mod table;
mod translate;
mod view;

pub use config::Config;
pub use ledger::Connections;
pub use pipeline::Pipeline;
pub use policy::{NoPolicy, Policy, PolicyKey, SkipUntil, Way};
