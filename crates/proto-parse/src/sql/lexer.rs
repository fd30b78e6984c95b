//! From the bytes of a text to its tokens.

mod quotes;
mod space;

use super::dialect::{Backslash, Dialect};
use super::keyword::keyword;

/// Splits a text into tokens. Whatever the text, each byte is looked at a bounded number of times.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    dialect: Dialect,
    rest: &'a [u8],
    /// In a comment whose content is executed.
    in_executable_comment: bool,
    /// What came last is something that an operator may follow, so that a sign is one.
    after_operand: bool,
    /// What came last is a dot, so that no keyword follows.
    after_dot: bool,
    /// What is a literal and what is not cannot be told: the rest of the text is left out.
    is_ambiguous: bool,
}

/// A token, and whether there was white space or a comment before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub(super) is_spaced: bool,
    pub(super) token: Token<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or an unknown keyword, as written.
    Word(&'a [u8]),
    /// In upper case.
    Keyword(&'static str),
    /// A quoted identifier, with its quotes.
    Quoted(&'a [u8]),
    /// A literal or a parameter.
    Value,
    Open(Bracket),
    Close(Bracket),
    Comma,
    Semicolon,
    /// Any other printable byte.
    Symbol(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(dialect: Dialect, text: &'a [u8]) -> Self {
        Self {
            dialect,
            rest: text,
            in_executable_comment: false,
            after_operand: false,
            after_dot: false,
            is_ambiguous: false,
        }
    }

    /// Whether all of the text was read.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_ambiguous
    }

    fn token(&mut self) -> Option<Token<'a>> {
        let dialect = self.dialect;
        let &first = self.rest.first()?;
        let token = match first {
            _ if dialect.uuids && is_uuid(self.rest) => self.uuid(),
            b'\'' => self.string(b'\'', dialect.backslash),
            b'"' if dialect.double_quoted_strings => self.string(b'"', dialect.backslash),
            b'"' => self.quoted(b'"'),
            b'`' if dialect.backtick_identifiers => self.quoted(b'`'),
            b'0'..=b'9' => self.number(),
            b'.' | b'+' | b'-' if !self.after_operand && begins_number(self.rest) => self.number(),
            b'?' if dialect.question_marks => self.single(Token::Value),
            b':' if dialect.colon_names && !self.after_operand && self.nth_begins_word(1) => self.parameter(),
            b'@' if dialect.at_names && !self.after_operand => self.variable(),
            b'$' => self.dollar(),
            b'(' => self.single(Token::Open(Bracket::Round)),
            b'[' => self.single(Token::Open(Bracket::Square)),
            b'{' => self.single(Token::Open(Bracket::Curly)),
            b')' => self.single(Token::Close(Bracket::Round)),
            b']' => self.single(Token::Close(Bracket::Square)),
            b'}' => self.single(Token::Close(Bracket::Curly)),
            b',' => self.single(Token::Comma),
            b';' => self.single(Token::Semicolon),
            _ if begins_word(first) => self.word(),
            _ => self.single(Token::Symbol(first)),
        };
        self.after_operand = match token {
            Token::Word(_) | Token::Quoted(_) | Token::Value | Token::Close(_) => true,
            Token::Keyword(name) => matches!(name, "END" | "NULL" | "TRUE" | "FALSE"),
            Token::Open(_) | Token::Comma | Token::Semicolon | Token::Symbol(_) => false,
        };
        self.after_dot = token == Token::Symbol(b'.');
        Some(token)
    }

    /// A UUID, or as much as there is of one. In `01234567--` it ends before a comment.
    fn uuid(&mut self) -> Token<'a> {
        loop {
            self.take_while(|byte| byte.is_ascii_hexdigit());
            match self.rest {
                [b'-', next, rest @ ..] if next.is_ascii_hexdigit() => self.rest = rest,
                _ => break,
            }
        }
        Token::Value
    }

    /// A number, with its sign and whatever letters, digits and dots follow: `-1.5e-3`, `0xff`, `1_000`, `12ab`.
    fn number(&mut self) -> Token<'a> {
        let text = self.rest;
        let mut is_decimal = true;
        let mut after_exponent = false;
        let mut len = 0_usize;
        for (at, &byte) in text.iter().enumerate() {
            // In `1e--2` there is a comment.
            let is_sign = matches!(byte, b'+' | b'-')
                && (at == 0 || (after_exponent && text.get(at.saturating_add(1)).is_some_and(u8::is_ascii_digit)));
            if !is_sign && !continues_word(byte) && byte != b'.' {
                break;
            }
            after_exponent = is_decimal && matches!(byte, b'e' | b'E');
            is_decimal &= !byte.is_ascii_alphabetic();
            len = at.saturating_add(1);
        }
        let (number, rest) = text.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        self.end_of_number(number);
        Token::Value
    }

    /// A sign that begins a parameter, and its name or number.
    fn parameter(&mut self) -> Token<'a> {
        self.single(Token::Value);
        let name = self.take_while(continues_word);
        self.end_of_number(name);
        Token::Value
    }

    /// MySQL: `@name`, `@'name'`, or `@@name` for a variable of the system.
    fn variable(&mut self) -> Token<'a> {
        match self.rest.get(1) {
            Some(b'@') => {
                let text = self.rest;
                self.rest = text.get(2..).unwrap_or_default();
                let name = self.take_while(|byte| continues_word(byte) || byte == b'$');
                Token::Word(text.get(..name.len().saturating_add(2)).unwrap_or_default())
            }
            Some(&quote @ (b'\'' | b'"' | b'`')) => {
                self.single(Token::Value);
                let backslash = if quote == b'`' { Backslash::Plain } else { self.dialect.backslash };
                self.string(quote, backslash)
            }
            _ => {
                self.single(Token::Value);
                self.take_while(|byte| continues_word(byte) || byte == b'$');
                Token::Value
            }
        }
    }

    /// A name or a keyword, or a string with a prefix.
    fn word(&mut self) -> Token<'a> {
        let text = self.rest;
        let mut word = self.take_while(continues_word);
        let dialect = self.dialect;
        match (word, self.rest) {
            (_, [b'$', ..]) if dialect.dollars_in_names => word = self.word_with_dollars(text),
            (b"e" | b"E", [b'\'', ..]) if dialect.escape_strings => return self.string(b'\'', Backslash::Escapes),
            (b"n" | b"N", [b'\'', ..]) => return self.string(b'\'', dialect.backslash),
            (b"b" | b"B" | b"x" | b"X", [b'\'', ..]) => return self.string(b'\'', dialect.backslash_of_bits()),
            (b"u" | b"U", [b'&', b'\'', ..]) => {
                self.single(Token::Value);
                return self.string(b'\'', Backslash::Plain);
            }
            ([b'_', ..], [quote @ (b'\'' | b'"'), ..]) if dialect.charset_introducers => {
                return self.string(*quote, dialect.backslash);
            }
            _ => {}
        }
        match keyword(word) {
            Some(name) if !self.after_dot => Token::Keyword(name),
            _ => Token::Word(word),
        }
    }

    /// A name that a `$` is in. With two of them, who wrote it may have meant a string: `AS$$…$$`.
    #[cold]
    fn word_with_dollars(&mut self, text: &'a [u8]) -> &'a [u8] {
        self.rest = text;
        let word = self.take_while(|byte| continues_word(byte) || byte == b'$');
        if word.iter().filter(|&&byte| byte == b'$').count() > 1 {
            self.hide_rest();
        }
        word
    }

    /// It cannot be told what is a literal from here on.
    #[cold]
    fn hide_rest(&mut self) {
        self.is_ambiguous = true;
        self.rest = &[];
    }

    fn single(&mut self, token: Token<'a>) -> Token<'a> {
        self.rest = self.rest.get(1..).unwrap_or_default();
        token
    }

    fn nth_begins_word(&self, at: usize) -> bool {
        self.rest.get(at).is_some_and(|&byte| begins_word(byte))
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let len = self.rest.iter().position(|&byte| !belongs(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        taken
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    #[inline]
    fn next(&mut self) -> Option<Lexeme<'a>> {
        let is_spaced = self.pass_space();
        self.token().map(|token| Lexeme { is_spaced, token })
    }
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// A `$` may do so too, by the dialect.
fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A digit, or one behind a sign, a dot, or both.
fn begins_number(text: &[u8]) -> bool {
    matches!(text, [b'.' | b'+' | b'-', b'0'..=b'9', ..] | [b'+' | b'-', b'.', b'0'..=b'9', ..])
}

/// Whether a UUID begins here: eight hexadecimal digits and a dash right behind them, which tell it from a number or a name.
fn is_uuid(text: &[u8]) -> bool {
    matches!(text.split_at_checked(8), Some((digits, [b'-', ..])) if digits.iter().all(u8::is_ascii_hexdigit))
}
