//! Writing a recording.

use std::io::{self, Write};

use geophone_model::{capture::CaptureEvent, fact::Fact};

use super::{
    encode,
    format::{BLOCK_LEN, Context, MAX_CAPTURED_LEN, MAX_FACT_LEN, block_kind},
    header::Header,
    totals::Totals,
};
use crate::item::Item;

/// Kind, length and checksum of a block.
const BLOCK_HEAD_LEN: usize = 1 + 4 + 4;

/// Writes a recording to `out`, which need not be buffered.
///
/// Memory is bounded: one block, of [`BLOCK_LEN`] bytes and a record. Call [`flush`](Self::flush) now and then, so that
/// a quiet recording reaches the disk, and [`finish`](Self::finish) at the end: a recording without its trailer is taken
/// for one that was cut off, and what was not flushed is not in it.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    /// The block under construction, with room for its head in front.
    block: Vec<u8>,
    context: Context,
    /// What was accepted.
    accepted: Totals,
    /// What is in blocks that `out` has taken.
    kept: Totals,
    written_bytes: u64,
    failed: bool,
}

/// A recording could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The record is longer than the format allows. Nothing of it was written, and the recording can go on.
    #[error("cannot record the {what}: it has {len} bytes, more than the {cap} that are allowed")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The cap in bytes.
        cap: usize,
    },
    /// The captured bytes do not lie within the payload that the event says they are of. Nothing of it was written, and the
    /// recording can go on.
    #[error("cannot record the {what}: its captured bytes reach beyond its payload")]
    BeyondPayload {
        /// What it is.
        what: &'static str,
    },
    /// The format has no place for this kind of record. Nothing of it was written, and the recording can go on.
    #[error("cannot record a {what}: this format version has no place for it")]
    Unsupported {
        /// What it is.
        what: &'static str,
    },
    /// The file could not take a block: the disk is full, or the file is gone. The recording is over; what it has is
    /// readable.
    #[error(
        "cannot write the recording: {kept} records ({written_bytes} bytes) are in it and {lost} are lost; \
         free some space or record to another place"
    )]
    Io {
        /// Records in blocks that were written whole.
        kept: u64,
        /// Records that were accepted and are not in the file.
        lost: u64,
        /// Bytes of whole blocks that were written.
        written_bytes: u64,
        /// The operating system's reason.
        source: io::Error,
    },
    /// An earlier write had failed.
    #[error("the recording ended when a write failed: {kept} records are in it and {lost} are lost")]
    Ended {
        /// Records in blocks that were written whole.
        kept: u64,
        /// Records that were accepted and are not in the file.
        lost: u64,
    },
}

impl<W: Write> Writer<W> {
    /// A recording that begins with `header`.
    ///
    /// # Errors
    ///
    /// Where `out` does not take the header.
    pub fn new(out: W, header: &Header) -> Result<Self, WriteError> {
        let mut writer = Self {
            out,
            block: Vec::with_capacity(2 * BLOCK_LEN),
            context: Context::default(),
            accepted: Totals::default(),
            kept: Totals::default(),
            written_bytes: 0,
            failed: false,
        };
        let header = header.encode();
        writer.out.write_all(&header).map_err(|source| writer.io_error(source))?;
        writer.written_bytes = header.len() as u64;
        writer.clear_block();
        Ok(writer)
    }

    /// Appends an event.
    ///
    /// # Errors
    ///
    /// [`WriteError::TooLong`], [`WriteError::BeyondPayload`] and [`WriteError::Unsupported`] leave the recording as it was;
    /// after any other error it is over.
    pub fn event(&mut self, event: &CaptureEvent<'_>) -> Result<(), WriteError> {
        self.check_alive()?;
        let (what, captured_offset, captured_len, payload_len) = match event {
            CaptureEvent::Packet(packet) => {
                ("packet", packet.captured_offset, packet.captured.len(), packet.payload_len.into())
            }
            CaptureEvent::Chunk(chunk) => ("chunk", 0, chunk.captured.len(), chunk.len),
            _ => ("event", 0, 0, 0),
        };
        if captured_len > MAX_CAPTURED_LEN {
            return Err(WriteError::TooLong { what, len: captured_len, cap: MAX_CAPTURED_LEN });
        }
        if u64::from(captured_offset) + captured_len as u64 > payload_len {
            return Err(WriteError::BeyondPayload { what });
        }
        self.begin_block(event.at().as_ns());
        let (len, context) = (self.block.len(), self.context);
        if encode::event(&mut self.block, &mut self.context, event).is_none() {
            self.block.truncate(len);
            self.context = context;
            return Err(WriteError::Unsupported { what });
        }
        self.accepted.count_event(event);
        self.write_full_block()
    }

    /// Appends a fact.
    ///
    /// # Errors
    ///
    /// As [`event`](Self::event).
    pub fn fact(&mut self, fact: &Fact) -> Result<(), WriteError> {
        self.check_alive()?;
        let json = serde_json::to_vec(fact).map_err(|_| WriteError::Unsupported { what: "fact" })?;
        if json.len() > MAX_FACT_LEN {
            return Err(WriteError::TooLong { what: "fact", len: json.len(), cap: MAX_FACT_LEN });
        }
        self.begin_block(fact.at().as_ns());
        encode::fact(&mut self.block, &json);
        self.accepted.count_fact();
        self.write_full_block()
    }

    /// Appends an event or a fact.
    ///
    /// # Errors
    ///
    /// As [`event`](Self::event).
    pub fn item(&mut self, item: &Item<'_>) -> Result<(), WriteError> {
        match item {
            Item::Event(event) => self.event(event),
            Item::Fact(fact) => self.fact(fact),
        }
    }

    /// Writes what is there as a block and flushes `out`. To be called about once a second, not per event: a block is
    /// more compact the more it holds.
    ///
    /// # Errors
    ///
    /// Where `out` does not take it; the recording is then over.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.check_alive()?;
        self.write_block(block_kind::RECORDS)?;
        self.out.flush().map_err(|source| self.io_error(source))
    }

    /// Ends the recording with its trailer and hands `out` back, flushed.
    ///
    /// # Errors
    ///
    /// Where `out` does not take it.
    pub fn finish(mut self) -> Result<(W, Totals), WriteError> {
        self.flush()?;
        self.accepted.encode(&mut self.block);
        self.write_block(block_kind::TRAILER)?;
        self.out.flush().map_err(|source| self.io_error(source))?;
        Ok((self.out, self.accepted))
    }

    /// What was accepted so far.
    pub const fn totals(&self) -> Totals {
        self.accepted
    }

    /// Bytes that were written so far: the header and whole blocks.
    pub const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    fn check_alive(&self) -> Result<(), WriteError> {
        if !self.failed {
            return Ok(());
        }
        let kept = self.kept.records();
        Err(WriteError::Ended { kept, lost: self.accepted.records().saturating_sub(kept) })
    }

    /// Writes the base time where the block is empty.
    fn begin_block(&mut self, at_ns: u64) {
        if self.block.len() == BLOCK_HEAD_LEN {
            self.block.extend_from_slice(&at_ns.to_le_bytes());
            self.context = Context { at_ns, ..Context::default() };
        }
    }

    fn write_full_block(&mut self) -> Result<(), WriteError> {
        if self.block.len() >= BLOCK_HEAD_LEN + BLOCK_LEN {
            return self.write_block(block_kind::RECORDS);
        }
        Ok(())
    }

    fn write_block(&mut self, kind: u8) -> Result<(), WriteError> {
        let Some((head, payload)) = self.block.split_first_chunk_mut::<BLOCK_HEAD_LEN>() else {
            return Ok(());
        };
        if payload.is_empty() {
            return Ok(());
        }
        let [kind_byte, length_and_crc @ ..] = head;
        *kind_byte = kind;
        let (length, crc) = length_and_crc.split_at_mut(4);
        length.copy_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        let checksum = block_crc(kind, length, payload);
        crc.copy_from_slice(&checksum.to_le_bytes());
        let written = self.out.write_all(&self.block);
        written.map_err(|source| self.io_error(source))?;
        self.written_bytes = self.written_bytes.saturating_add(self.block.len() as u64);
        self.kept = self.accepted;
        self.clear_block();
        Ok(())
    }

    fn clear_block(&mut self) {
        self.block.clear();
        self.block.resize(BLOCK_HEAD_LEN, 0);
        // A block that one large record blew up is not kept for the rest of the recording.
        self.block.shrink_to(2 * BLOCK_LEN);
    }

    fn io_error(&mut self, source: io::Error) -> WriteError {
        self.failed = true;
        let kept = self.kept.records();
        let lost = self.accepted.records().saturating_sub(kept);
        WriteError::Io { kept, lost, written_bytes: self.written_bytes, source }
    }
}

/// The checksum of a block: over its kind and its length too, so that none of them can be wrong unnoticed.
pub(super) fn block_crc(kind: u8, length: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(length);
    hasher.update(payload);
    hasher.finalize()
}
