//! Any file that this crate understands, as one source.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use geophone_model::ledger::{LedgerRow, Stage, Unit};

use crate::{
    error::{Damage, ReadError},
    input::Input,
    item::Item,
    pcap, recording,
};

/// Longest magic number that is looked for.
const MAGIC_LEN: usize = 8;

/// Magic numbers of compressed files, and what they are compressed with.
const COMPRESSED: [(&[u8], &str); 4] =
    [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2")];

/// A file could not be opened as a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system refused.
    #[error("cannot open {}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The file is not one that can be read.
    #[error("cannot read events from {}", path.display())]
    Content {
        /// The path.
        path: PathBuf,
        /// The reason.
        source: ContentError,
    },
}

/// What was opened is not a capture file, or is damaged at its very beginning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// It has no bytes.
    #[error("it is empty")]
    Empty,
    /// It is compressed.
    #[error("it is compressed with {with}, which is not supported: decompress it first")]
    Compressed {
        /// The compression.
        with: &'static str,
    },
    /// It begins like none of the formats.
    #[error(
        "it begins with {magic}, which is none of the formats that are understood: \
         Geophone recordings, pcap (microseconds and nanoseconds, both byte orders) and pcapng"
    )]
    Unknown {
        /// Its first bytes, hexadecimal.
        magic: String,
    },
    /// Its header is damaged, or of a version that is too new.
    #[error(transparent)]
    Header(#[from] ReadError),
}

/// Opens a recording, a pcap or a pcapng file; its first bytes say which.
///
/// # Errors
///
/// Where the file cannot be opened, is none of these, or has a damaged header.
pub fn open(path: &Path) -> Result<Source<File>, OpenError> {
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(file_error)?;
    let metadata = file.metadata().map_err(file_error)?;
    // A pipe has no length.
    let total_bytes = metadata.is_file().then_some(metadata.len());
    Source::new(file, total_bytes).map_err(|source| OpenError::Content { path: path.to_owned(), source })
}

/// A stream of events and facts out of a file.
#[derive(Debug)]
pub struct Source<R> {
    format: Format<R>,
    total_bytes: Option<u64>,
}

#[derive(Debug)]
enum Format<R> {
    Recording(recording::Reader<R>),
    Pcap(pcap::Reader<R>),
}

/// How far a source has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that were consumed.
    pub read_bytes: u64,
    /// Bytes that there were when it was opened; `None` for a pipe.
    pub total_bytes: Option<u64>,
}

impl<R: Read> Source<R> {
    /// A source from any reader, which need not be buffered; `total_bytes` is for [`progress`](Self::progress) only.
    ///
    /// # Errors
    ///
    /// Where what is read is not a capture file, or has a damaged header.
    pub fn new(reader: R, total_bytes: Option<u64>) -> Result<Self, ContentError> {
        let mut input = Input::new(reader);
        let magic = input.peek(MAGIC_LEN).map_err(|damage| ReadError { damage, offset: 0, records: 0 })?;
        let format = if magic == recording::MAGIC {
            Format::Recording(recording::Reader::from_input(input)?)
        } else if pcap::is_magic(magic) {
            Format::Pcap(pcap::Reader::from_input(input)?)
        } else {
            return Err(refusal(magic));
        };
        Ok(Self { format, total_bytes })
    }

    /// The next event or fact; `None` at the end, and after an error was reported.
    ///
    /// # Errors
    ///
    /// Once, at the first damage, after everything before it was delivered.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns borrows from the source, which an Iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        match &mut self.format {
            Format::Recording(reader) => reader.next(),
            Format::Pcap(reader) => Ok(reader.next()?.map(Item::Event)),
        }
    }

    /// The header of a recording; `None` for a pcap or pcapng file.
    pub const fn header(&self) -> Option<&recording::Header> {
        match &self.format {
            Format::Recording(reader) => Some(reader.header()),
            Format::Pcap(_) => None,
        }
    }

    /// How far the source has been read.
    pub const fn progress(&self) -> Progress {
        let read_bytes = match &self.format {
            Format::Recording(reader) => reader.read_bytes(),
            Format::Pcap(reader) => reader.read_bytes(),
        };
        Progress { read_bytes, total_bytes: self.total_bytes }
    }

    /// The account so far: packets of a pcap file, by what became of them; records of a recording, which all pass.
    pub fn ledger(&self) -> LedgerRow {
        match &self.format {
            Format::Recording(reader) => {
                let records = reader.totals().records();
                LedgerRow::new(Stage::Decode, Unit::Records, records, records, &[])
            }
            Format::Pcap(reader) => reader.ledger(),
        }
    }
}

/// Says what a file is that is none of the formats.
fn refusal(magic: &[u8]) -> ContentError {
    if magic.is_empty() {
        return ContentError::Empty;
    }
    if let Some((_, with)) = COMPRESSED.iter().find(|(prefix, _)| magic.starts_with(prefix)) {
        return ContentError::Compressed { with };
    }
    // A recording that is cut within its magic number is a truncated one, not an unknown one.
    if recording::MAGIC.starts_with(magic) {
        let damage = Damage::CutShort { what: "header of the recording" };
        return ReadError { damage, offset: 0, records: 0 }.into();
    }
    let hexadecimal: Vec<String> = magic.iter().map(|byte| format!("{byte:02x}")).collect();
    ContentError::Unknown { magic: hexadecimal.join(" ") }
}
