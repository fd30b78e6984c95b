//! Where a value of RESP is over, however deep its parts are nested.
//!
//! For that it does not matter what is nested in what, only how many values are still to come: an aggregate is one of them and
//! brings as many as it has elements. One number says it, at any depth. Only aggregates that are streamed, which end with a
//! token of their own, have to be told apart.

use alloc::vec::Vec;

use super::RespError;
use super::token::{Extent, Kind, Token};

/// How much of a value is still to come.
///
/// Bounded by the limit of streamed aggregates in one another, whatever is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    /// Values that are still to come; of those in a streamed aggregate, only what an aggregate among them has said.
    pending: u64,
    /// What was pending around each streamed aggregate that is open.
    outer: Vec<u64>,
    /// Within a streamed string.
    in_string: bool,
    /// Within a line that is longer than is looked at at once.
    in_line: bool,
}

impl Nesting {
    /// One value is to come.
    pub(super) fn start(&mut self) {
        self.pending = 1;
        self.outer.clear();
        self.in_string = false;
        self.in_line = false;
    }

    /// Whether the next token is the value's own, behind the attributes that go with it.
    #[inline]
    pub(super) fn is_at_value(&self) -> bool {
        self.pending == 1 && self.outer.is_empty() && !self.in_string && !self.in_line
    }

    /// Whether nothing is to come any more.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.pending == 0 && self.outer.is_empty() && !self.in_string && !self.in_line
    }

    /// Whether the next bytes belong to a line that began before.
    #[inline]
    pub(super) fn is_in_line(&self) -> bool {
        self.in_line
    }

    /// The last piece of the line was read.
    pub(super) fn end_line(&mut self) {
        self.in_line = false;
        self.complete();
    }

    /// Whether `token` can be the next one.
    #[inline]
    pub(super) fn admits(&self, token: Token, depth_limit: usize) -> Result<(), RespError> {
        let is_well_placed = match token.kind {
            Kind::Chunk => self.in_string,
            _ if self.in_string => false,
            Kind::End => self.pending == 0 && !self.outer.is_empty(),
            _ => match token.extent {
                Extent::Values(values) => self.pending.checked_add(values).is_some(),
                Extent::Streamed if token.kind != Kind::Bulk => self.outer.len() < depth_limit,
                _ => true,
            },
        };
        if is_well_placed { Ok(()) } else { Err(RespError::Misplaced) }
    }

    /// Takes the next token, which is [admitted](Self::admits).
    #[inline]
    pub(super) fn take(&mut self, token: Token) {
        match (token.kind, token.extent) {
            (Kind::End, _) => self.pending = self.outer.pop().unwrap_or_default(),
            (Kind::Chunk, Extent::Content(_)) => {}
            (Kind::Chunk, _) => {
                self.in_string = false;
                self.complete();
            }
            (Kind::Bulk, Extent::Streamed) => self.in_string = true,
            (_, Extent::Unended) => self.in_line = true,
            // RESP3 specification, "Attribute type": not a value, but what goes with the next one.
            (Kind::Attribute, Extent::Values(values)) => self.pending = self.pending.saturating_add(values),
            (_, Extent::Values(values)) => {
                self.complete();
                self.pending = self.pending.saturating_add(values);
            }
            (kind, Extent::Streamed) => {
                if kind != Kind::Attribute {
                    self.complete();
                }
                self.outer.push(core::mem::take(&mut self.pending));
            }
            _ => self.complete(),
        }
    }

    #[inline]
    fn complete(&mut self) {
        // In a streamed aggregate there may be any number of values.
        self.pending = self.pending.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parsed;

    /// Bytes of the first value in `data`.
    fn value_len(data: &[u8]) -> Result<Option<usize>, RespError> {
        let mut nesting = Nesting::default();
        nesting.start();
        let mut rest = data;
        while !nesting.is_over() {
            match Token::parse(rest) {
                Ok(Parsed::Complete { value: token, .. }) => {
                    nesting.admits(token, 4)?;
                    nesting.take(token);
                    let Some(after) = rest.get(usize::try_from(token.len()).unwrap()..) else { return Ok(None) };
                    rest = after;
                }
                Ok(Parsed::Incomplete { .. }) => return Ok(None),
                Err(_) => return Err(RespError::Misplaced),
            }
        }
        Ok(Some(data.len().saturating_sub(rest.len())))
    }

    #[test]
    fn a_value_ends_with_its_last_part() {
        for value in [
            &b"+OK\r\n"[..],
            b"$-1\r\n",
            b"*0\r\n",
            b"*-1\r\n",
            b"*2\r\n*1\r\n*1\r\n$1\r\na\r\n:1\r\n",
            b"*3\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n_\r\n#t\r\n",
            b"|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
            b"$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n",
            b"*?\r\n:1\r\n*2\r\n:2\r\n:3\r\n*?\r\n.\r\n.\r\n",
            b"%?\r\n+a\r\n:1\r\n+b\r\n$?\r\n;0\r\n.\r\n",
            b"*2\r\n*?\r\n:1\r\n.\r\n:2\r\n",
        ] {
            for len in 0..value.len() {
                assert_eq!(value_len(&value[..len]), Ok(None), "{} at {len}", value.escape_ascii());
            }
            assert_eq!(value_len(&[value, b"+NEXT\r\n"].concat()), Ok(Some(value.len())), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn depth_costs_nothing() {
        let value = [b"*1\r\n".repeat(100_000), b":1\r\n".to_vec()].concat();
        assert_eq!(value_len(&value), Ok(Some(value.len())));
    }

    #[test]
    fn what_cannot_be_there_is_refused() {
        for value in [
            &b".\r\n"[..],
            b";1\r\na\r\n",
            b"$?\r\n+OK\r\n",
            b"*?\r\n*1\r\n.\r\n",
            b"*18446744073709551615\r\n*18446744073709551615\r\n",
            b"*?\r\n*?\r\n*?\r\n*?\r\n*?\r\n",
        ] {
            assert_eq!(value_len(value), Err(RespError::Misplaced), "{}", value.escape_ascii());
        }
    }
}
