//! Reading a recording.

use std::{io::Read, ops::Range};

use super::{
    decode,
    format::{Context, MAX_BLOCK_LEN, block_kind},
    header::Header,
    totals::Totals,
    writer::block_crc,
};
use crate::{
    cursor::Cursor,
    error::{Damage, ReadError},
    input::Input,
    item::Item,
};

/// Reads a recording from `reader`, which need not be buffered.
///
/// A block is delivered only once its checksum was found right, so nothing that comes out was damaged on the way. The
/// first damage ends the reading, after everything before it was delivered.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    header: Header,
    version: u16,
    totals: Totals,
    block: Block,
    state: State,
}

/// The block that is being read.
#[derive(Debug, Default)]
struct Block {
    /// The records that are left, in the input's buffer.
    records: Range<usize>,
    /// Where the records end in the file.
    end_offset: u64,
    context: Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// The trailer was read, or an error was reported.
    Done,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Where it is not the header of a recording that this version understands.
    pub fn new(reader: R) -> Result<Self, ReadError> {
        Self::from_input(Input::new(reader))
    }

    pub(crate) fn from_input(mut input: Input<R>) -> Result<Self, ReadError> {
        match Header::read(&mut input) {
            Ok((header, version)) => Ok(Self {
                input,
                header,
                version,
                totals: Totals::default(),
                block: Block::default(),
                state: State::Reading,
            }),
            Err(damage) => Err(ReadError { damage, offset: 0, records: 0 }),
        }
    }

    /// What the header says.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The format version of the file.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// What was read so far.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Bytes of the file that were consumed so far.
    pub const fn read_bytes(&self) -> u64 {
        self.input.offset()
    }

    /// The next event or fact; `None` after the trailer, and after an error was reported.
    ///
    /// # Errors
    ///
    /// Once, at the first damage, or at a missing trailer.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns borrows from the reader, which an Iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.state == State::Reading && self.block.records.is_empty() {
            let offset = self.input.offset();
            if let Err(damage) = self.next_block() {
                return Err(self.fail(damage, offset));
            }
        }
        if self.state == State::Done {
            return Ok(None);
        }
        let mut cursor = Cursor::new(self.input.bytes(self.block.records.clone()));
        let unread = cursor.remaining();
        match decode::record(&mut cursor, &mut self.block.context) {
            Ok(item) => {
                self.block.records.start = self.block.records.end.saturating_sub(cursor.remaining());
                self.totals.count(&item);
                Ok(Some(item))
            }
            Err(what) => {
                self.state = State::Done;
                let offset = self.block.end_offset.saturating_sub(unread as u64);
                Err(ReadError { damage: Damage::Malformed { what }, offset, records: self.totals.records() })
            }
        }
    }

    fn next_block(&mut self) -> Result<(), Damage> {
        if self.input.at_end()? {
            return Err(Damage::NoTrailer);
        }
        let [kind] = self.input.array("head of a block")?;
        let length: [u8; 4] = self.input.array("head of a block")?;
        let stored = u32::from_le_bytes(self.input.array("head of a block")?);
        let what = match kind {
            block_kind::RECORDS => "block of records",
            block_kind::TRAILER => "trailer",
            _ => return Err(Damage::Malformed { what: "block: its kind is unknown" }),
        };
        let len = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if len > MAX_BLOCK_LEN {
            return Err(Damage::TooLong { what, len: len as u64, cap: MAX_BLOCK_LEN as u64 });
        }
        let payload = self.input.piece(len, what)?;
        let bytes = self.input.bytes(payload.clone());
        let computed = block_crc(kind, &length, bytes);
        if stored != computed {
            return Err(Damage::Checksum { what, stored, computed });
        }
        if kind == block_kind::TRAILER {
            return self.trailer(payload);
        }
        let base = Cursor::new(bytes).u64_le().ok_or(Damage::Malformed { what: "block: it has no base time" })?;
        self.block = Block {
            records: payload.start.saturating_add(8)..payload.end,
            end_offset: self.input.offset(),
            context: Context { at_ns: base, ..Context::default() },
        };
        Ok(())
    }

    fn trailer(&mut self, payload: Range<usize>) -> Result<(), Damage> {
        let stored = Totals::decode(self.input.bytes(payload)).ok_or(Damage::Malformed { what: "trailer" })?;
        if stored != self.totals {
            return Err(Damage::Totals { stored: stored.records(), found: self.totals.records() });
        }
        if !self.input.at_end()? {
            return Err(Damage::Trailing);
        }
        self.state = State::Done;
        Ok(())
    }

    const fn fail(&mut self, damage: Damage, offset: u64) -> ReadError {
        self.state = State::Done;
        ReadError { damage, offset, records: self.totals.records() }
    }
}
