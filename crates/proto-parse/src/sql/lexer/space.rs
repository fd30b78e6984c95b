//! What stands between tokens: white space and comments.

use super::{Backslash, Dialect, Lexer};

/// The version from which on servers skip a MySQL comment with code: MariaDB does, which is as old as MySQL 5.6 ("Comment
/// Syntax": "ignores MySQL-style executable comments that have a version number in the interval 50700..50999"), and
/// so does every MySQL that is older than the version (reference manual, "Comments").
const FIRST_SKIPPED_VERSION: u32 = 5_07_00;

impl Lexer<'_> {
    /// Passes over white space, controls and comments, and says whether there were any.
    #[inline]
    pub(super) fn pass_space(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            self.take_while(|byte| byte <= b' ' || byte == 0x7f);
            let Dialect { mysql_comments, slash_comments, .. } = self.dialect;
            match self.rest {
                // MySQL: "the -- comment style requires the second dash to be followed by at least one whitespace or
                // control character".
                [b'-', b'-', next, ..] if mysql_comments && *next > b' ' && *next != 0x7f => {
                    if *next >= 0x80 {
                        // In some character sets it is white space, such as a no-break space in Latin 1.
                        self.hide_rest();
                    }
                    break;
                }
                [b'-', b'-', ..] => self.line_comment(),
                [b'#', ..] if mysql_comments => self.line_comment(),
                [b'/', b'/', ..] if slash_comments => self.line_comment(),
                [b'/', b'*', b'!', rest @ ..] if mysql_comments => {
                    self.rest = rest;
                    self.executable_comment(true);
                }
                [b'/', b'*', b'M', b'!', rest @ ..] if mysql_comments => {
                    self.rest = rest;
                    // Only MariaDB executes it.
                    self.executable_comment(false);
                }
                [b'*', b'/', rest @ ..] if self.in_executable_comment => {
                    self.rest = rest;
                    self.in_executable_comment = false;
                }
                [b'/', b'*', ..] => self.block_comment(),
                _ => break,
            }
        }
        self.rest.len() < before
    }

    /// Up to the end of the line. That is a carriage return, too, in PostgreSQL (scan.l: `comment ("--"{non_newline}*)`,
    /// `non_newline [^\n\r]`) and in CQL (Cassandra's Lexer.g: `COMMENT : ('--' | '//') .* ('\n'|'\r')`).
    fn line_comment(&mut self) {
        if !self.dialect.mysql_comments {
            self.take_while(|byte| byte != b'\n' && byte != b'\r');
            return;
        }
        // MySQL (sql_lex.cc, `MY_LEX_COMMENT`): `while ((c = lip->yyGet()) != '\n' && c)`. What stands behind a zero byte that does
        // not end the text is nothing that a server reads.
        self.take_while(|byte| byte != b'\n' && byte != 0);
        if matches!(self.rest, [0, _, ..]) {
            self.hide_rest();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.rest = match self.rest {
                [b'/', b'*', rest @ ..] => {
                    depth = if self.dialect.nested_comments { depth.saturating_add(1) } else { 1 };
                    rest
                }
                [b'*', b'/', rest @ ..] => {
                    depth = depth.saturating_sub(1);
                    rest
                }
                [_, rest @ ..] => rest,
                [] => return,
            };
            if depth == 0 {
                return;
            }
        }
    }

    /// A comment with code that a server executes, if it has the version that the comment begins with. What it is to
    /// a server that is not known is left open: the code is shown, if what follows is the same to one that skips it.
    fn executable_comment(&mut self, by_every_server: bool) {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        let version = digits.iter().fold(0_u32, |version, digit| {
            version.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
        });
        if (by_every_server && version < FIRST_SKIPPED_VERSION) || self.ends_alike() {
            self.in_executable_comment = true;
        } else {
            self.hide_rest();
        }
    }

    /// Whether the comment that has begun ends at the same place, read as code and read as a comment. What could end
    /// elsewhere, or hold what ends it, counts as if it did. The code is read up to that end only, so that no byte is looked
    /// at more than once more.
    fn ends_alike(&self) -> bool {
        let mut rest = self.rest;
        loop {
            rest = match rest {
                [b'*', b'/', ..] => return true,
                [] | [b'#' | b'$', ..] | [b'-', b'-', ..] | [b'/', b'*', ..] => return false,
                [quote @ (b'\'' | b'"' | b'`'), rest @ ..] => {
                    let escapes = *quote != b'`' && self.dialect.backslash != Backslash::Plain;
                    match behind_plain_string(*quote, escapes, rest) {
                        Some(rest) => rest,
                        None => return false,
                    }
                }
                [_, rest @ ..] => rest,
            };
        }
    }
}

/// What follows a string that has begun, if it ends, and neither ends a comment nor begins one.
fn behind_plain_string(quote: u8, escapes: bool, mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [] | [b'*', b'/', ..] | [b'/', b'*', ..] => return None,
            // Whether it keeps its quote from ending the string depends on the quote's mode.
            [b'\\', rest @ ..] if escapes => match rest {
                [next, rest @ ..] if *next != b'*' && *next != b'/' && *next != quote => rest,
                _ => return None,
            },
            // Two quotes in a row are two strings here, and it ends at the same place.
            [one, rest @ ..] if *one == quote => return Some(rest),
            [_, rest @ ..] => rest,
        };
    }
}
