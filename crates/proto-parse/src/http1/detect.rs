//! Is this HTTP/1?

use alloc::vec::Vec;

use memchr::memchr;

use super::head::{Head, HeadReader};
use super::message::{RequestHead, ResponseHead};
use super::search::{RequestSearch, ResponseSearch, Search};
use crate::{Detection, Direction, Limits, Place};

/// Whether bytes are of HTTP/1: at the start of a connection by their first line, in the middle of one by whether a start line is
/// among them.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], limits: &Limits) -> Detection {
    match (place, direction) {
        (Place::Start, Direction::ToServer) => detect_client(prefix, limits),
        (Place::Start, Direction::ToClient) => detect_server(prefix, limits),
        (Place::Middle, Direction::ToServer) => {
            // A response may quote a request further on.
            let response = find_response(prefix, limits).map_or(usize::MAX, |found| found.seen);
            is_found(find_request(prefix, limits).filter(|request| request.seen <= response))
        }
        (Place::Middle, Direction::ToClient) => is_found(find_response(prefix, limits)),
    }
}

fn is_found(found: Option<Found>) -> Detection {
    if found.is_some() { Detection::Match } else { Detection::NeedMore }
}

/// Whether the first bytes that a side sent are an HTTP/1 request: decided with its first line.
#[must_use]
pub fn detect_client(prefix: &[u8], limits: &Limits) -> Detection {
    detect_first_line::<RequestHead>(prefix, limits)
}

/// Whether the first bytes that a side sent are an HTTP/1 response: decided with its first line.
#[must_use]
pub fn detect_server(prefix: &[u8], limits: &Limits) -> Detection {
    detect_first_line::<ResponseHead>(prefix, limits)
}

/// Where in bytes from the middle of a stream the first request begins, or what looks like one, and how many bytes of
/// `data` it took to see that.
#[must_use]
pub fn find_request(data: &[u8], limits: &Limits) -> Option<Found> {
    find(RequestSearch::default(), data, limits)
}

/// Where in bytes from the middle of a stream the first response begins, or what looks like one, and how many bytes of
/// `data` it took to see that.
#[must_use]
pub fn find_response(data: &[u8], limits: &Limits) -> Option<Found> {
    find(ResponseSearch::default(), data, limits)
}

/// The place of a start line in the middle of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Where it begins.
    pub at: usize,
    /// How many bytes of the data were needed to recognise it.
    pub seen: usize,
}

fn detect_first_line<H: Head>(prefix: &[u8], limits: &Limits) -> Detection {
    // RFC 9112 section 2.2: empty lines before the start line are passed over.
    let empty_lines = prefix.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = prefix.get(empty_lines..).unwrap_or_default();
    if empty_lines > limits.verb_bytes || H::first_violation(line, limits).is_some() {
        return Detection::NoMatch;
    }
    let Some(line) = memchr(b'\n', line).and_then(|end| line.get(..end)) else { return Detection::NeedMore };
    match HeadReader::<H>::default().line(line, limits) {
        // A target that is not valid is one of HTTP/1 nevertheless.
        Err(error) if error.is_other_protocol() => Detection::NoMatch,
        _ => Detection::Match,
    }
}

fn find(mut search: impl Search, data: &[u8], limits: &Limits) -> Option<Found> {
    let mut line = Vec::new();
    let (taken, found) = search.step(0, data, &mut line, limits.line_bytes);
    // The byte that decided is not taken.
    found.map(|_| Found { at: taken.saturating_sub(line.len()), seen: taken.saturating_add(1) })
}
