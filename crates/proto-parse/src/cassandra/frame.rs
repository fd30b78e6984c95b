//! The frames of version 5, in which all envelopes travel once the server has answered STARTUP: sections 2.1 and 2.2.

use super::HeaderError;
use crate::Parsed;

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Bytes of the payload as it travels, without header and trailer.
    pub payload_bytes: u32,
    /// Whether the payload has whole envelopes. Otherwise it is a piece of one.
    pub is_self_contained: bool,
    /// Bytes that the payload has when it is decompressed; `None` if it is not compressed.
    pub uncompressed_bytes: Option<u32>,
}

impl FrameHeader {
    /// Bytes of a header on a connection without compression.
    pub const BYTES: usize = 6;
    /// Bytes of a header on a connection with compression.
    pub const COMPRESSED_BYTES: usize = 8;
    /// Bytes of the payload's checksum, which is behind it. It is passed over: TCP has checked the bytes, and who receives
    /// them checks them again.
    pub const TRAILER_BYTES: u32 = 4;

    /// Bits of each of the two lengths.
    const LENGTH_BITS: u32 = 17;
    const LENGTH_MASK: u64 = (1 << Self::LENGTH_BITS) - 1;

    /// Parses the header at the beginning of `data`. `has_compression`: the two sides have agreed on it, whether or not this
    /// payload is compressed.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Checksum`]: there is no header here.
    pub fn parse(data: &[u8], has_compression: bool) -> Result<Parsed<Self>, HeaderError> {
        let len = if has_compression { Self::COMPRESSED_BYTES } else { Self::BYTES };
        let Some((fields, crc)) = data.get(..len).and_then(<[u8]>::split_last_chunk::<3>) else {
            return Ok(Parsed::Incomplete { at_least: len.saturating_sub(data.len()) });
        };
        if crc24(fields) != *crc {
            return Err(HeaderError::Checksum);
        }
        // Little-endian: a length, with compression the length before it, the flag, padding.
        let bits = fields.iter().rev().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        let length = |bits: u64| u32::try_from(bits & Self::LENGTH_MASK).ok();
        let flag_at = if has_compression { Self::LENGTH_BITS.saturating_mul(2) } else { Self::LENGTH_BITS };
        let value = Self {
            payload_bytes: length(bits).unwrap_or(0),
            is_self_contained: bits >> flag_at & 1 == 1,
            // 0 where the payload was not worth it.
            uncompressed_bytes: length(bits >> Self::LENGTH_BITS).filter(|&len| has_compression && len > 0),
        };
        Ok(Parsed::Complete { value, consumed: len })
    }
}

/// The checksum of a frame's header: the polynomial 0x1974F0B with the register's first value 0x875060, in little-endian.
fn crc24(data: &[u8]) -> [u8; 3] {
    let crc = data.iter().fold(0x0087_5060_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 16, |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ 0x0197_4f0b }
        })
    });
    let [a, b, c, _] = crc.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_length_a_flag_and_a_checksum() {
        // From the Python driver.
        let plain = *b"\x98\x00\x02\\D\xf6";
        for len in 0..6 {
            assert_eq!(FrameHeader::parse(&plain[..len], false), Ok(Parsed::Incomplete { at_least: 6 - len }));
        }
        let value = FrameHeader { payload_bytes: 152, is_self_contained: true, uncompressed_bytes: None };
        assert_eq!(FrameHeader::parse(&plain, false), Ok(Parsed::Complete { value, consumed: 6 }));
        for bit in 0..48 {
            let mut damaged = plain;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHeader::parse(&damaged, false), Err(HeaderError::Checksum), "{bit}");
        }
        assert!(matches!(FrameHeader::parse(b"GET / HTTP", false), Err(HeaderError::Checksum)));
    }

    #[test]
    fn a_connection_with_compression_has_longer_headers() {
        let value = FrameHeader { payload_bytes: 140, is_self_contained: true, uncompressed_bytes: Some(152) };
        assert_eq!(
            FrameHeader::parse(b"\x8c\x000\x01\x04\xf6n\xbb", true),
            Ok(Parsed::Complete { value, consumed: 8 })
        );
        let value = FrameHeader { payload_bytes: 13, is_self_contained: true, uncompressed_bytes: None };
        assert_eq!(
            FrameHeader::parse(b"\r\x00\x00\x00\x04 \xb6\x9c", true),
            Ok(Parsed::Complete { value, consumed: 8 })
        );
    }
}
