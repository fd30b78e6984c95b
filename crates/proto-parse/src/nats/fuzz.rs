//! Entry of the fuzz target for messages.

use crate::Direction;
use crate::fuzz::{check_head, consumed, limits};

/// Lines of NATS with their payloads: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
pub fn message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        check_head(data, |data| super::Frame::parse(direction, data, &limits()).map(|parsed| consumed(&parsed)));
    }
}
