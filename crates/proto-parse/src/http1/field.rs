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

/// Splits `field-line = field-name ":" OWS field-value OWS`, the line end taken off before.
pub(super) fn split(line: &[u8]) -> Result<(Name, &[u8]), HeadError> {
    // RFC 9112 section 5.1: no whitespace between name and colon; a server must answer 400. A name is a token.
    let name_len = line.iter().take_while(|&&byte| is_token(byte)).count();
    match line.split_at_checked(name_len) {
        Some((name @ [_, ..], [b':', value @ ..])) => Ok((name_of(name), trim(value))),
        _ => Err(HeadError::FieldName),
    }
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let tokens = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut rest: &[u8] = tokens;
        while let [byte, tail @ ..] = rest {
            #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
            {
                table[*byte as usize] = true;
            }
            rest = tail;
        }
        table
    };
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
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

fn name_of(name: &[u8]) -> Name {
    let (wanted, found): (&[u8], _) = match name.len() {
        4 => (b"host", Name::Host),
        11 => (b"traceparent", Name::Traceparent),
        12 => (b"content-type", Name::ContentType),
        14 => (b"content-length", Name::ContentLength),
        17 => (b"transfer-encoding", Name::TransferEncoding),
        _ => return Name::Other,
    };
    if name.eq_ignore_ascii_case(wanted) { found } else { Name::Other }
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
    fn a_name_is_a_token_with_its_colon_right_behind() {
        for line in [&b"Host : a"[..], b"Host\t: a", b": a", b"Host", b"Ho st: a", b"Host\r: a", b"H\xc3\xb6st: a", b""]
        {
            assert_eq!(split(line), Err(HeadError::FieldName), "{}", line.escape_ascii());
        }
    }
}
