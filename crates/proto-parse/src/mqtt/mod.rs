//! MQTT 3.1.1 and 5 (OASIS standards of 2014-10-29 and 2019-03-07), and 3.1, of which it differs by a name.
//!
//! [`Connection`] reads a connection; [`FixedHeader::parse`] reads the beginning of a packet, [`Publish::parse`] what one that
//! carries a message says.
//!
//! | what | becomes |
//! |---|---|
//! | CONNECT and CONNACK, whatever rounds of AUTH lie between | `CONNECT` |
//! | PUBLISH with quality of service 0 | `PUBLISH topic`, one way |
//! | PUBLISH and PUBACK with its identifier | `PUBLISH topic` |
//! | PUBLISH, PUBREC, PUBREL and PUBCOMP | one exchange: the response begins with PUBREC and ends with PUBCOMP, or with the PUBREC that refuses |
//! | the same from the broker to a subscriber | the same, [`ToClient`](crate::Direction::ToClient): the request is the broker's |
//! | SUBSCRIBE and SUBACK, UNSUBSCRIBE and UNSUBACK | `SUBSCRIBE filter`, or `~several`; the code is the first that refuses, else the first |
//! | PINGREQ and PINGRESP | `PINGREQ` |
//! | DISCONNECT | `DISCONNECT`, one way; from the broker the answer to CONNECT, if that waits |
//! | AUTH of a client that is connected, and what ends it | `AUTH` |
//! | a packet sent again (DUP) | the same exchange |
//!
//! A topic alias (5) stands for the topic that it was defined for, in its direction; one that was defined unseen leaves the
//! resource empty, flagged `reference_unknown`.
//!
//! The code is the return code, the reason code, or the quality of service that was granted; in version 5 a reason that is left
//! out is 0. Codes of 128 and above, and return codes of CONNACK other than 0, are errors. They blame who gets them, but for those
//! in which the sender speaks of itself (unspecified, specific to an implementation, unavailable, busy, shutting down, moved,
//! not supported, an administrator's doing); so a broker's "not authorized" is a client error, and its "server busy" a server error.
//!
//! Client identifiers, user names, passwords, wills, properties and payloads are never kept. Not covered: MQTT-SN; the version of a
//! connection that was joined late, which matters only where a topic alias is defined.

mod code;
mod conn;
mod detect;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use error::MqttError;
pub use message::{FixedHeader, Packet, Publish};
