//! What stands in quotes: strings and quoted identifiers.

use super::{Backslash, Lexer, Token, continues_word};

impl<'a> Lexer<'a> {
    /// A string up to its closing quote, or to the end of the text. Two quotes in a row are one in the string.
    #[inline]
    pub(super) fn string(&mut self, quote: u8, backslash: Backslash) -> Token<'a> {
        // A part of a string that is read like a string of its own needs no looking for.
        while self.pass_quoted(quote, backslash)
            && backslash != self.dialect.backslash
            && self.dialect.continued_strings
            && self.pass_to_next_part()
        {}
        Token::Value
    }

    /// Passes over what stands between two parts of a string, if another part follows: it is read like the first one.
    ///
    /// PostgreSQL (scan.l): `quotecontinue {whitespace_with_newline}{quote}`, white space that a new line is in, and comments
    /// up to the ends of their lines.
    #[cold]
    fn pass_to_next_part(&mut self) -> bool {
        let mut rest = self.rest;
        let mut has_newline = false;
        loop {
            rest = match rest {
                [b'\n' | b'\r', rest @ ..] => {
                    has_newline = true;
                    rest
                }
                [b' ' | b'\t' | 0x0b | 0x0c, rest @ ..] => rest,
                [b'-', b'-', rest @ ..] => {
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                    rest.get(end..).unwrap_or_default()
                }
                [b'\'', ..] if has_newline => {
                    self.rest = rest;
                    return true;
                }
                _ => return false,
            };
        }
    }

    /// A quoted identifier. One with control characters is no name to show, and of one that does not end it is not certain
    /// that it is one.
    pub(super) fn quoted(&mut self, quote: u8) -> Token<'a> {
        let text = self.rest;
        if !self.pass_quoted(quote, Backslash::Plain) {
            return Token::Value;
        }
        let name = text.get(..text.len().saturating_sub(self.rest.len())).unwrap_or_default();
        if name.iter().any(u8::is_ascii_control) { Token::Value } else { Token::Quoted(name) }
    }

    /// Passes over what stands in quotes, and says whether its end was there.
    pub(super) fn pass_quoted(&mut self, quote: u8, backslash: Backslash) -> bool {
        let has_escapes = backslash != Backslash::Plain;
        let mut rest = self.rest.get(1..).unwrap_or_default();
        loop {
            let Some(at) = rest.iter().position(|&byte| byte == quote || (has_escapes && byte == b'\\')) else {
                self.rest = &[];
                return false;
            };
            rest = match rest.get(at..).unwrap_or_default() {
                [b'\\', next, ..] if *next == quote && backslash == Backslash::Unknown => {
                    self.is_ambiguous = true;
                    &[]
                }
                [b'\\', _, rest @ ..] if has_escapes => rest,
                [one, two, rest @ ..] if *one == quote && *two == quote => rest,
                [one, rest @ ..] if *one == quote => {
                    self.rest = rest;
                    return true;
                }
                // A backslash at the end of the text.
                _ => &[],
            };
        }
    }

    /// `$1`, `$tag$…$tag$`, or an operator. A tag that the text breaks off in is one.
    pub(super) fn dollar(&mut self) -> Token<'a> {
        let rest = self.rest.get(1..).unwrap_or_default();
        if rest.first().is_some_and(u8::is_ascii_digit) {
            return self.parameter();
        }
        let name_len = rest.iter().take_while(|&&byte| continues_word(byte)).count();
        match rest.get(name_len) {
            Some(b'$') => {
                let (tag, body) = self.rest.split_at_checked(name_len.saturating_add(2)).unwrap_or_default();
                self.rest = behind_tag(tag, body);
                // In a MySQL that has no such strings (they are new in 9.0), a name begins here. There a string of that kind is
                // the body of a function, which nothing follows but the statement's end.
                if self.dialect.dollars_begin_names && self.rest.iter().any(|&byte| byte > b' ' && byte != b';') {
                    self.hide_rest();
                }
                Token::Value
            }
            None => {
                self.rest = &[];
                Token::Value
            }
            Some(_) => self.single(Token::Symbol(b'$')),
        }
    }

    /// What stands right behind a number or a parameter. Servers differ by their versions in whether its last letters are part of
    /// it, or those of a string's prefix or of a name (PostgreSQL 15, release notes: "Prevent numeric literals from having
    /// non-numeric trailing characters"; before, scan.l gave letters back: `realfail1`).
    #[inline]
    pub(super) fn end_of_number(&mut self, number: &[u8]) {
        match self.rest {
            // `1$$…$$` is a number and a string, `1a$$…` may be a number and a name.
            [b'$', ..] => self.hide_rest(),
            [b'\'', ..] if self.dialect.escape_strings && number.last().is_some_and(u8::is_ascii_alphabetic) => {
                self.string(b'\'', Backslash::Unknown);
            }
            _ => {}
        }
    }
}

/// What follows the tag where it comes again; nothing, if it does not.
fn behind_tag<'a>(tag: &[u8], mut body: &'a [u8]) -> &'a [u8] {
    while let Some(at) = body.iter().position(|&byte| byte == b'$') {
        body = body.get(at..).unwrap_or_default();
        if let Some(rest) = body.strip_prefix(tag) {
            return rest;
        }
        body = body.get(1..).unwrap_or_default();
    }
    &[]
}
