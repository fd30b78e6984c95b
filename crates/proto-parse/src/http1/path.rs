//! What of a path may leave the parser.

use alloc::string::String;
#[cfg(feature = "http2")]
use alloc::vec::Vec;
use core::ops::Range;

use memchr::{memchr, memchr2, memrchr};

use crate::text::append;

/// Makes `out` a path, at most `limit` bytes of it, and says whether that was all.
///
/// Two things are dropped that may be secrets: path parameters (RFC 3986 section 3.3: from `;` to the end of the segment), which
/// hold session identifiers among other values; and behind two slashes, where an authority begins that a path has in it
/// (`/http://user:password@host/`), the user info. Bytes that are not UTF-8 and control characters become U+FFFD.
pub(crate) fn set_path(path: &[u8], limit: usize, out: &mut String) -> bool {
    let is_kept_whole = is_kept_whole(path);
    // What it was before, in most cases; so it is text that may be shown, too.
    if is_kept_whole && path == out.as_bytes() && path.len() <= limit {
        return true;
    }
    out.clear();
    if is_kept_whole {
        return !append(out, path, limit);
    }
    let mut whole = true;
    let mut segments = Segments::default();
    while let Some(kept) = segments.next(path) {
        if kept.start > 0 {
            whole &= !append(out, b"/", limit);
        }
        whole &= !append(out, path.get(kept).unwrap_or_default(), limit);
    }
    whole
}

/// Leaves of `path` what [`set_path`] would write. `is_cut`: there is more of it, which was not looked at.
#[cfg(feature = "http2")]
pub(crate) fn clean_path(path: &mut Vec<u8>, is_cut: bool) {
    if is_kept_whole(path) && !is_cut {
        return;
    }
    let mut segments = Segments { is_cut, ..Segments::default() };
    let mut written = 0_usize;
    while let Some(kept) = segments.next(path) {
        if kept.start > 0
            && let Some(place) = path.get_mut(written)
        {
            *place = b'/';
            written = written.saturating_add(1);
        }
        let len = kept.len();
        // What is kept lies behind what was written: nothing is added.
        if written.saturating_add(len) <= path.len() && kept.end <= path.len() {
            path.copy_within(kept, written);
            written = written.saturating_add(len);
        }
    }
    path.truncate(written);
}

/// Whether there is nothing in it that might have to be dropped.
fn is_kept_whole(path: &[u8]) -> bool {
    memchr2(b';', b'@', path).is_none()
}

/// Goes from segment to segment and says what is kept of each.
#[derive(Debug, Default)]
struct Segments {
    /// Where the next one begins.
    at: usize,
    /// The one before was of no bytes, and behind a slash.
    is_behind_slashes: bool,
    /// The last segment is not whole.
    is_cut: bool,
    is_over: bool,
}

impl Segments {
    fn next(&mut self, path: &[u8]) -> Option<Range<usize>> {
        let rest = path.get(self.at..).filter(|_| !self.is_over)?;
        let len = memchr(b'/', rest);
        let segment = len.and_then(|len| rest.get(..len)).unwrap_or(rest);
        let begin = self.at;
        let kept = if self.is_behind_slashes {
            behind_user_info(segment, self.is_cut && len.is_none())
        } else {
            0..memchr(b';', segment).unwrap_or(segment.len())
        };
        self.is_behind_slashes = begin > 0 && segment.is_empty();
        self.is_over = len.is_none();
        self.at = begin.saturating_add(segment.len()).saturating_add(1);
        Some(begin.saturating_add(kept.start)..begin.saturating_add(kept.end))
    }
}

/// What is kept of a segment that may begin with user info (RFC 3986 section 3.2.1). `is_cut`: it may have more of that.
fn behind_user_info(segment: &[u8], is_cut: bool) -> Range<usize> {
    let end = memchr(b';', segment).unwrap_or(segment.len());
    match memrchr(b'@', segment) {
        _ if is_cut => 0..0,
        None => 0..end,
        Some(at) if at < end => at.saturating_add(1)..end,
        // A password with a semicolon, or a parameter with an at sign: there is no telling.
        Some(_) => 0..0,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "http2")]
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn parameters_and_user_info_are_dropped() {
        for (path, expected) in [
            ("", ""),
            ("/", "/"),
            ("*", "*"),
            ("/a/b/", "/a/b/"),
            ("/shop;jsessionid=SECRET/cart;a=b;c", "/shop/cart"),
            ("/;a/;b", "//"),
            ("/@scope/package@1.0", "/@scope/package@1.0"),
            ("/u:p@h/p", "/u:p@h/p"),
            ("//u:SECRET@h/p", "//h/p"),
            ("//u:SECRET@h", "//h"),
            ("//u:SECRET@", "//"),
            ("///u:SECRET@h//v:SECRET@SECRET@i/@", "///h//i/@"),
            ("/http://u:SECRET@h/p@q", "/http://h/p@q"),
            ("//h;a/p", "//h/p"),
            ("//u@h;SECRET/p", "//h/p"),
            ("//u:SECRET;SECRET@h/p", "///p"),
            ("//h;a=SECRET@SECRET/p", "///p"),
        ] {
            let mut out = String::from("before");
            assert!(set_path(path.as_bytes(), 64, &mut out), "{path}");
            assert_eq!(out, expected, "{path}");
            assert!(set_path(path.as_bytes(), 64, &mut out), "{path} again");
            assert_eq!(out, expected, "{path} again");
            #[cfg(feature = "http2")]
            {
                let mut cleaned = path.as_bytes().to_vec();
                clean_path(&mut cleaned, false);
                assert_eq!(cleaned.escape_ascii().to_string(), expected, "{path}");
            }
        }
    }

    #[cfg(feature = "http2")]
    #[test]
    fn user_info_without_its_end_is_dropped() {
        for (path, expected) in
            [("/a//u:SEC", "/a//"), ("/a//u@h:SEC", "/a//"), ("/a//b/c", "/a//b/c"), ("/a;b", "/a"), ("/a", "/a")]
        {
            let mut cleaned = path.as_bytes().to_vec();
            clean_path(&mut cleaned, true);
            assert_eq!(cleaned.escape_ascii().to_string(), expected, "{path}");
        }
    }

    #[test]
    fn what_was_there_before_is_replaced() {
        let mut out = String::from("/Old");
        for (path, expected) in
            [("/Old", "/Old"), ("/Old;a", "/Old"), ("/new", "/new"), ("/toolong", "/tool"), ("", "")]
        {
            for time in ["", "the same again"] {
                assert_eq!(set_path(path.as_bytes(), 5, &mut out), expected != "/tool", "{time}");
                assert_eq!(out, expected, "{time}");
            }
        }
    }

    #[test]
    fn a_long_path_is_cut_between_characters() {
        let mut out = String::new();
        assert!(!set_path("/ää".as_bytes(), 4, &mut out));
        assert_eq!(out, "/ä");
        assert!(set_path("/ää".as_bytes(), 5, &mut out));
        assert_eq!(out, "/ää");
        assert!(!set_path(b"/abc;x/d", 5, &mut out));
        assert_eq!(out, "/abc/");
        assert!(set_path(b"/\xff/x", 8, &mut out));
        assert_eq!(out, "/\u{fffd}/x");
        assert!(!set_path(b"/ab\xff", 5, &mut out));
        assert_eq!(out, "/ab");
    }

    #[test]
    fn what_is_no_text_or_would_change_the_text_around_it_is_replaced() {
        for path in ["/a\u{9b}31mb", "/a\x1b31mb", "/a\u{202e}31mb", "/a;x\u{9b}/b\u{2066}"] {
            let mut out = String::new();
            for time in ["", "again"] {
                assert!(set_path(path.as_bytes(), 64, &mut out), "{path:?} {time}");
                let expected = if path.contains(';') { "/a/b\u{fffd}" } else { "/a\u{fffd}31mb" };
                assert_eq!(out, expected, "{path:?} {time}");
            }
        }
    }
}
