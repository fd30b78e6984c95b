//! The chunked transfer coding (RFC 9112 section 7.1), without its content.

use crate::Limits;

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunked {
    stage: Stage,
    /// Bytes of the chunk's line, or of all trailer lines, so far.
    line_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `chunk-size`, with the digits seen so far.
    Size {
        bytes: u64,
        any: bool,
    },
    /// Whitespace behind the size.
    Padding {
        bytes: u64,
    },
    Extension {
        bytes: u64,
    },
    SizeLf {
        bytes: u64,
    },
    Data {
        remaining: u64,
    },
    DataCr,
    DataLf,
    /// At the beginning of a trailer line.
    TrailerStart,
    Trailer,
    /// Behind the CR of a trailer line.
    TrailerLf,
    /// Behind the CR of the last line.
    LastLf,
}

/// What came of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    /// The last byte taken was the body's last.
    Done,
    /// The next byte cannot be there.
    Malformed,
}

impl Chunked {
    pub(super) const START: Self = Self { stage: Stage::Size { bytes: 0, any: false }, line_bytes: 0 };

    /// Takes bytes from the front of `data` until the body ends, and says how many.
    pub(super) fn step(&mut self, data: &[u8], limits: &Limits) -> (usize, Progress) {
        let mut taken = 0_usize;
        while let Some(&byte) = data.get(taken..).and_then(<[u8]>::first) {
            if let Stage::Data { remaining } = self.stage {
                let here = usize::try_from(remaining).unwrap_or(usize::MAX).min(data.len().saturating_sub(taken));
                taken = taken.saturating_add(here);
                self.pass_data(u64::try_from(here).unwrap_or(remaining));
                continue;
            }
            let Some(stage) = self.next(byte, limits) else { return (taken, Progress::Malformed) };
            taken = taken.saturating_add(1);
            match stage {
                Some(stage) => self.stage = stage,
                None => return (taken, Progress::Done),
            }
        }
        (taken, Progress::More)
    }

    /// How many bytes from here on are data.
    pub(super) fn data_remaining(self) -> u64 {
        if let Stage::Data { remaining } = self.stage { remaining } else { 0 }
    }

    /// Passes over `len` bytes of data, which must not be more than remain.
    pub(super) fn pass_data(&mut self, len: u64) {
        let remaining = self.data_remaining().saturating_sub(len);
        self.stage = if remaining == 0 { Stage::DataCr } else { Stage::Data { remaining } };
    }

    /// The stage behind `byte`: `None` if it cannot be there, `Some(None)` if it ends the body.
    ///
    /// Section 2.2's tolerance for a lone LF is about start line and fields, not about chunk lines, where it is a known
    /// way to smuggle: these end with CR LF or are malformed. In the trailer section, which is fields, it holds; a CR that
    /// ends no line and NUL, which section 2.2 and RFC 9110 section 5.5 let a recipient reject, are malformed there.
    fn next(&mut self, byte: u8, limits: &Limits) -> Option<Option<Stage>> {
        let stage = match (self.stage, byte) {
            (Stage::Size { bytes, .. }, byte) if byte.is_ascii_hexdigit() => {
                let digit = if byte.is_ascii_digit() { byte & 0x0f } else { (byte & 0x0f).wrapping_add(9) };
                // Section 7.1: large numbers are to be expected, and must not wrap.
                let bytes = bytes.checked_mul(16)?.checked_add(u64::from(digit))?;
                Stage::Size { bytes, any: true }
            }
            (Stage::Size { any: false, .. }, _) => return None,
            (Stage::Size { bytes, .. } | Stage::Padding { bytes } | Stage::Extension { bytes }, b'\r') => {
                Stage::SizeLf { bytes }
            }
            // Section 7.1.1: whitespace may come before an extension; servers that pad the size with it are known. What
            // else comes behind it might be more digits to another recipient.
            (Stage::Size { bytes, .. } | Stage::Padding { bytes }, b' ' | b'\t') => Stage::Padding { bytes },
            (Stage::Size { bytes, .. } | Stage::Padding { bytes }, b';') => Stage::Extension { bytes },
            (Stage::Extension { bytes }, byte) if byte != b'\n' => Stage::Extension { bytes },
            (Stage::SizeLf { bytes: 0 }, b'\n') => Stage::TrailerStart,
            (Stage::SizeLf { bytes }, b'\n') => Stage::Data { remaining: bytes },
            (Stage::DataCr, b'\r') => Stage::DataLf,
            (Stage::DataLf, b'\n') => Stage::Size { bytes: 0, any: false },
            (Stage::TrailerStart, b'\r') => Stage::LastLf,
            (Stage::TrailerStart | Stage::LastLf, b'\n') => return Some(None),
            (Stage::Trailer | Stage::TrailerLf, b'\n') => Stage::TrailerStart,
            (Stage::Trailer, b'\r') => Stage::TrailerLf,
            (Stage::TrailerStart | Stage::Trailer, byte) if byte != 0 => Stage::Trailer,
            _ => return None,
        };
        // Section 7.1.1: the length of extensions is to be limited; so is that of the trailer section.
        self.line_bytes = match stage {
            Stage::Data { .. } | Stage::DataCr => 0,
            _ => self.line_bytes.saturating_add(1),
        };
        (self.line_bytes <= limits.line_bytes).then_some(Some(stage))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may overflow")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, expected: (usize, Progress)) {
        let limits = Limits { line_bytes: 32, ..Limits::default() };
        let mut chunked = Chunked::START;
        let whole = chunked.step(data.as_bytes(), &limits);
        assert_eq!(whole, expected, "{data:?}");
        let mut bytewise = Chunked::START;
        let mut taken = 0;
        for byte in data.as_bytes().chunks(1) {
            let (one, progress) = bytewise.step(byte, &limits);
            taken += one;
            if progress != Progress::More {
                assert_eq!((taken, progress), expected, "byte by byte: {data:?}");
                return;
            }
        }
        assert_eq!((taken, Progress::More), expected, "byte by byte: {data:?}");
    }

    #[test]
    fn a_body_ends_behind_its_trailer_section() {
        check("0\r\n\r\nGET", (5, Progress::Done));
        check("5\r\nhello\r\n0\r\n\r\n", (15, Progress::Done));
        check("00aA\r\n", (6, Progress::More));
        check("1;a=\"b;\"\r\nx\r\n0 ; c\r\nX: y\r\nZ:\r\n\r\nrest", (32, Progress::Done));
        check("1  \r\nx\r\n000\r\n\r\n", (15, Progress::Done));
        check("0\r\nX: y\n\n", (9, Progress::Done));
    }

    #[test]
    fn what_cannot_be_there_is_malformed_at_its_byte() {
        check("\r\n", (0, Progress::Malformed));
        check("g\r\n", (0, Progress::Malformed));
        check("5\nhello", (1, Progress::Malformed));
        check("5;a\nhello", (3, Progress::Malformed));
        check("5\r\rhello", (2, Progress::Malformed));
        check("1\r\nxy", (4, Progress::Malformed));
        check("1\r\nx\n", (4, Progress::Malformed));
        check("0\r\n\rx", (4, Progress::Malformed));
        check("0x5\r\n", (1, Progress::Malformed));
        check("2 5\r\n", (2, Progress::Malformed));
        check("2\t\n", (2, Progress::Malformed));
        check("0\r\nX: a\rb", (8, Progress::Malformed));
        check("0\r\nX: a\r\r\n", (8, Progress::Malformed));
        check("0\r\nX: \0\r\n", (6, Progress::Malformed));
        check("-5\r\n", (0, Progress::Malformed));
    }

    #[test]
    fn a_size_does_not_wrap() {
        check("ffffffffffffffff\r\n", (18, Progress::More));
        check("10000000000000000\r\n", (16, Progress::Malformed));
        check("00000000000000000005\r\nhello", (27, Progress::More));
    }

    #[test]
    fn lines_are_limited() {
        check(&alloc::format!("1;{}\r\n", "a".repeat(40)), (32, Progress::Malformed));
        check(&alloc::format!("0\r\n{}", "X: y\r\n".repeat(10)), (32, Progress::Malformed));
    }
}
