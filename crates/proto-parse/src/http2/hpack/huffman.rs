//! The Huffman code of string literals (RFC 7541 section 5.2 and appendix B).
//!
//! The code is canonical: within a length, codes count upwards in the order of their symbols. So the lengths say all, and
//! the compiler makes of them a machine that takes four bits at a time. No code is shorter than five bits, so that a step
//! gives at most one symbol, and where a string is cut does not matter.

use super::HpackError;

/// A string literal that is being decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Huffman {
    /// The node of the tree that the bits since the last symbol lead to.
    node: u8,
}

impl Huffman {
    /// Takes the next encoded bytes, and gives what they say to `sink`.
    pub(super) fn decode(&mut self, encoded: &[u8], mut sink: impl FnMut(u8)) -> Result<(), HpackError> {
        for byte in encoded {
            for nibble in [byte >> 4, byte & 0x0f] {
                let step = STEPS.get(usize::from(self.node)).and_then(|steps| steps.get(usize::from(nibble)));
                match step {
                    Some(&Step::Goes(node)) => self.node = node,
                    Some(&Step::Gives(symbol, node)) => {
                        sink(symbol);
                        self.node = node;
                    }
                    // Section 5.2: EOS in a string is an error.
                    Some(Step::Ends) | None => return Err(HpackError::Huffman),
                }
            }
        }
        Ok(())
    }

    /// Checks the end of the string: section 5.2, it is padded with the most significant bits of EOS, which are all ones,
    /// and with less than a byte of them.
    pub(super) fn finish(self) -> Result<(), HpackError> {
        if PADDING.contains(&self.node) { Ok(()) } else { Err(HpackError::Huffman) }
    }
}

/// What four bits do at a node.
#[derive(Clone, Copy)]
enum Step {
    /// They lead to another node.
    Goes(u8),
    /// They complete the code of a symbol, and what is left of them leads to a node.
    Gives(u8, u8),
    /// They complete EOS.
    Ends,
}

const EOS: usize = 256;
const ROOT: u8 = 0;

/// Bits of each symbol's code, EOS at the end (appendix B).
#[rustfmt::skip]
const CODE_BITS: [u8; EOS + 1] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

const LONGEST_CODE_BITS: u8 = 30;

/// What a bit leads to: a node (never the root), or, from [`LEAF`] on, a symbol.
type Tree = [[u16; 2]; 256];

const LEAF: u16 = 256;

const TREE: Tree = tree();

static STEPS: [[Step; 16]; 256] = steps();

/// The nodes at which a string may end: up to seven ones behind the root.
const PADDING: [u8; 8] = padding();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the compiler evaluates it"
)]
const fn tree() -> Tree {
    let mut tree = [[0; 2]; 256];
    let mut nodes = 1;
    let mut code: u32 = 0;
    let mut bits = 1;
    while bits <= LONGEST_CODE_BITS {
        code <<= 1;
        let mut symbol = 0;
        while symbol <= EOS {
            if CODE_BITS[symbol] == bits {
                let mut node = ROOT as usize;
                let mut place = bits - 1;
                while place > 0 {
                    let bit = (code >> place & 1) as usize;
                    if tree[node][bit] == 0 {
                        tree[node][bit] = nodes;
                        nodes += 1;
                    }
                    node = tree[node][bit] as usize;
                    place -= 1;
                }
                tree[node][(code & 1) as usize] = LEAF + symbol as u16;
                code += 1;
            }
            symbol += 1;
        }
        bits += 1;
    }
    // As many nodes as there are symbols but one: nothing is left open.
    assert!(nodes == 256, "the code is complete");
    tree
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the compiler evaluates it"
)]
const fn steps() -> [[Step; 16]; 256] {
    let mut steps = [[Step::Ends; 16]; 256];
    let mut from = 0;
    while from < 256 {
        let mut nibble = 0;
        while nibble < 16 {
            let mut node = from as u16;
            let mut given = None;
            let mut place = 4;
            while place > 0 && node < LEAF + EOS as u16 {
                place -= 1;
                node = TREE[node as usize][nibble >> place & 1];
                if node >= LEAF && node < LEAF + EOS as u16 {
                    given = Some((node - LEAF) as u8);
                    node = ROOT as u16;
                }
            }
            steps[from][nibble] = match given {
                _ if node >= LEAF => Step::Ends,
                Some(symbol) => Step::Gives(symbol, node as u8),
                None => Step::Goes(node as u8),
            };
            nibble += 1;
        }
        from += 1;
    }
    steps
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the compiler evaluates it"
)]
const fn padding() -> [u8; 8] {
    let mut nodes = [ROOT; 8];
    let mut ones = 1;
    while ones < nodes.len() {
        nodes[ones] = TREE[nodes[ones - 1] as usize][1] as u8;
        ones += 1;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// The straightforward encoder: bits of the canonical code, one after the other.
    fn encode(text: &[u8]) -> Vec<u8> {
        let mut codes = [(0_u32, 0_u8); 257];
        let mut code = 0_u32;
        for bits in 1..=LONGEST_CODE_BITS {
            code <<= 1;
            for symbol in (0..=EOS).filter(|&symbol| CODE_BITS[symbol] == bits) {
                codes[symbol] = (code, bits);
                code = code.wrapping_add(1);
            }
        }
        let mut bits = Vec::new();
        for &byte in text {
            let (code, length) = codes[usize::from(byte)];
            bits.extend((0..length).rev().map(|place| code >> place & 1 == 1));
        }
        while bits.len() % 8 != 0 {
            bits.push(true);
        }
        bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect()
    }

    fn decode(encoded: &[u8], cut: usize) -> Result<Vec<u8>, HpackError> {
        let (mut text, mut huffman) = (Vec::new(), Huffman::default());
        for piece in encoded.chunks(cut) {
            huffman.decode(piece, |symbol| text.push(symbol))?;
        }
        huffman.finish().map(|()| text)
    }

    /// RFC 7541 appendices C.4.1 and C.6.1.
    #[test]
    fn the_specifications_examples_are_read() {
        for (encoded, text) in [
            (&b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..], &b"www.example.com"[..]),
            (b"\xa8\xeb\x10\x64\x9c\xbf", b"no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", b"custom-value"),
            (b"\x64\x02", b"302"),
            (
                b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff",
                b"Mon, 21 Oct 2013 20:13:21 GMT",
            ),
        ] {
            assert_eq!(decode(encoded, usize::MAX).as_deref(), Ok(text));
            assert_eq!(encode(text), encoded);
        }
    }

    #[test]
    fn every_symbol_is_read_however_the_string_is_cut() {
        let text: Vec<u8> = (0..=u8::MAX).chain((0..=u8::MAX).rev().step_by(3)).collect();
        let encoded = encode(&text);
        for cut in [1, 2, 7, usize::MAX] {
            assert_eq!(decode(&encoded, cut).as_deref(), Ok(text.as_slice()));
        }
    }

    #[test]
    fn padding_is_less_than_a_byte_of_ones() {
        assert_eq!(decode(b"", 1).as_deref(), Ok(&b""[..]));
        for (encoded, why) in [
            (&b"\xff"[..], "a byte of nothing but padding"),
            (b"\x64\x02\xff", "a byte too much"),
            (b"\x00", "padded with zeros"),
            (b"\xff\xff\xff\xff", "EOS"),
            (b"\xff\xff\xff\xfc", "EOS and the beginning of a symbol"),
        ] {
            assert_eq!(decode(encoded, 1), Err(HpackError::Huffman), "{why}");
        }
    }
}
