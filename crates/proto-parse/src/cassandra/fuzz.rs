//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed};
use crate::{Detection, Direction};

/// Cassandra's envelopes and frames: what the beginning of one decides, no further byte changes; whole headers take just their
/// own bytes.
pub fn message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let decided = (0..=data.len()).filter_map(|len| data.get(..len)).map(|data| super::begins(direction, data));
        assert!(decided.is_sorted_by(|one, other| *one == Detection::NeedMore || one == other));
        check_head(data, |data| super::EnvelopeHeader::parse(data, direction).map(|parsed| consumed(&parsed)));
    }
    for has_compression in [false, true] {
        check_head(data, |data| super::FrameHeader::parse(data, has_compression).map(|parsed| consumed(&parsed)));
    }
    let Some((&flags, body)) = data.split_first() else { return };
    for is_response in [false, true] {
        let Some(body) = super::behind_flagged(body, super::BodyFlags::from_byte(flags), is_response) else {
            continue;
        };
        let _ = super::first_of_batch(body);
        let _ = (super::statement_text(body), super::statement_id(body), super::prepared_id(body));
        let _ = (super::startup_option(body, b"COMPRESSION"), super::event_type(body));
    }
}
