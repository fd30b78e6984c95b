//! Frames (RFC 9113 section 4.1).

use core::fmt;

use crate::Parsed;

/// What a client sends first (section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame's header.
pub(super) const HEADER_BYTES: usize = 9;

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// Bytes of the payload.
    pub len: u32,
    /// What the payload is.
    pub kind: FrameKind,
    /// Flags, whose meaning depends on the kind.
    pub flags: u8,
    /// The stream, or 0 for the connection as a whole.
    pub stream_id: u32,
}

/// What the payload of a frame is (section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "section 6 names and explains them")]
pub enum FrameKind {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// A kind that is passed over (section 5.5).
    Extension,
}

/// Why a frame was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame of this kind cannot have this length.
    Length,
    /// A frame of this kind is about the connection and names a stream, or the other way round.
    StreamId,
}

impl FrameHeader {
    /// `END_STREAM`, of DATA and HEADERS.
    pub const END_STREAM: u8 = 0x1;
    /// `ACK`, of SETTINGS and PING.
    pub const ACK: u8 = 0x1;
    /// `END_HEADERS`, of HEADERS, PUSH_PROMISE and CONTINUATION.
    pub const END_HEADERS: u8 = 0x4;
    /// `PADDED`, of DATA, HEADERS and PUSH_PROMISE.
    pub const PADDED: u8 = 0x8;
    /// `PRIORITY`, of HEADERS.
    pub const PRIORITY: u8 = 0x20;

    /// Parses the header at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// Length and stream are not what a frame of that kind can have.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, FrameError> {
        let Some(bytes) = data.first_chunk() else {
            return Ok(Parsed::Incomplete { at_least: HEADER_BYTES.saturating_sub(data.len()) });
        };
        Self::from_bytes(bytes).map(|value| Parsed::Complete { value, consumed: HEADER_BYTES })
    }

    /// The header that these bytes are.
    ///
    /// # Errors
    ///
    /// Length and stream are not what a frame of that kind can have.
    pub fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, FrameError> {
        let [len_0, len_1, len_2, kind, flags, stream @ ..] = *bytes;
        let header = Self {
            len: u32::from_be_bytes([0, len_0, len_1, len_2]),
            kind: FrameKind::from_code(kind),
            flags,
            // Section 4.1: the highest bit is ignored.
            stream_id: u32::from_be_bytes(stream) & 0x7fff_ffff,
        };
        header.check().map(|()| header)
    }

    /// Whether a flag of the frame's kind is set.
    #[must_use]
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the frame ends its sender's half of the stream.
    #[must_use]
    pub const fn ends_stream(&self) -> bool {
        matches!(self.kind, FrameKind::Data | FrameKind::Headers) && self.has(Self::END_STREAM)
    }

    fn check(&self) -> Result<(), FrameError> {
        let Self { len, kind, stream_id, .. } = *self;
        // Each of sections 6.1 to 6.10 says which frames are about a stream and which about the connection.
        let is_placed = match kind {
            FrameKind::Settings | FrameKind::Ping | FrameKind::GoAway => stream_id == 0,
            FrameKind::WindowUpdate | FrameKind::Extension => true,
            FrameKind::Data
            | FrameKind::Headers
            | FrameKind::Priority
            | FrameKind::RstStream
            | FrameKind::PushPromise
            | FrameKind::Continuation => stream_id != 0,
        };
        if !is_placed {
            return Err(FrameError::StreamId);
        }
        let is_sized = match kind {
            FrameKind::Data | FrameKind::Headers | FrameKind::PushPromise | FrameKind::GoAway => {
                len >= u32::from(self.prefix_bytes())
            }
            FrameKind::Priority => len == 5,
            FrameKind::RstStream | FrameKind::WindowUpdate => len == 4,
            FrameKind::Settings if self.has(Self::ACK) => len == 0,
            FrameKind::Settings => len.is_multiple_of(6),
            FrameKind::Ping => len == 8,
            FrameKind::Continuation | FrameKind::Extension => true,
        };
        if is_sized { Ok(()) } else { Err(FrameError::Length) }
    }

    /// Whether there is padding, and its length comes first.
    pub(super) const fn has_padding(&self) -> bool {
        matches!(self.kind, FrameKind::Data | FrameKind::Headers | FrameKind::PushPromise) && self.has(Self::PADDED)
    }

    /// Bytes of the fields at the beginning of the payload: the length of the padding, a priority, and all that is needed
    /// of frames about a stream's end or a promise.
    pub(super) const fn prefix_bytes(&self) -> u8 {
        let fields: u8 = match self.kind {
            FrameKind::Headers if self.has(Self::PRIORITY) => 5,
            FrameKind::PushPromise | FrameKind::RstStream => 4,
            FrameKind::GoAway => 8,
            FrameKind::Data
            | FrameKind::Headers
            | FrameKind::Priority
            | FrameKind::Settings
            | FrameKind::Ping
            | FrameKind::WindowUpdate
            | FrameKind::Continuation
            | FrameKind::Extension => 0,
        };
        if self.has_padding() { fields.saturating_add(1) } else { fields }
    }
}

impl FrameKind {
    fn from_code(code: u8) -> Self {
        match code {
            0x0 => Self::Data,
            0x1 => Self::Headers,
            0x2 => Self::Priority,
            0x3 => Self::RstStream,
            0x4 => Self::Settings,
            0x5 => Self::PushPromise,
            0x6 => Self::Ping,
            0x7 => Self::GoAway,
            0x8 => Self::WindowUpdate,
            0x9 => Self::Continuation,
            _ => Self::Extension,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "an HTTP/2 frame has a length that its kind cannot have",
            Self::StreamId => "an HTTP/2 frame names a stream where its kind must not, or none where it must",
        })
    }
}

impl core::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<FrameKind, FrameError>) {
        match FrameHeader::parse(bytes) {
            Ok(Parsed::Complete { value, consumed: 9 }) => assert_eq!(Ok(value.kind), expected),
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!(Err(error), expected),
        }
        for len in 0..bytes.len() {
            assert_eq!(
                FrameHeader::parse(&bytes[..len]),
                Ok(Parsed::Incomplete { at_least: 9_usize.saturating_sub(len) })
            );
        }
    }

    #[test]
    fn a_header_is_read_and_its_reserved_bit_ignored() {
        let bytes = b"\x01\x02\x03\x00\x09\x80\x00\x00\x05";
        let header = FrameHeader::from_bytes(bytes).unwrap();
        assert_eq!((header.len, header.kind, header.stream_id), (0x01_0203, FrameKind::Data, 5));
        assert!(header.ends_stream() && header.has(FrameHeader::PADDED));
    }

    #[test]
    fn length_and_stream_suit_the_kind() {
        check(b"\x00\x00\x00\x01\x05\x00\x00\x00\x01", Ok(FrameKind::Headers));
        check(b"\x00\x00\x00\x01\x05\x00\x00\x00\x00", Err(FrameError::StreamId));
        check(b"\x00\x00\x05\x01\x28\x00\x00\x00\x01", Err(FrameError::Length));
        check(b"\x00\x00\x06\x01\x28\x00\x00\x00\x01", Ok(FrameKind::Headers));
        check(b"\x00\x00\x00\x00\x08\x00\x00\x00\x01", Err(FrameError::Length));
        check(b"\x00\x00\x05\x02\x00\x00\x00\x00\x01", Ok(FrameKind::Priority));
        check(b"\x00\x00\x04\x02\x00\x00\x00\x00\x01", Err(FrameError::Length));
        check(b"\x00\x00\x04\x03\x00\x00\x00\x00\x01", Ok(FrameKind::RstStream));
        check(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00", Ok(FrameKind::Settings));
        check(b"\x00\x00\x06\x04\x01\x00\x00\x00\x00", Err(FrameError::Length));
        check(b"\x00\x00\x07\x04\x00\x00\x00\x00\x00", Err(FrameError::Length));
        check(b"\x00\x00\x00\x04\x01\x00\x00\x00\x01", Err(FrameError::StreamId));
        check(b"\x00\x00\x05\x05\x0c\x00\x00\x00\x01", Ok(FrameKind::PushPromise));
        check(b"\x00\x00\x04\x05\x0c\x00\x00\x00\x01", Err(FrameError::Length));
        check(b"\x00\x00\x08\x06\x00\x00\x00\x00\x00", Ok(FrameKind::Ping));
        check(b"\x00\x00\x07\x07\x00\x00\x00\x00\x00", Err(FrameError::Length));
        check(b"\x00\x00\x04\x08\x00\x00\x00\x00\x00", Ok(FrameKind::WindowUpdate));
        check(b"\x00\x00\x00\x09\x04\x00\x00\x00\x00", Err(FrameError::StreamId));
        check(b"\x00\xff\xff\x0a\x00\x00\x00\x00\x00", Ok(FrameKind::Extension));
    }
}
