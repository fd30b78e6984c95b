//! Texts by which someone tried to get a literal out of a fingerprint. Each holds `s3cr3t` where a server reads a literal.

use std::string::ToString;

use super::{Dialect, Limits, check, of};

const UNKNOWN: Dialect = Dialect::POSTGRESQL.with_unknown_backslash_escapes();
const ESCAPED: Dialect = Dialect::POSTGRESQL.with_backslash_escapes(true);

#[track_caller]
fn hides(dialect: Dialect, texts: &[&str]) {
    for text in texts {
        for len in 0..=text.len() {
            let Some(front) = text.get(..len) else { continue };
            let (fingerprint, _) = of(dialect, front.as_bytes(), &Limits::default());
            assert!(!fingerprint.contains("s3c"), "{front:?}: {fingerprint}");
        }
    }
}

/// What is left out is said to be.
#[track_caller]
fn breaks_off(dialect: Dialect, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(of(dialect, text.as_bytes(), &Limits::default()), (expected.to_string(), false), "{text:?}");
    }
    hides(dialect, &cases.iter().map(|(text, _)| *text).collect::<std::vec::Vec<_>>());
}

/// PostgreSQL, scan.l: `quotecontinue`, `whitespace_with_newline`.
#[test]
fn a_string_goes_on_as_it_began() {
    for dialect in [Dialect::POSTGRESQL, UNKNOWN, ESCAPED] {
        check(
            dialect,
            &[
                ("INSERT INTO t VALUES (E'x'\n  '\\' || s3cr3t')", "INSERT|INTO t VALUES (?)"),
                ("SELECT E'a' -- c'\n '\\' s3cr3t', b", "SELECT|?, b"),
                ("SELECT e'a'--c\r--\n\t\x0b\x0c'\\' s3cr3t'\n'\\' s3cr3t', b", "SELECT|?, b"),
                ("SELECT B'1'\n'\\' AS b, X'1'\n'\\', 's3cr3t'", "SELECT|? AS b, ?"),
                ("SELECT U&'a'\n'\\' AS b, 's3cr3t'", "SELECT|? AS b, ?"),
                ("SELECT E'\\'' \n, b", "SELECT|?, b"),
            ],
        );
    }
    // No new line in between, and the second one is a string of its own.
    check(
        Dialect::POSTGRESQL,
        &[("SELECT E'a' '\\', 's3cr3t'", "SELECT|?"), ("SELECT E'a' /*\n*/ '\\', b", "SELECT|?, b")],
    );
    check(Dialect::POSTGRESQL, &[("SELECT 'a'\n'\\', n'a'\n'\\', b", "SELECT|?, b")]);
    check(ESCAPED, &[("SELECT 'a'\n'\\' s3cr3t', n'a'\n'\\' s3cr3t', b", "SELECT|?, b")]);
    check(Dialect::MYSQL, &[("SELECT 'a'\n'\\' s3cr3t' \"\\\" s3cr3t\", N'a' '\\' s3cr3t', b", "SELECT|?, b")]);
    hides(UNKNOWN, &["SELECT 'a'\n'\\' s3cr3t'", "SELECT 'a\\', 's3cr3t'", "SELECT N'\\', s3cr3t'"]);
}

/// PostgreSQL, scan.l: `non_newline [^\n\r]`; Cassandra, Lexer.g: `COMMENT`.
#[test]
fn a_comment_ends_with_its_line() {
    check(Dialect::POSTGRESQL, &[("SELECT 1 --x\r, '\n s3cr3t'", "SELECT|?"), ("SELECT 1 --x'\r\n, b", "SELECT|?, b")]);
    check(
        Dialect::CQL,
        &[
            ("SELECT a FROM t --x\r WHERE b='\n s3cr3t'", "SELECT|a FROM t WHERE b=?"),
            ("SELECT a FROM t //x\r WHERE b='\n s3cr3t'", "SELECT|a FROM t WHERE b=?"),
        ],
    );
    check(
        Dialect::MYSQL,
        &[
            ("SELECT 1 -- x\r, '\n , 's3cr3t'", "SELECT|?"),
            ("SELECT 1 # x\r, '\n , 's3cr3t'", "SELECT|?"),
            // A control that is no white space.
            ("SELECT 1 --\x7f '\n, 's3cr3t'", "SELECT|?"),
        ],
    );
    breaks_off(
        Dialect::MYSQL,
        &[("SELECT 1 # x\0, '\n s3cr3t'", "SELECT|?"), ("SELECT 1 --\u{a0} '\n, 's3cr3t'", "SELECT|?")],
    );
    // Where a comment begins that a number seems to go on with.
    check(Dialect::POSTGRESQL, &[("SELECT 1e--'\n, 's3cr3t'", "SELECT|?"), ("SELECT 1e-5, 1e+5", "SELECT|?")]);
    check(Dialect::CQL, &[("SELECT 12345678--'\n, 's3cr3t'", "SELECT|?")]);
    // Comments in comments.
    check(Dialect::POSTGRESQL, &[("SELECT 1 /*/*'*/*/, 's3cr3t' /*/ /**/ ' */", "SELECT|?")]);
    check(Dialect::MYSQL, &[("SELECT 1 /*/*'*/, 's3cr3t' /*/ ' */", "SELECT|?")]);
    check(Dialect::CQL, &[("SELECT 1 /*/*'*/, 's3cr3t' /*/ ' */", "SELECT|?")]);
}

/// MySQL reference manual, "CREATE FUNCTION": `AS $$ … $$`, since 9.0.
#[test]
fn the_body_of_a_function_is_a_literal_in_mysql() {
    let function = "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS";
    for body in ["$$ const k = `s3cr3t`; // s3cr3t'\n return 1 $$", "$js$ s3cr3t $$ s3cr3t $ $js$;"] {
        check(
            Dialect::MYSQL,
            &[(&std::format!("{function} {body}"), { "CREATE|FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS ?" })],
        );
    }
    hides(Dialect::MYSQL, &["SELECT $$ s3cr3t", "SELECT $js$ s3cr3t $$", "SELECT a.$js$ s3cr3t $js$"]);
    // Names, in what came before.
    breaks_off(
        Dialect::MYSQL,
        &[("SELECT $a$b, 's3cr3t $a$ s3cr3t'", "SELECT|?"), ("SELECT $$, 's3cr3t $$ s3cr3t'", "SELECT|?")],
    );
    check(Dialect::MYSQL, &[("SELECT a$b, @c$d$e, @@f$g FROM t", "SELECT|a$b, ?, @@f$g FROM t")]);
}

/// MySQL reference manual and MariaDB's documentation, "Comments" and "Comment Syntax".
#[test]
fn a_comment_with_code_may_be_one() {
    check(
        Dialect::MYSQL,
        &[
            ("CREATE TABLE t (a INT /*!80023 INVISIBLE */) /*!50100 COMMENT '*/ s3cr3t' */", {
                "CREATE|TABLE t (a INT INVISIBLE) COMMENT ?"
            }),
            ("SELECT /*!99999 `it's`, 'it''s', \"a\\n\\\\\" */ 's3cr3t'", "SELECT|`it's`, ?"),
            ("SELECT /*!40101 'it\\'s */ s3cr3t' */ , b", "SELECT|?, b"),
        ],
    );
    breaks_off(
        Dialect::MYSQL,
        &[
            ("SELECT a /*!99999 don't */ 's3cr3t'", "SELECT|a"),
            ("SELECT a /*!50700 don't */ 's3cr3t'", "SELECT|a"),
            ("SELECT a /*M!100100 it's */ 's3cr3t'", "SELECT|a"),
            ("SELECT a /*M! it's */ 's3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 '*/ s3cr3t' */", "SELECT|a"),
            ("SELECT a /*!99999 `*/ '` */, s3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 '\\' */ 's3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 '\\*/ s3cr3t' */", "SELECT|a"),
            ("SELECT a /*!99999 # */ '\n */ s3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 -- */ '\n */ s3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 /* */ ' */ s3cr3t'", "SELECT|a"),
            ("SELECT a /*!99999 $$ */ $$ */ s3cr3t $$", "SELECT|a"),
            ("SELECT a /*!99999999999999999999 '", "SELECT|a"),
        ],
    );
}

#[test]
fn junk_before_quotes() {
    for dialect in [Dialect::POSTGRESQL, Dialect::MYSQL, Dialect::CQL] {
        breaks_off(
            dialect,
            &[
                ("SELECT 1$$ s3cr3t $$", "SELECT|?"),
                ("SELECT 1$a$ s3cr3t $a$", "SELECT|?"),
                ("SELECT $1$$ s3cr3t $$", "SELECT|?"),
                ("SELECT $1$a$ s3cr3t $a$", "SELECT|?"),
                ("SELECT 1e$$, 's3cr3t $$ s3cr3t'", "SELECT|?"),
                ("SELECT -.5$$ s3cr3t $$", "SELECT|?"),
            ],
        );
    }
    for dialect in [Dialect::POSTGRESQL, Dialect::MYSQL] {
        breaks_off(dialect, &[("DO$$ s3cr3t $$", "DO$$|"), ("SELECT a$$, 's3cr3t $$ s3cr3t'", "SELECT|a$$")]);
    }
    check(Dialect::CQL, &[("SELECT a$$ s3cr3t $$, :a, b", "SELECT|a?, ?, b")]);
    hides(Dialect::CQL, &["SELECT :a$$ s3cr3t $$, b", "SELECT f47ac10b-58cc-4372-a567-0e02b2c3d479$$ s3cr3t $$"]);
    for text in
        ["SELECT 5E'\\'s3cr3t'", "SELECT $1E'\\'s3cr3t'", "SELECT 1.5e'a'\n'\\' s3cr3t'", "SELECT 5aE'\\', 's3cr3t'"]
    {
        hides(Dialect::POSTGRESQL, &[text]);
        hides(ESCAPED, &[text]);
        hides(UNKNOWN, &[text]);
    }
    check(Dialect::POSTGRESQL, &[("SELECT 5E's3cr3t', 1'\\', b", "SELECT|?, b")]);
    breaks_off(Dialect::MYSQL, &[("SELECT x'\\', 's3cr3t'", "SELECT|?"), ("SELECT b'\\' s3cr3t'", "SELECT|?")]);
}

#[test]
fn other_ways() {
    hides(
        Dialect::POSTGRESQL,
        &[
            "SELECT U&'d!0061 s3cr3t' UESCAPE '!' 's3cr3t'",
            "SELECT U&\"d!0061\" UESCAPE '!', 's3cr3t'",
            "SELECT 'a''s3cr3t''b' 's3cr3t'",
            "SELECT a$b's3cr3t', \"a\"E'\\'s3cr3t', $E'\\'s3cr3t'",
            "SELECT $ä$ ' $a$ s3cr3t $ä$, 's3cr3t'",
            "SELECT $a$ $$a$ 's3cr3t' $a$",
            "SELECT '\0', 's3cr3t' \0 's3cr3t'",
            "SELECT +--'\n's3cr3t' -/*'*/ 's3cr3t'",
        ],
    );
    hides(
        Dialect::MYSQL,
        &[
            "SELECT _utf8'\\'s3cr3t', _latin1\"\\\"s3cr3t\", @'s3cr3t', @\"s3cr3t\", @a'\\'s3cr3t'",
            "SELECT 'a\\\ns3cr3t' \"s3cr3t\" 's3cr3t''s3cr3t' \"'s3cr3t\"",
            "SELECT N'\\'s3cr3t', 0x1'\\'s3cr3t', 1e'\\'s3cr3t'",
            "SELECT 5--'s3cr3t', 5--\"s3cr3t\" --\t'\n 's3cr3t'",
            "SET PASSWORD FOR 'a'@'b' = 's3cr3t'",
        ],
    );
    for text in [&b"SELECT '\xff\xfe s3cr3t', b"[..], b"SELECT 's3cr3t\xc3', b", b"SELECT \xff's3cr3t', b"] {
        for dialect in [Dialect::POSTGRESQL, Dialect::MYSQL, Dialect::CQL] {
            let (fingerprint, is_whole) = of(dialect, text, &Limits::default());
            assert!(is_whole && fingerprint.ends_with("?, b"), "{}: {fingerprint}", text.escape_ascii());
        }
    }
}
