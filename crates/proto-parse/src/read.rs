//! Numbers and slices from the front of a slice.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")
)]

/// Bytes that are read from the front. Each method says `None`, and takes nothing, where there are too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `len` bytes.
    #[inline]
    pub(crate) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16_be(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32_be(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32_be(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u16_le(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32_le(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64_le(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i32_le(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn i64_le(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// The bytes before the next zero, which is taken too.
    pub(crate) fn until_zero(&mut self) -> Option<&'a [u8]> {
        let len = memchr::memchr(0, self.0)?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none_and_takes_nothing() {
        let mut reader = Reader(b"\x01\x00\x02ab\0c");
        assert_eq!(reader.u8(), Some(1));
        assert_eq!(reader.u16_be(), Some(2));
        assert_eq!(reader.until_zero(), Some(&b"ab"[..]));
        assert_eq!((reader.u16_be(), reader.until_zero(), reader.bytes(2)), (None, None, None));
        assert_eq!(reader.bytes(1), Some(&b"c"[..]));
        let mut reader = Reader(b"\x01\0\x02\0\0\0\x03\0\0\0\0\0\0\x80");
        assert_eq!((reader.u16_le(), reader.u32_le()), (Some(1), Some(2)));
        assert_eq!(reader.u64_le(), Some((1 << 63) + 3));
    }
}
