//! DNS over TCP and in datagrams (RFC 1035, 7766), with SRV (RFC 2782), AAAA (RFC 3596), EDNS (RFC 6891) and SVCB and HTTPS
//! (RFC 9460).
//!
//! [`Connection`] reads a TCP connection, [`Datagrams`] those of two UDP sockets; [`Message::parse`] reads one message and
//! [`Message::answers`] the addresses in it.
//!
//! | what | becomes |
//! |---|---|
//! | a query and the response with its identifier and question | an exchange: the type (`A`) as verb, the name (`shop.example`) as resource |
//! | another opcode | the same, with the opcode (`NOTIFY`) as verb |
//! | a response code other than `NOERROR` | its number and name; see below for who is to blame |
//! | A and AAAA records of the name, through CNAME records, and of an SRV record's target; the hints of an HTTPS record | [`Exchange::answers`](crate::Exchange::answers), each with the shortest time to live on its way |
//! | a query that is sent again | the same exchange: it counts from the first |
//! | an identifier used again for another question | an exchange of its own |
//! | a query without response for [30 seconds](QUERY_TIMEOUT_NS), or up to the end | an exchange with `NoResponse` |
//! | a response to no question that was seen; multicast DNS that nobody asked for | counted as unmatched |
//! | a message that goes the wrong way, a datagram that is no message | counted as unparsed bytes |
//! | a truncated response (TC) | an exchange like others, with what fits into it |
//!
//! Names are in lower case (RFC 4343) and without the last dot; bytes that are no letter, digit or common sign are written as
//! `\DDD` (RFC 1035 section 5.1). Of several questions the first counts, as nobody asks several.
//!
//! `FORMERR`, `NXDOMAIN`, `REFUSED`, `BADVERS` and what concerns updates blame the client: it asked for what is not there, or what
//! it may not have. `SERVFAIL`, `NOTIMP` and unknown codes blame the server. A name that does not exist is an everyday answer,
//! and an error nevertheless, as 404 is one of HTTP.
//!
//! Of a message longer than [`Limits::message_bytes`](crate::Limits::message_bytes) the first part is read. Not covered: the
//! content of other records; DNS over TLS, HTTPS and QUIC; DNSSEC; zone transfers beyond their first message.

mod answers;
mod code;
mod conn;
mod datagrams;
mod detect;
mod dialogue;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod name;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use datagrams::Datagrams;
pub use detect::{detect, detect_datagram};
pub use dialogue::QUERY_TIMEOUT_NS;
pub use error::DnsError;
pub use message::{Message, Question};
