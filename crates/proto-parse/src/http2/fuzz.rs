//! Entry of the fuzz target for messages.

use alloc::vec::Vec;

use crate::fuzz::{MAX_HELD_BYTES, check_head, consumed, limits};

/// Headers of frames take just their own bytes. Field blocks, each behind a byte that says how long it is, give the same
/// fields when every byte comes on its own, and what is held of them has its bound.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::FrameHeader::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&options, mut blocks)) = data.split_first() else { return };
    let (mut whole, mut bytewise) = (super::hpack::Decoder::default(), super::hpack::Decoder::default());
    if options & 1 == 1 {
        whole.lose_blocks();
        bytewise.lose_blocks();
    }
    while let Some((&len, rest)) = blocks.split_first() {
        let (block, rest) = rest.split_at_checked(usize::from(len)).unwrap_or((rest, &[]));
        blocks = rest;
        assert_eq!(fields(&mut whole, block, usize::MAX), fields(&mut bytewise, block, 1));
        assert!(whole.held_bytes() <= MAX_HELD_BYTES, "{} bytes are held", whole.held_bytes());
    }
}

type Fields = Vec<(super::hpack::FieldName, Vec<u8>, bool)>;

/// What a block that comes in pieces says, and whether it is valid.
fn fields(decoder: &mut super::hpack::Decoder, block: &[u8], piece: usize) -> (Fields, bool) {
    let mut fields = Fields::new();
    let mut is_valid = true;
    for data in block.chunks(piece) {
        is_valid &= decoder
            .fragment(data, &limits(), |field| fields.push((field.name, field.value.to_vec(), field.is_cut)))
            .is_ok();
    }
    (fields, decoder.end_block().is_ok() && is_valid)
}
