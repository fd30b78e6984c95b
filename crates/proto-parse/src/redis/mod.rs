//! Redis: RESP2 and RESP3.
//!
//! The documents are Redis's own: "Redis serialization protocol specification", the RESP3 specification for what is streamed,
//! "Pub/Sub", "Pipelining", "Client-side caching", and the command reference of Redis 7.
//!
//! [`Connection`] reads a connection; [`Command::parse`] and [`Reply::parse`] read one message; [`detect`] tells Redis from
//! other protocols.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | a command and its reply | an exchange: `GET`; of containers with the second word, `CONFIG SET` |
//! | commands of a transaction | an exchange each, answered with `QUEUED`; `EXEC` is another one, whatever it brings |
//! | an inline command | an exchange like another |
//! | `BLPOP` and its like, `XREAD` with `BLOCK`, `WAIT` | an exchange of [`Shape::LongPoll`](crate::Shape::LongPoll) |
//! | `SUBSCRIBE a b`, answered for each channel | one exchange, over with the last of these answers |
//! | a message that is delivered | a one-way exchange to the client: `message orders`; `pmessage` with its pattern |
//! | another push (`invalidate`) | a one-way exchange to the client |
//! | `PUBLISH` | an exchange with its channel as resource |
//! | `MONITOR` | an exchange of [`Shape::Stream`](crate::Shape::Stream), over with the next reply or the connection |
//! | a command that `CLIENT REPLY OFF` or `SKIP` silences | a one-way exchange to the server |
//! | an error | its first word as [`error`](crate::Exchange::error), if it is in upper case: `WRONGTYPE` |
//! | a gap in a word or in a string that is not read | no more than a flag |
//! | any other gap | a counted desync, and no pairing until the client begins a new turn |
//!
//! An error is the client's (`ERR`, `WRONGTYPE`, `NOAUTH`, `NOPERM`, `EXECABORT`, …) but for those where the server cannot do what it is there
//! for at the time, or sends the client elsewhere: `LOADING`, `OOM`, `BUSY`, `READONLY`, `MISCONF`, `MASTERDOWN`,
//! `NOREPLICAS`, `CLUSTERDOWN`, `MOVED`, `ASK`, `TRYAGAIN` and the like. That a key is not there is no error.
//!
//! Keys and values are passed over and not kept, nor is any other word but command names, the channel of a message, and what
//! of `CLIENT REPLY` and `BLOCK` decides about the answer: no password, no setting, no script leaves the parser, and neither does
//! the text of an error. Of keyspace notifications, whose channels have keys in their names, the part before the key is kept.
//!
//! Values may be nested to any depth: where one is over takes one number, see `nesting.rs`. Only streamed aggregates count
//! towards [`Limits::depth`](crate::Limits::depth); no known server sends any.
//!
//! Nothing in a reply tells where it begins. After a loss, commands are found by their form, and replies when a client that
//! waits for its answers begins to ask again; deliveries and the lines of `MONITOR` are found by themselves. A client that
//! pipelines without ever waiting is not paired any more after a loss.
//!
//! Not covered: replication (`PSYNC` turns the connection into a stream of commands to the replica, which are not told from
//! replies), the cluster bus, and subscribing within a transaction, whose answers are counted as unmatched.

mod command;
mod conn;
mod detect;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod nesting;
mod refusal;
#[cfg(test)]
mod tests;
mod token;

pub use conn::Connection;
pub use detect::detect;
pub use error::RespError;
pub use message::{Command, Reply};
