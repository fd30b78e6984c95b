//! What becomes of texts: by hand, against a naive oracle, and with secrets in them.

mod hidden;

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

use super::{Dialect, fingerprint};
use crate::Limits;

fn of(dialect: Dialect, text: &[u8], limits: &Limits) -> (String, bool) {
    let (mut verb, mut resource) = ("old".to_string(), "old".to_string());
    let is_whole = fingerprint(dialect, text, limits, &mut verb, &mut resource);
    (format!("{verb}|{resource}"), is_whole)
}

#[track_caller]
fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(of(dialect, text.as_bytes(), &Limits::default()), (expected.to_string(), true), "{text}");
    }
}

#[test]
fn literals_and_parameters_go() {
    check(
        Dialect::POSTGRESQL,
        &[
            ("SELECT * FROM t WHERE a = 1 AND b = 'x''y'", "SELECT|* FROM t WHERE a = ? AND b = ?"),
            ("SELECT * FROM t WHERE a = $1 AND b = $23", "SELECT|* FROM t WHERE a = ? AND b = ?"),
            (r"SELECT E'a\'b', n'c', x'1f', B'01', U&'d\0061', u&'!' u", "SELECT|?, ? u"),
            (r"SELECT 'a\', b", "SELECT|?, b"),
            ("SELECT $$it's$$ || $a$ $b$ $$ $ab$ $a$ || $ä1$'$ä1$ || x", "SELECT|? || ? || ? || x"),
            ("SELECT a$b, a$1, $ FROM t", "SELECT|a$b, a$1, $ FROM t"),
            ("SELECT 0x1F, 1e-5, 1.5E+3, .5, 1_000, 1. FROM t", "SELECT|? FROM t"),
            ("SELECT a-1, a - 1, a -1, (a)-1, $1-2, 1e5-2, 0x1e-5", "SELECT|a-?, a - ?, a -?, (a)-?, ?-?"),
            ("SELECT -1, (-1), a=-1, a < +.5, a IN (-1), CASE WHEN -1 THEN -2 ELSE -3 END - 4", {
                "SELECT|?, (?), a=?, a < ?, a IN (?), CASE WHEN ? THEN ? ELSE ? END - ?"
            }),
            ("SELECT DATE '2020-01-01', INTERVAL'1 day', a::numeric(10,2)", {
                "SELECT|DATE ?, INTERVAL?, a::numeric(?)"
            }),
            ("SELECT data ? 'key', data ?| array['a','b'], a[1:2]", "SELECT|data ? ?, data ?| array[?], a[?:?]"),
            ("SELECT 'a'\n  'b' FROM t", "SELECT|? FROM t"),
            ("INSERT INTO t VALUES ($1, $2, $3::jsonb, $4, $5)", "INSERT|INTO t VALUES (?, ?::jsonb, ?)"),
            ("SELECT 1 WHERE a IN (DATE 'x', DATE 'y') AND b = ANY (ARRAY[$1::int, $2::int])", {
                "SELECT|? WHERE a IN (DATE ?) AND b = ANY (ARRAY[?::int])"
            }),
            ("SELECT 1, 2 AS a, 3 b, 4 LIKE 'x', $1[5]", "SELECT|?, ? AS a, ? b, ? LIKE ?, ?[?]"),
        ],
    );
    check(
        Dialect::MYSQL,
        &[
            (r#"SELECT * FROM `a b` WHERE x = "it's" AND y = 'a\'b"'"#, "SELECT|* FROM `a b` WHERE x = ? AND y = ?"),
            ("SELECT _utf8mb4'x', _latin1\"y\", N'z', X'1f', 0b01 FROM t", "SELECT|? FROM t"),
            ("SELECT * FROM t WHERE id IN (?, ?, ?) LIMIT ?, ?", "SELECT|* FROM t WHERE id IN (?) LIMIT ?"),
            ("SET @a = 1, @'b' = 2, @`c` = 3", "SET|? = ?"),
            ("SELECT @@version_comment LIMIT 1", "SELECT|@@version_comment LIMIT ?"),
            ("GRANT ALL ON s.* TO 'bob'@'%' IDENTIFIED BY 'pw'", "GRANT|ALL ON s.* TO ?@? IDENTIFIED BY ?"),
            ("DROP USER bob@localhost", "DROP|USER bob@localhost"),
        ],
    );
    check(
        Dialect::CQL,
        &[
            ("SELECT * FROM t WHERE id = f47ac10b-58cc-4372-a567-0e02b2c3d479", "SELECT|* FROM t WHERE id = ?"),
            ("SELECT * FROM t WHERE id = 01234567-58cc-4372-a567-0e02b2c3d479", "SELECT|* FROM t WHERE id = ?"),
            ("UPDATE t SET m = {'a': 1, 'b': 2}, s = {'x', 'y'} WHERE id = :id", {
                "UPDATE|t SET m = {?: ?}, s = {?} WHERE id = ?"
            }),
            (
                "INSERT INTO t (a) VALUES ({street: 'x', zip: {1: 2}})",
                "INSERT|INTO t (a) VALUES ({street: ?, zip: {?: ?}})",
            ),
            ("SELECT 0xCAFE, $$it's$$, 1h30m, 'x' FROM t", "SELECT|? FROM t"),
        ],
    );
}

#[test]
fn lists_and_rows_collapse() {
    check(
        Dialect::POSTGRESQL,
        &[
            ("SELECT 1 WHERE a IN(1,2 , 3)", "SELECT|? WHERE a IN (?)"),
            ("SELECT 1 WHERE (a, b) IN ((1, 2), (3, 4))", "SELECT|? WHERE (a, b) IN ((?))"),
            ("INSERT INTO t(a, b) VALUES (1, 'x')", "INSERT|INTO t(a, b) VALUES (?)"),
            ("INSERT INTO t(a, b) VALUES(1,'x'),(2,'y') ON CONFLICT DO NOTHING", {
                "INSERT|INTO t(a, b) VALUES (?) ON CONFLICT DO NOTHING"
            }),
            ("INSERT INTO t VALUES ($1, now(), NULL), ($2, now(), 3)", "INSERT|INTO t VALUES (?, now(), ?)"),
            ("INSERT INTO t VALUES (f(1, 2)), (f(1, 2)), (DEFAULT)", "INSERT|INTO t VALUES (f(?)), (DEFAULT)"),
            ("VALUES (1), (2)", "VALUES|(?)"),
            ("SELECT ARRAY[[1,2],[3,4]], f(a), (a)", "SELECT|ARRAY[[?]], f(a), (a)"),
            ("SELECT a IS NULL, b = NULL, (NULL), f(NULL, 1)", "SELECT|a IS NULL, b = NULL, (?), f(?)"),
            ("SELECT true, a IS TRUE, a IS NOT FALSE, b = FALSE", "SELECT|?, a IS TRUE, a IS NOT FALSE, b = ?"),
        ],
    );
    let deep = format!("SELECT {}1{}", "(".repeat(20), ")".repeat(20));
    let expected = format!("SELECT|{}?{}", "(".repeat(20), ")".repeat(20));
    check(Dialect::POSTGRESQL, &[(&deep, &expected)]);
}

#[test]
fn words_space_and_comments() {
    check(
        Dialect::POSTGRESQL,
        &[
            ("", "|"),
            (" ;; ", "|"),
            ("begin;", "BEGIN|"),
            ("select\t1 ;\r\n", "SELECT|?"),
            ("BEGIN; SELECT 1;; commit ;", "BEGIN|; SELECT ?; commit"),
            ("/* a /* b */ 'c */ Select -- d 'e\n /**/ x", "SELECT|x"),
            ("SELECT 1 -- it's", "SELECT|?"),
            ("SELECT 1 /* it's", "SELECT|?"),
            ("SELECT a--1\n, b", "SELECT|a, b"),
            ("SELECT ( a ,b ) , c . d,e", "SELECT|(a, b), c . d, e"),
            ("( (SELECT 1) UNION (SELECT 2))", "SELECT|?) UNION (SELECT ?))"),
            ("select o.end, o.Order from Orders as O order by 1", "SELECT|o.end, o.Order FROM Orders AS O ORDER BY ?"),
            (r#"SELECT "a ""b"" 'c'", "d" FROM "e"."f g""#, r#"SELECT|"a ""b"" 'c'", "d" FROM "e"."f g""#),
            ("SELECT \"a\nb\" FROM \"c", "SELECT|? FROM ?"),
            ("1 + 1", "|? + ?"),
            ("$1", "|?"),
            ("sélect ünï FROM t", "SéLECT|ünï FROM t"),
            (")", "|)"),
            ("SELECT a #> '{b}', c @> d, @ -5, e % 2", "SELECT|a #> ?, c @> d, @ ?, e % ?"),
            ("SELECT `a`", "SELECT|`a`"),
        ],
    );
    check(
        Dialect::MYSQL,
        &[
            ("SELECT 1 # it's\n, 5--1, 6 -- it's", "SELECT|?, ?-?, ?"),
            ("/*!40101 SET NAMES 'utf8' */;", "SET|NAMES ?"),
            ("SELECT /*!STRAIGHT_JOIN*/ a /*M!100100 , b*/ /* c /* d */ FROM t", "SELECT|STRAIGHT_JOIN a, b FROM t"),
            ("SELECT a */ b", "SELECT|a */ b"),
        ],
    );
    check(Dialect::CQL, &[("SELECT a // it's\nFROM t", "SELECT|a FROM t")]);
}

#[test]
fn the_servers_settings_decide_about_quotes() {
    let escaped = Dialect::POSTGRESQL.with_backslash_escapes(true);
    check(escaped, &[(r"SELECT 'a\', secret', b", "SELECT|?, b"), (r"SELECT n'\'', U&'\'", "SELECT|?")]);
    let plain = Dialect::MYSQL.with_backslash_escapes(false);
    check(plain, &[(r"SELECT 'a\', 'secret', b", "SELECT|?, b")]);
    let unknown = Dialect::POSTGRESQL.with_unknown_backslash_escapes();
    check(unknown, &[(r"SELECT 'a\\', E'\'', 'b\n', c", "SELECT|?, c")]);
    for text in [r"SELECT a, 'b\', 'secret', c", r"SELECT a, 'b\\\'secret', c"] {
        assert_eq!(of(unknown, text.as_bytes(), &Limits::default()), ("SELECT|a, ?".to_string(), false), "{text}");
    }
    let ansi = Dialect::MYSQL.with_double_quoted_strings(false);
    check(ansi, &[(r#"SELECT "a", 'b' FROM "t""#, r#"SELECT|"a", ? FROM "t""#)]);
}

#[test]
fn what_is_long_is_cut() {
    let limits = Limits { verb_bytes: 6, resource_bytes: 10, ..Limits::default() };
    for (text, expected, is_whole) in [
        ("SELECT 1234567890, 'a very long string', 3", "SELECT|?", true),
        ("SELECT abcdefghij", "SELECT|abcdefghij", true),
        ("SELECT abcdefghijk", "SELECT|abcdefghij", false),
        ("SELECT aaaaaaaaaä", "SELECT|aaaaaaaaa", false),
        ("EXPLAIN a", "EXPLAI|", false),
        // Rows of ten bytes: the second one needs room for a while.
        ("VALUES (a, f(1)), (a, f(2)), (a, f(3))", "VALUES|(a, f(?))", true),
    ] {
        assert_eq!(of(Dialect::POSTGRESQL, text.as_bytes(), &limits), (expected.to_string(), is_whole), "{text}");
    }
    assert_eq!(of(Dialect::POSTGRESQL, b"SELECT a\xffb", &limits), ("SELECT|a\u{fffd}b".to_string(), true));
}

/// A piece of a statement: how a client may write it, and what it is called, by hand.
#[derive(Debug, Clone)]
struct Piece {
    source: String,
    expected: String,
}

fn same(text: &'static str) -> impl Strategy<Value = Piece> {
    Just(Piece { source: text.to_string(), expected: text.to_string() })
}

fn value() -> impl Strategy<Value = Piece> {
    let text = "[a-z0-9 ,;()?$-]{0,12}";
    prop_oneof![
        (0..100_000_u32).prop_map(|number| number.to_string()),
        (0..1000_u32).prop_map(|number| format!("-{number}.5e-3")),
        text.prop_map(|text| format!("'{text}''{text}'")),
        text.prop_map(|text| format!("E'\\'{text}'")),
        text.prop_map(|text| format!("$tag$'{text}$tag$")),
        (1..40_u8).prop_map(|number| format!("${number}")),
    ]
    .prop_map(|source| Piece { source, expected: "?".to_string() })
}

fn values() -> impl Strategy<Value = Piece> {
    proptest::collection::vec(value(), 1..6).prop_map(|values| Piece {
        source: values.iter().map(|value| value.source.as_str()).collect::<Vec<_>>().join(" ,"),
        expected: vec!["?"; values.len()].join(", "),
    })
}

/// A condition or a list of rows.
fn clause() -> impl Strategy<Value = Piece> {
    prop_oneof![
        same("a.b = c"),
        same("f(a, b) || 'x'").prop_map(|piece| Piece { expected: "f(a, b) || ?".to_string(), ..piece }),
        value().prop_map(|value| Piece {
            source: format!("\"Some Column\"  <> {}", value.source),
            expected: "\"Some Column\" <> ?".to_string(),
        }),
        values().prop_map(|values| Piece {
            source: format!("a IN( {} )", values.source),
            expected: format!("a IN ({})", values.expected),
        }),
        proptest::collection::vec(values(), 1..4).prop_map(|rows| Piece {
            source: format!(
                "a in (values({}))",
                rows.iter().map(|row| row.source.as_str()).collect::<Vec<_>>().join("),(")
            ),
            expected: format!("a IN (VALUES {})", vec!["(?)"; rows.len()].join(", ")),
        }),
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![" ", "\n  ", "\t", "/* 'x */", "-- \"y\n"])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The oracle knows the pieces, and collapses by replacing until nothing changes.
    #[test]
    fn statements_of_known_pieces_are_called_as_expected(
        clauses in proptest::collection::vec((clause(), space()), 1..8),
        end in prop::sample::select(vec!["", ";", " ; "]),
    ) {
        let mut text = "update t".to_string();
        let mut expected = "UPDATE|t".to_string();
        for (clause, space) in &clauses {
            text.push_str(&format!("{space}and{space}{}", clause.source));
            expected.push_str(&format!(" AND {}", clause.expected));
        }
        text.push_str(end);
        while expected.contains("?, ?") || expected.contains("(?), (?)") {
            expected = expected.replace("?, ?", "?").replace("(?), (?)", "(?)");
        }
        let limits = Limits { resource_bytes: 4096, ..Limits::default() };
        prop_assert_eq!(of(Dialect::POSTGRESQL, text.as_bytes(), &limits), (expected, true), "{}", text);
    }

    /// A secret is in a literal, the text may break off anywhere: no three bytes of the secret come out.
    #[test]
    fn secrets_stay_inside(
        // None of what a fingerprint has between words.
        secret in "[#-&*+./:<=>@^~0-9-]{3,12}[ '\\\\\"`#%-]{0,3}[#-&*+./:<=>@^~0-9-]{3,12}",
        form in 0..6_usize,
        before in prop::sample::select(vec!["SELECT ", "SET a TO ", "SELECT x, '', ", "VALUES (1), (", "/* ' */ ALTER USER u PASSWORD "]),
        after in prop::sample::select(vec!["", ")", ", 'x', y", " -- '"]),
        cut in any::<prop::sample::Index>(),
    ) {
        let doubled = secret.replace('\'', "''");
        let escaped = secret.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\"");
        let (dialect, literal) = match form {
            0 => (Dialect::POSTGRESQL, format!("'{doubled}'")),
            1 => (Dialect::POSTGRESQL, format!("E'{escaped}'")),
            2 => (Dialect::POSTGRESQL, format!("$_s${secret}$_s$")),
            3 => (Dialect::MYSQL, format!("'{escaped}'")),
            4 => (Dialect::MYSQL, format!("\"{escaped}\"")),
            _ => (Dialect::CQL, format!("'{doubled}'")),
        };
        let text = format!("{before}{literal}{after}");
        let cut = cut.index(text.len());
        let limits = Limits::default();
        let (whole, _) = of(dialect, text.as_bytes(), &limits);
        let (broken_off, _) = of(dialect, &text.as_bytes()[..cut], &limits);
        for window in secret.as_bytes().windows(3) {
            let window = String::from_utf8_lossy(window).to_string();
            prop_assert!(!whole.contains(&window), "{:?} of {} in {}", window, text, whole);
            prop_assert!(!broken_off.contains(&window), "{:?} of {} in {}", window, text, broken_off);
        }
    }

    /// Whatever the bytes: no panic, and both parts within their limits.
    #[test]
    fn any_bytes(
        text in proptest::collection::vec(prop_oneof![
            prop::sample::select(b"'\"`$/*-#?:@(){}[],; \\\n.!eE0_aZ\xc3\xa4\xff".to_vec()), any::<u8>()], 0..200),
        resource_bytes in 0..40_usize,
        form in 0..3_usize,
    ) {
        let limits = Limits { verb_bytes: 5, resource_bytes, ..Limits::default() };
        let dialect = [Dialect::POSTGRESQL, Dialect::MYSQL, Dialect::CQL][form];
        let (mut verb, mut resource) = (String::new(), String::new());
        let is_whole = fingerprint(dialect, &text, &limits, &mut verb, &mut resource);
        prop_assert!(verb.len() <= 5 && resource.len() <= resource_bytes, "{verb} {resource}");
        prop_assert!(!verb.chars().chain(resource.chars()).any(|char| char.is_ascii_control()));
        // More room changes nothing but what was cut.
        let limits = Limits { verb_bytes: 500, resource_bytes: 1000, ..limits };
        let (mut long_verb, mut long) = (String::new(), String::new());
        fingerprint(dialect, &text, &limits, &mut long_verb, &mut long);
        if is_whole {
            prop_assert_eq!((verb, resource), (long_verb, long));
        }
    }
}
