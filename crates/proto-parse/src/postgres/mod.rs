//! PostgreSQL's frontend/backend protocol, version 3 (documentation, chapter "Frontend/Backend Protocol").
//!
//! [`Connection`] reads a connection; [`Startup`], [`Request`] and [`Response`] read one message; [`detect`] tells the protocol
//! from its first bytes.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | Query | an exchange, however many statements it holds: their [fingerprint](crate::sql), up to ReadyForQuery |
//! | Execute | an exchange, which begins with the Parse, Bind or Describe that prepared it and is called after the statement's fingerprint; of a portal that is run in pieces, one for each |
//! | Parse, Bind, Describe that nothing is executed of | nothing if they succeed, an exchange if they fail |
//! | what a server passes over after an error, up to Sync | exchanges with `ClientError`, flagged `skipped`, that end with ReadyForQuery |
//! | an error when a group commits, behind its last Execute | that Execute's error |
//! | a statement or portal that was prepared unseen | verb `EXECUTE`, no resource, flagged `reference_unknown` |
//! | FunctionCall | an exchange `call` with the function's object id |
//! | COPY | an exchange, with the data in its sizes; given up by the client, flagged `cancelled` |
//! | COPY in both directions (replication) | an exchange of [`Shape::Stream`](crate::Shape::Stream) |
//! | StartupMessage up to ReadyForQuery or an error | an exchange `connect` with the database's name |
//! | SSLRequest, GSSENCRequest | the beginning of that; where the server accepts, its end, flagged `opaque` |
//! | CancelRequest | an exchange `cancel` of [`Shape::OneWay`](crate::Shape::OneWay) |
//! | NotificationResponse | an exchange `notification` of `OneWay` to the client, with the channel's name |
//! | notices, settings | part of the response that they come in, else nothing |
//! | an error: its SQLSTATE | [`Exchange::error`](crate::Exchange::error), and whom [`Sqlstate::class`] blames |
//! | a gap in a row, in COPY's data, in a text behind its beginning | no more than a flag |
//! | any other gap | a counted desync; a message is searched for, and no pairing until it is certain again |
//!
//! Requests are paired with responses by order, group by group (`groups.rs`): each group has one ReadyForQuery, whatever
//! comes of it, so that an error in one says nothing of the next. After a loss, clients that wait for their answers are paired
//! again with their next request.
//!
//! Passwords and what else proves who a client is, values of parameters, rows, data of COPY, messages of errors and payloads of
//! notifications are never looked into. `standard_conforming_strings` is heeded, as it decides where literals end.
//!
//! Not covered: version 2; encryption by GSSAPI, and what is behind it; `PREPARE`, `EXECUTE` and `DEALLOCATE` as SQL, which are
//! statements like any other, so that a name that was given up that way is known until it is prepared again; which requests a
//! cancelled one was. A name whose second Parse fails, since it is taken, stands for the second text.

mod conn;
mod detect;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod groups;
mod message;
mod request;
mod response;
mod setting;
mod sqlstate;
mod startup;
mod statement;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use message::{Head, MessageError};
pub use request::{Named, Request, Text};
pub use response::{Failure, Response};
pub use sqlstate::Sqlstate;
pub use startup::Startup;
