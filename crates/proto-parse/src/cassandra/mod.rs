//! Cassandra: CQL, versions 3, 4 and 5 of its native protocol.
//!
//! Sources: "CQL BINARY PROTOCOL" v3, v4 and v5 in Cassandra's documentation; where the code names a section, it is one of
//! version 4, unless it says otherwise. What version 5 says of frames (its sections 2.1 to 2.3) was compared with what the
//! Python driver does.
//!
//! [`Connection`] reads a connection; [`EnvelopeHeader::parse`] and [`FrameHeader::parse`] read headers, [`statement_text`] and
//! its like bodies; [`detect`] tells the protocol from its first envelopes.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | a request and the response with its stream id, in whatever order | an exchange |
//! | QUERY | is called after the statement's [fingerprint](crate::sql) |
//! | PREPARE | `PREPARE`, its resource the statement's fingerprint |
//! | EXECUTE | is called after the statement, if that was seen to be prepared; else `EXECUTE`, flagged `reference_unknown` |
//! | BATCH | `BATCH`, its resource the fingerprint of the first statement |
//! | any other request | has its opcode's name: `STARTUP`, `OPTIONS`, `AUTH_RESPONSE`, `REGISTER` |
//! | ERROR | its code is the native status, the code's name the error (`Invalid`); [`ErrorCode::class`] says whose fault it is |
//! | EVENT | a one-way exchange to the client, its resource the type of the event |
//! | a trace's id, warnings, a custom payload | passed over |
//! | a body that is compressed with LZ4 | is read like any other |
//! | one that is compressed otherwise, or with what is not known | an exchange with its opcode's name, flagged `opaque`; an ERROR is the server's then |
//! | frames of version 5, from the answer to STARTUP on | a stream of envelopes; sizes are those of envelopes |
//! | compressed frames | the same, with the time of the frame's end; what of a frame lies behind the first [`Limits::message_bytes`](crate::Limits::message_bytes) of its payload as it travels is not read |
//! | a stream id that is used again before its answer | the older request is unmatched |
//! | a gap within a body, or within a frame | a flag |
//! | any other gap, a header that cannot be, a frame without its checksum | a counted desync; the next header is searched for |
//!
//! A stream whose place was lost is found again with the next envelope whose header and body are sure to be such, or with the
//! next frame's header, whose checksum tells. As streams have ids, nothing is shifted by a loss. The checksums of payloads are
//! passed over.
//!
//! A connection joined late is recognised by an envelope, or by a frame; what its bodies are compressed with is not known.
//!
//! Not covered: versions 1 and 2, and the drafts behind 5; statements of a batch behind its first one; TLS, which is a
//! connection of its own from its first byte.

mod body;
mod conn;
mod detect;
mod error;
mod error_code;
mod frame;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod lz4;
mod message;
mod segments;

pub use body::{
    BatchStatement, StatementText, behind_flagged, error_code, event_type, first_of_batch, prepared_id, startup_option,
    statement_id, statement_text,
};
pub use conn::Connection;
#[cfg(any(feature = "fuzz", test))]
pub(crate) use detect::begins;
pub use detect::detect;
pub use error::HeaderError;
pub use error_code::ErrorCode;
pub use frame::FrameHeader;
pub use message::{BodyFlags, EnvelopeHeader, Opcode};
