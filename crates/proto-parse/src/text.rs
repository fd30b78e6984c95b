//! Text of a peer's, on its way out.

use alloc::string::String;

/// Appends `text` to `out` until that has `limit` bytes, and says whether that was all. Bytes that are not UTF-8 become
/// U+FFFD.
pub(crate) fn push_text(text: &[u8], limit: usize, out: &mut String) -> bool {
    if let Ok(text) = core::str::from_utf8(text)
        && text.len() <= limit.saturating_sub(out.len())
    {
        out.push_str(text);
        return true;
    }
    for chunk in text.utf8_chunks() {
        let room = limit.saturating_sub(out.len());
        let valid = chunk.valid();
        out.push_str(valid.get(..valid.floor_char_boundary(room)).unwrap_or_default());
        if valid.len() > room {
            return false;
        }
        if !chunk.invalid().is_empty() {
            if out.len().saturating_add(char::REPLACEMENT_CHARACTER.len_utf8()) > limit {
                return false;
            }
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_cut_between_characters() {
        for (text, limit, expected, is_whole) in [
            (&b"abc"[..], 3, "abc", true),
            (b"abc", 2, "ab", false),
            ("ää".as_bytes(), 3, "ä", false),
            (b"a\xffb", 5, "a\u{fffd}b", true),
            (b"a\xffb", 4, "a\u{fffd}", false),
            (b"a\xffb", 3, "a", false),
        ] {
            let mut out = String::new();
            assert_eq!((push_text(text, limit, &mut out), out.as_str()), (is_whole, expected));
        }
    }
}
