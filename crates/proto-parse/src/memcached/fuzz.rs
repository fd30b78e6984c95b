//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed, limits};

/// Commands and answers of memcached: complete ones take just their own bytes, less of them is incomplete, and an error stays
/// one.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::Command::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::AnswerPart::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}
