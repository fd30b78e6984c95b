//! One direction of a connection, up to where it is encrypted: from bytes to records and handshake messages.

use alloc::vec::Vec;

use super::message::{CLIENT_HELLO, Content, MESSAGE_HEADER_BYTES, RecordHeader, SERVER_HELLO};
use crate::{Parsed, Span};

/// Takes the records of one direction apart.
///
/// What it does is decided by the position in the stream alone, never by where a call's bytes begin or end.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// A header that is not whole yet.
    header: Vec<u8>,
    /// When its bytes were seen, and how many there are.
    header_span: Span,
    /// What is to come of the record under way, and of which content it is.
    record: Option<(Content, u16)>,
}

/// What is at a place in the stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'a> {
    /// A record begins. The span is its header's.
    Began(RecordHeader, Span),
    /// The next bytes of a record's content, and whether they are its last.
    Content { content: Content, data: &'a [u8], is_last: bool },
    /// What should be a header is none. The span has the bytes up to the first that is wrong.
    Malformed(Span),
}

impl Records {
    /// Takes bytes from the front of `data` up to the next event.
    pub(super) fn step<'a>(&mut self, now_ns: u64, data: &mut &'a [u8]) -> Option<Event<'a>> {
        if let Some((content, remaining)) = self.record {
            let (taken, rest) = data.split_at_checked(usize::from(remaining)).unwrap_or((*data, &[]));
            *data = rest;
            let remaining = remaining.saturating_sub(u16::try_from(taken.len()).unwrap_or(remaining));
            self.record = (remaining > 0).then_some((content, remaining));
            return (!taken.is_empty()).then_some(Event::Content { content, data: taken, is_last: remaining == 0 });
        }
        while let Some((&byte, rest)) = data.split_first() {
            *data = rest;
            if self.header.is_empty() {
                self.header_span = Span::starting(now_ns);
            }
            self.header.push(byte);
            self.header_span.extend(now_ns, 1);
            match RecordHeader::parse(&self.header) {
                Ok(Parsed::Incomplete { .. }) => {}
                Ok(Parsed::Complete { value, .. }) => {
                    self.header.clear();
                    // Nothing follows the header of an empty record.
                    self.record = (value.len > 0).then_some((value.content, value.len));
                    return Some(Event::Began(value, self.header_span));
                }
                Err(_) => return Some(Event::Malformed(self.header_span)),
            }
        }
        None
    }

    /// Passes over the next `len` bytes, which are lost; `false` if they are not all content of the record under way.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        let Some((content, remaining)) = self.record else { return false };
        let Some(after) = u16::try_from(len).ok().and_then(|len| remaining.checked_sub(len)) else { return false };
        self.record = (after > 0).then_some((content, after));
        true
    }

    /// The content of the record under way.
    pub(super) fn content(&self) -> Option<Content> {
        self.record.map(|(content, _)| content)
    }

    /// The bytes of a header that is not whole, which will not be.
    pub(super) fn give_up(&mut self) -> Option<Span> {
        let held = !core::mem::take(&mut self.header).is_empty();
        held.then_some(self.header_span)
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        self.header.capacity()
    }
}

/// Takes handshake messages out of the records that they are spread over (RFC 8446 section 5.1), and holds the hellos.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The header of the message under way, and behind it what is held.
    held: Vec<u8>,
    /// Bytes of the message that are to come behind its header.
    remaining: u32,
    is_held: bool,
    is_over: bool,
}

/// A handshake message that has come to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) kind: u8,
    /// It is a hello, and not too large to be held.
    pub(super) is_held: bool,
}

impl Messages {
    /// Takes bytes from the front of `data` up to the end of a message.
    pub(super) fn step(&mut self, data: &mut &[u8], hello_bytes: usize) -> Option<Message> {
        if core::mem::take(&mut self.is_over) {
            self.held.clear();
        }
        let missing = MESSAGE_HEADER_BYTES.saturating_sub(self.held.len());
        if missing > 0 {
            let (taken, rest) = data.split_at_checked(missing).unwrap_or((*data, &[]));
            self.held.extend_from_slice(taken);
            *data = rest;
            let &[kind, a, b, c] = self.held.first_chunk()?;
            self.remaining = u32::from_be_bytes([0, a, b, c]);
            let fits = usize::try_from(self.remaining).is_ok_and(|len| len <= hello_bytes);
            self.is_held = fits && matches!(kind, CLIENT_HELLO | SERVER_HELLO);
        }
        let here = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(data.len());
        let (taken, rest) = data.split_at_checked(here)?;
        *data = rest;
        if self.is_held {
            self.held.extend_from_slice(taken);
        }
        self.remaining = self.remaining.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
        self.is_over = self.remaining == 0;
        let kind = *self.held.first()?;
        self.is_over.then_some(Message { kind, is_held: self.is_held })
    }

    /// The body of the message that has just come to its end, if it is held.
    pub(super) fn body(&self) -> &[u8] {
        self.held.get(MESSAGE_HEADER_BYTES..).unwrap_or_default()
    }

    /// Bytes of memory that it holds.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// Passes over the next `len` bytes, which are lost; `false` if they are not all of a message that is not held.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        let is_in_message = self.held.len() >= MESSAGE_HEADER_BYTES && !self.is_over && !self.is_held;
        let Some(after) = u32::try_from(len).ok().and_then(|len| self.remaining.checked_sub(len)) else { return false };
        if is_in_message {
            self.remaining = after;
            self.is_over = after == 0;
        }
        is_in_message
    }
}
