//! Entry of the fuzz target for messages.

use super::{PayloadError, Progress};
use crate::{Detection, Direction};

/// MySQL's greetings, logins and replies: what the beginning of one decides, no further byte changes, and a reply takes any
/// packets.
pub fn message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let decided = (0..=data.len()).filter_map(|len| data.get(..len)).map(|data| super::begins(direction, data));
        assert!(decided.is_sorted_by(|one, other| *one == Detection::NeedMore || one == other));
    }
    let greetings = (0..=data.len()).filter_map(|len| data.get(..len)).map(super::Greeting::parse);
    assert!(greetings.is_sorted_by(|one, other| *one == Err(PayloadError::Short) || one.is_ok() == other.is_ok()));
    let _ = super::query_text(data);
    let Some((&kind, mut packets)) = data.split_first() else { return };
    let Some(command) = super::Command::from_byte(kind & 0x3f) else { return };
    let mut reply = super::Reply::new(command.reply(), None);
    while let Some((&len, rest)) = packets.split_first() {
        let (payload, rest) = rest.split_at_checked(usize::from(len)).unwrap_or((rest, &[]));
        packets = rest;
        if !matches!(reply.packet(payload, u32::from(len)), Ok(Progress::More | Progress::Interim)) {
            break;
        }
    }
}
