//! HTTP/1.0 and HTTP/1.1 (RFC 9112).

mod conn;
mod detect;

pub use conn::Connection;
pub use detect::{detect_client, detect_server};
