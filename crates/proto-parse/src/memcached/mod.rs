//! Memcached: the text protocol with its meta commands, and the binary protocol.
//!
//! The documents are memcached's own: `doc/protocol.txt` (1.6), and "BinaryProtocolRevamped" for the binary protocol.
//!
//! [`Connection`] reads a connection; [`Command::parse`] and [`AnswerPart::parse`] read a command and a part of an answer;
//! [`detect`] tells memcached from other protocols. Which of the two protocols is spoken is seen
//! at the first byte of each message.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | a command and its answer, however many keys, values and lines | an exchange: `get`, `set`, `mg`, `stats` |
//! | a command of the binary protocol | an exchange by the opcode's name: `get`, `getkq`, `increment`; its status as native status |
//! | `noreply`, `quit` in the text protocol | a one-way exchange to the server |
//! | a quiet command (flag `q`, opcodes in `q`) that is answered | an exchange |
//! | one that is not, which shows when a later one is answered | a one-way exchange to the server |
//! | `watch` | an exchange of [`Shape::Stream`](crate::Shape::Stream), over with the connection |
//! | a command that is not known | an exchange without a verb, flagged `request_malformed` |
//! | a gap in a value | no more than a flag |
//! | any other gap | a counted desync, and no pairing until the client begins a new turn |
//!
//! Which command a quiet connection's answer is for is told by the opaque token or the key that comes back with it, else by
//! whether the command could say that at all.
//!
//! A miss (`NOT_FOUND`, `EN`, status 1), and what is there already or has changed meanwhile, is an answer like another. `ERROR` and
//! `CLIENT_ERROR` are the client's, `SERVER_ERROR` is the server's; of the binary protocol's statuses the client's are those of
//! values, arguments, rights and unknown commands, the others from 0x82 on are the server's.
//!
//! Keys and values are passed over and not kept, and so is what is left of a value whose length was wrong, which the server takes
//! for a command: only names of known commands are kept. Of binary messages nothing but the header is read, so that no byte of
//! SASL is seen.
//!
//! A value may have any line in it. So after a loss the next command is not searched for by its form, but taken up when the
//! server has answered, and an answer when the client begins a new turn. Only where both are lost, and on a connection that
//! was joined late, a whole line that is a command is believed.
//!
//! Not covered: the UDP frame header, the proxy's own commands, and the framing extensions that Couchbase has made of the
//! binary protocol.

mod answer;
mod binary;
mod command;
mod conn;
mod detect;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod line;
mod message;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use message::{AnswerPart, Command, NotMemcached};
