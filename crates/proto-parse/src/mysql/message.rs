//! Packets, and the numbers in them that bring their own length.

use crate::Parsed;
use crate::read::Reader;

/// What is in front of every packet: "Protocol::Packet" in the MySQL documentation, "standard packet" in MariaDB's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketHeader {
    /// Bytes of the payload, up to [`FULL`](Self::FULL).
    pub payload_bytes: u32,
    /// The packet's number in its command: 0 for the first one of a command, and one more for each that follows in either
    /// direction; 0 comes behind 255.
    pub sequence: u8,
}

impl PacketHeader {
    /// Bytes of a header.
    pub const BYTES: usize = 4;
    /// A payload of as many bytes goes on in the next packet, which may be empty.
    pub const FULL: u32 = 0xff_ffff;

    /// Parses the header at the beginning of `data`. Any four bytes are one.
    #[must_use]
    pub fn parse(data: &[u8]) -> Parsed<Self> {
        match *data {
            [a, b, c, sequence, ..] => Parsed::Complete {
                value: Self { payload_bytes: u32::from_le_bytes([a, b, c, 0]), sequence },
                consumed: Self::BYTES,
            },
            _ => Parsed::Incomplete { at_least: Self::BYTES.saturating_sub(data.len()) },
        }
    }

    /// Whether the payload goes on in the next packet.
    #[must_use]
    pub fn is_continued(self) -> bool {
        self.payload_bytes == Self::FULL
    }
}

/// The next "length-encoded integer" (`int<lenenc>`), or `None` where there is none or not all of it.
pub(super) fn length_encoded(reader: &mut Reader<'_>) -> Option<u64> {
    Some(match reader.u8()? {
        small @ 0..=0xfa => u64::from(small),
        0xfc => u64::from(reader.u16_le()?),
        0xfd => {
            let [a, b, c] = reader.array()?;
            u64::from(u32::from_le_bytes([a, b, c, 0]))
        }
        0xfe => reader.u64_le()?,
        // 0xfb stands for NULL in a row and for a file that is wanted, 0xff for an error.
        0xfb | 0xff => return None,
    })
}

/// The next "length-encoded string" (`string<lenenc>`), or `None` where there is none or not all of it.
pub(super) fn length_encoded_bytes<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = length_encoded(reader)?;
    reader.bytes(usize::try_from(len).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_four_bytes() {
        assert_eq!(PacketHeader::parse(b"\x05\0"), Parsed::Incomplete { at_least: 2 });
        let Parsed::Complete { value, consumed: 4 } = PacketHeader::parse(b"\x05\x01\0\x07rest") else { panic!() };
        assert_eq!((value.payload_bytes, value.sequence, value.is_continued()), (0x105, 7, false));
        let Parsed::Complete { value, .. } = PacketHeader::parse(b"\xff\xff\xff\0") else { panic!() };
        assert!(value.is_continued());
    }

    #[test]
    fn numbers_bring_their_length() {
        let mut reader = Reader(b"\xfa\xfc\x01\x02\xfd\x01\x02\x03\xfe\x01\0\0\0\0\0\0\x01\xfb");
        let numbers = core::iter::from_fn(|| length_encoded(&mut reader)).collect::<alloc::vec::Vec<_>>();
        assert_eq!(numbers, [0xfa, 0x201, 0x3_0201, 0x0100_0000_0000_0001]);
        assert_eq!(length_encoded_bytes(&mut Reader(b"\x03abcd")), Some(&b"abc"[..]));
        assert_eq!(length_encoded_bytes(&mut Reader(b"\x05abcd")), None);
        assert_eq!(length_encoded_bytes(&mut Reader(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xffabcd")), None);
    }
}
