//! What one segment of a path looks like.

use std::{borrow::Cow, net::IpAddr};

use super::{MAX_LITERAL_BYTES, VARIABLE};

/// Longest segment that is looked at; one that is longer is variable whatever it looks like.
const MAX_CLASSIFIED_BYTES: usize = 512;
/// Longest file extension.
const MAX_EXTENSION_BYTES: usize = 8;
/// Shortest `{hash}`: an abbreviated commit or a bundler's content hash is not shorter.
const MIN_HASH_BYTES: usize = 8;
/// Shortest `{hash}` without a decimal digit: no word is so long.
const MIN_HASH_LETTERS: usize = 16;
/// Shortest `{token}`: twelve random bytes in base 64.
const MIN_TOKEN_BYTES: usize = 16;

/// Appends the template of a segment. Returns whether it is a literal, that is, nothing but a placeholder is none.
pub(super) fn append(segment: &str, out: &mut String) -> bool {
    // RFC 3986 section 3.3: parameters of a segment follow a semicolon. They hold session ids, and no name of anything.
    let segment = segment.split(';').next().unwrap_or_default();
    if segment.len() > MAX_CLASSIFIED_BYTES {
        out.push_str(VARIABLE);
        return false;
    }
    let decoded = percent_decoded(segment);
    if let Some(placeholder) = classify(&decoded) {
        out.push_str(placeholder);
        return false;
    }
    // With percent-encoding in it, what is in front of the placeholder could hold anything once it is decoded.
    if !segment.contains('%')
        && let Some((prefix, placeholder, extension)) = file_name(segment)
    {
        push_escaped(prefix, out);
        out.push_str(placeholder);
        out.push('.');
        out.push_str(extension);
        return true;
    }
    if segment.len() > MAX_LITERAL_BYTES {
        out.push_str(VARIABLE);
        return false;
    }
    push_escaped(segment, out);
    true
}

/// Whether a segment of a template is nothing but a placeholder.
pub(super) fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Braces are no characters of a path (RFC 3986 section 3.3), and the template's own.
fn push_escaped(literal: &str, out: &mut String) {
    for part in literal.split_inclusive(['{', '}']) {
        match part.strip_suffix(['{', '}']) {
            None => out.push_str(part),
            Some(before) => {
                out.push_str(before);
                out.push_str(if part.ends_with('{') { "%7B" } else { "%7D" });
            }
        }
    }
}

/// The segment with its percent-encoding resolved (RFC 3986 section 2.1), or as it is where that does not give visible
/// ASCII: nothing else looks like anything we know.
fn percent_decoded(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let mut decoded = String::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => match (hex_value(rest.next()), hex_value(rest.next())) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Cow::Borrowed(segment),
            },
            byte => byte,
        };
        if !byte.is_ascii_graphic() {
            return Cow::Borrowed(segment);
        }
        decoded.push(char::from(byte));
    }
    Cow::Owned(decoded)
}

fn hex_value(digit: Option<u8>) -> Option<u8> {
    char::from(digit?).to_digit(16).map(|value| value as u8)
}

/// A name with an extension whose stem is, or ends in, something variable: `a1b2c3d4.png`, `app.3f2a9c1b.js`. Gives what is
/// in front, the placeholder and the extension.
fn file_name(segment: &str) -> Option<(&str, &'static str, &str)> {
    let (stem, extension) = segment.rsplit_once('.')?;
    let named = extension.len() <= MAX_EXTENSION_BYTES
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.starts_with(|first: char| first.is_ascii_alphabetic());
    if !named {
        return None;
    }
    if let Some(placeholder) = classify(stem) {
        return Some(("", placeholder, extension));
    }
    let last = stem.rfind(['.', '-', '_'])? + 1;
    let placeholder = classify(&stem[last..]).filter(|placeholder| matches!(*placeholder, "{hash}" | "{token}"))?;
    (last <= MAX_LITERAL_BYTES).then_some((&stem[..last], placeholder, extension))
}

/// The placeholder for what the whole text looks like.
fn classify(text: &str) -> Option<&'static str> {
    let looks = Looks::of(text.as_bytes())?;
    let digits_only = looks.digits == text.len() - usize::from(text.starts_with('-'));
    if digits_only && looks.digits > 0 {
        return Some("{id}");
    }
    if looks.digits + looks.hex_letters == text.len() {
        let is_hash = match looks.digits {
            0 => text.len() >= MIN_HASH_LETTERS,
            _ => text.len() >= MIN_HASH_BYTES,
        };
        if is_hash {
            return Some("{hash}");
        }
    }
    if looks.digits > 0 && is_uuid(text.as_bytes()) {
        return Some("{uuid}");
    }
    if is_ulid(text.as_bytes(), &looks) {
        return Some("{ulid}");
    }
    if looks.digits >= 4 && is_date(text.as_bytes()) {
        return Some("{date}");
    }
    if is_address(text, &looks) {
        return Some("{ip}");
    }
    if looks.at_signs == 1 && is_email(text) {
        return Some("{email}");
    }
    if looks.is_token(text.len()) {
        return Some("{token}");
    }
    None
}

/// Counts of the kinds of characters in a text.
#[derive(Default)]
struct Looks {
    digits: usize,
    /// `a`–`f` in either case.
    hex_letters: usize,
    /// Other letters.
    letters: usize,
    /// `-`, `_`, `=`, `+` and `~`.
    joints: usize,
    dots: usize,
    colons: usize,
    at_signs: usize,
    /// Changes between upper case, lower case and digits within a run of them, but for a capital before a small letter, with
    /// which words begin.
    changes: usize,
}

impl Looks {
    /// `None` where the text is empty or has characters that no placeholder stands for.
    fn of(text: &[u8]) -> Option<Self> {
        #[derive(Clone, Copy, PartialEq)]
        enum Case {
            Upper,
            Lower,
            Digit,
            None,
        }
        let mut looks = Self::default();
        let mut last = Case::None;
        for byte in text {
            let case = match byte {
                b'0'..=b'9' => Case::Digit,
                b'A'..=b'Z' => Case::Upper,
                b'a'..=b'z' => Case::Lower,
                _ => Case::None,
            };
            match byte {
                b'0'..=b'9' => looks.digits += 1,
                b'a'..=b'f' | b'A'..=b'F' => looks.hex_letters += 1,
                b'g'..=b'z' | b'G'..=b'Z' => looks.letters += 1,
                b'-' | b'_' | b'=' | b'+' | b'~' => looks.joints += 1,
                b'.' => looks.dots += 1,
                b':' => looks.colons += 1,
                b'@' => looks.at_signs += 1,
                _ => return None,
            }
            let change = case != last && case != Case::None && last != Case::None;
            looks.changes += usize::from(change && (last, case) != (Case::Upper, Case::Lower));
            last = case;
        }
        (!text.is_empty()).then_some(looks)
    }

    /// Random text changes its kind of character at nearly every other place, a name in camel case once a word.
    fn is_token(&self, len: usize) -> bool {
        let alphabet = self.colons == 0 && self.at_signs == 0 && (self.dots == 0 || self.dots == 2 && len >= 40);
        alphabet && len >= MIN_TOKEN_BYTES && self.digits >= 2 && self.changes * 10 >= len * 3
    }
}

/// RFC 9562 section 4.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// 128 bits in Crockford's base 32, which has no I, L, O and U. A digit has to be there, as it is in all but one of 15,000
/// random ones and in no word.
fn is_ulid(text: &[u8], looks: &Looks) -> bool {
    text.len() == 26
        && looks.digits > 0
        && matches!(text[0], b'0'..=b'7')
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U'))
}

/// `YYYY-MM` or `YYYY-MM-DD`, the latter with anything that a time is made of behind a `T`.
fn is_date(text: &[u8]) -> bool {
    let number = |digits: &[u8], range: std::ops::RangeInclusive<u8>| match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => range.contains(&((tens - b'0') * 10 + ones - b'0')),
        _ => false,
    };
    let Some((year, [b'-', tens, ones, day @ ..])) = text.split_at_checked(4) else { return false };
    let month = year.iter().all(u8::is_ascii_digit) && number(&[*tens, *ones], 1..=12);
    month
        && match day {
            [] => true,
            [b'-', tens, ones, time @ ..] => {
                number(&[*tens, *ones], 1..=31)
                    && match time {
                        [] => true,
                        [b'T', time @ ..] => {
                            time.iter().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b'+' | b'-' | b'Z'))
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
}

fn is_address(text: &str, looks: &Looks) -> bool {
    let v4 = looks.dots == 3 && looks.digits + looks.dots == text.len();
    let v6 = looks.colons >= 2 && looks.letters == 0 && looks.joints == 0;
    (v4 || v6) && text.parse::<IpAddr>().is_ok()
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        let domain = host.rsplit_once('.').map_or("", |(_, domain)| domain);
        !name.is_empty()
            && !host.starts_with('.')
            && domain.len() >= 2
            && domain.bytes().all(|b| b.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(segment: &str) -> String {
        let mut out = String::new();
        append(segment, &mut out);
        out
    }

    #[test]
    fn what_identifies_a_thing_gives_way() {
        for (segment, expected) in [
            ("0", "{id}"),
            ("-17", "{id}"),
            ("20240506", "{id}"),
            ("00000000000000000000000000000000000000001", "{id}"),
            ("9f1b1c3e-8d52-4a57-a7a2-0d6a4a1f3e55", "{uuid}"),
            ("9F1B1C3E-8D52-4A57-A7A2-0D6A4A1F3E55", "{uuid}"),
            ("3f2a9c1b", "{hash}"),
            ("d41d8cd98f00b204e9800998ecf8427e", "{hash}"),
            ("abcdefabcdefabcd", "{hash}"),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "{ulid}"),
            ("01arz3ndektsv4rrffq69g5fav", "{ulid}"),
            ("dGhpcyBpcyBhIHRva2VuIQ8", "{token}"),
            ("V1StGXR8_Z5jdHi6B-myT", "{token}"),
            ("k3j9x0q2m1n8b7v6", "{token}"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "{token}"),
            ("bob@example.com", "{email}"),
            ("bob%40example.com", "{email}"),
            ("2024-05", "{date}"),
            ("2024-05-06", "{date}"),
            ("2024-05-06T07:08:09.123Z", "{date}"),
            ("2024-05-06T07%3A08%3A09", "{date}"),
            ("10.0.0.7", "{ip}"),
            ("fe80::1", "{ip}"),
            ("2001:db8:0:0:0:0:2:1", "{ip}"),
        ] {
            assert_eq!(template(segment), expected, "{segment}");
        }
    }

    #[test]
    fn what_names_a_route_stays() {
        for segment in [
            "",
            "users",
            "v1",
            "v2.1",
            "1.2",
            "deadbeef",
            "facade",
            "ab12",
            "iPhone15",
            "2fa",
            "oauth2",
            "-",
            "--",
            "ThisIsACamelCaseName2Here1",
            "internationalization",
            "kubernetes-dashboard-v2",
            "2024-13",
            "2024-1-1",
            "256.0.0.1",
            "1.2.3.4.5",
            "a:b",
            "@scope",
            "user@localhost",
            "état",
            "%C3%A9tat",
            "%zz",
            "%",
            "jquery-3.6.0.min.js",
            "index.html",
            "robots.txt",
            "*",
        ] {
            assert_eq!(template(segment), segment);
        }
    }

    #[test]
    fn a_file_keeps_its_extension() {
        for (segment, expected) in [
            ("a1b2c3d4.png", "{hash}.png"),
            ("42.json", "{id}.json"),
            ("2024-05-06.csv", "{date}.csv"),
            ("9f1b1c3e-8d52-4a57-a7a2-0d6a4a1f3e55.tar", "{uuid}.tar"),
            ("app.3f2a9c1b.js", "app.{hash}.js"),
            ("main-3f2a9c1b.css", "main-{hash}.css"),
            ("report-2024.pdf", "report-2024.pdf"),
            ("a%2F-3f2a9c1b.js", "a%2F-3f2a9c1b.js"),
        ] {
            assert_eq!(template(segment), expected);
        }
    }

    #[test]
    fn parameters_are_dropped_and_braces_escaped() {
        assert_eq!(template("cart;jsessionid=0123456789"), "cart");
        assert_eq!(template("{id}"), "%7Bid%7D");
        assert_eq!(template("a{b}c{"), "a%7Bb%7Dc%7B");
    }

    #[test]
    fn what_is_long_is_variable() {
        assert_eq!(template(&"x".repeat(MAX_LITERAL_BYTES)), "x".repeat(MAX_LITERAL_BYTES));
        assert_eq!(template(&"x".repeat(MAX_LITERAL_BYTES + 1)), "{var}");
        assert_eq!(template(&"é".repeat(4_000)), "{var}");
    }
}
