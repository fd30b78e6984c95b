//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed, limits};

/// Messages of Redis: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::Command::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::Reply::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}
