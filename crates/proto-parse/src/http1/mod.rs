//! HTTP/1.0 and HTTP/1.1 (RFC 9112).
//!
//! [`Connection`] reads a connection; [`RequestHead::parse`] and [`ResponseHead::parse`] read one head;
//! [`detect_client`] and [`detect_server`] tell HTTP/1 from its first line, [`find_request`] and [`find_response`] find a
//! message in the middle of a stream.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | request and final response | an exchange; interim responses (1xx) are counted and flagged |
//! | `101`, `CONNECT` with 2xx | an exchange of [`Shape::Stream`](crate::Shape::Stream) when the connection ends; nothing is wanted of it in between. With `Upgrade: websocket` its protocol is [`WebSocket`](crate::Protocol::WebSocket) (RFC 6455) |
//! | `101` with `Upgrade: h2c` | HTTP/2 from there on (RFC 7540 section 3.2), whose first stream answers the request; without the feature `http2`, a tunnel as above |
//! | `text/event-stream` | an exchange of `Stream` |
//! | a response before its request is over (413, 431) | an exchange, flagged; the request's numbers are as of then |
//! | a response to nothing (408 on an idle connection) | counted as unmatched |
//! | the server's end, or a reset, with a request open | an exchange with `NoResponse` |
//! | a response cut short by the end | an exchange with the code that it said, flagged `response_truncated` |
//! | a malformed request | an exchange, flagged, with what the server answers |
//! | a malformed response | an exchange with `ProtocolError` |
//! | bytes that are not HTTP/1 where a message should begin | a counted desync; the next start line is searched for |
//! | a gap in a body of known length, or in a chunk | no more than a flag |
//! | any other gap | a counted desync, and no pairing until the count of requests and responses is certain again |
//!
//! The last of these is in `pairing/in_order.rs`: clients that send a request, or a batch, and wait for the answers (nearly all)
//! are paired again with their next request; one that was seen to send while answers were owed is not.
//!
//! Shapes of request smuggling are read as RFC 9112 says a recipient must, or are malformed; where it leaves a choice that
//! recipients are known to take differently, they are malformed, or flagged `ambiguous_framing`: `Transfer-Encoding` beside
//! `Content-Length` or in HTTP/1.0, a CR or NUL within a line of the head, a line that begins with whitespace right behind
//! the start line. The tolerance that is there: empty lines between messages, a lone LF in a head, folded fields that decide
//! about nothing, a status line without its second space, whitespace between a chunk size and its extensions or line end.
//!
//! HTTP/0.9 is not supported: its responses cannot be told from anything else.

mod chunked;
mod conn;
mod detect;
mod error;
pub(crate) mod field;
mod framing;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod half;
mod head;
mod message;
pub(crate) mod path;
mod search;
pub(crate) mod target;

pub use conn::Connection;
#[cfg(feature = "http2")]
pub(crate) use conn::class_of;
pub use detect::{Found, detect, detect_client, detect_server, find_request, find_response};
pub use error::HeadError;
pub use framing::Body;
#[cfg(feature = "http2")]
pub(crate) use message::EVENT_STREAM;
pub use message::{Method, RequestHead, ResponseHead};
