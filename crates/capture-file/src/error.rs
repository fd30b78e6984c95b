//! What can be wrong with a file, and where.

use std::io;

/// Reading stopped for good: everything before the damage had been delivered.
#[derive(Debug, thiserror::Error)]
#[error("{damage}, at byte {offset} of the file, after {records} records could be read")]
#[non_exhaustive]
pub struct ReadError {
    /// What is wrong.
    pub damage: Damage,
    /// Where the damaged unit (a header, a block, a packet) begins, counted from the start of the file.
    pub offset: u64,
    /// How many records (events and facts of a recording, packets of a pcap file) were read before it.
    pub records: u64,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file ends within a unit.
    #[error("the file ends within the {what}: it was cut off, or is still being written")]
    CutShort {
        /// The unit.
        what: &'static str,
    },
    /// A recording ends between two blocks, before its trailer.
    #[error(
        "the recording ends without a trailer: it was cut off, its recorder was killed, or it is still being written"
    )]
    NoTrailer,
    /// A checksum is not that of the bytes.
    #[error("the {what} is corrupt: its checksum is {computed:08x} and should be {stored:08x}")]
    Checksum {
        /// The unit.
        what: &'static str,
        /// What the file says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// A length is over its cap.
    #[error("the {what} claims {len} bytes, more than the {cap} that are allowed")]
    TooLong {
        /// The unit.
        what: &'static str,
        /// The claimed length in bytes.
        len: u64,
        /// The cap in bytes.
        cap: u64,
    },
    /// A unit contradicts the format.
    #[error("malformed {what}")]
    Malformed {
        /// What is wrong with which unit.
        what: &'static str,
    },
    /// The file begins with another magic number.
    #[error("not a {expected} file")]
    Magic {
        /// The format that was asked for.
        expected: &'static str,
    },
    /// A recording of a format that this version does not know.
    #[error(
        "the recording has format version {found} and this program reads versions up to {newest}: \
         read it with a newer Geophone"
    )]
    Version {
        /// The file's version.
        found: u16,
        /// The newest version that this crate reads.
        newest: u16,
    },
    /// The trailer's totals are not those of the records in front of it.
    #[error("the trailer counts {stored} records, the file has {found}: a part is missing or was added")]
    Totals {
        /// What the trailer says.
        stored: u64,
        /// What was read.
        found: u64,
    },
    /// A recording goes on after its trailer.
    #[error("bytes follow the trailer")]
    Trailing,
    /// The operating system could not read.
    #[error("cannot read: {0}")]
    Io(io::Error),
}
