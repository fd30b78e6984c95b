//! W3C trace context.

/// A caller's trace context, as its request carried it (W3C Trace Context, header `traceparent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace, never all zero.
    pub trace_id: [u8; 16],
    /// The caller's span (`parent-id`), never all zero.
    pub span_id: [u8; 8],
    /// `trace-flags`; bit 0 is "sampled".
    pub flags: u8,
}

impl TraceContext {
    /// Parses the value of a `traceparent` field. `None` if it is not valid, in which case section 4.3 of the
    /// recommendation asks to go on as if it were not there.
    ///
    /// ```
    /// use geophone_proto_parse::TraceContext;
    ///
    /// let context = TraceContext::parse(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    /// assert_eq!(context.span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    /// assert_eq!(context.flags, 1);
    /// ```
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (known, rest) = value.split_at_checked(55)?;
        let (version, known) = hex::<1>(known)?;
        // Section 3.2.2.1: version ff is invalid; version 00 is just these 55 bytes; what a later version adds comes
        // after a dash (section 3.2.4).
        match (version, rest) {
            ([0xff], _) | ([0x00], [_, ..]) => return None,
            (_, [] | [b'-', ..]) => {}
            _ => return None,
        }
        let (trace_id, known) = hex::<16>(known.strip_prefix(b"-")?)?;
        let (span_id, known) = hex::<8>(known.strip_prefix(b"-")?)?;
        let ([flags], []) = hex::<1>(known.strip_prefix(b"-")?)? else { return None };
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self { trace_id, span_id, flags })
    }
}

/// `N` bytes as lower-case hexadecimal (`HEXDIGLC`: upper case is not valid here), and what follows them.
fn hex<const N: usize>(text: &[u8]) -> Option<([u8; N], &[u8])> {
    let digit = |byte: u8| DIGITS.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT);
    let (digits, rest) = text.split_at_checked(N.checked_mul(2)?)?;
    let mut bytes = [0; N];
    let mut all = 0;
    let (pairs, _) = digits.as_chunks::<2>();
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (digit(high), digit(low));
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < NO_DIGIT).then_some((bytes, rest))
}

/// More than any digit.
const NO_DIGIT: u8 = 0x80;

#[expect(clippy::indexing_slicing, reason = "a digit is less than 256, and the compiler evaluates it")]
static DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0_u8;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        value = value.wrapping_add(1);
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    #[test]
    fn the_recommendations_examples_are_read() {
        let context = TraceContext::parse(VALID).unwrap();
        assert_eq!(context.trace_id[..4], [0x0a, 0xf7, 0x65, 0x19]);
        assert_eq!(context.span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        assert_eq!(context.flags, 0);
        assert!(
            TraceContext::parse(b"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-adds")
                .is_some()
        );
    }

    #[test]
    fn what_is_not_valid_is_none() {
        for invalid in [
            &b""[..],
            b"00-00000000000000000000000000000000-b7ad6b7169203331-00",
            b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-00",
            b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-00",
            b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-",
            b"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
            b"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        ] {
            assert_eq!(TraceContext::parse(invalid), None, "{}", invalid.escape_ascii());
        }
        for len in 0..VALID.len() {
            assert_eq!(TraceContext::parse(&VALID[..len]), None);
        }
    }
}
