//! Field lines (RFC 9112 section 5).

use super::HeadError;

/// The fields that matter to an observer; all others are `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    ContentLength,
    TransferEncoding,
    Host,
    Traceparent,
    ContentType,
    Other,
}

/// Splits `field-line = field-name ":" OWS field-value OWS`, the line end taken off before. Of other fields, the value is
/// not looked at.
pub(super) fn split(line: &[u8]) -> Result<(Name, &[u8]), HeadError> {
    // RFC 9112 section 5.1: no whitespace between name and colon; a server must answer 400. A name is a token.
    let name_len = line.iter().position(|&byte| !is_token(byte)).unwrap_or(line.len());
    let Some((name @ [_, ..], [b':', value @ ..])) = line.split_at_checked(name_len) else {
        return Err(HeadError::FieldName);
    };
    match name_of(name) {
        Name::Other => Ok((Name::Other, b"")),
        name => Ok((name, trim(value))),
    }
}

/// RFC 9110 section 5.6.2.
#[inline]
pub(super) fn is_token(byte: u8) -> bool {
    static TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

/// RFC 3986 section 3.2.2: reg-name, IPv4, IP-literal, and the colon of the port.
#[inline]
pub(super) fn is_authority(byte: u8) -> bool {
    static AUTHORITY: [bool; 256] = table(b"-._~%!$&'()*+,;=:[]");
    AUTHORITY.get(usize::from(byte)).copied().unwrap_or(false)
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
        let names: [&[u8]; 5] = [b"host", b"traceparent", b"content-type", b"content-length", b"transfer-encoding"];
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
    fn a_name_is_a_token_with_its_colon_right_behind() {
        for line in [&b"Host : a"[..], b"Host\t: a", b": a", b"Host", b"Ho st: a", b"Host\r: a", b"H\xc3\xb6st: a", b""]
        {
            assert_eq!(split(line), Err(HeadError::FieldName), "{}", line.escape_ascii());
        }
    }
}
