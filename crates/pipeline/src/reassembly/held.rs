//! What came before its turn.

use std::collections::VecDeque;

use geophone_model::time::Timestamp;

/// Pieces of a stream behind a hole: in order, apart from one another, the first sighting of a byte wins.
#[derive(Debug, Default)]
pub(crate) struct Held {
    segments: VecDeque<Segment>,
    /// Bytes of the stream that they cover.
    len: u64,
    /// Bytes of content that they hold.
    content_bytes: usize,
}

/// A piece of a stream.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) at: Timestamp,
    pub(crate) content: Content,
}

/// What is known of a piece.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// The source left it out as it was told.
    LeftOut,
    /// The source could not copy it.
    Cut,
}

impl Segment {
    pub(crate) const fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    fn content_bytes(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) => bytes.len(),
            Content::LeftOut | Content::Cut => 0,
        }
    }
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    pub(crate) const fn content_bytes(&self) -> usize {
        self.content_bytes
    }

    pub(crate) fn first(&self) -> Option<&Segment> {
        self.segments.front()
    }

    pub(crate) fn pop_first(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        self.len -= segment.len;
        self.content_bytes -= segment.content_bytes();
        Some(segment)
    }

    /// Adds `len` bytes at `start` as far as they are not there yet, made by `content` from the range within the added
    /// ones. Returns how many were new.
    pub(crate) fn insert(
        &mut self,
        start: u64,
        len: u64,
        at: Timestamp,
        mut content: impl FnMut(u64, u64) -> Content,
    ) -> u64 {
        let end = start.saturating_add(len);
        let mut index = self.segments.partition_point(|segment| segment.end() <= start);
        let mut cursor = start;
        let mut added = 0;
        while cursor < end {
            let next = self.segments.get(index).map_or(end, |segment| segment.start.min(end));
            if cursor < next {
                let len = next - cursor;
                let segment =
                    Segment { start: cursor, len, at, content: content(cursor - start, cursor - start + len) };
                added += len;
                self.content_bytes += segment.content_bytes();
                self.segments.insert(index, segment);
                cursor = next;
            } else {
                cursor = self.segments.get(index).map_or(end, Segment::end);
            }
            index += 1;
        }
        self.len += added;
        added
    }
}
