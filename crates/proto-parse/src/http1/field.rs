//! Field lines (RFC 9112 section 5).

use core::num::NonZero;

use memchr::{memchr, memchr2, memchr3};

use super::HeadError;

/// The fields that matter to an observer; all others are `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    ContentLength,
    TransferEncoding,
    Host,
    Traceparent,
    ContentType,
    Upgrade,
    Other,
}

/// Splits `field-line = field-name ":" OWS field-value OWS`, the line end taken off before. Of other fields, the value is
/// not looked at.
pub(super) fn split(line: &[u8]) -> Result<(Name, &[u8]), HeadError> {
    // RFC 9112 section 5.1: no whitespace between name and colon; a server must answer 400. A name is a token.
    let Some((name @ [_, ..], [b':', value @ ..])) = line.split_at_checked(token_len(line)) else {
        return Err(HeadError::FieldName);
    };
    match name_of(name) {
        Name::Other => Ok((Name::Other, b"")),
        name => Ok((name, trim(value))),
    }
}

/// Where the parts of a field line are that is whole at the beginning of some data, and whose name is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) name_len: usize,
    /// The line's bytes, without the line feed.
    pub(super) line_len: usize,
    /// By the length of its name and the first letter it may be one that matters.
    pub(super) may_matter: bool,
}

/// The extent of the field line at the beginning of `data`, in one way through it; `None` for all lines that are not so
/// simple, those with a byte that [`is_disputed`] among them.
#[inline]
pub(super) fn extent(data: &[u8]) -> Option<Extent> {
    let name_len = token_len(data);
    let first = data.first()? | 0x20;
    if name_len == 0 || data.get(name_len) != Some(&b':') {
        return None;
    }
    let line_len = name_len.wrapping_add(plain_line(data.get(name_len..)?)?);
    let may_matter = matches!((name_len, first), (4, b'h') | (7, b'u') | (11 | 17, b't') | (12 | 14, b'c'));
    Some(Extent { name_len, line_len, may_matter })
}

/// The parts of a line whose name has `name_len` bytes, the line end taken off or not.
pub(super) fn split_at(line: &[u8], name_len: usize) -> (Name, &[u8]) {
    let (name, value) = line.split_at_checked(name_len).unwrap_or_default();
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    (name_of(name), trim(value.get(1..).unwrap_or_default()))
}

/// How many bytes at the beginning of `data` may be in a token. Most names are of letters and dashes, which are looked
/// for eight at a time.
#[inline]
fn token_len(data: &[u8]) -> usize {
    let (words, _) = data.as_chunks();
    let mut len = 0_usize;
    for word in words {
        if let Some(others) = NonZero::new(no_letter_or_dash(u64::from_le_bytes(*word))) {
            len = len.wrapping_add(first_marked(others));
            break;
        }
        len = len.wrapping_add(8);
    }
    while data.get(len).is_some_and(|&byte| is_token(byte)) {
        len = len.saturating_add(1);
    }
    len
}

/// Whether a line, its line end taken off before, has a byte in it that [`is_disputed`].
pub(super) fn has_disputed(line: &[u8]) -> bool {
    memchr2(b'\r', 0, line).is_some()
}

/// Whether some recipients take this byte for the end of a line, or of a value, that goes on behind it.
///
/// RFC 9110 section 5.5 and RFC 9112 section 2.2: who meets CR or NUL in a value rejects the message or takes a space
/// instead.
pub(super) const fn is_disputed(byte: u8) -> bool {
    matches!(byte, b'\r' | 0)
}

/// The length of the line at the beginning of `data`, without the line feed, if nothing in it needs a second look.
/// It stays apart, so that [`extent`] is small enough to become part of the loop over lines.
#[inline(never)]
fn plain_line(data: &[u8]) -> Option<usize> {
    let len = control(data)?;
    match data.get(len..)? {
        [b'\r', b'\n', ..] => Some(len.wrapping_add(1)),
        [b'\n', ..] => Some(len),
        _ => None,
    }
}

/// Where the first line feed, CR or NUL is, or one of the other bytes below [`SHIFT_OUT`]: these are found together.
#[inline]
fn control(data: &[u8]) -> Option<usize> {
    let (words, tail) = data.as_chunks();
    let mut at = 0_usize;
    for word in words.iter().take(SHORT_WORDS) {
        if let Some(found) = NonZero::new(below(u64::from_le_bytes(*word), SHIFT_OUT)) {
            return Some(at.wrapping_add(first_marked(found)));
        }
        at = at.wrapping_add(8);
    }
    let rest = if words.len() > SHORT_WORDS {
        memchr3(b'\n', b'\r', 0, data.get(at..)?)
    } else {
        tail.iter().position(|&byte| byte < SHIFT_OUT)
    };
    rest.map(|len| at.wrapping_add(len))
}

/// The byte behind CR.
const SHIFT_OUT: u8 = 0x0e;

/// Where the first line feed is. Most lines are so short that a call of `memchr` costs more than looking at them.
#[inline]
pub(super) fn line_feed(data: &[u8]) -> Option<usize> {
    let (words, tail) = data.as_chunks();
    let mut at = 0_usize;
    for word in words.iter().take(SHORT_WORDS) {
        if let Some(found) = NonZero::new(equal(u64::from_le_bytes(*word), b'\n')) {
            return Some(at.wrapping_add(first_marked(found)));
        }
        at = at.wrapping_add(8);
    }
    let rest = if words.len() > SHORT_WORDS {
        memchr(b'\n', data.get(at..)?)
    } else {
        tail.iter().position(|&byte| byte == b'\n')
    };
    rest.map(|len| at.wrapping_add(len))
}

const SHORT_WORDS: usize = 6;

/// A byte in each of a word's eight.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks with their highest bit the bytes of a word that are neither letters nor dashes. The additions carry nothing from
/// byte to byte: the highest bits are off before.
#[inline]
const fn no_letter_or_dash(word: u64) -> u64 {
    let low = word & each(0x7f);
    let lower = low | each(0x20);
    let from_a = lower.wrapping_add(each(0x80 - b'a'));
    let behind_z = lower.wrapping_add(each(0x80 - b'z' - 1));
    let no_dash = (low ^ each(b'-')).wrapping_add(each(0x7f));
    let letter = from_a & !behind_z;
    ((no_dash & !letter) | word) & each(0x80)
}

/// Marks the first byte of a word that is `wanted`, and none before it.
#[inline]
const fn equal(word: u64, wanted: u8) -> u64 {
    let different = word ^ each(wanted);
    different.wrapping_sub(each(1)) & !different & each(0x80)
}

/// Marks the first byte of a word that is less than `bound`, which is at most 0x80, and none before it.
#[inline]
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(each(bound)) & !word & each(0x80)
}

/// The index of the first byte that is marked.
#[inline]
const fn first_marked(marks: NonZero<u64>) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// RFC 9110 section 5.6.2.
#[inline]
pub(crate) fn is_token(byte: u8) -> bool {
    static TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

/// A byte that no authority has (RFC 3986 section 3.2.2: reg-name, IPv4, IP-literal, and the colon of the port).
pub(super) const NO_AUTHORITY: u8 = 1;

/// A letter that is not in lower case.
const UPPER_CASE: u8 = 2;

/// What keeps `text` from being an authority in lower case: 0, [`NO_AUTHORITY`] and more.
#[inline]
pub(super) fn authority_flaws(text: &[u8]) -> u8 {
    #[expect(clippy::indexing_slicing, reason = "a byte is less than 256, and the compiler evaluates it")]
    static FLAWS: [u8; 256] = {
        let (valid, mut flaws) = (table(b"-._~%!$&'()*+,;=:[]"), [NO_AUTHORITY; 256]);
        let mut byte = 0;
        while byte < 256 {
            if valid[byte] {
                flaws[byte] = if b'A' as usize <= byte && byte <= b'Z' as usize { UPPER_CASE } else { 0 };
            }
            byte = byte.wrapping_add(1);
        }
        flaws
    };
    text.iter().fold(0, |flaws, &byte| flaws | FLAWS.get(usize::from(byte)).copied().unwrap_or(NO_AUTHORITY))
}

/// Letters, digits, and these others.
#[expect(clippy::indexing_slicing, reason = "a byte is less than 256, and the compiler evaluates it")]
const fn table(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte = byte.wrapping_add(1);
    }
    let mut rest = others;
    while let [byte, tail @ ..] = rest {
        table[*byte as usize] = true;
        rest = tail;
    }
    table
}

/// Optional whitespace off both ends (`OWS = *( SP / HTAB )`).
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// `name` is a token.
fn name_of(name: &[u8]) -> Name {
    let (found, is_it) = match name.len() {
        4 => (Name::Host, is(name, b"host")),
        7 => (Name::Upgrade, is(name, b"upgrade")),
        11 => (Name::Traceparent, is(name, b"traceparent")),
        12 => (Name::ContentType, is(name, b"content-type")),
        14 => (Name::ContentLength, is(name, b"content-length")),
        17 => (Name::TransferEncoding, is(name, b"transfer-encoding")),
        _ => return Name::Other,
    };
    if is_it { found } else { Name::Other }
}

/// Whether a token is `wanted`, which is in lower case, in either case. The bit that makes letters lower case makes no
/// other byte of a token a letter or a dash; a comparison without a branch per byte is one of machine words.
fn is<const N: usize>(token: &[u8], wanted: &[u8; N]) -> bool {
    token.first_chunk::<N>().is_some_and(|token| {
        token.iter().zip(wanted).fold(0, |difference, (byte, wanted)| difference | (byte | 0x20) ^ wanted) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_its_first_colon() {
        assert_eq!(split(b"hOsT: \t a:80 \t"), Ok((Name::Host, &b"a:80"[..])));
        assert_eq!(split(b"Transfer-Encoding:chunked"), Ok((Name::TransferEncoding, &b"chunked"[..])));
        assert_eq!(split(b"X-Empty:"), Ok((Name::Other, &b""[..])));
    }

    #[test]
    fn a_name_is_compared_in_either_case_and_in_full() {
        let names: [&[u8]; 6] =
            [b"host", b"upgrade", b"traceparent", b"content-type", b"content-length", b"transfer-encoding"];
        for name in names {
            assert_ne!(name_of(name), Name::Other);
            assert_eq!(name_of(&name.to_ascii_uppercase()), name_of(name));
            for at in 0..name.len() {
                for byte in (0..=u8::MAX).filter(|&byte| is_token(byte) && !byte.eq_ignore_ascii_case(&name[at])) {
                    let mut other = name.to_vec();
                    other[at] = byte;
                    assert_eq!(name_of(&other), Name::Other, "{}", other.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn words_are_read_as_their_bytes_are() {
        for byte in 0..=u8::MAX {
            for place in 0..24 {
                for filling in [b'a', b'-', b'7', 0x80, b'\r', 0x0b] {
                    let mut data = [filling; 24];
                    data[place] = byte;
                    let tokens = data.iter().take_while(|&&byte| is_token(byte)).count();
                    assert_eq!(token_len(&data), tokens, "{}", data.escape_ascii());
                    let end = data.iter().position(|&byte| byte == b'\n');
                    assert_eq!(line_feed(&data), end, "{}", data.escape_ascii());
                    let end = data.iter().position(|&byte| byte < SHIFT_OUT);
                    assert_eq!(control(&data), end, "{}", data.escape_ascii());
                }
            }
        }
        for byte in [b'\n', b'\r', 0] {
            let long = [[b'a'; 16 * SHORT_WORDS].as_slice(), &[byte]].concat();
            assert_eq!(line_feed(&long), (byte == b'\n').then_some(16 * SHORT_WORDS));
            assert_eq!(control(&long), Some(16 * SHORT_WORDS));
        }
        assert_eq!((line_feed(b""), line_feed(b"a\nb\n")), (None, Some(1)));
    }

    #[test]
    fn the_extent_of_a_line_is_where_splitting_it_agrees() {
        for line in [
            &b"hOsT:   a:80  \r"[..],
            b"hOsT: \t a:80 \t\r",
            b"Content-Length:5",
            b"X-B3_trace!: \r",
            b"X-B3-Trace: \r\r",
            b"Traceparent:\r",
            b"A:",
            b"Host : a\r",
            b": a",
            b"Ho st: a",
            b" folded: a",
            b"",
            b"\r",
            b"no colon",
        ] {
            let data = [line, b"\nrest"].concat();
            match (extent(&data), split(line)) {
                (Some(Extent { name_len, line_len, may_matter }), Ok((name, _))) => {
                    assert_eq!(line_len, line.len(), "{}", line.escape_ascii());
                    assert!(may_matter || name == Name::Other, "{}", line.escape_ascii());
                    let without_end = line.strip_suffix(b"\r").unwrap_or(line);
                    let (found, value) = split_at(line, name_len);
                    assert_eq!(found, name, "{}", line.escape_ascii());
                    assert!(name == Name::Other || split(without_end) == Ok((name, value)), "{}", line.escape_ascii());
                }
                (None, Err(HeadError::FieldName)) => {}
                (None, Ok(_)) => {
                    let without_end = line.strip_suffix(b"\r").unwrap_or(line);
                    assert!(without_end.iter().any(|&byte| byte < SHIFT_OUT), "{}", line.escape_ascii());
                }
                other => panic!("{}: {other:?}", line.escape_ascii()),
            }
            assert_eq!(extent(line), None, "its end is not there yet");
        }
    }

    #[test]
    fn a_disputed_line_has_no_extent() {
        for place in 4..100 {
            for (byte, is_one) in [(0, true), (b'\r', true), (b' ', false), (0x80, false)] {
                let mut line = [b'a'; 100];
                (line[3], line[place]) = (b':', byte);
                let data = [line.as_slice(), b"\r\n"].concat();
                assert_eq!((has_disputed(&line), extent(&data).is_none()), (is_one, is_one), "{byte} at {place}");
                assert_eq!(is_disputed(byte), is_one);
            }
        }
        assert!(!has_disputed(b"X: a\tb"));
    }

    #[test]
    fn a_name_is_a_token_with_its_colon_right_behind() {
        for line in [&b"Host : a"[..], b"Host\t: a", b": a", b"Host", b"Ho st: a", b"Host\r: a", b"H\xc3\xb6st: a", b""]
        {
            assert_eq!(split(line), Err(HeadError::FieldName), "{}", line.escape_ascii());
        }
    }
}
