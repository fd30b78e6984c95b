//! Frames, and the methods in them.

use super::AmqpError;
use super::method::{self, Description};
use crate::read::Reader;
use crate::{Direction, Parsed};

/// The beginning of a frame (specification section 2.3.5), or the protocol header, which has the place of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// What is in it.
    pub kind: FrameKind,
    /// The channel; 0 for the connection as a whole.
    pub channel: u16,
    /// Bytes of the frame, its header and end included.
    pub len: u64,
}

/// What is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// No frame, but the eight bytes with which a client begins, or with which a server refuses it.
    ProtocolHeader,
    /// A method.
    Method,
    /// The properties and the size of a content.
    ContentHeader,
    /// A part of a content.
    ContentBody,
    /// A sign of life.
    Heartbeat,
}

/// A method (specification section 2.3.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method<'a> {
    /// The number of its class.
    pub class: u16,
    /// Its number in the class.
    pub method: u16,
    /// What follows.
    pub arguments: &'a [u8],
}

/// Specification section 4.2.2: with what a client begins.
pub(super) const PROTOCOL_HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// Specification section 4.2.3: type, channel and size.
pub(super) const FRAME_HEADER_BYTES: usize = 7;

/// Specification section 4.2.3: what every frame ends with.
pub(super) const FRAME_END: u8 = 0xce;

/// Specification section 4.2.6.1: class, weight, body size and property flags.
const MIN_CONTENT_HEADER_BYTES: u32 = 2 + 2 + 8 + 2;

impl FrameHeader {
    /// Parses the header at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// [`AmqpError::NotAmqp`] as soon as a byte cannot be one of a frame, [`AmqpError::FrameLength`] for a size that no frame of
    /// this kind has.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, AmqpError> {
        let needed = |bytes: usize| Ok(Parsed::Incomplete { at_least: bytes.saturating_sub(data.len()) });
        let kind = match data.first() {
            None => return needed(FRAME_HEADER_BYTES),
            Some(1) => FrameKind::Method,
            Some(2) => FrameKind::ContentHeader,
            Some(3) => FrameKind::ContentBody,
            Some(8) => FrameKind::Heartbeat,
            Some(b'A') => return Self::protocol_header(data),
            Some(_) => return Err(AmqpError::NotAmqp),
        };
        let mut reader = Reader(data.get(1..).unwrap_or_default());
        let (Some(channel), Some(size)) = (reader.u16_be(), reader.u32_be()) else { return needed(FRAME_HEADER_BYTES) };
        let is_possible = match kind {
            FrameKind::Method => size >= 4,
            // Sections 2.3.5.2 and 4.2.6: content is a channel's.
            FrameKind::ContentHeader => size >= MIN_CONTENT_HEADER_BYTES && channel != 0,
            FrameKind::ContentBody => channel != 0,
            // Section 4.2.7. RabbitMQ takes them on other channels too, but nobody sends them there.
            FrameKind::Heartbeat | FrameKind::ProtocolHeader => size == 0 && channel == 0,
        };
        if !is_possible {
            return Err(AmqpError::FrameLength);
        }
        let header_bytes = u64::try_from(FRAME_HEADER_BYTES).unwrap_or(0);
        let len = u64::from(size).saturating_add(header_bytes).saturating_add(1);
        Ok(Parsed::Complete { value: Self { kind, channel, len }, consumed: FRAME_HEADER_BYTES })
    }

    /// Any version's: what a server answers to one that it does not speak.
    fn protocol_header(data: &[u8]) -> Result<Parsed<Self>, AmqpError> {
        let name = data.get(..4).unwrap_or(data);
        if !b"AMQP".starts_with(name) {
            return Err(AmqpError::NotAmqp);
        }
        let missing = PROTOCOL_HEADER.len().saturating_sub(data.len());
        if missing > 0 {
            return Ok(Parsed::Incomplete { at_least: missing });
        }
        let value = Self { kind: FrameKind::ProtocolHeader, channel: 0, len: 8 };
        Ok(Parsed::Complete { value, consumed: PROTOCOL_HEADER.len() })
    }
}

impl<'a> Method<'a> {
    /// Reads the content of a method frame, without the frame's end.
    ///
    /// # Errors
    ///
    /// [`AmqpError::Method`] where there are fewer than four bytes.
    pub fn parse(content: &'a [u8]) -> Result<Self, AmqpError> {
        let mut reader = Reader(content);
        let (Some(class), Some(method)) = (reader.u16_be(), reader.u16_be()) else { return Err(AmqpError::Method) };
        Ok(Self { class, method, arguments: reader.0 })
    }

    /// The name under which exchanges have it; empty for a method that has none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        method::request(self.class, self.method).map_or("", |request| request.name)
    }

    /// What is known of it, if it is one that asks, or tells, something.
    pub(super) fn description(&self) -> Option<&'static Description> {
        method::request(self.class, self.method)
    }

    /// The method that it answers.
    pub(super) fn answered(&self) -> Option<&'static Description> {
        method::answered(self.class, self.method)
    }

    /// Whether a side sends it at all.
    pub(super) fn is_sent(&self, direction: Direction) -> bool {
        method::is_sent(direction, self.class, self.method)
    }
}
