//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed};

/// Messages of PostgreSQL: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::Startup::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::Request::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::Response::parse(data).map(|parsed| consumed(&parsed)));
}
