//! A TCP connection: each message behind its length in two bytes (RFC 1035 section 4.2.2, RFC 7766 section 8).

use super::detect::detect;
use super::dialogue::{Dialogue, Seen, is_plausible};
use super::message::HEADER_BYTES;
use crate::framed::{Conversation, Head, Message, framed_connection};
use crate::pairing::ByKey;
use crate::{Detection, Direction, Flags, Limits, Place};

framed_connection! {
    /// A parser of one TCP connection that carries DNS; see the [module](super) for what it makes of what it meets.
    Connection is a Dialogue
}

/// The bytes of a message's length.
pub(super) const LENGTH_BYTES: usize = 2;

impl Conversation for Dialogue {
    type Pairing = ByKey<()>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], _limits: &Limits) -> Head {
        let Some((len, rest)) = data.split_first_chunk::<LENGTH_BYTES>() else {
            return Head::NeedMore { bytes: LENGTH_BYTES };
        };
        let len = usize::from(u16::from_be_bytes(*len));
        match rest.get(..HEADER_BYTES) {
            _ if len < HEADER_BYTES => Head::Malformed,
            None => Head::NeedMore { bytes: LENGTH_BYTES.saturating_add(HEADER_BYTES) },
            Some(header) if is_plausible(direction, header) => {
                let whole = LENGTH_BYTES.saturating_add(len);
                Head::Message { len: u64::try_from(whole).unwrap_or(u64::MAX), keep: whole }
            }
            Some(_) => Head::Malformed,
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], limits: &Limits) -> Detection {
        detect(direction, Place::Middle, data, limits)
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        let lost = match direction {
            _ if !message.lost => Flags::default(),
            Direction::ToServer => Flags::REQUEST_GAP,
            Direction::ToClient => Flags::RESPONSE_GAP,
        };
        self.take(direction, message, lost, limits);
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        let truncated = match direction {
            Direction::ToServer => Flags::REQUEST_TRUNCATED,
            Direction::ToClient => Flags::RESPONSE_TRUNCATED,
        };
        self.take(direction, message, truncated, limits);
    }
}

impl Dialogue {
    fn take(&mut self, direction: Direction, message: &Message<'_>, flags: Flags, limits: &Limits) {
        let data = message.bytes.get(LENGTH_BYTES..).unwrap_or_default();
        self.message(direction, &Seen { data, span: message.span, flags: flags | message.flags }, limits);
    }
}
