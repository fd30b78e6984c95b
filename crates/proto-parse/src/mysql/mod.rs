//! MySQL and MariaDB: the client/server protocol, as of MySQL 4.1.
//!
//! Sources: "Client/Server Protocol" in the documentation of MySQL's source code, and "Client/Server Protocol" in MariaDB's
//! documentation; where the code names a packet, it is by the name that it has there.
//!
//! [`Connection`] reads a connection; [`PacketHeader::parse`], [`Greeting::parse`], [`Login::parse`], [`query_text`] and
//! [`StatementId::parse`] read packets, and a [`Reply`] those that answer a [`Command`], whose meaning depends on the ones
//! before them; [`detect`] tells the protocol from its first packets.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | the login, with all its rounds | an exchange `CONNECT`; names, passwords and attributes are not read |
//! | an error in place of the greeting (too many connections) | a one-way `CONNECT` to the client, with that error |
//! | `COM_QUERY` | an exchange that is called after the statement's [fingerprint](crate::sql), with all its results |
//! | `COM_STMT_PREPARE` | an exchange `STMT_PREPARE`, its resource the statement's fingerprint |
//! | `COM_STMT_EXECUTE`, MariaDB's `COM_STMT_BULK_EXECUTE` | an exchange that is called after the statement |
//! | the same for a statement that was not seen to be prepared | an exchange `STMT_EXECUTE`, flagged `reference_unknown` |
//! | `COM_STMT_FETCH` | an exchange `STMT_FETCH`, its resource the statement's fingerprint |
//! | any other command | an exchange with its name: `PING`, `INIT_DB shop`, `FIELD_LIST orders`, `CHANGE_USER` |
//! | `COM_QUIT`, `COM_STMT_CLOSE`, `COM_STMT_SEND_LONG_DATA` | one-way exchanges |
//! | `COM_BINLOG_DUMP` and its like | an exchange of [`Shape::Stream`](crate::Shape::Stream), up to the server's EOF or the end |
//! | `LOAD DATA LOCAL INFILE` | the file's bytes are the request's |
//! | commands ahead of answers (MariaDB's clients) | exchanges; the number -1 is the statement that was prepared last |
//! | an error | its code is the native status, its SQLSTATE the error; [`ServerError::class`] says whose fault it is |
//! | MariaDB's progress reports | counted as interim |
//! | a request for TLS | a one-way `SSL_REQUEST`, flagged `opaque`; what follows is the [TLS](crate::Protocol::Tls) parser's |
//! | compression, with zlib or Zstandard | the login is flagged `opaque`, and what follows is not read |
//! | a packet that cannot be there | an exchange with `ProtocolError` |
//! | a packet with a number that is not due, a gap over a packet's end | a counted desync; a first packet is searched for |
//! | a result that breaks off | `Ok` as far as it went, flagged `response_truncated` |
//!
//! A command is packet 0, and what belongs to it counts on in both directions. So a stream whose place was lost is found again
//! with the next command and with the first packet of the next reply, if they are sure to be such; a command of one byte
//! (`PING`) and replies that look like many a row are passed over. Whoever waits for answers is paired again with the next
//! exchange but one at the latest.
//!
//! On a connection joined late it is not known what the two sides agreed on. Whether query attributes are in front of a text,
//! whether a result's columns follow, and which kind of EOF ends its rows, can be told from the packets in all cases. Whether
//! EOF follows the columns of a prepared statement without parameters cannot before it has shown elsewhere: the reply is taken
//! to be over, and the EOF packet passed over if it comes.
//!
//! Whether a backslash escapes is told by the status of each reply. Before the first one, and behind a loss, a text is shown up
//! to the string whose end depends on it. The mode `ANSI_QUOTES` is told by nothing: `"` is taken for a string's.
//!
//! Not covered: the protocol before 4.1; compressed packets; the X protocol.

mod command;
mod conn;
mod detect;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod handshake;
mod message;
mod reply;
mod server_error;
mod statement;

pub use command::{Command, ReplyKind, StatementId, query_text};
pub use conn::Connection;
#[cfg(any(feature = "fuzz", test))]
pub(crate) use detect::begins;
pub use detect::detect;
pub use error::PayloadError;
pub use handshake::{Capabilities, Greeting, Login};
pub use message::PacketHeader;
pub use reply::{Progress, Reply, ServerError};
