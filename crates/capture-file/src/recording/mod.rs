//! Geophone's own files: capture events and facts, in the order in which they came.
//!
//! **A recording is raw traffic**: payloads as they passed, with whatever passwords, cookies and personal data were in
//! them. [`create`] makes files that only their owner can read (mode 0600); keep them that way.
//!
//! [`Writer`] writes, [`Reader`] reads, [`mod@format`] says what stands where in the file.

mod create;
mod decode;
mod encode;
pub mod format;
mod header;
mod reader;
mod totals;
mod writer;

pub use create::{CreateError, Existing, create};
pub use header::Header;
pub use reader::Reader;
pub use totals::Totals;
pub use writer::{WriteError, Writer};

pub(crate) use header::MAGIC;
