//! Text of a peer's, on its way out.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")
)]

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

/// Replaces what is in `out` by at most `max` bytes of `text`, and says whether some were left out for that. What a terminal or
/// a page would not just show (control characters, and those that turn the direction of the text around them) and what is
/// not UTF-8 become U+FFFD; nothing is allocated once `out` has had the room.
pub(crate) fn copy(out: &mut String, text: &[u8], max: usize) -> bool {
    out.clear();
    append(out, text, max)
}

/// As [`copy`], behind what is in `out` already; `max` holds for the whole of it.
pub(crate) fn append(out: &mut String, text: &[u8], max: usize) -> bool {
    // Bytes of other characters than ASCII's may be a control character too (U+0080 to U+009F), and are looked at.
    if text.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~')) {
        return !push_text(text, max, out);
    }
    for chunk in text.utf8_chunks() {
        let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in chunk.valid().chars().chain(broken) {
            let character = if is_disruptive(character) { char::REPLACEMENT_CHARACTER } else { character };
            if out.len().saturating_add(character.len_utf8()) > max {
                return true;
            }
            out.push(character);
        }
    }
    false
}

/// Whether a character does something to the text that it is shown in: controls, and Unicode's property Bidi_Control.
fn is_disruptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_cut_between_characters() {
        for (text, limit, expected, is_whole) in [
            (&b"abc"[..], 3, "abc", true),
            (b"abc", 2, "ab", false),
            ("\u{e4}\u{e4}".as_bytes(), 3, "\u{e4}", false),
            (b"a\xffb", 5, "a\u{fffd}b", true),
            (b"a\xffb", 4, "a\u{fffd}", false),
            (b"a\xffb", 3, "a", false),
        ] {
            let mut out = String::new();
            assert_eq!((push_text(text, limit, &mut out), out.as_str()), (is_whole, expected));
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_and_what_is_too_long_is_cut() {
        let mut out = String::from("what was there");
        assert!(!copy(&mut out, b"a\nb\xffc", 100));
        assert_eq!(out, "a\u{fffd}b\u{fffd}c");
        assert!(!copy(&mut out, "a\u{1b}b\u{9b}c\u{202e}d\u{2066}e\u{e4}".as_bytes(), 100));
        assert_eq!(out, "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{e4}");
        assert!(copy(&mut out, "ab\u{e4}".as_bytes(), 3), "half a character is none");
        assert_eq!(out, "ab");
        assert!(!append(&mut out, b"c", 3) && append(&mut out, b"d", 3));
        assert_eq!(out, "abc");
    }
}
