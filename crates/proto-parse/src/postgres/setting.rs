//! The setting that says whether a backslash in a string is one.

/// Its name, in lower case.
pub(super) const CONFORMING_STRINGS: &[u8] = b"standard_conforming_strings";

/// Whether the text has the setting's name in it, in whatever case: to set it, or in a literal as `set_config` and the body
/// of a function have it.
///
/// This is Horspool's search, which looks at a fraction of the bytes.
pub(super) fn mentions_conforming_strings(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((window, _)) = rest.split_at_checked(CONFORMING_STRINGS.len()) {
        let last = window.last().copied().unwrap_or_default();
        if last.eq_ignore_ascii_case(&b's') && window.eq_ignore_ascii_case(CONFORMING_STRINGS) {
            return true;
        }
        rest = rest.get(step(last)..).unwrap_or_default();
    }
    false
}

/// By a window's last byte: how far the next window is in which this byte may belong to the name.
const fn step(last: u8) -> usize {
    match last.to_ascii_lowercase() {
        b'g' => 1,
        b'n' => 2,
        b'i' => 3,
        b'r' => 4,
        b't' => 5,
        b's' => 6,
        b'_' => 7,
        b'm' => 11,
        b'o' => 13,
        b'f' => 14,
        b'c' => 17,
        b'd' => 19,
        b'a' => 21,
        _ => CONFORMING_STRINGS.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn the_name_is_found_wherever_it_stands() {
        for before in 0..60 {
            for fill in ["s", "g", "_", "x", "standard_", "standard_conforming_string", "strings", "ä"] {
                let fill: std::string::String = fill.chars().cycle().take(before).collect();
                for name in ["standard_conforming_strings", "STANDARD_Conforming_strings"] {
                    assert!(mentions_conforming_strings(format!("{fill}{name}").as_bytes()), "{fill}");
                    assert!(mentions_conforming_strings(format!("{fill}{name}{fill}").as_bytes()), "{fill}");
                    let other = format!("{fill}{}{fill}", name.replace("ming", "min-g"));
                    let is_there = other.to_ascii_lowercase().contains("standard_conforming_strings");
                    assert_eq!(mentions_conforming_strings(other.as_bytes()), is_there, "{other}");
                }
            }
        }
        assert!(!mentions_conforming_strings(&CONFORMING_STRINGS[1..]));
    }
}
