//! The primitive types of Kafka's protocol guide, section "Protocol Primitive Types", read from a slice.

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The slice ends before the value does.
    Short,
    /// No value begins like this.
    Malformed,
    /// What was looked for is found.
    Enough,
}

/// How lengths are written: KIP-482 made them varints, and put tagged fields behind every structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Fixed,
    Flexible,
}

/// A place in a message, of which the beginning may be all that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes of the message that are not there.
    missing: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of `data`, behind which there are `missing` bytes more of the message.
    pub(super) const fn new(data: &'a [u8], missing: usize) -> Self {
        Self { rest: data, missing }
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        self.check(len)?;
        self.rest.split_off(..len).ok_or(Stop::Short)
    }

    pub(super) fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.check(N)?;
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(*chunk)
    }

    /// Whether there may be so many bytes more.
    fn check(&self, len: usize) -> Result<(), Stop> {
        if len > self.rest.len().saturating_add(self.missing) { Err(Stop::Malformed) } else { Ok(()) }
    }

    pub(super) fn int8(&mut self) -> Result<i8, Stop> {
        self.chunk().map(i8::from_be_bytes)
    }

    pub(super) fn int16(&mut self) -> Result<i16, Stop> {
        self.chunk().map(i16::from_be_bytes)
    }

    pub(super) fn int32(&mut self) -> Result<i32, Stop> {
        self.chunk().map(i32::from_be_bytes)
    }

    /// UNSIGNED_VARINT: seven bits a byte, the lowest first, and at most five bytes.
    pub(super) fn unsigned_varint(&mut self) -> Result<u32, Stop> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.chunk()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                return Err(Stop::Malformed);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Stop::Malformed)
    }

    /// STRING and NULLABLE_STRING, and their compact forms: `None` is null.
    pub(super) fn string(&mut self, encoding: Encoding) -> Result<Option<&'a [u8]>, Stop> {
        let len = match encoding {
            Encoding::Flexible => self.compact_len()?,
            Encoding::Fixed => match self.int16()? {
                -1 => None,
                len => Some(usize::try_from(len).map_err(|_| Stop::Malformed)?),
            },
        };
        len.map(|len| self.take(len)).transpose()
    }

    /// BYTES, NULLABLE_BYTES and RECORDS, and their compact forms: passed over.
    pub(super) fn pass_bytes(&mut self, encoding: Encoding) -> Result<(), Stop> {
        let len = self.len(encoding)?.unwrap_or_default();
        self.take(len).map(|_| ())
    }

    /// The length of an ARRAY or a COMPACT_ARRAY: `None` is null. Each element has a byte at least.
    pub(super) fn array_len(&mut self, encoding: Encoding) -> Result<Option<usize>, Stop> {
        let len = self.len(encoding)?;
        self.check(len.unwrap_or_default())?;
        Ok(len)
    }

    /// The tagged fields behind a structure (KIP-482): each says how long it is. None is of interest.
    pub(super) fn pass_tagged_fields(&mut self, encoding: Encoding) -> Result<(), Stop> {
        if encoding == Encoding::Flexible {
            // At least two bytes each, so that what is there bounds how often this goes round.
            for _ in 0..self.unsigned_varint()? {
                let _tag = self.unsigned_varint()?;
                let len = self.unsigned_varint()?;
                self.take(usize::try_from(len).map_err(|_| Stop::Malformed)?)?;
            }
        }
        Ok(())
    }

    fn len(&mut self, encoding: Encoding) -> Result<Option<usize>, Stop> {
        match encoding {
            Encoding::Flexible => self.compact_len(),
            Encoding::Fixed => match self.int32()? {
                -1 => Ok(None),
                len => usize::try_from(len).map(Some).map_err(|_| Stop::Malformed),
            },
        }
    }

    /// A compact length is one more than it says; 0 is null.
    fn compact_len(&mut self) -> Result<Option<usize>, Stop> {
        let len = usize::try_from(self.unsigned_varint()?).map_err(|_| Stop::Malformed)?;
        Ok(len.checked_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_read_to_their_last_byte() {
        for (data, expected) in [
            (&[0][..], Ok(0)),
            (&[0x7f], Ok(127)),
            (&[0x80, 1], Ok(128)),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], Ok(u32::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0x10], Err(Stop::Malformed)),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0], Err(Stop::Malformed)),
            (&[0x80, 0x80], Err(Stop::Short)),
            (&[], Err(Stop::Short)),
        ] {
            assert_eq!(Reader::new(data, 9).unsigned_varint(), expected, "{data:?}");
        }
    }

    #[test]
    fn strings_have_a_null_in_both_encodings() {
        for (encoding, data, expected) in [
            (Encoding::Fixed, &[0, 2, b'a', b'b', b'c'][..], Ok(Some(&b"ab"[..]))),
            (Encoding::Fixed, &[0, 0], Ok(Some(b""))),
            (Encoding::Fixed, &[0xff, 0xff], Ok(None)),
            (Encoding::Fixed, &[0xff, 0xfe], Err(Stop::Malformed)),
            (Encoding::Fixed, &[0, 2, b'a'], Err(Stop::Short)),
            (Encoding::Flexible, &[3, b'a', b'b', b'c'], Ok(Some(b"ab"))),
            (Encoding::Flexible, &[1], Ok(Some(b""))),
            (Encoding::Flexible, &[0], Ok(None)),
            (Encoding::Flexible, &[3, b'a'], Err(Stop::Short)),
        ] {
            assert_eq!(Reader::new(data, 9).string(encoding), expected, "{encoding:?} {data:?}");
        }
    }

    #[test]
    fn tagged_fields_are_passed_over() {
        let mut reader = Reader::new(&[2, 0, 1, b'x', 5, 2, b'y', b'z', 9], 1);
        assert_eq!(reader.pass_tagged_fields(Encoding::Fixed), Ok(()));
        assert_eq!(reader.pass_tagged_fields(Encoding::Flexible), Ok(()));
        assert_eq!((reader.take(2), reader.take(3)), (Err(Stop::Short), Err(Stop::Malformed)));
        assert_eq!(reader.int8(), Ok(9));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f], 9).pass_tagged_fields(Encoding::Flexible),
            Err(Stop::Short)
        );
    }

    #[test]
    fn what_is_longer_than_its_message_is_malformed() {
        for (data, missing, expected) in [
            (&b"\0\x05abc"[..], 2, Err(Stop::Short)),
            (b"\0\x05abc", 1, Err(Stop::Malformed)),
            (b"\0", 1, Err(Stop::Short)),
            (b"\0", 0, Err(Stop::Malformed)),
        ] {
            assert_eq!(Reader::new(data, missing).string(Encoding::Fixed), expected, "{data:?} and {missing}");
        }
        let count = b"\0\0\0\x03";
        assert_eq!(Reader::new(count, 3).array_len(Encoding::Fixed), Ok(Some(3)));
        assert_eq!(Reader::new(count, 2).array_len(Encoding::Fixed), Err(Stop::Malformed));
    }
}
