//! HPACK, read by one who only listens (RFC 7541).
//!
//! [`Decoder`] takes field blocks in the order of the wire, in whatever pieces they come, and holds no more of them than
//! the value under way. What it keeps in its dynamic table are the [few fields](FieldName) that an observer needs, without
//! what must not leave the parser (query, path parameters, user info); of all others, their sizes.
//!
//! A listener may have joined late or lost bytes, and then does not know what the peers' tables hold. That does no harm to
//! what comes after: indices count from the newest entry (section 2.3.3), and eviction is from the oldest
//! (section 4.4), so an entry that was seen stays where it is found, whatever else the table holds. A reference to what was not
//! seen gives a field that is [`FieldName::Unknown`]; as entries are replaced by new ones, these become fewer. The same way
//! a table that is larger than we care to hold is cut to its newest entries.
//!
//! ```
//! use geophone_proto_parse::Limits;
//! use geophone_proto_parse::http2::hpack::{Decoder, FieldName};
//!
//! let mut decoder = Decoder::default();
//! let mut fields = Vec::new();
//! // GET, and a path that becomes an entry of the table; a query is not kept.
//! decoder.fragment(b"\x82\x44\x09/a?secret", &Limits::default(), |field| fields.push((field.name, field.value.to_vec())))?;
//! decoder.end_block()?;
//! assert_eq!(fields, [(FieldName::Method, b"GET".to_vec()), (FieldName::Path, b"/a".to_vec())]);
//! # Ok::<(), geophone_proto_parse::http2::hpack::HpackError>(())
//! ```

mod decoder;
mod huffman;
mod integer;
mod table;

use core::fmt;

pub use decoder::Decoder;

pub use super::field::{Field, FieldName};

/// Why a field block was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HpackError {
    /// A reference to an entry that the table cannot have (section 2.3.3).
    Index,
    /// An integer of more than 32 bits or five bytes (section 5.1).
    Integer,
    /// A string with EOS in it, or padded otherwise than with less than a byte of ones (section 5.2).
    Huffman,
    /// A change of the table's size behind the first field (section 4.2).
    Resize,
    /// The block ends within a field.
    Truncated,
}

impl fmt::Display for HpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Index => "a field of an HPACK block refers to an entry that the table cannot have",
            Self::Integer => "an integer of an HPACK block is over its limit",
            Self::Huffman => "a string of an HPACK block is not valid Huffman code",
            Self::Resize => "an HPACK block changes the table's size behind its first field",
            Self::Truncated => "an HPACK block ends within a field",
        })
    }
}

impl core::error::Error for HpackError {}
