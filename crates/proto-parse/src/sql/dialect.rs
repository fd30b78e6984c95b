//! In what the dialects of SQL differ, as far as the ends of their literals and comments go.

/// The lexical rules of one dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Whether a backslash in a plain string keeps its meaning from the next byte.
    pub(super) backslash: Backslash,
    /// `E'…'` is a string with backslash escapes.
    pub(super) escape_strings: bool,
    /// `"…"` is a string, not an identifier.
    pub(super) double_quoted_strings: bool,
    /// `` `…` `` is an identifier.
    pub(super) backtick_identifiers: bool,
    /// A string goes on with the next one, if there is a new line between them.
    pub(super) continued_strings: bool,
    /// A `$` may be in a name, behind its beginning.
    pub(super) dollars_in_names: bool,
    /// `$tag$…$tag$`, a string in every dialect, may be a name by the server's version.
    pub(super) dollars_begin_names: bool,
    /// `_utf8'…'` is a string.
    pub(super) charset_introducers: bool,
    /// A word of the shape of a UUID is one.
    pub(super) uuids: bool,
    /// `?` is a parameter.
    pub(super) question_marks: bool,
    /// `:name` is a parameter.
    pub(super) colon_names: bool,
    /// `@name` is a variable of the session, which statements use as a parameter.
    pub(super) at_names: bool,
    /// Comments hold comments.
    pub(super) nested_comments: bool,
    /// `#` begins a comment up to the end of the line, `--` does only before white space, and `/*! … */` is executed.
    pub(super) mysql_comments: bool,
    /// `//` begins a comment up to the end of the line.
    pub(super) slash_comments: bool,
}

/// What a backslash in a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backslash {
    /// A byte like any other.
    Plain,
    /// It keeps its meaning from the next byte.
    Escapes,
    Unknown,
}

impl Dialect {
    /// PostgreSQL (documentation, section 4.1 "Lexical Structure"), with `standard_conforming_strings` on, the default.
    pub const POSTGRESQL: Self = Self {
        backslash: Backslash::Plain,
        escape_strings: true,
        double_quoted_strings: false,
        backtick_identifiers: false,
        continued_strings: true,
        dollars_in_names: true,
        dollars_begin_names: false,
        charset_introducers: false,
        uuids: false,
        // In PostgreSQL it is an operator.
        question_marks: false,
        colon_names: false,
        at_names: false,
        nested_comments: true,
        mysql_comments: false,
        slash_comments: false,
    };

    /// MySQL and MariaDB (MySQL reference manual, chapter "Language Structure") in the default SQL mode, without
    /// `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`.
    pub const MYSQL: Self = Self {
        backslash: Backslash::Escapes,
        escape_strings: false,
        double_quoted_strings: true,
        backtick_identifiers: true,
        continued_strings: false,
        dollars_in_names: true,
        dollars_begin_names: true,
        charset_introducers: true,
        uuids: false,
        question_marks: true,
        colon_names: false,
        at_names: true,
        nested_comments: false,
        mysql_comments: true,
        slash_comments: false,
    };

    /// CQL 3 (Cassandra's documentation of CQL, "Definitions").
    pub const CQL: Self = Self {
        backslash: Backslash::Plain,
        escape_strings: false,
        double_quoted_strings: false,
        backtick_identifiers: false,
        continued_strings: false,
        dollars_in_names: false,
        dollars_begin_names: false,
        charset_introducers: false,
        uuids: true,
        question_marks: true,
        colon_names: true,
        at_names: false,
        nested_comments: false,
        mysql_comments: false,
        slash_comments: true,
    };

    /// The dialect with or without backslash escapes in plain strings: PostgreSQL's `standard_conforming_strings` off,
    /// MySQL's mode `NO_BACKSLASH_ESCAPES` (of which a server tells in its status flags).
    #[must_use]
    pub const fn with_backslash_escapes(self, backslash_escapes: bool) -> Self {
        let backslash = if backslash_escapes { Backslash::Escapes } else { Backslash::Plain };
        Self { backslash, ..self }
    }

    /// The dialect where it is not known whether there are backslash escapes in plain strings. A fingerprint ends with the
    /// string whose end depends on it.
    #[must_use]
    pub const fn with_unknown_backslash_escapes(self) -> Self {
        Self { backslash: Backslash::Unknown, ..self }
    }

    /// What a backslash is in `B'…'` and `X'…'`: in PostgreSQL always a byte like any other (scan.l: `xbinside [^']*`), in MySQL
    /// an error, so that it is open where the string ends.
    pub(super) const fn backslash_of_bits(self) -> Backslash {
        match self.backslash {
            Backslash::Escapes | Backslash::Unknown if !self.escape_strings => Backslash::Unknown,
            _ => Backslash::Plain,
        }
    }

    /// The dialect with `"…"` for identifiers (MySQL's mode `ANSI_QUOTES`) or for strings.
    #[must_use]
    pub const fn with_double_quoted_strings(self, double_quoted_strings: bool) -> Self {
        Self { double_quoted_strings, ..self }
    }
}
