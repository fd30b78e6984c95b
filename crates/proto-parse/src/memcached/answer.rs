//! Answers of the text protocol, those to meta commands included (memcached's `doc/protocol.txt`).

use super::command::number;
use crate::StatusClass;

/// What a line of an answer says of what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A value of so many bytes, and then more lines.
    Value(u64),
    /// A value of so many bytes, and that is all.
    LastValue(u64),
    /// More lines.
    Within,
    /// Nothing: it is the last line.
    Last,
}

/// One line of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnswerLine<'a> {
    /// The first word.
    pub(super) word: &'a [u8],
    pub(super) place: Place,
    pub(super) status: StatusClass,
    /// What the client had sent to know the answer by (flags `O` and `k`).
    pub(super) opaque: Option<&'a [u8]>,
    pub(super) key: Option<&'a [u8]>,
}

impl<'a> AnswerLine<'a> {
    /// Reads a line without its end.
    pub(super) fn parse(line: &'a [u8]) -> Self {
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let word = words.next().unwrap_or_default();
        let mut answer = AnswerLine { word, place: Place::Last, status: StatusClass::Ok, opaque: None, key: None };
        match word {
            // VALUE <key> <flags> <bytes> [<cas unique>], and, of a service that looks like memcached, CONFIG with the same.
            b"VALUE" | b"CONFIG" => answer.place = words.nth(2).and_then(number).map_or(Place::Within, Place::Value),
            // VA <size> <flags>*
            b"VA" => {
                answer.place = words.next().and_then(number).map_or(Place::Last, Place::LastValue);
                answer.flags(words);
            }
            b"HD" | b"EN" | b"NF" | b"NS" | b"EX" => answer.flags(words),
            b"STAT" | b"ITEM" => answer.place = Place::Within,
            // "lru_crawler metadump": a line per item, and END.
            _ if word.starts_with(b"key=") => answer.place = Place::Within,
            b"ERROR" | b"CLIENT_ERROR" => answer.status = StatusClass::ClientError,
            b"SERVER_ERROR" => answer.status = StatusClass::ServerError,
            _ => {}
        }
        answer
    }

    fn flags(&mut self, words: impl Iterator<Item = &'a [u8]>) {
        for word in words {
            match word {
                [b'O', opaque @ ..] => self.opaque = Some(opaque),
                [b'k', key @ ..] => self.key = Some(key),
                _ => {}
            }
        }
    }

    /// Whether a quiet command may say this: it keeps silent when it goes the usual way, which is a miss for `mg` and success
    /// for the others.
    pub(super) fn is_unusual_for(&self, command: &[u8]) -> bool {
        match self.word {
            b"HD" => command == b"mg",
            b"EN" => command != b"mg",
            b"VA" => matches!(command, b"mg" | b"ma"),
            b"NS" => matches!(command, b"ms" | b"ma"),
            b"NF" | b"EX" | b"ERROR" | b"CLIENT_ERROR" | b"SERVER_ERROR" => true,
            // The answer to another command: clients send mn to hear that what is quiet is over.
            _ => false,
        }
    }
}

/// Whether `line` can be the first of an answer.
pub(super) fn is_answer(line: &[u8]) -> bool {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_word = |word: &[u8]| {
        matches!(
            word,
            b"VALUE"
                | b"END"
                | b"STORED"
                | b"NOT_STORED"
                | b"EXISTS"
                | b"NOT_FOUND"
                | b"DELETED"
                | b"TOUCHED"
                | b"OK"
                | b"STAT"
                | b"VERSION"
                | b"RESET"
                | b"ERROR"
                | b"CLIENT_ERROR"
                | b"SERVER_ERROR"
                | b"VA"
                | b"HD"
                | b"EN"
                | b"NF"
                | b"NS"
                | b"EX"
                | b"MN"
                | b"ME"
        )
    };
    is_word(word) || (word.len() == line.len() && number(word).is_some() && !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whether_more_follows() {
        for (line, place, status) in [
            ("VALUE key 0 23", Place::Value(23), StatusClass::Ok),
            ("VALUE key 0 23 7", Place::Value(23), StatusClass::Ok),
            ("END", Place::Last, StatusClass::Ok),
            ("STORED", Place::Last, StatusClass::Ok),
            ("NOT_FOUND", Place::Last, StatusClass::Ok),
            ("42", Place::Last, StatusClass::Ok),
            ("STAT pid 1", Place::Within, StatusClass::Ok),
            ("key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=60", Place::Within, StatusClass::Ok),
            ("ERROR", Place::Last, StatusClass::ClientError),
            ("CLIENT_ERROR bad data chunk", Place::Last, StatusClass::ClientError),
            ("SERVER_ERROR out of memory storing object", Place::Last, StatusClass::ServerError),
            ("VA 23 t-1", Place::LastValue(23), StatusClass::Ok),
            ("HD", Place::Last, StatusClass::Ok),
            ("ME key exp=-1", Place::Last, StatusClass::Ok),
        ] {
            let answer = AnswerLine::parse(line.as_bytes());
            assert_eq!((answer.place, answer.status), (place, status), "{line}");
            assert!(is_answer(line.as_bytes()) || line.starts_with("key="), "{line}");
        }
        for line in ["", "get a", "+OK", "*1", "HTTP/1.1 200 OK", "1 2"] {
            assert!(!is_answer(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn quiet_commands_say_only_what_is_unusual() {
        for (line, command, is_unusual) in [
            ("VA 2 O7 kkey", "mg", true),
            ("HD", "mg", true),
            ("EN", "mg", false),
            ("HD", "ms", false),
            ("NS", "ms", true),
            ("NF", "md", true),
            ("HD", "md", false),
            ("MN", "mg", false),
            ("VALUE a 0 1", "mg", false),
            ("SERVER_ERROR out of memory", "ms", true),
        ] {
            let answer = AnswerLine::parse(line.as_bytes());
            assert_eq!(answer.is_unusual_for(command.as_bytes()), is_unusual, "{line} to {command}");
        }
        let answer = AnswerLine::parse(b"VA 2 O7 kkey");
        assert_eq!((answer.opaque, answer.key), (Some(&b"7"[..]), Some(&b"key"[..])));
    }
}
