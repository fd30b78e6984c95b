//! A conversation as text: `crates/proto-parse/testdata/README.md` has the format.

use std::fmt::Write as _;

use geophone_proto_parse::{Direction, End};

use crate::script::{Event, Script};

/// Longest pattern whose repetitions are looked for.
const MAX_PATTERN: usize = 16;

/// Characters that the short form of a repetition must save.
const MIN_SAVED: usize = 16;

/// The text up to and with the line `---`.
pub(super) fn show(script: &Script) -> String {
    let Script { joined_late, default_limits, needs, secrets, events } = script;
    let mut text = String::new();
    for (header, is_so) in [("default limits\n", default_limits), ("joined late\n", joined_late)] {
        text.push_str(if *is_so { header } else { "" });
    }
    for feature in needs {
        let _ = writeln!(text, "needs {feature}");
    }
    for secret in secrets {
        let _ = writeln!(text, "secret {secret}");
    }
    let arrow = |direction: &Direction| if *direction == Direction::ToServer { '>' } else { '<' };
    for event in events {
        let _ = match event {
            Event::Bytes { direction, now_ns, data } => {
                writeln!(text, "{now_ns} {} {}", arrow(direction), escape(data))
            }
            Event::Gap { direction, now_ns, len } => writeln!(text, "{now_ns} {}gap {len}", arrow(direction)),
            Event::End { direction, now_ns, how } => {
                let how = match how {
                    End::Fin => "fin",
                    End::Reset => "reset",
                    _ => "unknown",
                };
                writeln!(text, "{now_ns} {}end {how}", arrow(direction))
            }
            Event::Close { now_ns } => writeln!(text, "{now_ns} close"),
            Event::Abandon => writeln!(text, "0 abandon"),
        };
    }
    text.push_str("---\n");
    text
}

/// Printable ASCII as it is, the rest escaped; long repetitions in their short form.
fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (pattern, times) = repetition(rest);
        let shown = plain(pattern);
        // The short form is read up to the first bracket.
        let short = format!("\\[{times} {}]", shown.replace(']', "\\x5d"));
        let taken = if short.len() + MIN_SAVED <= shown.len() * times {
            text.push_str(&short);
            pattern.len() * times
        } else {
            text.push_str(&plain(&rest[..1]));
            1
        };
        rest = &rest[taken..];
    }
    // A blank at the end of a line is not seen, and lost by many an editor.
    if text.ends_with(' ') {
        text.replace_range(text.len() - 1.., "\\x20");
    }
    text
}

/// The pattern at the beginning that, with its repetitions, reaches furthest, and how often it is there.
fn repetition(bytes: &[u8]) -> (&[u8], usize) {
    let patterns = (1..=MAX_PATTERN.min(bytes.len())).map(|len| {
        let (pattern, _) = bytes.split_at(len);
        let times = bytes.chunks(len).take_while(|chunk| *chunk == pattern).count();
        (pattern, times)
    });
    // Of several that reach as far, the shortest.
    patterns.rev().max_by_key(|(pattern, times)| pattern.len() * times).unwrap_or((bytes, 1))
}

fn plain(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = match byte {
            b'\r' => write!(text, "\\r"),
            b'\n' => write!(text, "\\n"),
            b'\t' => write!(text, "\\t"),
            b'\\' => write!(text, "\\\\"),
            b' '..=b'~' => write!(text, "{}", char::from(*byte)),
            _ => write!(text, "\\x{byte:02x}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_escaped() {
        assert_eq!(escape(b"GET /a\r\n\t\\\0\x7f\xc3\xa4[]"), r"GET /a\r\n\t\\\x00\x7f\xc3\xa4[]");
        assert_eq!(escape(b"ends with a blank "), r"ends with a blank\x20");
    }

    #[test]
    fn long_repetitions_are_short() {
        assert_eq!(escape(&b"x".repeat(1_000)), r"\[1000 x]");
        assert_eq!(escape(&[b"<", &b"ab\0".repeat(50)[..], b">"].concat()), r"<\[50 ab\x00]>");
        assert_eq!(escape(&b"[]".repeat(30)), r"\[30 [\x5d]");
        // The first of a run is no part of the pattern where that would be worse.
        assert_eq!(escape(&[&b"=="[..], &b"=-".repeat(40)].concat()), r"==\[40 =-]");
        assert_eq!(escape(b"aaaaaaaaaaaaaaaa"), "aaaaaaaaaaaaaaaa", "that would save too little");
    }

    /// What is written is read as what it was.
    #[test]
    fn a_conversation_is_the_same_behind_its_text() {
        let lines = "default limits\njoined late\nsecret hunter2\n10 > PING\\r\\n\n20 < \\[40 -=]\\x00]\\x20\n25 >gap 7\n\
                     30 >end fin\n35 >end unknown\n40 <end reset\n50 close\n0 abandon\n";
        assert_eq!(show(&Script::parse(lines)), format!("{lines}---\n"));
    }
}
