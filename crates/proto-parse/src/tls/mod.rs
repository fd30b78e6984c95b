//! TLS records without keys: SSL 3.0 to TLS 1.3 (RFC 6101, 2246, 4346, 5246, 8446), server names (RFC 6066), application
//! protocols (RFC 7301).
//!
//! [`Connection`] reads a connection; [`RecordHeader::parse`], [`ClientHello::parse`], [`ServerHello::parse`] and
//! [`Alert::parse`] read one message each.
//!
//! A connection becomes two exchanges, both with the host that the client wants to reach as authority, and with the version
//! and the application protocol as resource:
//!
//! | exchange | from | to |
//! |---|---|---|
//! | `handshake` | the first byte of the client hello | the last byte that the server sent before its handshake was done |
//! | `encrypted`, a [`Stream`](crate::Shape::Stream) | there | the end of the connection; it has the bytes of both directions |
//!
//! The server's handshake is done, before TLS 1.3, with its Finished message; from TLS 1.3 on, where that is not to be told from
//! data, with the last byte that it sent before the client encrypted something (RFC 8446 section 2: the client's own Finished
//! comes when it has the server's). Bytes that the client sends in a handshake behind its hello are counted with the
//! request, whose last time is the hello's. Every byte of a connection is in one of the two exchanges.
//!
//! The resource is the version that the server chose, and the application protocol that it chose, or, as TLS 1.3 does not
//! tell that in the open, those that the client offers: `TLSv1.2 http/1.1`, `TLSv1.3 h2,http/1.1`.
//!
//! What else it makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | an alert in the open | the end of the handshake, with its number and name; who sends it blames the other side, unless it is `internal_error`, `user_canceled` or `close_notify`: a server's blame is a client error, a client's a server error |
//! | a record where a client's Certificate or Finished is due, too short to be one | the same, without number: an encrypted alert |
//! | any other encrypted alert | part of `encrypted`: it is not to be told from data |
//! | HelloRetryRequest | counted as interim, and flagged |
//! | an answer that is not TLS | a handshake with `ProtocolError`; the rest is of no interest |
//! | the end before the handshake is done | a handshake with `NoResponse`, flagged `response_truncated` if the server had begun |
//! | a gap within a message other than a hello | a flag |
//! | any other gap in the handshake | a counted desync; the handshake is unmatched, and the rest is `encrypted` |
//! | a connection joined late | `encrypted` alone, unless it begins with a client hello after all |
//! | early data (RFC 8446 section 2.3) | bytes of the handshake's request, up to the server's hello |
//!
//! Not covered: DTLS, QUIC, SSL 2.0; certificates; the name inside of an encrypted client hello (ECH), whose public name is
//! told instead; what is said in a renegotiation.

mod conn;
mod detect;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod records;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use error::TlsError;
pub use message::{Alert, ClientHello, Content, RecordHeader, ServerHello};
