//! Which response answers which request, and what a connection has finished.
//!
//! * [`InOrder`]: where the n-th response answers the n-th request;
//! * [`ByKey`]: where both carry an identifier.

#![allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")]

mod by_key;
mod in_order;

pub(crate) use by_key::ByKey;
pub(crate) use in_order::{InOrder, Open, Turn};
