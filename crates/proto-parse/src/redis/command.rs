//! Commands: how they are called, and what of them decides about their answers.
//!
//! Of a command's words the name is read, of some a second word; all else is passed over. What each command takes and how it
//! answers is in the command reference of Redis 7 and in `COMMAND DOCS` of the server.

use alloc::string::String;

use crate::{Limits, text};

/// Bytes of a word that is compared with a keyword.
const KEYWORD_BYTES: usize = 8;

/// What of a command decides about its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Manner {
    /// One answer, at once.
    #[default]
    Plain,
    /// One answer; the second word is part of the name.
    Container,
    /// `CLIENT`, a container: `CLIENT REPLY` turns answers off and on.
    Client,
    /// The answer may be held back until there is something to tell.
    Blocking,
    /// The same if there is a word `BLOCK` among the options, which begin behind so many words.
    BlockingOption {
        /// How many.
        behind: u64,
    },
    /// The second word is a channel.
    Publish,
    /// Answered once for each channel or pattern.
    Subscribe,
    /// Answered once for each channel or pattern that is named, or else for each that is subscribed to.
    Unsubscribe,
    /// Answered with a stream that ends with the connection.
    Monitor,
    /// Its answer says which version of the protocol is spoken from there on.
    Hello,
    /// Puts the connection back to its beginning.
    Reset,
}

impl Manner {
    /// What is known of a command by its name in upper case.
    fn of(name: &[u8]) -> Self {
        match name {
            b"ACL" | b"CLUSTER" | b"COMMAND" | b"CONFIG" | b"DEBUG" | b"FUNCTION" | b"LATENCY" | b"MEMORY"
            | b"MODULE" | b"OBJECT" | b"PUBSUB" | b"SCRIPT" | b"SENTINEL" | b"SLOWLOG" | b"XGROUP" | b"XINFO" => {
                Self::Container
            }
            b"CLIENT" => Self::Client,
            b"BLPOP" | b"BRPOP" | b"BRPOPLPUSH" | b"BLMOVE" | b"BLMPOP" | b"BZPOPMIN" | b"BZPOPMAX" | b"BZMPOP"
            | b"WAIT" | b"WAITAOF" => Self::Blocking,
            b"XREAD" => Self::BlockingOption { behind: 1 },
            // XREADGROUP GROUP group consumer …
            b"XREADGROUP" => Self::BlockingOption { behind: 4 },
            b"PUBLISH" | b"SPUBLISH" => Self::Publish,
            b"SUBSCRIBE" | b"PSUBSCRIBE" | b"SSUBSCRIBE" => Self::Subscribe,
            b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" | b"SUNSUBSCRIBE" => Self::Unsubscribe,
            b"MONITOR" => Self::Monitor,
            b"HELLO" => Self::Hello,
            b"RESET" => Self::Reset,
            _ => Self::Plain,
        }
    }
}

/// What `CLIENT REPLY` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ReplyMode {
    /// Answers from here on, this one included.
    On,
    /// No answers from here on, none to this one either.
    Off,
    /// No answer to this and to the next one.
    Skip,
}

/// What is kept of a command, word by word.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The name in upper case, with the second word where that is part of it; empty where it is none.
    pub(super) verb: String,
    /// The channel of a message that is published.
    pub(super) resource: String,
    pub(super) resource_cut: bool,
    pub(super) manner: Manner,
    /// How many there were.
    pub(super) count: u64,
    pub(super) reply_mode: Option<ReplyMode>,
    /// A word was lost that says whether and how often the command is answered.
    pub(super) is_unknown: bool,
    blocks: bool,
    /// Behind the options of a command that has them.
    is_past_options: bool,
}

impl Words {
    pub(super) fn clear(&mut self) {
        let Self { verb, resource, resource_cut, manner, count, reply_mode, is_unknown, blocks, is_past_options } =
            self;
        verb.clear();
        resource.clear();
        *resource_cut = false;
        *manner = Manner::Plain;
        *count = 0;
        *reply_mode = None;
        *is_unknown = false;
        *blocks = false;
        *is_past_options = false;
    }

    /// How many bytes of the next word are read.
    #[inline]
    pub(super) fn wanted(&self, limits: &Limits) -> usize {
        match (self.count, self.manner) {
            // One more shows that it is too long.
            (0, _) | (1, Manner::Container | Manner::Client) => limits.verb_bytes.saturating_add(1),
            (1, Manner::Publish) => limits.resource_bytes.saturating_add(1),
            (2, Manner::Client) if self.verb == "CLIENT REPLY" => KEYWORD_BYTES,
            (count, Manner::BlockingOption { behind }) if count >= behind && !self.is_past_options => KEYWORD_BYTES,
            _ => 0,
        }
    }

    /// Takes the next word, or as much of it as is [wanted](Self::wanted).
    #[inline]
    pub(super) fn push(&mut self, word: &[u8], limits: &Limits) {
        match (self.count, self.manner) {
            (0, _) => {
                push_name(&mut self.verb, word, limits.verb_bytes);
                self.manner = Manner::of(self.verb.as_bytes());
            }
            (1, Manner::Container | Manner::Client) => {
                let name_len = self.verb.len();
                self.verb.push(' ');
                if !push_name(&mut self.verb, word, limits.verb_bytes) {
                    self.verb.truncate(name_len);
                }
            }
            (1, Manner::Publish) => self.resource_cut = push_channel(&mut self.resource, word, limits),
            (2, Manner::Client) if self.verb == "CLIENT REPLY" => {
                self.reply_mode = if word.eq_ignore_ascii_case(b"ON") {
                    Some(ReplyMode::On)
                } else if word.eq_ignore_ascii_case(b"OFF") {
                    Some(ReplyMode::Off)
                } else if word.eq_ignore_ascii_case(b"SKIP") {
                    Some(ReplyMode::Skip)
                } else {
                    None
                };
            }
            (count, Manner::BlockingOption { behind }) if count >= behind && !self.is_past_options => {
                self.blocks |= word.eq_ignore_ascii_case(b"BLOCK");
                self.is_past_options = self.blocks || word.eq_ignore_ascii_case(b"STREAMS");
            }
            _ => {}
        }
        self.count = self.count.saturating_add(1);
    }

    /// Passes over a word of which bytes were lost.
    pub(super) fn pass(&mut self) {
        self.is_unknown |= matches!((self.count, self.manner), (0, _) | (1 | 2, Manner::Client));
        self.count = self.count.saturating_add(1);
    }

    /// Whether the server may hold back the answer.
    pub(super) fn may_wait(&self) -> bool {
        self.blocks || self.manner == Manner::Blocking
    }
}

/// Whether `word` can be a command's name: those of the server and of all known modules are made of these.
pub(super) fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'|'))
}

/// Appends a name in upper case if it is one and there is room; says whether.
fn push_name(out: &mut String, word: &[u8], max: usize) -> bool {
    let fits = is_name(word) && out.len().saturating_add(word.len()) <= max;
    if fits {
        out.extend(word.iter().map(|byte| char::from(byte.to_ascii_uppercase())));
    }
    fits
}

/// Replaces `out` by the name of a channel; says whether it was cut. The channels of keyspace notifications have keys in
/// their names, which are left out.
pub(super) fn push_channel(out: &mut String, channel: &[u8], limits: &Limits) -> bool {
    let is_notification = channel.starts_with(b"__keyspace@");
    let shown = if is_notification { channel.split(|byte| *byte == b':').next().unwrap_or_default() } else { channel };
    text::copy(out, shown, limits.resource_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        let limits = Limits::default();
        let mut words = Words::default();
        for word in line.split(' ') {
            let wanted = words.wanted(&limits).min(word.len());
            words.push(&word.as_bytes()[..wanted], &limits);
        }
        words
    }

    #[test]
    fn a_command_is_called_by_its_name_and_a_container_by_two_words() {
        for (line, verb) in [
            ("GET key", "GET"),
            ("get key", "GET"),
            ("client setname hunter2", "CLIENT SETNAME"),
            ("CONFIG SET requirepass hunter2", "CONFIG SET"),
            ("ACL SETUSER a >hunter2", "ACL SETUSER"),
            ("XINFO STREAM s", "XINFO STREAM"),
            ("COMMAND", "COMMAND"),
            ("JSON.SET key . hunter2", "JSON.SET"),
            ("OBJECT hunter2! key", "OBJECT"),
            ("hunter2! GET", ""),
            ("ANAMETHATISLONGERTHANANYCOMMANDHAS x", ""),
        ] {
            assert_eq!(words(line).verb, verb, "{line}");
        }
    }

    #[test]
    fn what_may_wait_is_known_by_its_name_or_by_an_option() {
        for (line, may_wait) in [
            ("BLPOP queue 5", true),
            ("LPOP queue", false),
            ("XREAD COUNT 2 BLOCK 0 STREAMS s $", true),
            ("XREAD COUNT 2 STREAMS BLOCK 0", false),
            ("XREADGROUP GROUP BLOCK consumer STREAMS s >", false),
            ("XREADGROUP GROUP g c block 100 STREAMS s >", true),
        ] {
            assert_eq!(words(line).may_wait(), may_wait, "{line}");
        }
    }

    #[test]
    fn a_channel_is_kept_and_a_key_is_not() {
        for (line, channel) in [
            ("PUBLISH orders hunter2", "orders"),
            ("SPUBLISH {a}orders hunter2", "{a}orders"),
            ("PUBLISH __keyspace@0__:hunter2 set", "__keyspace@0__"),
            ("PUBLISH __keyevent@0__:set hunter2", "__keyevent@0__:set"),
            ("SET hunter2 1", ""),
        ] {
            let words = words(line);
            assert_eq!((words.resource.as_str(), words.resource_cut), (channel, false), "{line}");
        }
        assert!(words(&["PUBLISH ", &"x".repeat(600), " y"].concat()).resource_cut);
    }

    #[test]
    fn client_reply_says_what_is_answered() {
        for (line, mode) in [
            ("CLIENT REPLY OFF", Some(ReplyMode::Off)),
            ("client reply skip", Some(ReplyMode::Skip)),
            ("CLIENT REPLY ON", Some(ReplyMode::On)),
            ("CLIENT REPLY WHAT", None),
            ("CLIENT KILL OFF", None),
            ("CONFIG REPLY OFF", None),
        ] {
            assert_eq!(words(line).reply_mode, mode, "{line}");
        }
    }
}
