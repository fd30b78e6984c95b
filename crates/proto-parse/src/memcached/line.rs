//! Lines of the text protocol, which may be longer than is looked at at once.

use memchr::memchr;

use crate::Limits;
use crate::framed::Head;

/// Bytes of a line that are looked at together: a key of 250 bytes, five numbers, and flags. A longer one, a `get` of many keys,
/// is read in pieces of as many.
pub(super) const LINE_BYTES: usize = 512;

/// The line at the beginning of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// It is whole.
    Whole {
        /// Without its end.
        text: &'a [u8],
        /// With its end.
        len: usize,
    },
    /// There are so many bytes of it, and it goes on.
    Piece(&'a [u8]),
    /// There is so much of it, and its end is not there yet.
    Unended(&'a [u8]),
}

impl<'a> Line<'a> {
    pub(super) fn of(data: &'a [u8], limits: &Limits) -> Self {
        let max = LINE_BYTES.min(limits.message_bytes);
        let visible = data.get(..max).unwrap_or(data);
        match memchr(b'\n', visible).and_then(|at| visible.get(..at)) {
            Some(text) => {
                let len = text.len().saturating_add(1);
                Self::Whole { text: text.strip_suffix(b"\r").unwrap_or(text), len }
            }
            None if visible.len() == max => Self::Piece(visible),
            None => Self::Unended(visible),
        }
    }

    /// What the line, and a value of so many bytes behind it, is to the one who reads messages of known length.
    pub(super) fn head(self, data: &[u8], value_bytes: impl Fn(&[u8]) -> Option<u64>) -> Head {
        let whole = |len: usize, behind: u64| Head::Message {
            len: u64::try_from(len).unwrap_or(u64::MAX).saturating_add(behind),
            keep: len,
        };
        match self {
            Self::Whole { text, len } => {
                whole(len, value_bytes(text).map_or(0, |bytes| bytes.saturating_add(b"\r\n".len() as u64)))
            }
            Self::Piece(piece) => whole(piece.len(), 0),
            Self::Unended(_) => Head::NeedMore { bytes: data.len().saturating_add(1) },
        }
    }

    /// The text, as much of it as there is.
    pub(super) fn text(self) -> &'a [u8] {
        match self {
            Self::Whole { text, .. } | Self::Piece(text) | Self::Unended(text) => text,
        }
    }

    /// Whether it can be one of the text protocol: there is nothing in it but what is printed, and blanks. The CR of its end is
    /// not taken for a part of it, as long as nothing else follows.
    pub(super) fn is_printed(self) -> bool {
        match self {
            Self::Whole { text, .. } => is_printed(text),
            Self::Piece(text) | Self::Unended(text) => is_printed(text.strip_suffix(b"\r").unwrap_or(text)),
        }
    }

    /// Whether it is known what it says.
    pub(super) fn is_decided(self) -> bool {
        !matches!(self, Self::Unended(_))
    }
}

/// Whether there is nothing in a text but what is printed, and blanks.
pub(super) fn is_printed(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | 0x80..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_its_line_feed_or_is_read_in_pieces() {
        let limits = Limits::default();
        assert_eq!(Line::of(b"get a\r\nget b", &limits), Line::Whole { text: b"get a", len: 7 });
        assert_eq!(Line::of(b"get a\nget b", &limits), Line::Whole { text: b"get a", len: 6 });
        assert_eq!(Line::of(b"get a\r", &limits), Line::Unended(b"get a\r"));
        let long = [b'x'; 600];
        assert_eq!(Line::of(&long, &limits), Line::Piece(&long[..LINE_BYTES]));
        assert_eq!(Line::of(&long[..LINE_BYTES - 1], &limits), Line::Unended(&long[..LINE_BYTES - 1]));
        for (data, is_printed) in
            [(&b"a\r"[..], true), (b"a\r\r", false), (b"a\r\n", true), (b"a\r\r\n", false), (b"\x01", false)]
        {
            assert_eq!(Line::of(data, &limits).is_printed(), is_printed, "{}", data.escape_ascii());
        }
        let limits = Limits { message_bytes: 100, ..limits };
        assert_eq!(Line::of(&long, &limits), Line::Piece(&long[..100]));
    }
}
