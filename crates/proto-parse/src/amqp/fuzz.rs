//! Entry of the fuzz target for messages.

use crate::Limits;
use crate::fuzz::{check_head, consumed};

/// AMQP frames: what a beginning says of one, no further byte changes.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::FrameHeader::parse(data).map(|parsed| consumed(&parsed)));
    if let Some(method) = data.get(7..).and_then(|content| super::Method::parse(content).ok()) {
        assert!(method.arguments.len() <= data.len() && method.name().len() <= Limits::default().verb_bytes);
    }
}
