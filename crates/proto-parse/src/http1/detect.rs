//! Is this HTTP/1?

use memchr::{memchr, memchr_iter, memmem};

use crate::Detection;

/// The methods of RFC 9110 section 9, PATCH (RFC 5789) and those of WebDAV that are met in the wild. Any token may be
/// a method; where a beginning is searched for in the middle of a stream, only these are believed.
pub(super) const METHODS: [&[u8]; 14] = [
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

/// The longest method that is waited for. The longest registered one has 17 bytes.
const METHOD_BYTES: usize = 32;

/// Whether a direction's first bytes are an HTTP/1 request. With `mid_stream` they may be preceded by the rest of a
/// message.
#[must_use]
pub fn detect_client(prefix: &[u8], mid_stream: bool) -> Detection {
    if mid_stream {
        return match memchr_iter(b'\n', prefix).any(|end| ends_with_request_line(prefix.get(..end).unwrap_or_default()))
        {
            true => Detection::Match,
            false => Detection::NeedMore,
        };
    }
    // RFC 9112 section 2.2: a server should ignore at least one empty line before the request line.
    let empty_lines = prefix.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = prefix.get(empty_lines..).unwrap_or_default();
    let method_len = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    match line.get(method_len) {
        _ if method_len > METHOD_BYTES || empty_lines > METHOD_BYTES => return Detection::NoMatch,
        None => return Detection::NeedMore,
        Some(b' ') if method_len > 0 => {}
        Some(_) => return Detection::NoMatch,
    }
    match memchr(b'\n', line).and_then(|end| line.get(..end)) {
        Some(line) if ends_with_version(line) => Detection::Match,
        Some(_) => Detection::NoMatch,
        None => Detection::NeedMore,
    }
}

/// Whether a direction's first bytes are an HTTP/1 response. With `mid_stream` they may be preceded by the rest of a
/// message.
#[must_use]
pub fn detect_server(prefix: &[u8], mid_stream: bool) -> Detection {
    if mid_stream {
        let found = memmem::find_iter(prefix, b"HTTP/1.")
            .any(|at| status_line_prefix(prefix.get(at..).unwrap_or_default()) == Detection::Match);
        return if found { Detection::Match } else { Detection::NeedMore };
    }
    status_line_prefix(prefix)
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` up to the status code.
fn status_line_prefix(prefix: &[u8]) -> Detection {
    const SHAPE: &[u8; 13] = b"HTTP/1.0 000 ";
    let fits = |(&byte, &wanted): (&u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b' ' => matches!(byte, b' ' | b'\r' | b'\n'),
        _ => byte == wanted,
    };
    match prefix.iter().zip(SHAPE).all(fits) {
        false => Detection::NoMatch,
        true if prefix.len() >= SHAPE.len() => Detection::Match,
        true => Detection::NeedMore,
    }
}

/// `HTTP-version` at the end of a line that may still have its CR.
fn ends_with_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")
}

/// Whether a line ends with a whole request line. Where the message before ended with its body, the method follows that
/// body's last byte without anything between.
fn ends_with_request_line(line: &[u8]) -> bool {
    let mut words = line.rsplitn(4, |&byte| byte == b' ');
    let (_version, target, before) = (words.next(), words.next(), words.next());
    ends_with_version(line)
        && target.is_some_and(|target| !target.is_empty())
        && before.is_some_and(|before| METHODS.iter().any(|method| before.ends_with(method)))
}
