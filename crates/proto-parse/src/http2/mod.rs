//! HTTP/2 (RFC 9113), and gRPC over it (the gRPC project's `PROTOCOL-HTTP2.md`).
//!
//! [`Connection`] reads a connection; [`FrameHeader::parse`] reads one frame's header, [`hpack`] the fields (RFC 7541),
//! [`RequestHead`] and [`ResponseHead`] what they say, [`grpc`] what gRPC adds.
//!
//! What a connection makes of what it meets:
//!
//! | what | becomes |
//! |---|---|
//! | request and final response on a stream | an exchange; interim responses (1xx) are counted and flagged |
//! | the same with `application/grpc` | an exchange of [`Protocol::Grpc`](crate::Protocol::Grpc): `package.Service/Method`, the status of the trailers, messages counted; one of [`Shape::Stream`](crate::Shape::Stream) unless there was one message each way, or one and an error |
//! | `CONNECT` with 2xx, `text/event-stream` | an exchange of `Stream`; with `:protocol` `websocket` (RFC 8441) of [`Protocol::WebSocket`](crate::Protocol::WebSocket) |
//! | PUSH_PROMISE and its response | a one-way exchange to the client |
//! | RST_STREAM by the client | [`Flags::CANCELLED`](crate::Flags::CANCELLED): an error of the client's before the answer, else what the answer said. A call: `CANCELLED`, or `DEADLINE_EXCEEDED` (of the server's) where the time in `grpc-timeout` was over |
//! | RST_STREAM by the server | an error of the server's, with the code's name; a call has the status that gRPC says |
//! | GOAWAY | streams behind the last one that it names have no response; calls are `UNAVAILABLE` |
//! | a response before its request is over | an exchange, flagged; the request's numbers are as of then |
//! | the connection's end | what had an answer is flagged `response_truncated`; all else, and calls without their trailers, have no response |
//! | a malformed head (section 8.1.1) | an exchange, flagged, with what the server answers. Where a block is not valid HPACK, nothing of it is shown |
//! | a response without a status | an exchange with `ProtocolError` |
//! | a frame that cannot be | a counted desync; the next frame is searched for |
//! | a gap in DATA | no more than a flag, if the frame's end is known |
//! | a gap in a field block | the exchange is flagged; without its status it is dropped as unmatched. The table is not known from then on |
//! | any other gap | a counted desync; streams go on with the next frame that is found |
//!
//! A status blames the client or the server as HTTP says (4xx, 5xx) or as [`grpc::class_of`] does.
//!
//! On a connection that was joined late, fields may refer to entries that were added unseen. Such an exchange is flagged
//! [`reference_unknown`](crate::Flags::REFERENCE_UNKNOWN): without a verb or resource, or without a status. It is then `Ok`,
//! without a code, where nothing else says that it failed. As entries are replaced, names and statuses are known again;
//! the statuses of the static table (200, 204, 206, 304, 400, 404, 500) always are.
//!
//! How many streams are open at once is bounded by [`Limits::open_exchanges`](crate::Limits::open_exchanges) alone. Field
//! blocks are read as they come and not held; of tables, [`Limits::definition_bytes`](crate::Limits::definition_bytes).
//!
//! Not covered: HTTP/2 within TLS; messages of gRPC-Web, whose calls are plain requests; the content of tunnels and
//! WebSockets; extensions' frames; limits on frames that peers agree upon by SETTINGS, which are theirs to check.

mod conn;
mod detect;
mod error_code;
mod field;
mod frame;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
pub mod grpc;
mod half;
pub mod hpack;
mod message;
mod search;
mod stream;

pub use conn::Connection;
pub use detect::detect;
pub use error_code::error_name;
pub use frame::{FrameError, FrameHeader, FrameKind, PREFACE};
pub use message::{RequestHead, ResponseHead};
