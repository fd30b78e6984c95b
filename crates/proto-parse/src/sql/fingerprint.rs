//! From tokens to the fingerprint.

use alloc::string::String;

use super::dialect::Dialect;
use super::lexer::{Bracket, Lexeme, Lexer, Token};
use crate::Limits;
use crate::text::push_text;

/// Makes `verb` and `resource` the fingerprint of `text`; see the [module](super) for what that is. At most
/// [`Limits::verb_bytes`] and [`Limits::resource_bytes`] are kept. Says whether that was all.
///
/// Nothing is allocated if the buffers have had fingerprints of that length before.
pub fn fingerprint(dialect: Dialect, text: &[u8], limits: &Limits, verb: &mut String, resource: &mut String) -> bool {
    verb.clear();
    resource.clear();
    let mut writer = Writer {
        verb,
        out: resource,
        verb_room: limits.verb_bytes,
        // What is left out because it repeats what is before it needs room until that shows.
        room: limits.resource_bytes.saturating_mul(2),
        is_whole: true,
        has_verb: false,
        last: Last::Nothing,
        comma: false,
        semicolon: false,
        begins_item: false,
        depth: 0,
        lists: [List::default(); TRACKED_DEPTH],
    };
    let mut lexer = Lexer::new(dialect, text);
    for Lexeme { is_spaced, token } in &mut lexer {
        writer.token(is_spaced, token);
        if !writer.is_whole {
            break;
        }
    }
    writer.end_item();
    let is_whole = writer.is_whole && lexer.is_whole();
    if resource.len() > limits.resource_bytes {
        resource.truncate(resource.floor_char_boundary(limits.resource_bytes));
        return false;
    }
    is_whole
}

/// In how many brackets a list may stand for its repetitions to be seen.
const TRACKED_DEPTH: usize = 16;

#[derive(Debug)]
struct Writer<'o> {
    verb: &'o mut String,
    out: &'o mut String,
    verb_room: usize,
    room: usize,
    is_whole: bool,
    /// Something that is no bracket has come.
    has_verb: bool,
    last: Last,
    /// Separators that came since and are written with what follows, if anything does.
    comma: bool,
    semicolon: bool,
    /// What is written next is the beginning of a list's item.
    begins_item: bool,
    depth: usize,
    /// The lists that are under way, by how many brackets they stand in.
    lists: [List; TRACKED_DEPTH],
}

/// A list under way: where in the output its items begin.
#[derive(Debug, Clone, Copy, Default)]
struct List {
    previous: Option<usize>,
    item: usize,
}

/// What was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Open,
    Value,
    Keyword(&'static str),
    Other,
}

impl Writer<'_> {
    fn token(&mut self, is_spaced: bool, token: Token<'_>) {
        match token {
            Token::Word(word) if !self.has_verb => self.verb(word, Last::Other),
            Token::Keyword(name) if !self.has_verb => self.verb(name.as_bytes(), Last::Keyword(name)),
            // Those before the verb are left out.
            Token::Open(_) if !self.has_verb => {}
            Token::Word(word) | Token::Quoted(word) => self.text(is_spaced, word, Last::Other),
            Token::Keyword(name) => self.keyword(is_spaced, name),
            Token::Value => self.value(is_spaced),
            Token::Open(bracket) => self.open(is_spaced, bracket),
            Token::Close(bracket) => self.close(bracket),
            Token::Comma => {
                self.end_item();
                self.comma = true;
            }
            Token::Semicolon => {
                self.end_item();
                self.semicolon = self.last != Last::Nothing;
                self.comma = false;
                self.depth = 0;
            }
            Token::Symbol(byte) => self.text(is_spaced, &[byte], Last::Other),
        }
    }

    fn verb(&mut self, word: &[u8], last: Last) {
        self.has_verb = true;
        self.is_whole = push_text(word, self.verb_room, self.verb);
        self.verb.make_ascii_uppercase();
        self.last = last;
    }

    fn keyword(&mut self, is_spaced: bool, name: &'static str) {
        let last = if self.semicolon { Last::Nothing } else { self.last };
        let begins_item = self.depth > 0 && (self.comma || last == Last::Open);
        match name {
            "NULL" if begins_item => self.value(is_spaced),
            "TRUE" | "FALSE" if !matches!(last, Last::Keyword("IS" | "NOT")) => self.value(is_spaced),
            _ if begins_clause(name) => {
                self.end_item();
                self.text(is_spaced, name.as_bytes(), Last::Keyword(name));
                self.begin_list();
            }
            _ => self.text(is_spaced, name.as_bytes(), Last::Keyword(name)),
        }
    }

    fn value(&mut self, is_spaced: bool) {
        // Strings in a row are the parts of one.
        if self.last != Last::Value || self.comma || self.semicolon {
            self.text(is_spaced, b"?", Last::Value);
        }
    }

    fn open(&mut self, is_spaced: bool, bracket: Bracket) {
        let is_spaced = is_spaced || (bracket == Bracket::Round && matches!(self.last, Last::Keyword(_)));
        let text = match bracket {
            Bracket::Round => b"(",
            Bracket::Square => b"[",
            Bracket::Curly => b"{",
        };
        self.text(is_spaced, text, Last::Open);
        self.depth = self.depth.saturating_add(1);
        self.begin_list();
    }

    fn close(&mut self, bracket: Bracket) {
        self.end_item();
        self.comma = false;
        self.begins_item = false;
        self.depth = self.depth.saturating_sub(1);
        let text = match bracket {
            Bracket::Round => b")",
            Bracket::Square => b"]",
            Bracket::Curly => b"}",
        };
        self.text(false, text, Last::Other);
    }

    fn text(&mut self, is_spaced: bool, text: &[u8], last: Last) {
        self.has_verb = true;
        self.separate(is_spaced);
        let begin = self.out.len();
        if core::mem::take(&mut self.begins_item)
            && let Some(list) = self.lists.get_mut(self.depth)
        {
            list.item = begin;
        }
        self.push(text);
        self.last = last;
    }

    /// Writes what stands between what came last and what comes next.
    fn separate(&mut self, is_spaced: bool) {
        if self.semicolon {
            self.push(b"; ");
            self.begin_list();
        } else if self.comma {
            self.push(b", ");
            self.begins_item = true;
        } else if is_spaced && self.last != Last::Open && !self.out.is_empty() {
            self.push(b" ");
        }
        self.comma = false;
        self.semicolon = false;
    }

    /// A list may begin here.
    fn begin_list(&mut self) {
        self.begins_item = true;
        if let Some(list) = self.lists.get_mut(self.depth) {
            *list = List { previous: None, item: self.out.len() };
        }
    }

    /// An item of a list ends here. If it has values and repeats the one before it, it is left out.
    fn end_item(&mut self) {
        let Some(list) = self.lists.get_mut(self.depth).filter(|_| !self.comma && !self.semicolon) else { return };
        let item = self.out.get(list.item..).unwrap_or_default();
        let previous = list.previous.and_then(|at| self.out.get(at..list.item));
        if previous.and_then(|text| text.strip_suffix(", ")) == Some(item) && item.contains('?') && self.is_whole {
            let len = list.item.saturating_sub(", ".len());
            list.item = list.previous.unwrap_or(list.item);
            self.out.truncate(len);
        } else {
            list.previous = Some(list.item);
        }
    }

    #[inline]
    fn push(&mut self, text: &[u8]) {
        self.is_whole &= push_text(text, self.room, self.out);
    }
}

/// Whether the keyword ends a list and may begin another one.
fn begins_clause(keyword: &str) -> bool {
    matches!(
        keyword,
        "BY" | "DISTINCT"
            | "EXCEPT"
            | "FOR"
            | "FROM"
            | "GROUP"
            | "HAVING"
            | "INTERSECT"
            | "INTO"
            | "LIMIT"
            | "OFFSET"
            | "ON"
            | "ORDER"
            | "RETURNING"
            | "SELECT"
            | "SET"
            | "UNION"
            | "USING"
            | "VALUES"
            | "WHERE"
            | "WITH"
    )
}
