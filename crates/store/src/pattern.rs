//! Regular expressions for paths.

use regex::{Regex, RegexBuilder};

/// Longest pattern, in bytes.
pub const MAX_PATTERN_LEN: usize = 1024;

/// Largest compiled pattern and largest cache of matcher states, in bytes each.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Deepest nesting of groups and repetitions.
const MAX_NESTING: u32 = 50;

/// A regular expression for the paths of exchanges. It matches in time linear in the path, whatever the pattern, and
/// matches anywhere in the path unless it is anchored by `^` and `$`.
#[derive(Clone, Debug)]
pub struct PathPattern(Regex);

impl PathPattern {
    /// Compiles a pattern of at most [`MAX_PATTERN_LEN`] bytes.
    pub fn new(pattern: &str) -> Result<Self, InvalidPattern> {
        if pattern.len() > MAX_PATTERN_LEN {
            return Err(InvalidPattern::TooLong { len: pattern.len() });
        }
        // The engine's own error is a drawing for terminals; the parser's has the position.
        regex_syntax::ParserBuilder::new()
            .nest_limit(MAX_NESTING)
            .build()
            .parse(pattern)
            .map_err(|error| InvalidPattern::syntax(&error))?;
        RegexBuilder::new(pattern)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .build()
            .map(Self)
            .map_err(|_| InvalidPattern::TooLarge)
    }

    /// Whether it matches this path.
    pub fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Why a pattern was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPattern {
    /// It is no regular expression.
    #[error("no regular expression, at byte {position}: {reason}")]
    Syntax {
        /// Offset in bytes of what is wrong, from the start of the pattern.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is longer than [`MAX_PATTERN_LEN`].
    #[error("the pattern has {len} bytes: take one of at most {MAX_PATTERN_LEN}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Its compiled form is too large.
    #[error("the pattern is too large once compiled: take smaller repetitions")]
    TooLarge,
}

impl InvalidPattern {
    fn syntax(error: &regex_syntax::Error) -> Self {
        let (position, reason) = match error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            other => (0, other.to_string()),
        };
        Self::Syntax { position, reason }
    }
}

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
        let error = PathPattern::new("/a(b").unwrap_err();
        assert!(matches!(error, InvalidPattern::Syntax { position: 2, .. }), "{error}");
    }

    #[test]
    fn hostile_patterns_are_refused() {
        assert_eq!(PathPattern::new("(?:a{1000}){1000}").unwrap_err(), InvalidPattern::TooLarge);
        assert_eq!(PathPattern::new(&"a".repeat(1025)).unwrap_err(), InvalidPattern::TooLong { len: 1025 });
        assert!(PathPattern::new(&"(".repeat(1000)).is_err());
        assert!(PathPattern::new(&format!("{}a{}", "(".repeat(60), ")".repeat(60))).is_err());
    }
}
