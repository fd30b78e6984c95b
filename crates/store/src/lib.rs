//! Where Geophone keeps what it has seen, and how it is asked for.
//!
//! [`Store`] is the trait: asynchronous, object-safe (`Arc<dyn Store>`) and tied to no runtime. It keeps four kinds of rows:
//!
//! | rows | written as | read by |
//! |---|---|---|
//! | series points of a window | [`WindowSnapshot`](geophone_model::series::WindowSnapshot) | [`Store::windows`] |
//! | single exchanges | [`StoredExchange`] | [`Store::exchanges`] |
//! | accounts of the stages | [`LedgerRecord`] | [`Store::ledger`], [`Store::ledger_history`] |
//! | notable things | [`Event`] | [`Store::events`] |
//!
//! Rows arrive in a [`Batch`], which a store applies once: a batch that is sent again after a crash, with the same
//! [`BatchId`], changes nothing. Rows are read newest first, page by page, and a page's [`Cursor`] stays where it is
//! while others write. Who wants to know of new rows [subscribes](Store::subscribe).
//!
//! A store that keeps less than it was given says so: [`Store::durability`] tells what a restart loses, [`Store::stats`]
//! and the ledger's source [`STORE_SOURCE`] tell what was evicted.
//!
//! ```
//! use geophone_model::{ledger::Coverage, series::WindowSnapshot, time::{Timestamp, Window}};
//! use geophone_store::{Applied, Batch, BatchId, Durability, MemoryConfig, MemoryStore, PointQuery, Store};
//!
//! # pollster::block_on(async {
//! let store = MemoryStore::new(MemoryConfig::within(64 << 20));
//! assert_eq!(store.durability(), Durability::Memory);
//!
//! let window = Window::containing(Timestamp::from_ns(12_345_678_901), Window::DEFAULT_LENGTH_NS);
//! let snapshot = WindowSnapshot { window, points: Vec::new(), coverage: Coverage::default() };
//! let mut batch = Batch::new(BatchId::new("node-1", 1, 0));
//! batch.windows.push(snapshot);
//!
//! assert_eq!(store.append(batch.clone()).await?, Applied::Now);
//! assert_eq!(store.append(batch).await?, Applied::Before, "the same batch again is no second one");
//! assert_eq!(store.windows(PointQuery::new(window)).await?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Features
//!
//! * `memory` (default): [`MemoryStore`].
//! * `conformance`: the suite that every backend has to pass, as functions for the backend's own tests.

#![forbid(unsafe_code)]

mod batch;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod cursor;
mod error;
#[cfg(feature = "memory")]
mod memory;
mod notice;
mod query;
mod row;
mod sequence;
mod stats;
mod store;

pub use batch::{Applied, Batch, BatchId};
pub use cursor::{Cursor, InvalidCursor, Page, Row};
pub use error::{AppendError, ReadError};
pub use geophone_path_pattern::{InvalidPathPattern, MAX_PATTERN_LEN, PathPattern};
pub use geophone_series::{MAX_EXEMPLARS, MalformedPoint, merge, merge_with};
#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
pub use notice::{Delivery, MAX_QUEUED_NOTICES, Notice, Publisher, Sleepers, Subscription};
pub use query::{EventQuery, ExchangeFilter, ExchangeQuery, LedgerQuery, PointFilter, PointQuery};
pub use row::{Event, EventKind, LedgerRecord, STORE_SOURCE, StoredExchange};
pub use sequence::{AppliedBatches, MAX_RUNS, MAX_SENDERS};
pub use stats::{Durability, RowStats, Stats};
pub use store::{BoxFuture, Store};
