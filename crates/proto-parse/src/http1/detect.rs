//! Is this HTTP/1?

use alloc::vec::Vec;

use memchr::memchr;

use super::head::{Head, HeadReader};
use super::message::{RequestHead, ResponseHead};
use super::search::{RequestSearch, ResponseSearch, Search};
use crate::{Detection, Direction, Limits};

/// Whether the first bytes that a side sent are an HTTP/1 request: decided with its first line.
#[must_use]
pub fn detect_client(prefix: &[u8], limits: &Limits) -> Detection {
    detect::<RequestHead>(prefix, limits)
}

/// Whether the first bytes that a side sent are an HTTP/1 response: decided with its first line.
#[must_use]
pub fn detect_server(prefix: &[u8], limits: &Limits) -> Detection {
    detect::<ResponseHead>(prefix, limits)
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

/// The searches for a request and for a response in one stream, whose bytes come in pieces: none is looked at twice.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    request: RequestSearch,
    request_line: Vec<u8>,
    response: ResponseSearch,
    response_line: Vec<u8>,
}

impl Finder {
    /// Whose messages the bytes are, as soon as that shows. What is recognised first counts: a response may quote a request
    /// further on.
    pub(crate) fn step(&mut self, data: &[u8], limits: &Limits) -> Option<Direction> {
        let request = self.request.step(0, data, &mut self.request_line, limits.line_bytes);
        let response = self.response.step(0, data, &mut self.response_line, limits.line_bytes);
        match (request, response) {
            ((request, Some(_)), (response, Some(_))) if response < request => Some(Direction::ToClient),
            ((_, Some(_)), _) => Some(Direction::ToServer),
            (_, (_, Some(_))) => Some(Direction::ToClient),
            ((_, None), (_, None)) => None,
        }
    }
}

/// Whether `data` may decide, behind `held_bytes` from the beginning of a stream that have not. What can be told from a
/// first word is told by then; all else is decided by the end of the line.
pub(crate) fn may_decide(held_bytes: usize, data: &[u8], limits: &Limits) -> bool {
    let words_bytes = limits.verb_bytes.saturating_mul(2).saturating_add(b"HTTP/1.".len());
    held_bytes <= words_bytes || memchr(b'\n', data).is_some()
}

fn detect<H: Head>(prefix: &[u8], limits: &Limits) -> Detection {
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
