//! Keys of open requests that are texts on the wire.

/// A number for a text by which a request and its answer are known (FNV-1a, 64 bits).
///
/// Two texts with the same number, which nobody meets by chance, mix up exchanges of the connection that sent both, and of no
/// other: whoever makes such texts deceives nobody but those who watch him.
pub(crate) fn of_text(text: &[u8]) -> u64 {
    text.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    /// The test vectors of the hash's authors.
    #[test]
    fn the_numbers_are_those_of_fnv_1a() {
        for (text, number) in
            [("", 0xcbf2_9ce4_8422_2325_u64), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(super::of_text(text.as_bytes()), number, "{text}");
        }
    }
}
