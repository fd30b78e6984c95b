//! A head, read line by line, so that no head is ever held as a whole.

use memchr::memchr;

use super::HeadError;
use super::field::{self, Extent, Name, has_disputed, line_feed};
use super::framing::Framing;
use super::search::Search;
use crate::{Limits, Parsed};

/// The head of a request or of a response: what differs between the two.
pub(super) trait Head: Default {
    /// How the beginning of one is found in the middle of a stream.
    type Search: Search;

    /// Forgets everything but the buffers.
    fn clear(&mut self);

    /// Where the first byte is, if there is one, that shows that no start line begins like `line`, which has no line
    /// feed yet.
    fn first_violation(line: &[u8], limits: &Limits) -> Option<usize>;

    /// Takes the start line, without its line end.
    fn start_line(&mut self, line: &[u8], limits: &Limits) -> Result<(), HeadError>;

    /// Takes the value of a field that is neither `Content-Length` nor `Transfer-Encoding`.
    fn field(&mut self, name: Name, value: &[u8], limits: &Limits);

    /// What the fields say about the end of the message.
    fn framing(&mut self) -> &mut Framing;

    /// Checks the head as a whole, once its last line was read.
    fn finish(&mut self) -> Result<(), HeadError>;
}

/// Takes the lines of one head.
#[derive(Debug, Default)]
pub(super) struct HeadReader<H> {
    pub(super) head: H,
    stage: Stage,
    above: Above,
    /// What was passed over of an overlong line ends with a CR.
    after_cr: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    StartLine,
    Fields,
}

/// What a line that begins with whitespace goes with.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Above {
    #[default]
    StartLine,
    Field,
    /// A field that decides where the message ends.
    FramingField,
}

impl<H: Head> HeadReader<H> {
    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.stage = Stage::StartLine;
        self.above = Above::StartLine;
        self.after_cr = false;
    }

    /// Whether the start line is still to come.
    pub(super) fn is_at_start_line(&self) -> bool {
        self.stage == Stage::StartLine
    }

    /// Takes the lines that are whole in `data` and within the limit, up to the last of the head. Returns how many bytes
    /// these were, and whether the last was among them.
    pub(super) fn lines(&mut self, data: &[u8], limits: &Limits) -> (usize, Result<bool, HeadError>) {
        let mut rest = data;
        let mut outcome = Ok(false);
        loop {
            // Nearly all lines are fields that matter to nobody: of these, only the extent is looked at.
            while self.stage == Stage::Fields
                && let Some(Extent { name_len, line_len, may_matter }) = field::extent(rest)
                && line_len <= limits.line_bytes
                && let Some((line, [_, after @ ..])) = rest.split_at_checked(line_len)
            {
                rest = after;
                let (name, value) = if may_matter { field::split_at(line, name_len) } else { (Name::Other, &b""[..]) };
                self.field(name, value, limits);
            }
            let Some(len) = line_feed(rest).filter(|len| *len <= limits.line_bytes) else { break };
            let Some((line, [_, after @ ..])) = rest.split_at_checked(len) else { break };
            rest = after;
            outcome = self.line(line, limits);
            if outcome != Ok(false) {
                break;
            }
        }
        (data.len().saturating_sub(rest.len()), outcome)
    }

    /// Takes one line without its line feed, and says whether it was the last.
    ///
    /// RFC 9112 section 2.2: a lone LF may be taken as a line end, and a CR before it is ignored. A CR elsewhere makes a
    /// name or a framing field invalid, and any other line [disputed](has_disputed).
    pub(super) fn line(&mut self, line: &[u8], limits: &Limits) -> Result<bool, HeadError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.stage == Stage::StartLine {
            self.head.start_line(line, limits)?;
            self.stage = Stage::Fields;
            return Ok(false);
        }
        if line.is_empty() {
            return self.head.finish().map(|()| true);
        }
        if has_disputed(line) {
            self.head.framing().dispute();
        }
        match line {
            [b' ' | b'\t', ..] => self.folded().map(|()| false),
            _ => {
                let (name, value) = field::split(line)?;
                self.field(name, value, limits);
                Ok(false)
            }
        }
    }

    #[inline]
    fn field(&mut self, name: Name, value: &[u8], limits: &Limits) {
        let is_framing = matches!(name, Name::ContentLength | Name::TransferEncoding);
        self.above = if is_framing { Above::FramingField } else { Above::Field };
        match name {
            Name::Other => {}
            Name::ContentLength => self.head.framing().content_length(value),
            Name::TransferEncoding => self.head.framing().transfer_encoding(value),
            Name::Host | Name::Traceparent | Name::ContentType | Name::Upgrade => self.head.field(name, value, limits),
        }
    }

    /// Takes the beginning of a line that is over the limit. A field that does not matter is passed over.
    #[cold]
    pub(super) fn overlong(&mut self, beginning: &[u8]) -> Result<(), HeadError> {
        match beginning {
            _ if self.is_at_start_line() => return Err(HeadError::TooLarge),
            [b' ' | b'\t', ..] => self.folded()?,
            _ => match field::split(beginning)? {
                (Name::Other, _) => self.above = Above::Field,
                _ => return Err(HeadError::TooLarge),
            },
        }
        self.after_cr = false;
        self.pass_over(beginning);
        Ok(())
    }

    /// Takes the next part of such a line, up to its line feed.
    #[cold]
    pub(super) fn pass_over(&mut self, part: &[u8]) {
        let text = part.strip_suffix(b"\r").unwrap_or(part);
        if (self.after_cr && !part.is_empty()) || has_disputed(text) {
            self.head.framing().dispute();
        }
        self.after_cr = text.len() < part.len();
    }

    /// RFC 9112 section 5.2: a server rejects a folded field or replaces the fold by a space. Only of a field that decides
    /// about the end of the message does it matter, and there nobody should guess. Section 2.2: right behind the start
    /// line, a line that begins with whitespace is passed over or rejected, lest another recipient takes it for a field.
    fn folded(&mut self) -> Result<(), HeadError> {
        match self.above {
            Above::StartLine => self.head.framing().dispute(),
            Above::Field => {}
            Above::FramingField => return Err(HeadError::Folded),
        }
        Ok(())
    }
}

/// Parses a whole head at the beginning of `data`: the message-level form of what a connection does line by line.
pub(super) fn parse<H: Head>(data: &[u8], limits: &Limits) -> Result<Parsed<H>, HeadError> {
    // RFC 9112 section 2.2: empty lines before the start line are passed over.
    let empty_lines = data.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut rest = data.get(empty_lines..).unwrap_or_default();
    if H::first_violation(rest, limits).is_some() {
        return Err(HeadError::NotHttp1);
    }
    let room = usize::try_from(limits.head_bytes).unwrap_or(usize::MAX);
    let is_cut = rest.len() > room;
    rest = rest.get(..room).unwrap_or(rest);
    let mut reader = HeadReader::<H>::default();
    loop {
        let (taken, outcome) = reader.lines(rest, limits);
        rest = rest.get(taken..).unwrap_or_default();
        if outcome? {
            let consumed = data.len().min(empty_lines.saturating_add(room)).saturating_sub(rest.len());
            return Ok(Parsed::Complete { value: reader.head, consumed });
        }
        if rest.len() > limits.line_bytes {
            reader.overlong(rest.get(..limits.line_bytes).unwrap_or_default())?;
            if let Some(line_len) = memchr(b'\n', rest) {
                reader.pass_over(rest.get(limits.line_bytes..line_len).unwrap_or_default());
                rest = rest.get(line_len.saturating_add(1)..).unwrap_or_default();
                continue;
            }
        }
        return if is_cut { Err(HeadError::TooLarge) } else { Ok(Parsed::Incomplete { at_least: 1 }) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::message::RequestHead;

    #[test]
    fn a_line_is_disputed_within_the_limit_and_beyond() {
        for (fields, is_disputed) in [
            (&b"X: abcdefghijklmnopqrstuvwxyz\r\n"[..], false),
            (b"X: abcdefghijklmnopqrstuvwxyz\n", false),
            (b"X:\tabcdefghijklmn\topqrstuvwxyz\r\n", false),
            (b"X: a\rbcdefghijklmnopqrstuvwxyz\r\n", true),
            (b"X: abcdefghijklmnopqrstuvwxyz\0\n", true),
            (b"X: abcdefghijklmnopqrstuvwxyz\r\r\n", true),
            (b"X: a\r\n bcdefghijklmnopqrstuvwxyz\r\n", false),
            (b"X: a\r\n bcdefghijklmnopqrstuvwxy\rz\r\n", true),
            (b" X: abcdefghijklmnopqrstuvwxyz\r\n", true),
            (b"\t\r\n", true),
        ] {
            let data = [b"GET / HTTP/1.1\r\n", fields, b"\r\n"].concat();
            for line_bytes in 15..40 {
                match parse::<RequestHead>(&data, &Limits { line_bytes, ..Limits::default() }) {
                    Ok(Parsed::Complete { value, consumed }) => {
                        assert_eq!(
                            (value.is_ambiguous(), consumed),
                            (is_disputed, data.len()),
                            "{}, {line_bytes} bytes a line",
                            fields.escape_ascii()
                        );
                    }
                    other => panic!("{}: {other:?}", fields.escape_ascii()),
                }
            }
        }
    }
}
