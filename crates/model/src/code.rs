//! A protocol's own code for how an exchange ended.

use std::{fmt, str::FromStr};

/// The code that a server sent: a number (HTTP 404, MySQL 1064, Kafka -1) or a word (SQLSTATE `42P01`, Redis `WRONGTYPE`).
///
/// It is small, because every series has one. A number has 31 bits, the sign included; a word is one of up to five letters and
/// digits, or one of the longer ones that are known here. Of other words their first five characters are kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Code(u32);

/// Words are told from numbers by this bit.
const WORD: u32 = 1 << 31;
/// Among words, those of the list below.
const KNOWN: u32 = 1 << 30;
/// The number range: what fits beside the bit that tells a word.
const NUMBERS: std::ops::RangeInclusive<i32> = -(1 << 30)..=(1 << 30) - 1;
/// Characters of a word that is not known.
const MAX_CHARACTERS: usize = 5;
/// How many values a character has: none, ten digits, 26 letters.
const BASE: u32 = 37;

/// Longer words: of Redis and its modules (redis.io, "RESP protocol specification", simple errors; src/server.c), memcached
/// (doc/protocol.txt, "Error strings"), HTTP/2 (RFC 9113 section 7) and NATS ("Client Protocol", "+OK/-ERR").
/// Recorded data refers to them by place: new ones go to the end.
const WORDS: &[&str] = &[
    "WRONGTYPE",
    "WRONGPASS",
    "NOSCRIPT",
    "LOADING",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "TRYAGAIN",
    "READONLY",
    "EXECABORT",
    "NOREPLICAS",
    "BUSYGROUP",
    "BUSYKEY",
    "NOGROUP",
    "MISCONF",
    "NOPERM",
    "NOAUTH",
    "NOPROTO",
    "NOTBUSY",
    "NOTREADY",
    "UNBLOCKED",
    "UNKILLABLE",
    "INPROG",
    "DENIED",
    "NOGOODSLAVE",
    "INVALIDOBJ",
    "NOMASTERLINK",
    "CLIENT_ERROR",
    "SERVER_ERROR",
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
    "Unknown Protocol Operation",
    "Attempted To Connect To Route Port",
    "Authorization Violation",
    "Authorization Timeout",
    "Authentication Timeout",
    "User Authentication Expired",
    "User Authentication Revoked",
    "Account Authentication Expired",
    "Invalid Client Protocol",
    "Maximum Control Line Exceeded",
    "Parser Error",
    "Secure Connection - TLS Required",
    "Stale Connection",
    "Maximum Payload Violation",
    "Invalid Subject",
    "Permissions Violation",
    "Maximum Connections Exceeded",
    "Slow Consumer",
];

impl Code {
    /// No code.
    pub const NONE: Self = Self(0);

    /// A number; zero is none. Numbers that do not fit become the nearest that does.
    pub const fn number(number: i32) -> Self {
        let (least, most) = (*NUMBERS.start(), *NUMBERS.end());
        let number = if number < least {
            least
        } else if number > most {
            most
        } else {
            number
        };
        Self(number.cast_unsigned() & !WORD)
    }

    /// A word; the empty one is none.
    pub fn word(word: &str) -> Self {
        if let Some(at) = WORDS.iter().position(|known| *known == word) {
            return Self(WORD | KNOWN | at as u32);
        }
        let digits = word.bytes().take(MAX_CHARACTERS).map(|byte| match byte {
            b'0'..=b'9' => u32::from(byte - b'0') + 1,
            b'A'..=b'Z' => u32::from(byte - b'A') + 11,
            b'a'..=b'z' => u32::from(byte - b'a') + 11,
            // Nothing that a protocol has in its words: it ends them.
            _ => 0,
        });
        let packed =
            digits.take_while(|digit| *digit > 0).fold((0, 0), |(sum, len), digit| (sum * BASE + digit, len + 1));
        let (sum, len): (u32, usize) = packed;
        if len == 0 { Self::NONE } else { Self(WORD | sum) }
    }

    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The number, if it is one; zero where there is no code.
    pub const fn as_number(self) -> Option<i32> {
        // The sign is in the bit below the one that tells words.
        if self.0 & WORD == 0 { Some((self.0 << 1).cast_signed() >> 1) } else { None }
    }

    /// The code as 32 bits, for tables whose keys are numbers.
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The code of [`to_bits`](Self::to_bits).
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Code {
    /// As the protocol writes it; nothing where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_number() {
            Some(0) => Ok(()),
            Some(number) => number.fmt(f),
            None if self.0 & KNOWN != 0 => {
                let known = usize::try_from(self.0 & !(WORD | KNOWN)).ok().and_then(|at| WORDS.get(at));
                f.write_str(known.copied().unwrap_or("?"))
            }
            None => {
                let mut rest = self.0 & !WORD;
                let mut characters = [0; MAX_CHARACTERS];
                let mut from = characters.len();
                while rest > 0 && from > 0 {
                    from -= 1;
                    characters[from] = match (rest % BASE) as u8 {
                        digit @ 0..=10 => b'0' + digit.saturating_sub(1),
                        letter => b'A' + (letter - 11),
                    };
                    rest /= BASE;
                }
                f.write_str(std::str::from_utf8(&characters[from..]).unwrap_or("?"))
            }
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() { f.write_str("none") } else { fmt::Display::fmt(self, f) }
    }
}

impl From<i32> for Code {
    fn from(number: i32) -> Self {
        Self::number(number)
    }
}

/// A text that is no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotACode(pub String);

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no status code: neither a number nor a word of letters and digits", self.0)
    }
}

impl std::error::Error for NotACode {}

impl FromStr for Code {
    type Err = NotACode;

    /// A number, or a word as [`word`](Self::word) takes it. A word of digits alone is read as the number.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        if let Ok(number) = text.parse::<i32>() {
            return Ok(Self::number(number));
        }
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_word = is_plain || WORDS.contains(&text);
        if is_word { Ok(Self::word(text)) } else { Err(NotACode(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_as_they_were_written() {
        for text in
            ["404", "-1", "1064", "42P01", "ERR", "WRONGTYPE", "CLUSTERDOWN", "0A000", "CLIENT_ERROR", "Slow Consumer"]
        {
            assert_eq!(text.parse::<Code>().unwrap().to_string(), text);
        }
        assert_eq!(Code::word("08006").to_string(), "08006", "a SQLSTATE may have digits alone");
        assert_eq!((Code::word(""), Code::number(0), Code::default()), (Code::NONE, Code::NONE, Code::NONE));
        assert_eq!(Code::NONE.to_string(), "");
        assert_eq!(Code::word("MYOWNERROR").to_string(), "MYOWN", "what is not known is cut");
        assert!("no code".parse::<Code>().is_err());
    }

    #[test]
    fn numbers_are_told_from_words() {
        assert_eq!((Code::number(-1).as_number(), Code::word("ERR").as_number()), (Some(-1), None));
        assert_eq!(Code::number(i32::MIN).as_number(), Some(*NUMBERS.start()));
        assert_eq!(Code::number(i32::MAX).as_number(), Some(*NUMBERS.end()));
    }

    #[test]
    fn any_bits_are_shown() {
        for bits in [u32::MAX, WORD, WORD | KNOWN | 9999, 1, KNOWN] {
            let _ = Code::from_bits(bits).to_string();
        }
    }
}
