//! Commands of the text protocol, the meta commands included (memcached's `doc/protocol.txt`).

/// Bytes of a command's name, of which the longest known is `cache_memlimit`.
pub(super) const NAME_BYTES: usize = 32;

/// Whether a command is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Answered {
    /// With one answer.
    #[default]
    Once,
    /// Only if it goes another way than the usual one ("Meta commands", flag `q`).
    IfUnusual,
    /// Not at all (`noreply`, `quit`).
    Never,
    /// With a stream that ends with the connection (`watch`).
    Stream,
}

/// What the line of a command says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CommandLine<'a> {
    pub(super) name: &'a [u8],
    /// Bytes of the value behind the line, if there is one.
    pub(super) value_bytes: Option<u64>,
    pub(super) answered: Answered,
    /// The opaque token that comes back with the answer ("Meta commands", flag `O`).
    pub(super) opaque: Option<&'a [u8]>,
    /// The key, if it comes back with the answer (flag `k`).
    pub(super) key: Option<&'a [u8]>,
}

impl<'a> CommandLine<'a> {
    /// Reads a line, without its end or as much as there is of a longer one. `None` if it begins with no name.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let name = words.next().filter(|name| is_name(name))?;
        let mut command = CommandLine { name, value_bytes: None, answered: Answered::Once, opaque: None, key: None };
        match name {
            // set <key> <flags> <exptime> <bytes> [noreply]
            b"set" | b"add" | b"replace" | b"append" | b"prepend" | b"cas" => {
                command.value_bytes = words.nth(3).and_then(number);
                command.answered = answered(words.next_back());
            }
            // ms <key> <datalen> <flags>*
            b"ms" => {
                let key = words.next();
                command.value_bytes = words.next().and_then(number);
                command.flags(key, words);
            }
            // mg <key> <flags>*
            b"mg" | b"md" | b"ma" => {
                let key = words.next();
                command.flags(key, words);
            }
            b"delete" | b"incr" | b"decr" | b"touch" | b"flush_all" | b"verbosity" | b"cache_memlimit" => {
                command.answered = answered(words.next_back());
            }
            b"quit" | b"shutdown" => command.answered = Answered::Never,
            b"watch" => command.answered = Answered::Stream,
            _ => {}
        }
        Some(command)
    }

    /// The flags of a meta command that decide about its answer.
    fn flags(&mut self, key: Option<&'a [u8]>, words: impl Iterator<Item = &'a [u8]>) {
        for word in words {
            match word {
                b"q" => self.answered = Answered::IfUnusual,
                b"k" => self.key = key,
                [b'O', opaque @ ..] => self.opaque = Some(opaque),
                _ => {}
            }
        }
    }
}

/// Whether a word can be a command's name.
pub(super) fn is_name(word: &[u8]) -> bool {
    (1..=NAME_BYTES).contains(&word.len())
        && word.first().is_some_and(u8::is_ascii_lowercase)
        && word.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Whether a word is one of the commands.
pub(super) fn is_known(name: &[u8]) -> bool {
    matches!(
        name,
        b"get"
            | b"gets"
            | b"gat"
            | b"gats"
            | b"set"
            | b"add"
            | b"replace"
            | b"append"
            | b"prepend"
            | b"cas"
            | b"delete"
            | b"incr"
            | b"decr"
            | b"touch"
            | b"mg"
            | b"ms"
            | b"md"
            | b"ma"
            | b"mn"
            | b"me"
            | b"stats"
            | b"version"
            | b"flush_all"
            | b"verbosity"
            | b"quit"
            | b"watch"
            | b"shutdown"
            | b"slabs"
            | b"lru"
            | b"lru_crawler"
            | b"cache_memlimit"
            | b"config"
            | b"extstore"
            | b"refresh_certs"
    )
}

fn answered(last: Option<&[u8]>) -> Answered {
    if last == Some(b"noreply") { Answered::Never } else { Answered::Once }
}

/// A length. What is none, or negative, is refused by the server, which takes no value then.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    core::str::from_utf8(word).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_follows_and_what_answers() {
        for (line, name, value_bytes, is_answered) in [
            ("get a", "get", None, Answered::Once),
            ("get a noreply", "get", None, Answered::Once),
            ("set a 0 0 23", "set", Some(23), Answered::Once),
            ("set a 0 0 23 noreply", "set", Some(23), Answered::Never),
            ("cas a 0 0 23 7 noreply", "cas", Some(23), Answered::Never),
            ("set a 0 0 -1", "set", None, Answered::Once),
            ("set a 0 0 99999999999999999999", "set", None, Answered::Once),
            ("set a", "set", None, Answered::Once),
            ("delete  a  noreply", "delete", None, Answered::Never),
            ("incr a 5", "incr", None, Answered::Once),
            ("verbosity 1 noreply", "verbosity", None, Answered::Never),
            ("quit", "quit", None, Answered::Never),
            ("watch fetchers", "watch", None, Answered::Stream),
            ("ms a 23 T90", "ms", Some(23), Answered::Once),
            ("ms a 23 q", "ms", Some(23), Answered::IfUnusual),
            ("mg q v", "mg", None, Answered::Once),
            ("mn", "mn", None, Answered::Once),
        ] {
            let command = CommandLine::parse(line.as_bytes()).expect(line);
            assert_eq!(
                (command.name, command.value_bytes, command.answered),
                (name.as_bytes(), value_bytes, is_answered),
                "{line}"
            );
        }
        for line in ["", " ", "GET a", "\u{16}\u{3}\u{1}", "*1", "averyveryverylongnamethatisnocommand"] {
            assert_eq!(CommandLine::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn what_comes_back_with_an_answer_is_known() {
        let command = CommandLine::parse(b"mg key v O17 k q").expect("a command");
        assert_eq!((command.opaque, command.key), (Some(&b"17"[..]), Some(&b"key"[..])));
        let command = CommandLine::parse(b"mg key v").expect("a command");
        assert_eq!((command.opaque, command.key), (None, None));
    }
}
