//! Fingerprints of SQL texts: what a statement does, without the values that it does it with.
//!
//! ```
//! use geophone_proto_parse::Limits;
//! use geophone_proto_parse::sql::{Dialect, fingerprint};
//!
//! let (mut verb, mut resource) = (String::new(), String::new());
//! let text = b"select * from orders -- by hand\n where id IN (17, 18, -4) AND name = 'O''Hara';";
//! let is_whole = fingerprint(Dialect::POSTGRESQL, text, &Limits::default(), &mut verb, &mut resource);
//! assert_eq!((verb.as_str(), resource.as_str()), ("SELECT", "* FROM orders WHERE id IN (?) AND name = ?"));
//! assert!(is_whole);
//! ```
//!
//! A text is read once, from front to back, by the lexical rules of its [`Dialect`]; it is not parsed, so that every
//! statement has a fingerprint, one with a syntax error too.
//!
//! | what | becomes |
//! |---|---|
//! | strings (`'…'`, `E'…'`, `N'…'`, `U&'…'`, `X'…'`, `B'…'`, `$tag$…$tag$`; in MySQL `"…"`, `_utf8'…'`), numbers with their sign, `TRUE`, `FALSE`, UUIDs in CQL | `?` |
//! | parameters: `$1`; in MySQL `?` and `@name`; in CQL `?` and `:name` | `?`, so that the prepared form is called the same |
//! | `NULL` | stays (`IS NULL`), but is `?` where it stands in a list of values |
//! | an item of a list that reads like the one before it, with a value in it: `IN (1, 2)`, `ARRAY[$1::int, $2::int]`, rows of `VALUES` | left out |
//! | `TRUE` and `FALSE` behind `IS` or `NOT` | stay |
//! | comments, white space | one space between two tokens, none within parentheses at their ends or before commas |
//! | words that are reserved in every dialect | upper case; all other words and identifiers are as written |
//! | `;` at the end | left out |
//! | MySQL's `/*! … */` | what is in it, as the server takes it; behind one that a server may skip, nothing if that would end elsewhere |
//! | what only some versions of a server read as a literal (`1a$$…`, MySQL's `$tag$…$tag$` within a statement) | the end of the fingerprint, which is not whole |
//!
//! The first word, in upper case, is the verb; parentheses before it are left out. What follows is the resource.
//!
//! A literal that the text breaks off in is a `?` like any other. A text whose quotes do not match cannot be told apart from
//! one whose do: what the server would take for a word there comes out as a word. Client encodings in which a backslash
//! can be the second byte of a character (Shift JIS, Big5, GBK) are read as if it could not.

mod dialect;
mod fingerprint;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod keyword;
mod lexer;
#[cfg(any(feature = "cassandra", feature = "mysql"))]
mod statement;
#[cfg(test)]
mod tests;

pub use dialect::Dialect;
pub use fingerprint::fingerprint;
#[cfg(any(feature = "cassandra", feature = "mysql"))]
pub(crate) use statement::Statement;
