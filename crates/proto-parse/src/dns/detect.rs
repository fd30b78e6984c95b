//! Is this DNS?

use super::conn::LENGTH_BYTES;
use super::message::HEADER_BYTES;
use crate::{Detection, Direction, Limits, Place};

/// Whether the first bytes of a direction of a TCP connection are DNS: decided with the end of the first question.
#[must_use]
pub fn detect(direction: Direction, _place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    let Some((len, message)) = prefix.split_first_chunk::<LENGTH_BYTES>() else { return Detection::NeedMore };
    let len = usize::from(u16::from_be_bytes(*len));
    if len < HEADER_BYTES + MIN_QUESTION_BYTES {
        return Detection::NoMatch;
    }
    // What is behind the message says nothing of it.
    recognise(direction, message.get(..len).unwrap_or(message), len)
}

/// Whether a datagram is a DNS message of the usual kind: one question for a record of the internet.
#[must_use]
pub fn detect_datagram(direction: Direction, datagram: &[u8]) -> Detection {
    match recognise(direction, datagram, datagram.len()) {
        Detection::NeedMore => Detection::NoMatch,
        decided => decided,
    }
}

/// A question about the root, its type and its class.
const MIN_QUESTION_BYTES: usize = 1 + 4;

/// Whether what a message of `len` bytes begins with is a header and a question.
fn recognise(direction: Direction, message: &[u8], len: usize) -> Detection {
    let is_query = direction == Direction::ToServer;
    for (at, &byte) in message.iter().enumerate().take(HEADER_BYTES) {
        let is_possible = match at {
            // RFC 1035 section 4.1.1: QR, and the usual opcode. A query is no authoritative answer and not truncated.
            2 if is_query => byte & 0xfe == 0,
            2 => byte & 0xf8 == 0x80,
            // No recursion available in a query, Z is zero; a query has no response code.
            3 if is_query => byte & 0xcf == 0,
            3 => byte & 0x40 == 0,
            // One question, no answers to it in a query.
            4 => byte == 0,
            5 => byte == 1,
            6..=9 if is_query => byte == 0,
            // EDNS and a signature, at most.
            10 => byte == 0 || !is_query,
            11 => byte <= 2 || !is_query,
            _ => true,
        };
        if !is_possible {
            return Detection::NoMatch;
        }
    }
    match message.get(HEADER_BYTES..) {
        None => Detection::NeedMore,
        Some(question) => recognise_question(question, len.saturating_sub(HEADER_BYTES)),
    }
}

/// Whether a first question, which has nothing to point to, is a name, a type and the class of the internet.
fn recognise_question(question: &[u8], len: usize) -> Detection {
    let mut at = 0_usize;
    loop {
        let label_bytes = match question.get(at) {
            None if at >= len => return Detection::NoMatch,
            None => return Detection::NeedMore,
            Some(0) => break,
            Some(len @ 1..=63) => usize::from(*len),
            Some(_) => return Detection::NoMatch,
        };
        let label_at = at.saturating_add(1);
        at = label_at.saturating_add(label_bytes);
        // RFC 1035 section 2.3.4.
        if at >= 255 || question.iter().take(at).skip(label_at).any(|byte| !is_usual(*byte)) {
            return Detection::NoMatch;
        }
    }
    match question.get(at.saturating_add(3)..) {
        None | Some([]) if at.saturating_add(5) > len => Detection::NoMatch,
        // RFC 6762 section 5.4: the highest bit asks for an answer to the asker alone.
        Some([0 | 0x80, 1, ..]) => Detection::Match,
        None | Some([] | [0 | 0x80]) => Detection::NeedMore,
        Some(_) => Detection::NoMatch,
    }
}

/// Bytes of the names that are asked for.
const fn is_usual(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}
