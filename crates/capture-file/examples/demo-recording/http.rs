//! HTTP/1.1 (RFC 9112): requests and responses with the fewest fields that make them whole.

use geophone_capture_file::synthetic::{Call, Traffic};
use geophone_model::time::Timestamp;

use crate::pool::Pool;

/// How long before a request its connection is opened.
const OPEN_AHEAD_NS: u64 = 400_000;

/// A response: its status line's end, and the length of a body that nobody looks into.
pub(crate) type Answer = (&'static str, u32);

pub(crate) const OK: &str = "200 OK";
pub(crate) const CREATED: &str = "201 Created";
pub(crate) const ACCEPTED: &str = "202 Accepted";
pub(crate) const NOT_MODIFIED: &str = "304 Not Modified";
pub(crate) const NOT_FOUND: &str = "404 Not Found";
pub(crate) const CONFLICT: &str = "409 Conflict";
pub(crate) const ERROR: &str = "500 Internal Server Error";
pub(crate) const BAD_GATEWAY: &str = "502 Bad Gateway";
pub(crate) const UNAVAILABLE: &str = "503 Service Unavailable";

/// Sends a request (`GET /cart`) over a connection that is free, or over a new one, and the answer to it.
pub(crate) fn call(
    traffic: &mut Traffic,
    pool: &mut Pool,
    at: Timestamp,
    duration_ns: u64,
    request: &str,
    host: &str,
    (status, body_len): Answer,
) {
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {host}\r\n{}\r\n",
        if request.starts_with("POST") { "Content-Length: 0\r\n" } else { "" }
    );
    // A response of this status has no body, and says no length (RFC 9110 section 15.4.5).
    let response = if status == NOT_MODIFIED {
        format!("HTTP/1.1 {status}\r\n\r\n")
    } else {
        format!("HTTP/1.1 {status}\r\nContent-Length: {body_len}\r\n\r\n")
    };
    let (request, response) = (request.as_bytes(), response.as_bytes());
    let mut session = pool.take(traffic, at, OPEN_AHEAD_NS);
    session.call(traffic, &Call { at, duration_ns, request, response, unwanted_len: body_len });
    pool.give_back(session);
}
