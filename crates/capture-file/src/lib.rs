//! Files as a source of the same events as the live kernel ring: Geophone's recordings, pcap and pcapng.
//!
//! * [`open`] looks at a file's first bytes and returns a [`Source`] of [`Item`]s.
//! * [`recording`] is Geophone's own format: events and facts, so that a replay resolves the names that the live run did.
//! * [`pcap`] reads what tcpdump, Wireshark and their kin write.
//! * [`dissect`] finds the TCP segment or UDP datagram in a captured frame.
//! * [`synthetic`] makes up traffic, for tests and examples.
//!
//! **Recordings and pcap files are raw traffic.** They hold payloads as they passed, passwords and personal data included.
//!
//! Files are read as hostile input: every length has a cap, nothing is indexed unchecked, memory is bounded by one packet
//! or block. Everything before a damage is delivered, then one [`ReadError`] says what is wrong and where.
//!
//! ```
//! use geophone_capture_file::{Item, Source, recording};
//! use geophone_model::{capture::{CaptureEvent, Loss}, time::Timestamp};
//!
//! let header = recording::Header::new(Timestamp::from_ns(0)).with_kernel("6.12.0");
//! let mut writer = recording::Writer::new(Vec::new(), &header)?;
//! let loss = CaptureEvent::Loss(Loss { at: Timestamp::from_ns(7), records: 3 });
//! writer.event(&loss)?;
//! let (file, totals) = writer.finish()?;
//! assert_eq!(totals.losses, 1);
//!
//! let mut source = Source::new(&file[..], Some(file.len() as u64))?;
//! assert_eq!(source.next()?, Some(Item::Event(loss)));
//! assert_eq!(source.next()?, None);
//!
//! // The same file without its last byte: the event is there, and so is the damage.
//! let mut cut = Source::new(&file[..file.len() - 1], None)?;
//! assert_eq!(cut.next()?, Some(Item::Event(loss)));
//! assert!(cut.next().unwrap_err().to_string().starts_with("the file ends within the trailer"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cursor;
pub mod dissect;
mod error;
mod input;
mod item;
pub mod pcap;
pub mod recording;
mod source;
pub mod synthetic;

pub use error::{Damage, ReadError};
pub use item::Item;
pub use source::{ContentError, OpenError, Progress, Source, open};
