//! The tokens of RESP: a line, and for a string of known length what follows it.
//!
//! Every value begins with a line whose first byte is its type. Scalars are that line, strings have so many more bytes, and of
//! aggregates the elements follow, each of them a value again. So a stream is a sequence of tokens, each with its length in
//! front, and [`Nesting`](super::nesting::Nesting) says where a value is over.

use memchr::memchr;

use super::RespError;
use crate::Parsed;

/// Bytes of a line that are looked at together. A longer one (an error's text, a line of MONITOR) is read in pieces of as many.
pub(super) const LINE_BYTES: usize = 256;

/// Bytes of a line that is a type and a number: a sign and the digits of an `i64`, and some leading zeros.
const NUMBER_LINE_BYTES: usize = 32;

/// A type of RESP3, whose types include those of RESP2 (RESP3 specification, "Types equivalent to RESP version 2").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// `+`
    Simple,
    /// `-`
    Error,
    /// `:`, `,`, `(`, `#`, `_`: a scalar whose value does not matter here, but for integers.
    Scalar,
    /// `$` and `=`.
    Bulk,
    /// `!`
    BulkError,
    /// `;`: a part of a streamed string.
    Chunk,
    /// `*` and `~`.
    Array,
    /// `%`
    Map,
    /// `>`
    Push,
    /// `|`: goes with the value behind it.
    Attribute,
    /// `.`: the end of a streamed aggregate.
    End,
}

/// What a token's line says of what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Extent {
    /// Nothing follows.
    Line,
    /// The line is longer than [`LINE_BYTES`] and goes on.
    Unended,
    /// So many bytes and a line end.
    Content(u64),
    /// So many values.
    Values(u64),
    /// Chunks, or values up to an end.
    Streamed,
    /// `$-1` or `*-1`: RESP2's null.
    Null,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) extent: Extent,
    /// Length of the line with its end.
    pub(super) line_len: usize,
}

impl Token {
    /// Reads the line at the beginning of `data`.
    #[inline]
    pub(super) fn parse(data: &[u8]) -> Result<Parsed<Self>, RespError> {
        let Some((&first, rest)) = data.split_first() else { return Ok(Parsed::Incomplete { at_least: 1 }) };
        match first {
            b'$' | b'=' => number_line(Kind::Bulk, rest),
            b'*' | b'~' => number_line(Kind::Array, rest),
            b'+' => text_line(Kind::Simple, data),
            b'-' => text_line(Kind::Error, data),
            b':' | b',' | b'(' | b'#' | b'_' => text_line(Kind::Scalar, data),
            b'%' => number_line(Kind::Map, rest),
            b'>' => number_line(Kind::Push, rest),
            b'|' => number_line(Kind::Attribute, rest),
            b'!' => number_line(Kind::BulkError, rest),
            b';' => number_line(Kind::Chunk, rest),
            b'.' => text_line(Kind::End, data),
            _ => Err(RespError::NotResp),
        }
    }

    /// Length on the wire, without the values that follow.
    #[inline]
    pub(super) fn len(self) -> u64 {
        let line_len = u64::try_from(self.line_len).unwrap_or(u64::MAX);
        match self.extent {
            Extent::Content(bytes) => line_len.saturating_add(bytes).saturating_add(2),
            Extent::Line | Extent::Unended | Extent::Values(_) | Extent::Streamed | Extent::Null => line_len,
        }
    }

    /// The text of a token whose first bytes are `data`: of a line what follows the type, of a string its content, as far as
    /// it is there.
    #[inline]
    pub(super) fn text(self, data: &[u8]) -> &[u8] {
        match self.extent {
            Extent::Content(bytes) => {
                let content = data.get(self.line_len..).unwrap_or_default();
                usize::try_from(bytes).ok().and_then(|bytes| content.get(..bytes)).unwrap_or(content)
            }
            _ => {
                let line = data.get(1..self.line_len).unwrap_or_default();
                line.strip_suffix(b"\r\n").unwrap_or(line)
            }
        }
    }
}

/// A type whose line is a text: it has no CR or LF in it.
#[inline]
fn text_line(kind: Kind, data: &[u8]) -> Result<Parsed<Token>, RespError> {
    let visible = data.get(..LINE_BYTES).unwrap_or(data);
    let (extent, line_len) = match memchr(b'\n', visible) {
        Some(at) if at.checked_sub(1).and_then(|before| visible.get(before)) == Some(&b'\r') => {
            (Extent::Line, at.saturating_add(1))
        }
        Some(_) => return Err(RespError::NotResp),
        None if visible.len() == LINE_BYTES => (Extent::Unended, LINE_BYTES),
        None => return Ok(Parsed::Incomplete { at_least: 1 }),
    };
    if kind == Kind::End && line_len != b".\r\n".len() {
        return Err(RespError::NotResp);
    }
    Ok(Parsed::Complete { value: Token { kind, extent, line_len }, consumed: line_len })
}

/// A type whose line is a number, `?` for what is streamed, or `-1` for null. `rest` is what follows the type.
#[inline]
fn number_line(kind: Kind, rest: &[u8]) -> Result<Parsed<Token>, RespError> {
    let mut number: u64 = 0;
    let mut len = 0_usize;
    for &byte in rest.iter().take(NUMBER_LINE_BYTES) {
        if !byte.is_ascii_digit() {
            break;
        }
        number = number
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(byte & 0x0f)))
            .ok_or(RespError::NotResp)?;
        len = len.saturating_add(1);
    }
    let extent = if len > 0 {
        counted(kind, number).ok_or(RespError::NotResp)?
    } else {
        let (word, extent) = match rest.first() {
            None => return Ok(Parsed::Incomplete { at_least: b"0\r\n".len() }),
            Some(b'-') => (&b"-1"[..], Extent::Null),
            Some(b'?') => (&b"?"[..], Extent::Streamed),
            Some(_) => return Err(RespError::NotResp),
        };
        let can_be = match extent {
            Extent::Null => matches!(kind, Kind::Bulk | Kind::Array),
            _ => !matches!(kind, Kind::BulkError | Kind::Chunk),
        };
        if !can_be
            || !rest.starts_with(
                rest.get(..rest.len().min(word.len())).filter(|had| word.starts_with(had)).ok_or(RespError::NotResp)?,
            )
        {
            return Err(RespError::NotResp);
        }
        len = word.len().min(rest.len());
        if len < word.len() {
            return Ok(Parsed::Incomplete { at_least: word.len().saturating_sub(len).saturating_add(2) });
        }
        extent
    };
    match rest.get(len..).unwrap_or_default() {
        [b'\r', b'\n', ..] => {
            let line_len = len.saturating_add(3);
            Ok(Parsed::Complete { value: Token { kind, extent, line_len }, consumed: line_len })
        }
        [b'\r'] => Ok(Parsed::Incomplete { at_least: 1 }),
        [] if len < NUMBER_LINE_BYTES => Ok(Parsed::Incomplete { at_least: 2 }),
        _ => Err(RespError::NotResp),
    }
}

/// What so many of a type are; `None` if there cannot be so many.
#[inline]
fn counted(kind: Kind, number: u64) -> Option<Extent> {
    Some(match kind {
        Kind::Bulk | Kind::BulkError => Extent::Content(number),
        Kind::Chunk if number == 0 => Extent::Line,
        Kind::Chunk => Extent::Content(number),
        // RESP3 specification, "Map type": the number is that of the pairs.
        Kind::Map | Kind::Attribute => Extent::Values(number.checked_mul(2)?),
        _ => Extent::Values(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(data: &[u8]) -> Token {
        match Token::parse(data) {
            Ok(Parsed::Complete { value, consumed }) => {
                assert_eq!(value.line_len, consumed);
                value
            }
            other => panic!("{}: {other:?}", data.escape_ascii()),
        }
    }

    #[test]
    fn each_type_says_what_follows() {
        for (data, kind, extent, len, text) in [
            (&b"+OK\r\n"[..], Kind::Simple, Extent::Line, 5, &b"OK"[..]),
            (b"-ERR no\r\n", Kind::Error, Extent::Line, 9, b"ERR no"),
            (b":-12\r\n", Kind::Scalar, Extent::Line, 6, b"-12"),
            (b",1.5\r\n", Kind::Scalar, Extent::Line, 6, b"1.5"),
            (b"(34928903284\r\n", Kind::Scalar, Extent::Line, 14, b"34928903284"),
            (b"#t\r\n", Kind::Scalar, Extent::Line, 4, b"t"),
            (b"_\r\n", Kind::Scalar, Extent::Line, 3, b""),
            (b"$5\r\nhello\r\n", Kind::Bulk, Extent::Content(5), 11, b"hello"),
            (b"$5\r\nhel", Kind::Bulk, Extent::Content(5), 11, b"hel"),
            (b"$-1\r\n", Kind::Bulk, Extent::Null, 5, b"-1"),
            (b"$?\r\n", Kind::Bulk, Extent::Streamed, 4, b"?"),
            (b"=7\r\ntxt:abc\r\n", Kind::Bulk, Extent::Content(7), 13, b"txt:abc"),
            (b"!6\r\nOOM no\r\n", Kind::BulkError, Extent::Content(6), 12, b"OOM no"),
            (b";4\r\nHell\r\n", Kind::Chunk, Extent::Content(4), 10, b"Hell"),
            (b";0\r\n", Kind::Chunk, Extent::Line, 4, b"0"),
            (b"*2\r\n", Kind::Array, Extent::Values(2), 4, b"2"),
            (b"*-1\r\n", Kind::Array, Extent::Null, 5, b"-1"),
            (b"*?\r\n", Kind::Array, Extent::Streamed, 4, b"?"),
            (b"~0\r\n", Kind::Array, Extent::Values(0), 4, b"0"),
            (b"%3\r\n", Kind::Map, Extent::Values(6), 4, b"3"),
            (b"|1\r\n", Kind::Attribute, Extent::Values(2), 4, b"1"),
            (b">3\r\n", Kind::Push, Extent::Values(3), 4, b"3"),
            (b".\r\n", Kind::End, Extent::Line, 3, b""),
        ] {
            let token = complete(data);
            assert_eq!(
                (token.kind, token.extent, token.len(), token.text(data)),
                (kind, extent, len, text),
                "{token:?}"
            );
        }
    }

    #[test]
    fn what_is_no_line_of_resp_is_refused_as_soon_as_that_shows() {
        for data in [
            &b"GET"[..],
            b"\x16\x03\x01",
            b"$x",
            b"$-2",
            b"$5 ",
            b"$5\rx",
            b"$99999999999999999999",
            b"$000000000000000000000000000000001\r\n",
            b"%-",
            b"%9223372036854775808\r\n",
            b"!?",
            b"+OK\n",
            b"+\n",
            b".x\r\n",
        ] {
            assert_eq!(Token::parse(data), Err(RespError::NotResp), "{}", data.escape_ascii());
        }
    }

    #[test]
    fn every_prefix_of_a_line_is_incomplete() {
        for line in
            [&b"+OK\r\n"[..], b"$-1\r\n", b"*?\r\n", b"$1048576\r\n", b":1\r\n", b">0000000000000000000000000004\r\n"]
        {
            for len in 0..line.len() {
                let parsed = Token::parse(&line[..len]);
                let Ok(Parsed::Incomplete { at_least }) = parsed else {
                    panic!("{} at {len}: {parsed:?}", line.escape_ascii())
                };
                assert!(at_least > 0 && len + at_least <= line.len(), "{} at {len}: {at_least}", line.escape_ascii());
            }
            complete(line);
        }
    }

    #[test]
    fn a_long_line_is_read_in_pieces() {
        let line = [b"-ERR ".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
        assert_eq!(Token::parse(&line[..LINE_BYTES - 1]), Ok(Parsed::Incomplete { at_least: 1 }));
        for len in [LINE_BYTES, line.len()] {
            assert_eq!(
                complete(&line[..len]),
                Token { kind: Kind::Error, extent: Extent::Unended, line_len: LINE_BYTES }
            );
        }
    }
}
