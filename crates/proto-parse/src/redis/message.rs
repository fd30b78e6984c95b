//! Commands and replies: what an observer keeps of them.

use alloc::string::String;

use super::RespError;
use super::command::Words;
use super::nesting::Nesting;
use super::refusal::blame;
use super::token::{Extent, Kind, Token};
use crate::{Limits, Parsed, StatusClass};

/// A command that is sent as an array of strings.
#[derive(Debug)]
pub struct Command(Words);

/// A reply, or a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: StatusClass,
    error: String,
    is_push: bool,
}

impl Command {
    /// Parses the command at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// [`RespError::is_other_protocol`] tells bytes that are not RESP from what cannot be a command.
    pub fn parse(data: &[u8], limits: &Limits) -> Result<Parsed<Self>, RespError> {
        let mut rest = data;
        let (array, _) = match next(&mut rest)? {
            Ok(found) => found,
            Err(at_least) => return Ok(Parsed::Incomplete { at_least }),
        };
        if array.kind != Kind::Array || !data.starts_with(b"*") {
            return Err(RespError::Misplaced);
        }
        let mut remaining = match array.extent {
            Extent::Values(words) => words,
            Extent::Null => 0,
            _ => return Err(RespError::Misplaced),
        };
        let mut words = Words::default();
        while remaining > 0 {
            if rest.first().is_some_and(|first| *first != b'$') {
                return Err(RespError::Misplaced);
            }
            let (word, text) = match next(&mut rest)? {
                Ok(found) => found,
                Err(at_least) => return Ok(Parsed::Incomplete { at_least }),
            };
            if !matches!(word.extent, Extent::Content(_)) {
                return Err(RespError::Misplaced);
            }
            words.push(text.get(..words.wanted(limits)).unwrap_or(text), limits);
            remaining = remaining.saturating_sub(1);
        }
        Ok(Parsed::Complete { value: Self(words), consumed: data.len().saturating_sub(rest.len()) })
    }

    /// The name in upper case, with the second word where that is part of it (`CONFIG GET`); empty where it is none.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.0.verb
    }

    /// The channel that is published to; empty for all other commands. Keys are not kept.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.0.resource
    }

    /// Whether the server may hold back the answer until there is something to tell.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        self.0.may_wait()
    }
}

impl Reply {
    /// Parses the reply at the beginning of `data`, with the attributes that go before it.
    ///
    /// # Errors
    ///
    /// [`RespError::is_other_protocol`] tells bytes that are not RESP from what is nested wrong or too deep.
    pub fn parse(data: &[u8], limits: &Limits) -> Result<Parsed<Self>, RespError> {
        let mut rest = data;
        let mut nesting = Nesting::default();
        nesting.start();
        let mut reply = Self { status: StatusClass::Ok, error: String::new(), is_push: false };
        let mut is_behind_attributes = false;
        while !nesting.is_over() {
            if nesting.is_in_line() {
                let Some(at) = memchr::memchr(b'\n', rest) else { return Ok(Parsed::Incomplete { at_least: 1 }) };
                rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
                nesting.end_line();
                continue;
            }
            let (token, text) = match next(&mut rest)? {
                Ok(found) => found,
                Err(at_least) => return Ok(Parsed::Incomplete { at_least }),
            };
            nesting.admits(token, limits.depth)?;
            if !is_behind_attributes && nesting.is_at_value() && token.kind != Kind::Attribute {
                is_behind_attributes = true;
                reply.is_push = token.kind == Kind::Push;
                if matches!(token.kind, Kind::Error | Kind::BulkError) {
                    let (status, code) = blame(text);
                    (reply.status, reply.error) = (status, String::from(code));
                }
            }
            nesting.take(token);
        }
        Ok(Parsed::Complete { value: reply, consumed: data.len().saturating_sub(rest.len()) })
    }

    /// How the command went.
    #[must_use]
    pub fn status(&self) -> StatusClass {
        self.status
    }

    /// The error's code (`WRONGTYPE`); empty if it is no error, or has none.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// Whether it answers nothing, but is sent by the server of its own accord.
    #[must_use]
    pub fn is_push(&self) -> bool {
        self.is_push
    }
}

/// The next token with its text, taken from `rest`, or how many bytes more are needed at the least.
fn next<'a>(rest: &mut &'a [u8]) -> Result<Result<(Token, &'a [u8]), usize>, RespError> {
    let token = match Token::parse(rest)? {
        Parsed::Complete { value, .. } => value,
        Parsed::Incomplete { at_least } => return Ok(Err(at_least)),
    };
    let len = usize::try_from(token.len()).unwrap_or(usize::MAX);
    let data = *rest;
    Ok(match data.split_at_checked(len) {
        Some((whole, after)) => {
            *rest = after;
            Ok((token, token.text(whole)))
        }
        None => Err(len.saturating_sub(data.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_when_it_is_whole() {
        let data = b"*4\r\n$6\r\nCONFIG\r\n$3\r\nset\r\n$11\r\nrequirepass\r\n$7\r\nhunter2\r\n*1\r\n$4\r\nPING\r\n";
        let len = data.len() - b"*1\r\n$4\r\nPING\r\n".len();
        for shorter in 0..len {
            let parsed = Command::parse(&data[..shorter], &Limits::default());
            assert!(
                matches!(parsed, Ok(Parsed::Incomplete { at_least }) if at_least > 0 && shorter + at_least <= len),
                "{shorter}"
            );
        }
        let Ok(Parsed::Complete { value, consumed }) = Command::parse(data, &Limits::default()) else {
            panic!("a command")
        };
        assert_eq!((value.verb(), value.channel(), value.may_wait(), consumed), ("CONFIG SET", "", false, len));
        assert!(!std::format!("{value:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for data in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"+OK\r\n",
            b"*?\r\n",
            b"*1\r\n:1\r\n",
            b"*1\r\n$-1\r\n",
            b"~1\r\n$4\r\nPING\r\n",
        ] {
            assert!(Command::parse(data, &Limits::default()).is_err(), "{}", data.escape_ascii());
        }
    }

    #[test]
    fn a_reply_says_how_it_went() {
        let long = [b"-OOM ".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
        for (data, status, error, is_push) in [
            (&b"+OK\r\n"[..], StatusClass::Ok, "", false),
            (b"*2\r\n:1\r\n-ERR in a transaction\r\n", StatusClass::Ok, "", false),
            (b"-WRONGTYPE Operation\r\n", StatusClass::ClientError, "WRONGTYPE", false),
            (b"!21\r\nSYNTAX invalid syntax\r\n", StatusClass::ClientError, "SYNTAX", false),
            (b"|1\r\n+a\r\n:1\r\n-OOM no\r\n", StatusClass::ServerError, "OOM", false),
            (b">2\r\n+a\r\n:1\r\n", StatusClass::Ok, "", true),
            (&long, StatusClass::ServerError, "OOM", false),
        ] {
            for len in 0..data.len() {
                let parsed = Reply::parse(&data[..len], &Limits::default());
                assert!(matches!(parsed, Ok(Parsed::Incomplete { .. })), "{} at {len}", data.escape_ascii());
            }
            let reply = Reply { status, error: String::from(error), is_push };
            let expected = Ok(Parsed::Complete { value: reply, consumed: data.len() });
            assert_eq!(Reply::parse(data, &Limits::default()), expected, "{}", data.escape_ascii());
        }
    }
}
