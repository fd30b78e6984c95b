//! Some bytes of a stream, and what a source knows of them.

use geophone_model::{capture::Cut, time::Timestamp};

/// Some bytes of a stream as a source reports them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) at: Timestamp,
    /// Offset in the stream; negative for what was sent before the first byte that was seen.
    pub(crate) start: i64,
    pub(crate) len: u64,
    /// Offset in the piece at which `captured` begins.
    pub(crate) captured_offset: u64,
    pub(crate) captured: &'a [u8],
    pub(crate) cut: Cut,
}

/// A piece without what had been there before.
pub(super) struct Trimmed<'a> {
    pub(super) piece: Piece<'a>,
    pub(super) start: u64,
    /// Bytes that had been there before.
    pub(super) duplicate: u64,
}

impl<'a> Piece<'a> {
    /// The part from `next` on; `None` if there is none.
    pub(super) fn without_before(self, next: u64) -> Option<Trimmed<'a>> {
        let duplicate = u64::try_from(i128::from(next) - i128::from(self.start)).unwrap_or(0);
        if duplicate >= self.len {
            return None;
        }
        let start = u64::try_from(self.start).unwrap_or(0).max(next);
        let captured_cut = duplicate.saturating_sub(self.captured_offset).min(self.captured.len() as u64);
        let piece = Piece {
            len: self.len - duplicate,
            captured_offset: self.captured_offset.saturating_sub(duplicate),
            captured: &self.captured[captured_cut as usize..],
            ..self
        };
        Some(Trimmed { piece, start, duplicate })
    }

    /// The piece in three parts, each with its length: what is missing before the captured bytes, these, and what is
    /// missing behind them. A source that cannot copy loses the end: it begins later only because it was told to.
    pub(super) fn parts(&self) -> [(u64, Part<'a>); 3] {
        let captured = self.captured.len() as u64;
        let behind = if self.cut == Cut::Unwanted { Part::LeftOut } else { Part::Cut };
        [
            (self.captured_offset, Part::LeftOut),
            (captured, Part::Bytes(self.captured)),
            (self.len - self.captured_offset - captured, behind),
        ]
    }
}

/// What a source knows of some bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Bytes(&'a [u8]),
    LeftOut,
    Cut,
}
