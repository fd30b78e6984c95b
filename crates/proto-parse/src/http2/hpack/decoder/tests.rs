use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use alloc::{format, vec};

use proptest::prelude::*;

use super::*;

/// What comes out of a block that comes in pieces of `cut` bytes.
fn decode(decoder: &mut Decoder, block: &[u8], cut: usize) -> Result<Vec<String>, HpackError> {
    let mut fields = Vec::new();
    for piece in block.chunks(cut.max(1)) {
        decoder.fragment(piece, &Limits::default(), |field| fields.push(show(field)))?;
    }
    decoder.end_block().map(|()| fields)
}

fn show(field: Field<'_>) -> String {
    let name = match field.name {
        FieldName::Method => ":method",
        FieldName::Scheme => ":scheme",
        FieldName::Authority => ":authority",
        FieldName::Path => ":path",
        FieldName::Protocol => ":protocol",
        FieldName::Status => ":status",
        FieldName::Host => "host",
        FieldName::ContentType => "content-type",
        FieldName::GrpcStatus => "grpc-status",
        FieldName::GrpcTimeout => "grpc-timeout",
        FieldName::Traceparent => "traceparent",
        FieldName::Other => {
            assert!(field.value.is_empty(), "nothing is kept of it");
            return "-".to_string();
        }
        FieldName::Invalid => return "invalid".to_string(),
        FieldName::Unknown => return "unknown".to_string(),
    };
    let cut = if field.is_cut { " (cut)" } else { "" };
    format!("{name} {}{cut}", field.value.escape_ascii())
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    pairs.iter().map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Blocks that another implementation has made, and what that reads in them: `testdata/hpack/generate.py`.
#[test]
fn another_encoders_blocks_are_read_as_another_decoder_reads_them() {
    for cut in [usize::MAX, 1, 2, 3, 17] {
        let mut decoder = Decoder::default();
        let (mut found, mut blocks) = (Vec::new(), 0);
        for line in include_str!("../../../../testdata/hpack/blocks.txt").lines() {
            if line.starts_with("encoder ") {
                decoder = Decoder::default();
            } else if let Some(hex) = line.strip_prefix("> ") {
                assert_eq!(found, Vec::<String>::new(), "all fields were expected");
                found = decode(&mut decoder, &bytes_of(hex), cut).unwrap();
                blocks += 1;
            } else if let Some(size) = line.strip_prefix("= ") {
                let (bytes, entries) = decoder.table.size();
                assert_eq!(format!("{bytes} {entries}"), size, "block {blocks}");
            } else {
                assert_eq!(found.remove(0), line, "block {blocks}");
            }
        }
        assert_eq!(blocks, 160);
    }
}

/// RFC 7541 appendices C.2, C.5.1 and C.5.2.
#[test]
fn the_specifications_examples_are_read() {
    let mut decoder = Decoder::default();
    assert_eq!(decode(&mut decoder, b"@\x0acustom-key\x0dcustom-header", 4), Ok(vec!["-".to_string()]));
    assert_eq!(decoder.table.size(), (55, 1));
    assert_eq!(decode(&mut decoder, b"\x04\x0c/sample/path", 4), Ok(vec![":path /sample/path".to_string()]));
    assert_eq!(decode(&mut decoder, b"\x10\x08password\x06secret", 4), Ok(vec!["-".to_string()]));
    assert_eq!(decoder.table.size(), (55, 1));

    let mut decoder = Decoder::default();
    decoder.table.resize(256, u32::MAX);
    let first = bytes_of(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f\
         7777772e6578616d706c652e636f6d",
    );
    assert_eq!(decode(&mut decoder, &first, 9).unwrap()[0], ":status 302");
    assert_eq!(decoder.table.size(), (222, 4));
    assert_eq!(decode(&mut decoder, &bytes_of("4803333037c1c0bf"), 9).unwrap()[0], ":status 307");
    assert_eq!(decoder.table.size(), (222, 4));
}

#[test]
fn what_must_not_be_kept_is_not_in_the_table_either() {
    let mut decoder = Decoder::default();
    let path = b"\x44\x18/a;id=secret/b?t=secret!";
    assert_eq!(decode(&mut decoder, path, 5), Ok(vec![":path /a/b".to_string()]));
    assert_eq!(decode(&mut decoder, b"\xbe", 5), Ok(vec![":path /a/b".to_string()]));
    assert_eq!(decoder.table.size(), (5 + 24 + 32, 1), "the size is that of the whole");
    assert_eq!(decode(&mut decoder, b"\x41\x0duser:secret@a", 5), Ok(vec![":authority a".to_string()]));
    assert!(!format!("{:?}", decoder.table).contains("secret"));
}

#[test]
fn what_is_not_valid_is_an_error_and_the_rest_of_the_block_is_passed_over() {
    for (block, error) in [
        (&b"\x80"[..], HpackError::Index),
        (b"\xbe", HpackError::Index),
        (b"\x7e\x01a", HpackError::Index),
        (b"\x82\x3f\xe1\x1f", HpackError::Resize),
        (b"\xff\xff\xff\xff\xff\x7f", HpackError::Integer),
        (b"\x40\xff\xff\xff\xff\xff\xff", HpackError::Integer),
        (b"\x00\x81\x00\x00", HpackError::Huffman),
        (b"\x82\x44", HpackError::Truncated),
        (b"\x44\x03/a", HpackError::Truncated),
        (b"\x40", HpackError::Truncated),
    ] {
        for cut in [1, usize::MAX] {
            let mut decoder = Decoder::default();
            assert_eq!(decode(&mut decoder, block, cut), Err(error), "{}", block.escape_ascii());
            if error != HpackError::Truncated {
                // A connection goes on with the block's other bytes, and with other blocks.
                assert_eq!(decoder.fragment(b"\x82", &Limits::default(), |_| panic!("passed over")), Ok(()));
                assert_eq!(decoder.end_block(), Ok(()));
            }
            assert_eq!(
                decode(&mut decoder, b"\x82\xbe", 1),
                Ok(vec![":method GET".to_string(), "unknown".to_string()])
            );
        }
    }
}

#[test]
fn after_a_loss_fields_become_known_again_as_they_are_added() {
    let mut decoder = Decoder::default();
    let literal = |path: &str| [b"\x44", [u8::try_from(path.len()).unwrap()].as_slice(), path.as_bytes()].concat();
    assert_eq!(decode(&mut decoder, &literal("/a"), 1), Ok(vec![":path /a".to_string()]));
    decoder.lose_blocks();
    assert_eq!(decode(&mut decoder, b"\xbe\xbf", 1), Ok(vec!["unknown".to_string(); 2]));
    assert_eq!(decode(&mut decoder, &literal("/b"), 1), Ok(vec![":path /b".to_string()]));
    assert_eq!(decode(&mut decoder, b"\xbe\xbf", 1), Ok(vec![":path /b".to_string(), "unknown".to_string()]));
    // A name that was not seen, with a value that is new.
    assert_eq!(decode(&mut decoder, b"\x7f\x00\x02/c", 1), Ok(vec!["unknown".to_string()]));
    assert_eq!(decode(&mut decoder, b"\xbf", 1), Ok(vec![":path /b".to_string()]));
}

/// A table without end, names and values without end, and a string that says it has four gigabytes.
#[test]
fn nothing_a_peer_sends_makes_it_hold_more_than_it_may() {
    let limits = Limits { definition_bytes: 2048, line_bytes: 100, ..Limits::default() };
    let mut decoder = Decoder::default();
    let mut sink = |field: Field<'_>| assert!(field.value.len() <= 100);
    decoder.fragment(b"\x3f\xff\xff\xff\xff\x0e", &limits, &mut sink).unwrap();
    let measured = allocation_counter::measure(|| {
        for _ in 0..1000 {
            decoder.fragment(b"\x44\x7f\xe1\x07", &limits, &mut sink).unwrap();
            decoder.fragment(&[b'/'; 1120], &limits, &mut sink).unwrap();
            decoder.fragment(b"\x40\x7f\x81\x07", &limits, &mut sink).unwrap();
            decoder.fragment(&[b'n'; 1024], &limits, &mut sink).unwrap();
            decoder.fragment(b"\x00", &limits, &mut sink).unwrap();
        }
        decoder.end_block().unwrap();
        // Huffman code of five bits for each byte.
        decoder.fragment(b"\x44\xff\xff\xff\xff\xff\x0e", &limits, &mut sink).unwrap();
        for _ in 0..1000 {
            decoder.fragment(&[0; 1000], &limits, &mut sink).unwrap();
        }
        assert_eq!(decoder.end_block(), Err(HpackError::Truncated));
    });
    assert!(decoder.table.size().0 <= 1024);
    assert!(measured.bytes_max < 16 * 1024, "{measured:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_pieces_come_to_the_same(
        blocks in proptest::collection::vec(block(), 1..8),
        cut in 1..9_usize,
        is_late in any::<bool>(),
    ) {
        let (mut whole, mut pieces) = (Decoder::default(), Decoder::default());
        if is_late {
            whole.lose_blocks();
            pieces.lose_blocks();
        }
        for block in blocks {
            let expected = decode(&mut whole, &block, usize::MAX);
            prop_assert_eq!(decode(&mut pieces, &block, cut), expected.clone());
            if expected.is_err() {
                let _ = (whole.end_block(), pieces.end_block());
            }
            prop_assert_eq!(whole.table.size(), pieces.table.size());
        }
    }
}

/// Blocks that get somewhere: fields among noise.
fn block() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            &b"\x82"[..], b"\xbe", b"\xbf", b"\xc0", b"\x20", b"\x3f\x45", b"\x44\x02/a", b"\x04\x05/b?cc", b"\x41\x83\xf1\xe3\xc2",
            b"\x40\x01a\x01b", b"\x7e\x01c", b"\x48\x03302", b"\x10\x0bgrpc-status\x010", b"\x5f\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64",
        ]).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
