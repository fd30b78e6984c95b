//! The header of the binary protocol (memcached's "BinaryProtocolRevamped", sections "Packet Structure" and "Defined
//! Values").

use crate::StatusClass;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 24;

/// The first byte of a request.
pub(super) const REQUEST: u8 = 0x80;
/// The first byte of a response.
pub(super) const RESPONSE: u8 = 0x81;

/// Bytes of a body: the largest item that a server can be told to take is 1 GiB.
const BODY_BYTES: u32 = 1 << 30;

/// Bytes of a key.
const KEY_BYTES: u16 = 250;

/// What the header of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Header {
    pub(super) opcode: u8,
    key_bytes: u16,
    extras_bytes: u8,
    data_type: u8,
    /// Of a response: how it went.
    pub(super) status: u16,
    pub(super) body_bytes: u32,
    /// Comes back with the response.
    pub(super) opaque: u32,
}

impl Header {
    /// Reads the header behind the first byte, `None` if there is less than one.
    #[inline]
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        let &[
            _,
            opcode,
            key_high,
            key_low,
            extras_bytes,
            data_type,
            status_high,
            status_low,
            b0,
            b1,
            b2,
            b3,
            o0,
            o1,
            o2,
            o3,
        ] = data.first_chunk::<16>()?;
        (data.len() >= HEADER_BYTES).then_some(Self {
            opcode,
            key_bytes: u16::from_be_bytes([key_high, key_low]),
            extras_bytes,
            data_type,
            status: u16::from_be_bytes([status_high, status_low]),
            body_bytes: u32::from_be_bytes([b0, b1, b2, b3]),
            opaque: u32::from_be_bytes([o0, o1, o2, o3]),
        })
    }

    /// Length of the message.
    #[inline]
    pub(super) fn len(self) -> u64 {
        u64::from(self.body_bytes).saturating_add(HEADER_BYTES as u64)
    }

    /// Whether the parts of the body fit into it, and it is no longer than any.
    pub(super) fn fits(self) -> bool {
        let parts = u32::from(self.key_bytes).saturating_add(u32::from(self.extras_bytes));
        parts <= self.body_bytes && self.body_bytes <= BODY_BYTES
    }

    /// Whether it is likely to be a header, too, where it is not known that there is one: of a known command, with the one data
    /// type that there is, and a key no longer than any.
    pub(super) fn is_plausible(self) -> bool {
        self.fits() && self.data_type == 0 && self.key_bytes <= KEY_BYTES && name(self.opcode).is_some()
    }

    /// Whether this is the last of the responses to one request: `stat` is answered with one a figure, and one without a key.
    pub(super) fn is_last(self) -> bool {
        self.opcode != STAT || self.key_bytes == 0
    }
}

const STAT: u8 = 0x10;

/// The names of the opcodes.
const NAMES: [&str; 0x25] = [
    "get",
    "set",
    "add",
    "replace",
    "delete",
    "increment",
    "decrement",
    "quit",
    "flush",
    "getq",
    "noop",
    "version",
    "getk",
    "getkq",
    "append",
    "prepend",
    "stat",
    "setq",
    "addq",
    "replaceq",
    "deleteq",
    "incrementq",
    "decrementq",
    "quitq",
    "flushq",
    "appendq",
    "prependq",
    "verbosity",
    "touch",
    "gat",
    "gatq",
    "",
    "sasl_list_mechs",
    "sasl_auth",
    "sasl_step",
    "gatk",
    "gatkq",
];

/// What an opcode is called.
pub(super) fn name(opcode: u8) -> Option<&'static str> {
    NAMES.get(usize::from(opcode)).copied().filter(|name| !name.is_empty())
}

/// Whether a command is answered only if it goes another way than the usual one: those whose name ends in `q`.
pub(super) fn is_quiet(opcode: u8) -> bool {
    name(opcode).is_some_and(|name| name.ends_with('q'))
}

/// Whom a response's status blames. That a key is not there, is there already or was changed meanwhile is an answer like
/// another, and so is one more step of a login.
pub(super) fn blame(status: u16) -> StatusClass {
    match status {
        // No error; key not found, key exists, item not stored; authentication continues.
        0x00 | 0x01 | 0x02 | 0x05 | 0x21 => StatusClass::Ok,
        // Value too large, invalid arguments, not a number, wrong vbucket; authentication; unknown command, not supported.
        0x03 | 0x04 | 0x06 | 0x07 | 0x08 | 0x20 | 0x81 | 0x83 => StatusClass::ClientError,
        // Out of memory, internal error, busy, temporary failure.
        _ => StatusClass::ServerError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request to get "Hello", and what an empty cache says ("Example").
    const GET: [u8; 29] = *b"\x80\x00\x00\x05\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0Hello";
    const NOT_FOUND: [u8; 33] = *b"\x81\x00\0\0\0\0\0\x01\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0Not found";

    #[test]
    fn a_header_says_what_follows() {
        let get = Header::parse(&GET).expect("a header");
        assert_eq!((get.opcode, get.len(), get.is_plausible(), get.is_last()), (0, 29, true, true));
        let answer = Header::parse(&NOT_FOUND).expect("a header");
        assert_eq!((answer.status, answer.len(), answer.is_plausible()), (1, 33, true));
        for len in 0..HEADER_BYTES {
            assert_eq!(Header::parse(&GET[..len]), None);
        }
    }

    #[test]
    fn what_does_not_fit_together_is_no_header() {
        for (at, byte) in [(1, 0x1f), (1, 0x25), (2, 1), (4, 1), (5, 1), (8, 0xff)] {
            let mut data = GET;
            data[at] = byte;
            assert!(!Header::parse(&data).expect("a header").is_plausible(), "{byte:#x} at {at}");
        }
    }

    #[test]
    fn opcodes_have_names() {
        assert_eq!(
            (name(0x00), name(0x0d), name(0x21), name(0x24)),
            (Some("get"), Some("getkq"), Some("sasl_auth"), Some("gatkq"))
        );
        assert_eq!((is_quiet(0x0d), is_quiet(0x17), is_quiet(0x0c), is_quiet(0x40)), (true, true, false, false));
    }

    #[test]
    fn a_miss_is_no_error() {
        assert_eq!([0, 1, 2, 5].map(blame), [StatusClass::Ok; 4]);
        assert_eq!([3, 4, 6, 0x20, 0x81].map(blame), [StatusClass::ClientError; 5]);
        assert_eq!([0x82, 0x84, 0x85, 0x86].map(blame), [StatusClass::ServerError; 4]);
    }
}
