//! One Cassandra connection.

mod requests;
mod responses;

use alloc::boxed::Box;

use super::detect::begins;
use super::frame::FrameHeader;
use super::message::{BodyFlags, EnvelopeHeader, Opcode};
use super::segments::{Framing, Segmented};
use crate::definitions::Definitions;
use crate::framed::{Conversation, Framed, Head, Message, Next, framed_connection};
use crate::pairing::{ByKey, Pairing as _};
use crate::sql::Statement;
use crate::{Detection, Direction, Limits, Parsed};

framed_connection! {
    /// A parser of one Cassandra connection; see the [module](super) for what it makes of which shape of traffic.
    Connection is a Dialog
}

/// What both sides have said so far.
#[derive(Debug)]
pub(super) struct Dialog {
    pairing: ByKey<Memo>,
    statements: Definitions<Statement>,
    compression: Compression,
    /// Envelopes may turn out to be within frames of version 5: the connection was joined late, and nothing was found yet.
    may_be_framed: bool,
    /// The frames that the connection goes on in.
    framing: Option<Framing>,
}

/// How bodies are compressed, or in version 5 frames, as far as the client's STARTUP has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// Not at all.
    None,
    /// As LZ4 blocks.
    Lz4,
    /// In a way that is not read, or not known.
    Other,
}

/// What is remembered of an open request.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// A statement that waits for its id.
    statement: Option<Statement>,
    /// The answer decides whether envelopes travel in frames from then on.
    is_startup_of_5: bool,
}

impl Dialog {
    pub(super) fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            pairing: ByKey::new(limits),
            statements: Definitions::new(limits.definition_bytes),
            compression: if joined_late { Compression::Other } else { Compression::None },
            may_be_framed: joined_late,
            framing: None,
        }
    }

    /// What the envelopes in frames say: these are known to be there, and no frames are within.
    pub(super) fn within_frames(limits: &Limits, joined_late: bool) -> Framed<Self> {
        let dialog = Self { may_be_framed: false, ..Self::new(limits, joined_late) };
        Framed::new(dialog, limits, joined_late)
    }

    /// The header of a frame at the beginning of `data`, on a connection that was joined late.
    fn frame(&self, data: &[u8]) -> Option<(FrameHeader, usize, bool)> {
        if !self.may_be_framed {
            return None;
        }
        [false, true].into_iter().find_map(|has_compression| match FrameHeader::parse(data, has_compression) {
            Ok(Parsed::Complete { value, consumed }) => Some((value, consumed, has_compression)),
            _ => None,
        })
    }
}

impl Conversation for Dialog {
    type Pairing = ByKey<Memo>;

    fn pairing(&self) -> &Self::Pairing {
        &self.pairing
    }

    fn pairing_mut(&mut self) -> &mut Self::Pairing {
        &mut self.pairing
    }

    fn head(&self, direction: Direction, data: &[u8], limits: &Limits) -> Head {
        if let Some((_, len, _)) = self.frame(data) {
            return Head::Message { len: u64::try_from(len).unwrap_or(0), keep: len };
        }
        if self.may_be_framed && data.len() < FrameHeader::COMPRESSED_BYTES {
            return Head::NeedMore { bytes: FrameHeader::COMPRESSED_BYTES.min(data.len().saturating_add(1)) };
        }
        match EnvelopeHeader::parse(data, direction) {
            Ok(Parsed::Complete { value, consumed }) => {
                let len = u64::try_from(consumed).unwrap_or(0).saturating_add(u64::from(value.body_bytes));
                Head::Message { len, keep: consumed.saturating_add(kept_bytes(value, limits)) }
            }
            Ok(Parsed::Incomplete { at_least }) => Head::NeedMore { bytes: data.len().saturating_add(at_least) },
            Err(_) => Head::Malformed,
        }
    }

    fn begins(&self, direction: Direction, data: &[u8], _: &Limits) -> Detection {
        if self.frame(data).is_some() {
            return Detection::Match;
        }
        match begins(direction, data) {
            Detection::NoMatch if self.may_be_framed && data.len() < FrameHeader::COMPRESSED_BYTES => {
                Detection::NeedMore
            }
            detection => detection,
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        if let Some((header, _, has_compression)) = self.frame(message.bytes) {
            self.framing = Some(Framing { direction: Some((direction, header)), has_compression });
            return;
        }
        self.may_be_framed = false;
        let Some((header, body)) = envelope(direction, message) else { return };
        match direction {
            Direction::ToServer => self.on_request(header, body, message, limits),
            Direction::ToClient => self.on_response(header, body, message, limits),
        }
    }

    fn broke_off(&mut self, direction: Direction, message: &Message<'_>, limits: &Limits) {
        let Some((header, body)) = envelope(direction, message) else { return };
        match direction {
            Direction::ToServer => self.break_request(header, body, message, limits),
            Direction::ToClient => self.break_response(header, body, message, limits),
        }
    }

    fn lost(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.pairing.requests_lost(),
            Direction::ToClient => self.pairing.responses_lost(),
        }
    }

    fn next(&mut self) -> Next {
        if self.framing.is_some() { Next::Successor } else { Next::Same }
    }

    fn successor(&mut self, limits: &Limits) -> Option<Box<dyn crate::Connection + Send>> {
        let framing = self.framing.take()?;
        Some(Box::new(Segmented::new(framing, limits)))
    }

    fn held_bytes(&self) -> usize {
        self.statements.held_bytes()
    }
}

/// How many bytes of a body are of interest.
fn kept_bytes(header: EnvelopeHeader, limits: &Limits) -> usize {
    /// Ids have 16 bytes, names of event types 15.
    const SHORT: usize = 64;
    if header.flags.intersects(BodyFlags::COMPRESSED | BodyFlags::CUSTOM_PAYLOAD | BodyFlags::WARNING) {
        return limits.message_bytes;
    }
    match header.opcode {
        Opcode::Query | Opcode::Prepare | Opcode::Batch | Opcode::Startup => limits.message_bytes,
        Opcode::Execute | Opcode::Result | Opcode::Error | Opcode::Event => SHORT,
        _ => 0,
    }
}

/// The envelope that a message is, and what is there of its body.
fn envelope<'a>(direction: Direction, message: &Message<'a>) -> Option<(EnvelopeHeader, &'a [u8])> {
    match EnvelopeHeader::parse(message.bytes, direction) {
        Ok(Parsed::Complete { value, consumed }) => Some((value, message.bytes.get(consumed..).unwrap_or_default())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
