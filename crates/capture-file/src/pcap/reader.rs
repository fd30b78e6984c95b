//! Either format, as one reader of packets.

use std::io::Read;

use geophone_model::{
    capture::{CaptureEvent, Cut, Loss, Packet, Side},
    ledger::{LedgerRow, Stage, Unit},
    net::NetNs,
    time::Timestamp,
};

use super::{
    Block, Frame,
    classic::{self, Classic},
    next_generation::{NextGeneration, SECTION_HEADER},
};
use crate::{
    dissect::{self, Dissected, Skip},
    error::{Damage, ReadError},
    input::Input,
};

/// Reads a pcap or pcapng file from `reader`, which need not be buffered.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    format: Format,
    /// Packets that the file has.
    seen: u64,
    /// Of these, the ones that became events.
    passed: u64,
    /// Of these, the ones that did not, in the order of [`Skip::ALL`].
    skipped: [u64; Skip::ALL.len()],
    done: bool,
}

#[derive(Debug)]
enum Format {
    Classic(Classic),
    NextGeneration(NextGeneration),
}

/// Whether a file that begins so is read by [`Reader`].
pub(crate) fn is_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION_HEADER) || bytes.first_chunk().is_some_and(|&bytes| classic::magic(bytes).is_some())
}

impl Format {
    fn read<R: Read>(input: &mut Input<R>) -> Result<Self, Damage> {
        if input.peek(SECTION_HEADER.len())? == SECTION_HEADER {
            return Ok(Self::NextGeneration(NextGeneration::default()));
        }
        Classic::new(input).map(Self::Classic)
    }
}

/// An event without the bytes that it borrows.
enum Found {
    Packet { at: Timestamp, packet: Dissected, bytes_start: usize },
    Loss(Loss),
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Where it is neither that of a pcap nor of a pcapng file.
    pub fn new(reader: R) -> Result<Self, ReadError> {
        Self::from_input(Input::new(reader))
    }

    pub(crate) fn from_input(mut input: Input<R>) -> Result<Self, ReadError> {
        match Format::read(&mut input) {
            Ok(format) => Ok(Self { input, format, seen: 0, passed: 0, skipped: Default::default(), done: false }),
            Err(damage) => Err(ReadError { damage, offset: 0, records: 0 }),
        }
    }

    /// The next packet with TCP or UDP, or the next report of drops; `None` at the end of the file, and after an error
    /// was reported.
    ///
    /// # Errors
    ///
    /// Once, at the first damage.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns borrows from the reader, which an Iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<CaptureEvent<'_>>, ReadError> {
        while !self.done {
            let offset = self.input.offset();
            match self.find() {
                Ok(None) => {}
                Ok(Some(Found::Loss(loss))) => return Ok(Some(CaptureEvent::Loss(loss))),
                Ok(Some(Found::Packet { at, packet, bytes_start })) => {
                    let Dissected { source, destination, tcp, payload_len, captured } = packet;
                    let range = captured.start.saturating_add(bytes_start)..captured.end.saturating_add(bytes_start);
                    let captured = self.input.bytes(range);
                    return Ok(Some(CaptureEvent::Packet(Packet {
                        at,
                        side: Side::Tap,
                        netns: NetNs::default(),
                        cookie: None,
                        source,
                        destination,
                        tcp,
                        payload_len,
                        captured_offset: 0,
                        captured,
                        cut: if (captured.len() as u64) < u64::from(payload_len) { Cut::Lost } else { Cut::Whole },
                    })));
                }
                Err(damage) => {
                    self.done = true;
                    return Err(ReadError { damage, offset, records: self.seen });
                }
            }
        }
        Ok(None)
    }

    /// Bytes of the file that were consumed so far.
    pub const fn read_bytes(&self) -> u64 {
        self.input.offset()
    }

    /// The account so far: packets that the file had, packets that became events, and the others by reason.
    pub fn ledger(&self) -> LedgerRow {
        let withheld: Vec<_> = Skip::ALL.iter().zip(self.skipped).map(|(skip, count)| (skip.as_str(), count)).collect();
        LedgerRow::new(Stage::Decode, Unit::Packets, self.seen, self.passed, &withheld)
    }

    /// Reads one block and finds out what it is good for.
    fn find(&mut self) -> Result<Option<Found>, Damage> {
        let block = match &mut self.format {
            Format::Classic(classic) => classic.next(&mut self.input)?,
            Format::NextGeneration(sections) => sections.next(&mut self.input)?,
        };
        let Frame { at, link, bytes, wire_len } = match block {
            Some(Block::Frame(frame)) => frame,
            Some(Block::Dropped { at, packets }) => return Ok(Some(Found::Loss(Loss { at, records: packets }))),
            Some(Block::Other) => return Ok(None),
            None => {
                self.done = true;
                return Ok(None);
            }
        };
        self.seen = self.seen.saturating_add(1);
        let bytes_start = bytes.start;
        match dissect::frame(link, self.input.bytes(bytes), wire_len) {
            Ok(packet) => {
                self.passed = self.passed.saturating_add(1);
                Ok(Some(Found::Packet { at, packet, bytes_start }))
            }
            Err(reason) => {
                for (skip, count) in Skip::ALL.iter().zip(&mut self.skipped) {
                    *count = count.saturating_add(u64::from(*skip == reason));
                }
                Ok(None)
            }
        }
    }
}
