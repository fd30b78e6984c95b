//! The request target (RFC 9112 section 3.2): what of it may leave the parser.

use alloc::string::String;

use memchr::{memchr, memchr2, memmem, memrchr};

use super::field::{NO_AUTHORITY, authority_flaws};

/// A request target, split into what is kept. Query, fragment and user info are already gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// Of absolute form and authority form, without user info.
    pub(super) authority: Option<&'a [u8]>,
    /// The path, or `*`; empty for authority form.
    pub(super) path: &'a [u8],
}

impl<'a> Target<'a> {
    /// `None` if `target` is in none of the four forms. It is free of spaces.
    pub(super) fn parse(target: &'a [u8], is_connect: bool) -> Option<Self> {
        // Section 3.2: no whitespace; and nothing that a URI cannot have below 0x80 that would be a control here.
        if has_controls(target) {
            return None;
        }
        match target {
            // Section 3.2.3, authority-form: for CONNECT, and for it alone.
            [_, ..] if is_connect => Some(Self { authority: Some(without_user_info(target)), path: b"" }),
            [b'/', ..] => Some(Self { authority: None, path: without_query(target) }),
            b"*" => Some(Self { authority: None, path: b"*" }),
            // Section 3.2.2, absolute-form: scheme "://" authority path-abempty.
            _ => {
                let scheme_len = memmem::find(target, b"://")?;
                let (scheme, rest) = target.split_at_checked(scheme_len)?;
                let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
                    && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
                let rest = without_query(rest.strip_prefix(b"://")?);
                let authority_len = memchr(b'/', rest).unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(authority_len)?;
                let path = match path {
                    [] => b"/",
                    // `http:///user:password@host/`: for a path it goes on behind a slash of the scheme's, to be read as what
                    // it was to be, an authority.
                    [_, first @ ..] if authority.is_empty() && memchr(b'@', first).is_some() => {
                        without_query(target.get(scheme_len.saturating_add(b":/".len())..)?)
                    }
                    _ => path,
                };
                is_scheme.then_some(Self { authority: Some(without_user_info(authority)), path })
            }
        }
    }
}

/// Whether there is a space or a control character in it.
pub(crate) fn has_controls(target: &[u8]) -> bool {
    target.iter().fold(false, |bad, &byte| bad | (byte <= b' ') | (byte == 0x7f))
}

pub(crate) fn without_query(target: &[u8]) -> &[u8] {
    let end = memchr2(b'?', b'#', target).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}

/// RFC 3986 section 3.2.1: user info may be a password.
pub(crate) fn without_user_info(authority: &[u8]) -> &[u8] {
    memrchr(b'@', authority)
        .and_then(|at| authority.get(at..))
        .map_or(authority, |host| host.get(1..).unwrap_or_default())
}

/// Puts `host [ ":" port ]` into `out` in lower case; leaves `out` empty where it is not valid or too long.
///
/// RFC 9112 section 3.2: a Host that is not valid is answered with 400; here, it is no name to report anything under.
pub(crate) fn set_authority(authority: &[u8], limit: usize, out: &mut String) {
    // What it was before, in most cases. What has no flaw has no user info.
    if authority.len() <= limit && authority == out.as_bytes() && authority_flaws(authority) == 0 {
        return;
    }
    out.clear();
    let authority = without_user_info(authority);
    if authority.len() <= limit
        && authority_flaws(authority) & NO_AUTHORITY == 0
        && let Ok(text) = core::str::from_utf8(authority)
    {
        out.push_str(text);
        out.make_ascii_lowercase();
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::super::path::set_path;
    use super::*;

    #[track_caller]
    fn check(target: &str, is_connect: bool, expected: Option<(&str, &str)>) {
        let parsed = Target::parse(target.as_bytes(), is_connect).map(|target| {
            let (mut authority, mut path) = (String::new(), String::new());
            set_authority(target.authority.unwrap_or_default(), 64, &mut authority);
            assert!(set_path(target.path, 64, &mut path));
            (authority, path)
        });
        assert_eq!(parsed.as_ref().map(|(authority, path)| (authority.as_str(), path.as_str())), expected, "{target}");
    }

    #[test]
    fn the_four_forms_keep_authority_and_path_only() {
        check("/a/b?secret=1#x", false, Some(("", "/a/b")));
        check("/a/b#x?y", false, Some(("", "/a/b")));
        check("/?", false, Some(("", "/")));
        check("//a//b", false, Some(("", "//a//b")));
        check("http://user:pass@Example.COM:8080/p?q", false, Some(("example.com:8080", "/p")));
        check("http://example.com", false, Some(("example.com", "/")));
        check("http://example.com?q=/x", false, Some(("example.com", "/")));
        check("http://a@b@c/", false, Some(("c", "/")));
        check("http:///u:SECRET@h/p?q", false, Some(("", "//h/p")));
        check("http:///a/b?u@h", false, Some(("", "/a/b")));
        check("//u:SECRET@h/p", false, Some(("", "//h/p")));
        check("/http://u:SECRET@h/p", false, Some(("", "/http://h/p")));
        check("*", false, Some(("", "*")));
        check("user:pw@[2001:DB8::1]:443", true, Some(("[2001:db8::1]:443", "")));
        check("/shop;jsessionid=SECRET/cart;a=b;c", false, Some(("", "/shop/cart")));
    }

    #[test]
    fn what_is_in_none_of_the_forms_is_refused() {
        for target in ["", "a", "a/b", "://x", "1http://x/", "ht tp://x", "/a\tb", "/a\u{7f}", "/a\rb", "/\0"] {
            check(target, false, None);
        }
    }

    #[test]
    fn what_was_there_before_is_replaced() {
        let texts = ["", "Example", "example", "u@example", "a b", "a-name-over-the-limit"];
        for authority in texts {
            let mut expected = String::new();
            set_authority(authority.as_bytes(), 9, &mut expected);
            for before in texts {
                let mut out = String::from(before);
                set_authority(authority.as_bytes(), 9, &mut out);
                assert_eq!(out, expected, "{authority:?} over {before:?}");
            }
        }
    }

    #[test]
    fn an_authority_that_is_none_is_left_out() {
        let mut out = String::new();
        for authority in ["a b", "a/b", "a\rb", "a\"b", "ä", &"a".repeat(65)] {
            set_authority(authority.as_bytes(), 64, &mut out);
            assert_eq!(out, "", "{authority}");
        }
    }
}
