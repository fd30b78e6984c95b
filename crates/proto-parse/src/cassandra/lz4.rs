//! LZ4 blocks ("LZ4 Block Format Description"), or their beginnings.

use alloc::vec::Vec;

/// The shortest match.
const MIN_MATCH: usize = 4;

/// Decompresses `block` into `out`, instead of what is in it: as much as is there of the block and is valid, and `max` bytes
/// at most.
pub(super) fn decompress(block: &[u8], max: usize, out: &mut Vec<u8>) {
    out.clear();
    let mut rest = block;
    while let Some((&token, after)) = rest.split_first() {
        rest = after;
        let Some(literals) = length(token >> 4, &mut rest) else { return };
        let (literal, after) = rest.split_at_checked(literals).unwrap_or((rest, &[]));
        let room = max.saturating_sub(out.len());
        out.extend_from_slice(literal.get(..room).unwrap_or(literal));
        rest = after;
        // The last sequence ends with its literals.
        let Some((offset, after)) = rest.split_first_chunk() else { return };
        rest = after;
        let Some(len) = length(token & 0x0f, &mut rest) else { return };
        let Some(mut from) = out.len().checked_sub(usize::from(u16::from_le_bytes(*offset))) else { return };
        // It may copy what it has just written.
        for _ in 0..len.saturating_add(MIN_MATCH).min(max.saturating_sub(out.len())) {
            let Some(&byte) = out.get(from) else { return };
            out.push(byte);
            from = from.saturating_add(1);
        }
    }
}

/// A length: four bits of the token, and behind 15 further bytes, of which one that is not 255 is the last.
fn length(bits: u8, rest: &mut &[u8]) -> Option<usize> {
    let mut len = usize::from(bits);
    if bits == 15 {
        loop {
            let (&more, after) = rest.split_first()?;
            *rest = after;
            len = len.saturating_add(usize::from(more));
            if more != 255 {
                break;
            }
        }
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decompressed(block: &[u8], max: usize) -> Vec<u8> {
        let mut out = Vec::from(b"what was there");
        decompress(block, max, &mut out);
        out
    }

    #[test]
    fn literals_and_matches_are_put_together() {
        // As the Python package lz4 has compressed it.
        let block = b"\xf0\x0eSELECT item FROM orders WHERE";
        let plain = b"SELECT item FROM orders WHERE";
        assert_eq!(decompressed(block, 1000), plain);
        assert_eq!(decompressed(&block[..12], 1000), plain[..10]);
        assert_eq!(decompressed(block, 7), plain[..7]);
        // Three bytes, then twelve of them again, then a last one.
        assert_eq!(decompressed(b"\x38abc\x03\0\x10d", 1000), b"abcabcabcabcabcd");
        assert_eq!(decompressed(b"\x1fx\x01\0\xff\x00\x10y", 1000), [&[b'x'; 275][..], b"y"].concat());
    }

    #[test]
    fn what_is_not_valid_ends_it() {
        assert_eq!(decompressed(b"\x38abc\x04\0", 1000), b"abc", "before the beginning");
        assert_eq!(decompressed(b"\x38abc\0\0", 1000), b"abc", "nothing to copy yet");
        assert_eq!(decompressed(b"\xf0\xff\xff", 1000), b"");
        assert_eq!(decompressed(b"\x1fx\x01\0\xff\xff\xff\xff\x01", 50), [b'x'; 50]);
        assert_eq!(decompressed(b"", 1000), b"");
    }
}
