//! A regular expression within bounds.

use regex::{Regex, RegexBuilder};

use crate::InvalidPathPattern;

/// Longest pattern, in bytes.
pub const MAX_PATTERN_LEN: usize = 1024;

/// Largest compiled pattern, in bytes: `\w{20}` fits with all the letters of Unicode, repetitions of repetitions don't.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Largest cache of matcher states, in bytes.
const MAX_MATCHER_BYTES: usize = 1 << 20;

/// Deepest nesting of groups and repetitions.
const MAX_NESTING: u32 = 50;

/// A regular expression for paths and path templates. It matches in time linear in the path, whatever the pattern, and
/// matches anywhere in the path unless it is anchored by `^` and `$`.
#[derive(Clone, Debug)]
pub struct PathPattern(Regex);

impl PathPattern {
    /// Compiles a pattern of at most [`MAX_PATTERN_LEN`] bytes.
    pub fn new(pattern: &str) -> Result<Self, InvalidPathPattern> {
        if pattern.len() > MAX_PATTERN_LEN {
            return Err(InvalidPathPattern::TooLong { len: pattern.len() });
        }
        // The engine's own error is a drawing for terminals; the parser's has the position.
        let mut parser = regex_syntax::ParserBuilder::new().nest_limit(MAX_NESTING).build();
        if let Err(error) = parser.parse(pattern) {
            return Err(InvalidPathPattern::syntax(pattern, &error));
        }
        RegexBuilder::new(pattern)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_MATCHER_BYTES)
            .build()
            .map(Self)
            .map_err(|_| InvalidPathPattern::TooLarge { pattern: pattern.to_owned() })
    }

    /// Whether it matches this path or template.
    pub fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Two are equal that were made of the same pattern.
impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PathPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere_unless_anchored() {
        assert!(PathPattern::new("user").unwrap().is_match("/users/1"));
        assert!(!PathPattern::new("^user").unwrap().is_match("/users/1"));
    }

    #[test]
    fn what_is_wrong_is_located() {
        let error = PathPattern::new("^/users/(id").unwrap_err();
        assert_eq!(error.to_string(), "path pattern `^/users/(id` is no regular expression, at byte 8: unclosed group");
        let error = PathPattern::new(r"/\p{Klingon}").unwrap_err();
        assert!(matches!(error, InvalidPathPattern::Syntax { position: 1, .. }), "{error}");
    }

    #[test]
    fn an_expensive_pattern_is_refused() {
        let long = "a".repeat(MAX_PATTERN_LEN + 1);
        assert_eq!(PathPattern::new(&long), Err(InvalidPathPattern::TooLong { len: long.len() }));
        assert!(PathPattern::new(&long[1..]).is_ok());
        for large in [r"(\w{100}){100}", "(?:a{1000}){1000}"] {
            assert_eq!(PathPattern::new(large), Err(InvalidPathPattern::TooLarge { pattern: large.to_owned() }));
        }
        let deep = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(matches!(PathPattern::new(&deep(60)), Err(InvalidPathPattern::Syntax { .. })));
        assert!(PathPattern::new(&deep(40)).is_ok());
        assert!(PathPattern::new(r"\w{20}").is_ok());
    }
}
