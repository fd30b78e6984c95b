//! Envelopes: a header of nine bytes and a body. Version 5 has envelopes in frames; before it they were called frames.

use core::ops::BitOr;

use super::HeaderError;
use crate::{Direction, Parsed};

/// The header of a message: section 2 of the versions 3 and 4, section 2.4.1 of version 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeHeader {
    /// The version of the protocol, 3 to 5.
    pub version: u8,
    /// What is special about the body.
    pub flags: BodyFlags,
    /// What a response has of its request; negative for what the server sends unasked.
    pub stream: i16,
    /// What message it is.
    pub opcode: Opcode,
    /// Bytes of the body.
    pub body_bytes: u32,
}

impl EnvelopeHeader {
    /// Bytes of a header.
    pub const BYTES: usize = 9;
    /// Section 2.5: "currently a frame is limited to 256MB in length".
    pub const MAX_BODY_BYTES: u32 = 256 << 20;

    /// Parses the header at the beginning of `data`, which goes in `direction`.
    ///
    /// # Errors
    ///
    /// [`HeaderError::is_other_protocol`] tells bytes that are not CQL.
    pub fn parse(data: &[u8], direction: Direction) -> Result<Parsed<Self>, HeaderError> {
        // Each field is checked as soon as it is there.
        let byte = |index: usize| data.get(index).copied();
        let version = byte(0).map(|byte| version_of(byte, direction).ok_or(HeaderError::Version)).transpose()?;
        if byte(2).is_some_and(|high| high & 0x80 != 0 && direction == Direction::ToServer) {
            return Err(HeaderError::Stream);
        }
        let opcode = byte(4).map(|byte| Opcode::from_byte(byte, direction).ok_or(HeaderError::Opcode)).transpose()?;
        let header = data.first_chunk::<{ Self::BYTES }>();
        let (Some(version), Some(opcode), Some(&[_, flags, high, low, _, a, b, c, d])) = (version, opcode, header)
        else {
            return Ok(Parsed::Incomplete { at_least: Self::BYTES.saturating_sub(data.len()) });
        };
        let body_bytes = u32::from_be_bytes([a, b, c, d]);
        if body_bytes > Self::MAX_BODY_BYTES {
            return Err(HeaderError::TooLarge);
        }
        let stream = i16::from_be_bytes([high, low]);
        let value = Self { version, flags: BodyFlags(flags), stream, opcode, body_bytes };
        Ok(Parsed::Complete { value, consumed: Self::BYTES })
    }
}

/// Section 2.1: the highest bit is that of responses.
fn version_of(byte: u8, direction: Direction) -> Option<u8> {
    match (byte, direction) {
        (0x03..=0x05, Direction::ToServer) | (0x83..=0x85, Direction::ToClient) => Some(byte & 0x7f),
        _ => None,
    }
}

/// Section 2.2: what is special about a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BodyFlags(u8);

impl BodyFlags {
    /// It is compressed, all of it. (Not in version 5, which compresses frames.)
    pub const COMPRESSED: Self = Self(1);
    /// A response's begins with the id of a trace.
    pub const TRACING: Self = Self(1 << 1);
    /// It begins with values for whom it concerns.
    pub const CUSTOM_PAYLOAD: Self = Self(1 << 2);
    /// A response's begins with warnings.
    pub const WARNING: Self = Self(1 << 3);

    /// The flags in that byte of a header.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// Whether there are none that no version has.
    #[must_use]
    pub const fn are_known(self) -> bool {
        // The fifth: the client accepts a version that is a draft.
        self.0 <= 0x1f
    }

    /// Whether at least one of `other`'s flags is set here.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for BodyFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Section 2.4 of versions 3 and 4: what message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the protocol's names")]
pub enum Opcode {
    Error,
    Startup,
    Ready,
    Authenticate,
    Options,
    Supported,
    Query,
    Result,
    Prepare,
    Execute,
    Register,
    Event,
    Batch,
    AuthChallenge,
    AuthResponse,
    AuthSuccess,
}

impl Opcode {
    /// The opcode of that byte, if it goes in that direction.
    #[must_use]
    pub const fn from_byte(byte: u8, direction: Direction) -> Option<Self> {
        Some(match (byte, direction) {
            (0x00, Direction::ToClient) => Self::Error,
            (0x01, Direction::ToServer) => Self::Startup,
            (0x02, Direction::ToClient) => Self::Ready,
            (0x03, Direction::ToClient) => Self::Authenticate,
            (0x05, Direction::ToServer) => Self::Options,
            (0x06, Direction::ToClient) => Self::Supported,
            (0x07, Direction::ToServer) => Self::Query,
            (0x08, Direction::ToClient) => Self::Result,
            (0x09, Direction::ToServer) => Self::Prepare,
            (0x0a, Direction::ToServer) => Self::Execute,
            (0x0b, Direction::ToServer) => Self::Register,
            (0x0c, Direction::ToClient) => Self::Event,
            (0x0d, Direction::ToServer) => Self::Batch,
            (0x0e, Direction::ToClient) => Self::AuthChallenge,
            (0x0f, Direction::ToServer) => Self::AuthResponse,
            (0x10, Direction::ToClient) => Self::AuthSuccess,
            _ => return None,
        })
    }

    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Startup => "STARTUP",
            Self::Ready => "READY",
            Self::Authenticate => "AUTHENTICATE",
            Self::Options => "OPTIONS",
            Self::Supported => "SUPPORTED",
            Self::Query => "QUERY",
            Self::Result => "RESULT",
            Self::Prepare => "PREPARE",
            Self::Execute => "EXECUTE",
            Self::Register => "REGISTER",
            Self::Event => "EVENT",
            Self::Batch => "BATCH",
            Self::AuthChallenge => "AUTH_CHALLENGE",
            Self::AuthResponse => "AUTH_RESPONSE",
            Self::AuthSuccess => "AUTH_SUCCESS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: [u8; 9] = [4, 0, 1, 2, 7, 0, 0, 0, 33];
    const RESULT: [u8; 9] = [0x85, 0x0a, 0xff, 0xff, 8, 0, 1, 0, 0];

    #[test]
    fn a_header_is_nine_bytes() {
        let Ok(Parsed::Complete { value, consumed: 9 }) = EnvelopeHeader::parse(&QUERY, Direction::ToServer) else {
            panic!()
        };
        assert_eq!((value.version, value.stream, value.opcode, value.body_bytes), (4, 0x102, Opcode::Query, 33));
        let Ok(Parsed::Complete { value, .. }) = EnvelopeHeader::parse(&RESULT, Direction::ToClient) else { panic!() };
        assert_eq!((value.version, value.stream, value.opcode, value.body_bytes), (5, -1, Opcode::Result, 0x1_0000));
        assert!(value.flags.intersects(BodyFlags::TRACING) && value.flags.intersects(BodyFlags::WARNING));
        assert!(!value.flags.intersects(BodyFlags::COMPRESSED));
        for len in 0..9 {
            let parsed = EnvelopeHeader::parse(&QUERY[..len], Direction::ToServer);
            assert_eq!(parsed, Ok(Parsed::Incomplete { at_least: 9 - len }));
        }
    }

    #[test]
    fn what_cannot_be_there_is_refused_as_soon_as_it_shows() {
        let with = |index: usize, byte: u8| {
            let mut header = QUERY;
            header[index] = byte;
            (index + 1..=9)
                .map(|len| EnvelopeHeader::parse(&header[..len], Direction::ToServer))
                .collect::<alloc::vec::Vec<_>>()
        };
        for (index, byte, error) in [
            (0, 0x84, HeaderError::Version),
            (0, 2, HeaderError::Version),
            (2, 0x80, HeaderError::Stream),
            (4, 8, HeaderError::Opcode),
            (4, 4, HeaderError::Opcode),
        ] {
            assert!(with(index, byte).iter().all(|parsed| *parsed == Err(error)), "{error}");
        }
        assert_eq!(with(5, 0x11).last(), Some(&Err(HeaderError::TooLarge)));
        assert_eq!(EnvelopeHeader::parse(&QUERY, Direction::ToClient), Err(HeaderError::Version));
    }

    #[test]
    fn every_opcode_goes_one_way() {
        for byte in 0..=u8::MAX {
            let ways = [Direction::ToServer, Direction::ToClient].map(|way| Opcode::from_byte(byte, way).is_some());
            assert_eq!(ways, [ways[0], !ways[0] && byte <= 0x10 && byte != 4], "{byte}");
        }
    }
}
