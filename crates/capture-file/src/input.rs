//! Bytes from a reader in pieces of a wanted length, with the offset of each piece.

use std::{
    io::{self, Read},
    ops::Range,
};

use crate::error::Damage;

/// How much is asked of the reader at once, and by how much the buffer grows. A piece that claims to be long costs memory
/// only as its bytes arrive.
const READ_LEN: usize = 64 * 1024;

/// A buffered reader. Its callers cap the lengths that they ask for; the buffer holds one piece and what was read ahead.
#[derive(Debug)]
pub(crate) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    unread: Range<usize>,
    /// Offset in the file of `unread.start`.
    offset: u64,
}

impl<R: Read> Input<R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), unread: 0..0, offset: 0 }
    }

    /// Offset in the file of the next piece.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the file ends here.
    pub(crate) fn at_end(&mut self) -> Result<bool, Damage> {
        Ok(self.peek(1)?.is_empty())
    }

    /// The next bytes, at most `len` and fewer at the end of the file, without consuming them.
    pub(crate) fn peek(&mut self, len: usize) -> Result<&[u8], Damage> {
        let available = self.fill(len).map_err(Damage::Io)?.min(len);
        let start = self.unread.start;
        Ok(self.bytes(start..start.saturating_add(available)))
    }

    /// Consumes `len` bytes; the range is good for [`Input::bytes`] until the next call.
    pub(crate) fn piece(&mut self, len: usize, what: &'static str) -> Result<Range<usize>, Damage> {
        if self.fill(len).map_err(Damage::Io)? < len {
            return Err(Damage::CutShort { what });
        }
        let start = self.unread.start;
        let end = start.saturating_add(len);
        self.unread.start = end;
        self.offset = self.offset.saturating_add(len as u64);
        Ok(start..end)
    }

    /// Consumes `N` bytes and copies them.
    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Damage> {
        let range = self.piece(N, what)?;
        self.bytes(range).first_chunk().copied().ok_or(Damage::CutShort { what })
    }

    /// The bytes of a piece; empty for a range that is none.
    pub(crate) fn bytes(&self, piece: Range<usize>) -> &[u8] {
        self.buffer.get(piece).unwrap_or_default()
    }

    /// Reads until `len` bytes are unread or the file ends; the number of unread bytes.
    fn fill(&mut self, len: usize) -> io::Result<usize> {
        while self.unread.len() < len {
            if self.unread.start > 0 {
                self.buffer.copy_within(self.unread.clone(), 0);
                self.unread = 0..self.unread.len();
            }
            let wanted = self.unread.end.saturating_add(READ_LEN);
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            let space = self.buffer.get_mut(self.unread.end..).unwrap_or_default();
            match self.reader.read(space) {
                Ok(0) => break,
                Ok(n) => self.unread.end = self.unread.end.saturating_add(n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.unread.len())
    }
}
