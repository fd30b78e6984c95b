//! Finding the beginning of a message in the middle of a stream.
//!
//! A message that follows another one's body begins right behind that body's last byte, without a line end between. So
//! the searches look for the shape of a start line anywhere. What they find is a candidate: its head must parse too.

use alloc::vec::Vec;

use memchr::memchr;

use crate::Span;

/// The methods of RFC 9110 section 9, PATCH (RFC 5789) and those of WebDAV that are met in the wild. Any token may be
/// a method; in the middle of a stream, only these are believed.
const METHODS: [&[u8]; 14] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"REPORT",
];

/// A search for a start line.
pub(super) trait Search: Default {
    /// Looks through `data`, all seen at `now_ns`, and returns how many bytes were taken. `line` is the search's to hold
    /// candidates in, at most `line_bytes` of it. If a start line was found, `line` has its beginning, up to where
    /// the data goes on, and the span of what it has is returned too.
    fn step(&mut self, now_ns: u64, data: &[u8], line: &mut Vec<u8>, line_bytes: usize) -> (usize, Option<Span>);

    /// Forgets what was seen: bytes are missing here.
    fn reset(&mut self);
}

/// Searches for `method SP request-target SP HTTP/1.x [CR] LF` with a well-known method; found before the LF.
#[derive(Debug, Default)]
pub(super) struct RequestSearch {
    /// The last bytes seen, the newest at the end, with their times: the method may have begun in an earlier call.
    tail: [u8; TAIL],
    tail_ns: [u64; TAIL],
    tail_len: usize,
    candidate: Option<Candidate>,
}

/// As long as the longest of [`METHODS`].
const TAIL: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Candidate {
    span: Span,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    TargetStart,
    Target,
    /// So many bytes of [`VERSION`] were there.
    Version(usize),
}

/// `HTTP/1.` and a digit, and the CR that may be left out.
const VERSION: &[u8; 9] = b"HTTP/1.0\r";

impl Search for RequestSearch {
    fn step(&mut self, now_ns: u64, data: &[u8], line: &mut Vec<u8>, line_bytes: usize) -> (usize, Option<Span>) {
        let mut taken = 0_usize;
        while let Some(rest) = data.get(taken..).filter(|rest| !rest.is_empty()) {
            let Some(mut candidate) = self.candidate else {
                taken = taken.saturating_add(self.find_method(now_ns, rest, line));
                continue;
            };
            let Some(&byte) = rest.first() else { break };
            match candidate.stage.next(byte) {
                _ if line.len() >= line_bytes => self.give_up(line),
                Next::Violated => self.give_up(line),
                // The line feed is left to the reader of lines.
                Next::Found => {
                    self.reset();
                    return (taken, Some(candidate.span));
                }
                Next::Stage(stage) => {
                    candidate.span.extend(now_ns, 1);
                    self.candidate = Some(Candidate { stage, ..candidate });
                    line.push(byte);
                    self.remember(now_ns, &[byte]);
                    taken = taken.saturating_add(1);
                }
            }
        }
        (taken, None)
    }

    fn reset(&mut self) {
        self.tail_len = 0;
        self.candidate = None;
    }
}

impl RequestSearch {
    /// Goes on behind the next space; if a method stands before that, it is in `line` and a candidate then.
    fn find_method(&mut self, now_ns: u64, data: &[u8], line: &mut Vec<u8>) -> usize {
        let space = memchr(b' ', data);
        let before = data.get(..space.unwrap_or(data.len())).unwrap_or_default();
        self.remember(now_ns, before);
        let Some(space) = space else { return data.len() };
        let tail = self.tail.get(TAIL.saturating_sub(self.tail_len)..).unwrap_or_default();
        if let Some(method) = METHODS.into_iter().find(|method| tail.ends_with(method)) {
            let times_ns = self.tail_ns.iter().skip(TAIL.saturating_sub(method.len()));
            let mut span = Span::starting(times_ns.clone().next().copied().unwrap_or(now_ns));
            times_ns.for_each(|&seen_ns| span.extend(seen_ns, 1));
            span.extend(now_ns, 1);
            self.candidate = Some(Candidate { span, stage: Stage::TargetStart });
            line.clear();
            line.extend_from_slice(method);
            line.push(b' ');
        }
        self.remember(now_ns, b" ");
        space.saturating_add(1)
    }

    fn give_up(&mut self, line: &mut Vec<u8>) {
        self.candidate = None;
        line.clear();
    }

    fn remember(&mut self, now_ns: u64, data: &[u8]) {
        let newest = data.get(data.len().saturating_sub(TAIL)..).unwrap_or_default();
        let kept_from = newest.len();
        self.tail.rotate_left(kept_from);
        self.tail_ns.rotate_left(kept_from);
        let at = TAIL.saturating_sub(kept_from);
        if let (Some(bytes), Some(times)) = (self.tail.get_mut(at..), self.tail_ns.get_mut(at..)) {
            bytes.copy_from_slice(newest);
            times.fill(now_ns);
        }
        self.tail_len = self.tail_len.saturating_add(newest.len()).min(TAIL);
    }
}

enum Next {
    Stage(Stage),
    Found,
    Violated,
}

impl Stage {
    fn next(self, byte: u8) -> Next {
        match (self, byte) {
            (Self::TargetStart, b'/' | b'*' | b'[') => Next::Stage(Self::Target),
            (Self::TargetStart, byte) if byte.is_ascii_alphanumeric() => Next::Stage(Self::Target),
            (Self::Target, b' ') => Next::Stage(Self::Version(0)),
            (Self::Target, byte) if byte > b' ' && byte != 0x7f => Next::Stage(Self::Target),
            (Self::Version(8 | 9), b'\n') => Next::Found,
            (Self::Version(7), b'0'..=b'9') => Next::Stage(Self::Version(8)),
            (Self::Version(seen), byte) if VERSION.get(seen) == Some(&byte) && seen != 7 => {
                Next::Stage(Self::Version(seen.saturating_add(1)))
            }
            _ => Next::Violated,
        }
    }
}

/// Searches for `HTTP/1.x SP 3DIGIT` and a space or a line end; found before that.
#[derive(Debug, Default)]
pub(super) struct ResponseSearch {
    span: Span,
}

impl Search for ResponseSearch {
    fn step(&mut self, now_ns: u64, data: &[u8], line: &mut Vec<u8>, _line_bytes: usize) -> (usize, Option<Span>) {
        let mut taken = 0_usize;
        while let Some(rest) = data.get(taken..).filter(|rest| !rest.is_empty()) {
            if line.is_empty() {
                let Some(at) = memchr(b'H', rest) else { return (data.len(), None) };
                self.span = Span::starting(now_ns);
                self.span.extend(now_ns, 1);
                line.push(b'H');
                taken = taken.saturating_add(at).saturating_add(1);
                continue;
            }
            let Some(&byte) = rest.first() else { break };
            let fits = match line.len() {
                7 | 9..=11 => byte.is_ascii_digit(),
                12 if matches!(byte, b' ' | b'\r' | b'\n') => return (taken, Some(self.span)),
                seen => b"HTTP/1.0 ".get(seen) == Some(&byte),
            };
            if fits {
                self.span.extend(now_ns, 1);
                line.push(byte);
                taken = taken.saturating_add(1);
            } else {
                // An H is nowhere but at the beginning, so that nothing of what was held can begin anew. The byte that
                // did not fit may: it is looked at again.
                line.clear();
            }
        }
        (taken, None)
    }

    fn reset(&mut self) {}
}
