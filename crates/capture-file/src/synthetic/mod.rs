//! Made-up traffic, for tests, benches and the demo: nobody's data, and the same bytes every time.
//!
//! [`Traffic`] collects connections, datagrams and facts and writes them as a recording or as a pcap file; [`write_pcap`]
//! does so with any packets, and [`frame`] makes a single captured frame of any link type.
//!
//! ```
//! use geophone_capture_file::{Source, recording::Header, synthetic::{Call, Observed, Peer, Traffic}};
//! use geophone_model::{net::NetNs, time::Timestamp};
//!
//! let mut traffic = Traffic::new();
//! let client = Peer::new("127.0.0.1:40000".parse()?, NetNs(1), 11);
//! let server = Peer::new("127.0.0.1:80".parse()?, NetNs(1), 12);
//! let mut connection = traffic.connect(Timestamp::from_ns(1_000), client, server, Observed::Loopback);
//! traffic.call(&mut connection, &Call {
//!     at: Timestamp::from_ns(2_000),
//!     duration_ns: 500_000,
//!     request: b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
//!     response: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
//!     unwanted_len: 0,
//! });
//!
//! let recording = traffic.write_recording(Vec::new(), &Header::new(Timestamp::from_ns(0)))?;
//! let mut source = Source::new(&recording[..], None)?;
//! let mut items = 0;
//! while source.next()?.is_some() {
//!     items += 1;
//! }
//! assert_eq!(items, 3 + 3 + 2, "what both sockets went through, the handshake, the request and the response");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod frame;
mod pcap;
mod traffic;

pub use frame::frame;
pub use pcap::write_pcap;
pub use traffic::{Call, Connection, Observed, Peer, Sender, Traffic};
