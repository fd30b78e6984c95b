//! NATS, between clients and servers.
//!
//! The documents are NATS's own: "Client Protocol", "Request-Reply", "JetStream wire API Reference".
//!
//! [`Connection`] reads a connection; [`Frame::parse`] reads one line with its payload; [`detect`] tells NATS from other
//! protocols.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | `PUB`, `HPUB` | a one-way exchange to the server, with the subject as resource |
//! | `MSG`, `HMSG` | a one-way exchange to the client |
//! | `PUB` with an inbox to answer in, and the message that comes there | an exchange: `PUB price`; a status in the headers is the native status |
//! | `MSG` with an inbox to answer in, and the client's `PUB` there | an exchange to the client: `MSG price`, what a responder does |
//! | `MSG` with an inbox that the client never answers in | a one-way exchange to the client |
//! | `SUB`, `UNSUB` | a one-way exchange to the server |
//! | `PING` of either side, and its `PONG` | an exchange in its direction |
//! | `CONNECT` | a one-way exchange to the server, but an exchange with the error if it is refused |
//! | any of the above on a verbose connection | an exchange with the `+OK` or `-ERR` that answers it, unless a message does |
//! | another `-ERR` | a one-way exchange to the client, with the error's name |
//! | `INFO` | counted as interim |
//! | a gap in a payload | no more than a flag |
//! | any other gap | a counted desync; requests by inbox are paired as before, answers in order when the client begins a new turn |
//!
//! So a request and its answer are one exchange on each of the two connections that they pass, as for any server between a client
//! and another server, and are not counted as messages as well. Of several answers the first ends the exchange; the others are
//! messages. A request that is not answered before the connection ends has no response, which is an error.
//!
//! An inbox is what begins with `_INBOX.`; a client that was given another prefix has its requests counted as messages. Subjects
//! that have a part of their own for each request are cut before it: inboxes, acknowledgements and requests of JetStream
//! (`$JS.API.STREAM.INFO`), keys and objects.
//!
//! Errors are the client's (permissions, authorization, limits) but for `Maximum Connections Exceeded` and `Slow Consumer`. The
//! status 503, nobody listens, is the server's.
//!
//! Payloads and headers are passed over, but for a status; of `CONNECT` nothing is read but whether it is verbose. So no password,
//! token or signature is seen.
//!
//! A pull from a stream (`$JS.API.CONSUMER.MSG.NEXT`) is a message: what it brings comes with other subjects. Not covered: errors that
//! JetStream tells in a payload, TLS that is begun behind `INFO`, the protocols between servers, WebSockets.

mod conn;
mod detect;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod line;
mod message;
mod refusal;
mod subject;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use message::{Frame, NotNats};
