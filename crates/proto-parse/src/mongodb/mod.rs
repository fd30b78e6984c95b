//! MongoDB: the wire protocol (MongoDB Manual, "MongoDB Wire Protocol"; specifications "OP_MSG" and "OP_COMPRESSED"), with the
//! legacy opcodes that old drivers and every handshake use; BSON 1.1.
//!
//! [`Connection`] reads a connection; [`Head::parse`] reads the header of a message, [`Head::request`] and [`Head::response`]
//! what is behind it; [`error_class`] tells who is to blame for an error; [`detect`] tells MongoDB from anything else.
//!
//! An exchange's verb is the command (`find`, `hello`), its resource the database and the collection (`shop.orders`), where the
//! command is about one; of a command that is about a database or nothing in particular, the database alone. Legacy opcodes
//! have the names of the commands that took their place.
//!
//! | what | becomes |
//! |---|---|
//! | request and response by `requestID` and `responseTo` | an exchange, in whatever order they come |
//! | `moreToCome` in a request; OP_INSERT, OP_UPDATE, OP_DELETE, OP_KILL_CURSORS | a one-way message |
//! | `moreToCome` in a response (exhaust) | one exchange with all the responses, of [`Shape::Stream`](crate::Shape::Stream), with their number; finished with the last, or with the connection |
//! | `hello` with `maxAwaitTimeMS`, `getMore` with `maxTimeMS` | an exchange of [`Shape::LongPoll`](crate::Shape::LongPoll), unless it is the above |
//! | `ok: 0`, and `code`, `codeName` | native status and error; [`error_class`] says who is to blame |
//! | the first of `writeErrors`, else `writeConcernError`, in a response that is `ok` | the same |
//! | OP_REPLY with `CursorNotFound` or `QueryFailure`, `err` of a `getLastError` | the same |
//! | OP_COMPRESSED | an exchange named after the opcode in it (`op_msg`), flagged `opaque`: what it says and how it went is not known; one that is not answered is counted as unmatched, since it may have asked for no answer |
//! | OP_COMPRESSED by the compressor that does nothing | what is in it |
//! | a body that is not what the opcode asks for | an exchange, flagged `request_malformed`, or with `ProtocolError` |
//! | bytes that are no message where one should begin, a gap over the beginning of a message | a counted desync; the next message is searched for |
//! | a gap within a message | a flag |
//!
//! Of a message [`Limits::message_bytes`](crate::Limits::message_bytes) are read. Of a response that is longer, an `ok`
//! at its end is not seen: responses that tell an error of the whole are short. Of a command whose many documents come first,
//! their role tells the name (`documents`: `insert`), and the collection is not known.
//!
//! Nothing leaves this module of documents, filters, values, user names, error messages and what an authentication says:
//! besides the names of commands, databases, collections and error codes.
//!
//! Not covered: TLS, which a connection begins with; errors of single operations in the cursor of a `bulkWrite`.

mod bson;
mod command;
mod conn;
mod detect;
mod error;
mod error_code;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod opcode;

pub use conn::Connection;
pub use detect::detect;
pub use error::MessageError;
pub use error_code::{error_class, error_name};
pub use message::{Answers, Error, Extent, Head, MESSAGE_BYTES_MAX, Request, Response};
pub use opcode::Opcode;
