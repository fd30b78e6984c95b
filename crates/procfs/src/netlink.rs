//! Netlink's frame (netlink(7)): requests out, messages in. Pure functions of bytes, in the byte order of the machine.

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
const HEADER_LEN: usize = 16;

/// `NLMSG_ERROR` (include/uapi/linux/netlink.h)
const ERROR: u16 = 2;
/// `NLMSG_DONE`
const DONE: u16 = 3;
/// `NLM_F_REQUEST`
const REQUEST: u16 = 0x1;
/// `NLM_F_ROOT | NLM_F_MATCH`, that is `NLM_F_DUMP`
const DUMP: u16 = 0x300;
/// `NLM_F_DUMP_INTR`
const DUMP_INTERRUPTED: u16 = 0x10;

/// Whether one object is asked for, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    One,
    All,
}

/// A request with its header.
pub(crate) fn request(kind: u16, wanted: Wanted, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let flags = match wanted {
        Wanted::One => REQUEST,
        Wanted::All => REQUEST | DUMP,
    };
    let len = u32::try_from(HEADER_LEN + payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER_LEN + payload.len());
    bytes.extend_from_slice(&len.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A message of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// An object.
    Object {
        /// Its type, by the numbers of the request's family.
        kind: u16,
        /// What follows the header.
        payload: &'a [u8],
    },
    /// The dump is complete.
    Done {
        /// Whether objects changed meanwhile, so that some may be missing or doubled.
        was_interrupted: bool,
    },
    /// The request failed with an error number, or is acknowledged with zero.
    Error(i32),
}

/// The messages in what one `recv()` gave, of one request.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    sequence: u32,
}

/// Bytes that are no message. They end the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Messages<'a> {
    /// Reads `bytes`; messages of other requests than `sequence` are passed over.
    pub const fn of(bytes: &'a [u8], sequence: u32) -> Self {
        Self { rest: bytes, sequence }
    }

    fn message(&mut self) -> Result<Option<Message<'a>>, Malformed> {
        while !self.rest.is_empty() {
            let bytes = self.rest;
            let len = u32_at(bytes, 0).and_then(|len| usize::try_from(len).ok()).ok_or(Malformed)?;
            let payload = bytes.get(HEADER_LEN..len).ok_or(Malformed)?;
            let (kind, flags) = (u16_at(bytes, 4).ok_or(Malformed)?, u16_at(bytes, 6).ok_or(Malformed)?);
            let sequence = u32_at(bytes, 8).ok_or(Malformed)?;
            self.rest = bytes.get(aligned(len)..).unwrap_or_default();
            if sequence != self.sequence {
                continue;
            }
            return Ok(Some(match kind {
                DONE => Message::Done { was_interrupted: flags & DUMP_INTERRUPTED != 0 },
                ERROR => {
                    let errno = payload.first_chunk().map(|errno| i32::from_ne_bytes(*errno)).ok_or(Malformed)?;
                    Message::Error(errno.saturating_neg())
                }
                kind => Message::Object { kind, payload },
            }));
        }
        Ok(None)
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = self.message().transpose();
        if matches!(message, Some(Err(_))) {
            self.rest = &[];
        }
        message
    }
}

/// The attributes behind an object's fixed part (`struct rtattr`): type and value. What is malformed ends them.
pub fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    const ATTRIBUTE_HEADER_LEN: usize = 4;
    std::iter::from_fn(move || {
        let (len, kind) = (usize::from(u16_at(rest, 0)?), u16_at(rest, 2)?);
        let value = rest.get(ATTRIBUTE_HEADER_LEN..len)?;
        rest = rest.get(aligned(len)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Messages and attributes begin at multiples of four bytes.
const fn aligned(len: usize) -> usize {
    len.saturating_add(3) & !3
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = request(kind, Wanted::One, sequence, payload);
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn read(bytes: &[u8]) -> Vec<Result<Message<'_>, Malformed>> {
        Messages::of(bytes, 7).collect()
    }

    #[test]
    fn messages_are_told_apart() {
        let bytes = [
            message(20, 0x2, 7, b"abcde"),
            message(20, 0x2, 8, b"another request's"),
            message(DONE, 0x2, 7, &0_i32.to_ne_bytes()),
            message(DONE, 0x12, 7, &0_i32.to_ne_bytes()),
            message(ERROR, 0, 7, &(-2_i32).to_ne_bytes()),
        ]
        .concat();
        let expected = [
            Ok(Message::Object { kind: 20, payload: b"abcde" }),
            Ok(Message::Done { was_interrupted: false }),
            Ok(Message::Done { was_interrupted: true }),
            Ok(Message::Error(2)),
        ];
        assert_eq!(read(&bytes), expected);
    }

    #[test]
    fn a_cut_message_is_malformed_and_ends_the_reading() {
        let whole = message(20, 0, 7, &[1; 8]);
        for len in 1..whole.len() {
            assert_eq!(read(&whole[..len]), [Err(Malformed)], "cut at {len}");
        }
        let mut short = whole;
        short[0..4].copy_from_slice(&15_u32.to_ne_bytes());
        assert_eq!(read(&short), [Err(Malformed)], "shorter than its header");
        assert_eq!(read(&message(ERROR, 0, 7, &[])), [Err(Malformed)]);
    }

    #[test]
    fn attributes_end_where_they_are_malformed() {
        let mut bytes = Vec::new();
        for (kind, value) in [(1_u16, &b"abc"[..]), (2, b""), (3, b"wxyz")] {
            bytes.extend_from_slice(&u16::try_from(4 + value.len()).unwrap().to_ne_bytes());
            bytes.extend_from_slice(&kind.to_ne_bytes());
            bytes.extend_from_slice(value);
            bytes.resize(aligned(bytes.len()), 0);
        }
        assert_eq!(attributes(&bytes).collect::<Vec<_>>(), [(1, &b"abc"[..]), (2, b""), (3, b"wxyz")]);
        assert_eq!(attributes(&bytes[..bytes.len() - 1]).count(), 2);
        assert_eq!(attributes(&[0, 0, 0, 0]).count(), 0, "an attribute that is shorter than its header");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for message in Messages::of(&bytes, 0).flatten() {
                if let Message::Object { payload, .. } = message {
                    prop_assert!(attributes(payload).count() <= payload.len() / 4);
                }
            }
        }
    }
}
