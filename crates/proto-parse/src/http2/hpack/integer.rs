//! Integers (RFC 7541 section 5.1).

use super::HpackError;

/// An integer of which some bytes are still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Integer {
    value: u32,
    shift: u8,
}

/// An integer may have this many bits behind its prefix: five bytes carry them.
const LONGEST_SHIFT: u8 = 28;

impl Integer {
    /// The integer that begins in the low `prefix_bits` of `byte`: its value, if that is all, or what is to be continued.
    pub(super) fn start(byte: u8, prefix_bits: u8) -> Result<u32, Self> {
        let most = u8::MAX.checked_shr(u32::from(8_u8.saturating_sub(prefix_bits))).unwrap_or(0);
        let value = u32::from(byte & most);
        if value < u32::from(most) { Ok(value) } else { Err(Self { value, shift: 0 }) }
    }

    /// Takes the next byte; gives the value once it was the last.
    ///
    /// Section 5.1: an integer that is over an implementation's limits, in value or in length, is an error. Here, 32 bits
    /// and five bytes are the limits.
    pub(super) fn next(&mut self, byte: u8) -> Result<Option<u32>, HpackError> {
        let part = u32::from(byte & 0x7f);
        let shifted = part.checked_shl(u32::from(self.shift)).filter(|shifted| shifted >> self.shift == part);
        self.value = shifted.and_then(|part| self.value.checked_add(part)).ok_or(HpackError::Integer)?;
        if byte & 0x80 == 0 {
            return Ok(Some(self.value));
        }
        self.shift = self.shift.saturating_add(7);
        if self.shift > LONGEST_SHIFT { Err(HpackError::Integer) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(data: &[u8], prefix_bits: u8) -> Result<Option<u32>, HpackError> {
        let (first, rest) = data.split_first().unwrap();
        let mut integer = match Integer::start(*first, prefix_bits) {
            Ok(value) => return Ok(Some(value)),
            Err(integer) => integer,
        };
        for byte in rest {
            if let Some(value) = integer.next(*byte)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// RFC 7541 appendix C.1.
    #[test]
    fn the_specifications_examples_are_read() {
        assert_eq!(decode(b"\xea", 5), Ok(Some(10)));
        assert_eq!(decode(b"\xff\x9a\x0a", 5), Ok(Some(1337)));
        assert_eq!(decode(b"\x2a", 8), Ok(Some(42)));
    }

    #[test]
    fn what_is_too_large_or_too_long_is_refused() {
        assert_eq!(decode(b"\x7f\x80\xff\xff\xff\x0f", 7), Ok(Some(u32::MAX)));
        assert_eq!(decode(b"\x7f\x81\xff\xff\xff\x0f", 7), Err(HpackError::Integer));
        assert_eq!(decode(b"\x7f\x80\x80\x80\x80\x10", 7), Err(HpackError::Integer), "33 bits");
        assert_eq!(decode(b"\x7f\x80\x80\x80\x80\x00", 7), Ok(Some(127)), "zeros in front");
        assert_eq!(decode(b"\x7f\x80\x80\x80\x80\x80\x00", 7), Err(HpackError::Integer), "six bytes");
        assert_eq!(decode(b"\x7f\x80", 7), Ok(None));
    }
}
