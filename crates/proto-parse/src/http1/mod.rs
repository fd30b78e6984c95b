//! HTTP/1.0 and HTTP/1.1 (RFC 9112).

mod chunked;
mod conn;
mod detect;
mod error;
mod field;
mod framing;
mod half;
mod head;
mod message;
mod pairing;
mod search;
mod target;

pub use conn::Connection;
pub use detect::{Found, detect_client, detect_server, find_request, find_response};
pub use error::HeadError;
pub use framing::Body;
pub use message::{Method, RequestHead, ResponseHead};
