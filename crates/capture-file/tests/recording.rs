//! Recordings: what is written is read; what is damaged is said, and nothing wrong comes out of it.

mod support;

use std::io::{self, Write};

use geophone_capture_file::{
    Damage, Source,
    recording::{Header, Reader, Totals, WriteError, Writer, format},
};
use geophone_model::{
    capture::{Chunk, Packet},
    fact::Fact,
    time::Timestamp,
};
use proptest::prelude::*;
use support::{Owned, owned, read_prefix, sample};

fn header() -> Header {
    Header::new(Timestamp::from_ns(1_768_471_200_000_000_000))
        .with_kernel("6.12.0")
        .with_recorder("test")
        .with_snap_len(256)
}

/// A recording of `items` with a block for every `block` of them, and where each block ends in it.
fn record(items: &[Owned], block: usize) -> (Vec<u8>, Vec<(u64, usize)>) {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    let mut ends = vec![(writer.written_bytes(), 0)];
    for (index, item) in items.iter().enumerate() {
        writer.item(&item.item()).unwrap();
        if (index + 1) % block == 0 {
            writer.flush().unwrap();
            ends.push((writer.written_bytes(), index + 1));
        }
    }
    writer.flush().unwrap();
    ends.push((writer.written_bytes(), items.len()));
    (writer.finish().unwrap().0, ends)
}

fn read(file: &[u8], expected: &[Owned]) -> (usize, Option<Damage>) {
    match Source::new(file, None) {
        Ok(mut source) => {
            let (count, error) = read_prefix(&mut source, expected);
            (count, error.map(|error| error.damage))
        }
        Err(_) => (0, Some(Damage::Magic { expected: "whatever: it was refused" })),
    }
}

proptest! {
    #[test]
    fn everything_comes_back_in_order(items in prop::collection::vec(owned(), 0..60), block in 1_usize..20) {
        let (file, _) = record(&items, block);
        let mut source = Source::new(&file[..], Some(file.len() as u64)).unwrap();
        prop_assert_eq!(source.header(), Some(&header()));
        let (count, error) = read_prefix(&mut source, &items);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(count, items.len());
        prop_assert_eq!(source.progress().read_bytes, file.len() as u64);
        let row = source.ledger();
        prop_assert_eq!((row.seen, row.imbalance()), (items.len() as u64, 0));
    }

    #[test]
    fn a_cut_gives_the_whole_blocks_before_it_and_an_error(
        items in prop::collection::vec(owned(), 1..30),
        block in 1_usize..10,
        cut in any::<prop::sample::Index>(),
    ) {
        let (file, ends) = record(&items, block);
        let cut = cut.index(file.len());
        let (count, damage) = read(&file[..cut], &items);
        prop_assert!(damage.is_some(), "a cut at {} of {} went unnoticed", cut, file.len());
        let whole = ends.iter().filter(|(end, _)| *end <= cut as u64).map(|(_, count)| *count).max().unwrap_or(0);
        prop_assert_eq!(count, whole);
    }

    #[test]
    fn several_wrong_bits_never_give_wrong_data(
        items in prop::collection::vec(owned(), 1..30),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4),
    ) {
        let (file, _) = record(&items, 7);
        let mut damaged = file.clone();
        for (byte, bit) in flips {
            damaged[byte.index(file.len())] ^= 1 << bit;
        }
        let (count, damage) = read(&damaged, &items);
        prop_assert_eq!(damage.is_none(), damaged == file);
        prop_assert!(count <= items.len());
    }

    /// Records that are wrong under a checksum that is right: the decoder alone stands in their way.
    #[test]
    fn hostile_records_are_read_or_refused(payload in prop::collection::vec(any::<u8>(), 0..300), kind in 0_u8..4) {
        let mut file = Writer::new(Vec::new(), &header()).unwrap().finish().unwrap().0;
        file.truncate(file.len() - TRAILER_LEN);
        file.extend_from_slice(&block(kind, &payload));
        let mut source = Source::new(&file[..], None).unwrap();
        let end = loop {
            match source.next() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        prop_assert!(end.is_some_and(|error| error.offset <= file.len() as u64));
    }
}

const TRAILER_LEN: usize = 9 + 5 * 8;

fn block(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_le_bytes();
    let crc = crc32fast::hash(&[&[kind], &length[..], payload].concat());
    [&[kind], &length[..], &crc.to_le_bytes(), payload].concat()
}

#[test]
fn every_cut_of_a_small_file_is_noticed() {
    let items = sample();
    let (file, ends) = record(&items, 2);
    for cut in 0..file.len() {
        let (count, damage) = read(&file[..cut], &items);
        let whole = ends.iter().filter(|(end, _)| *end <= cut as u64).map(|(_, count)| *count).max().unwrap_or(0);
        assert_eq!(count, whole, "cut at {cut}");
        assert!(damage.is_some(), "cut at {cut}");
    }
}

#[test]
fn every_wrong_bit_of_a_small_file_is_noticed() {
    let items = sample();
    let (file, _) = record(&items, 2);
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let (_, damage) = read(&damaged, &items);
        assert!(damage.is_some(), "bit {bit}");
    }
}

#[test]
fn long_recordings_are_written_in_blocks() {
    let items: Vec<Owned> = sample().into_iter().cycle().take(5_000).collect();
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    let mut sizes = Vec::new();
    for item in &items {
        let before = writer.written_bytes();
        writer.item(&item.item()).unwrap();
        sizes.extend(Some(writer.written_bytes() - before).filter(|&size| size != 0));
    }
    assert!(sizes.len() > 5 && sizes.iter().all(|&size| size < 2 * format::BLOCK_LEN as u64), "{sizes:?}");
    let (file, totals) = writer.finish().unwrap();
    assert_eq!(totals.records(), 5_000);
    assert_eq!(read(&file, &items).0, 5_000);
}

#[test]
fn the_largest_payload_is_kept_and_a_larger_one_is_refused() {
    let Owned::Packet(packet, _) = sample().remove(2) else { unreachable!("the third sample is a packet") };
    let packet = Packet { payload_len: format::MAX_CAPTURED_LEN as u32, ..packet };
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    let largest = Owned::Packet(packet, vec![7; format::MAX_CAPTURED_LEN]);
    let larger = Owned::Packet(packet, vec![7; format::MAX_CAPTURED_LEN + 1]);
    writer.item(&largest.item()).unwrap();
    let refused = writer.item(&larger.item()).unwrap_err();
    assert!(matches!(refused, WriteError::TooLong { len: 1_048_577, cap: 1_048_576, .. }), "{refused}");
    let name = Fact::HostName { at: packet.at, ip: packet.source.ip(), name: "x".repeat(format::MAX_FACT_LEN) };
    assert!(matches!(writer.fact(&name), Err(WriteError::TooLong { .. })));
    writer.item(&sample()[0].item()).unwrap();

    let (file, totals) = writer.finish().unwrap();
    assert_eq!(totals.records(), 2, "what was refused is not counted");
    let (count, damage) = read(&file, &[largest, sample().remove(0)]);
    assert!(count == 2 && damage.is_none(), "{count} {damage:?}");
}

/// Found by the fuzz target `recording_block`: such a packet was read as if nothing were wrong with it.
#[test]
fn captured_bytes_beyond_their_payload_are_refused() {
    // Flags, time, namespace and both endpoints are zero; then come payload length, offset, captured length and the bytes.
    let packet = |payload_len: u8, offset: u8| [&[0; 8 + 16][..], &[payload_len, offset, 2], b"ab"].concat();
    // Flags, time, namespace and process are zero, the cookie is 1; then come endpoints, offset, length, captured length.
    let chunk = |len: u8| [&[0; 8][..], &[1, 0, 0, 0, 0, 1], &[0; 13], &[len, 2], b"ab"].concat();
    for (payload, is_good) in [
        (packet(2, 0), true),
        (packet(1, 0), false),
        (packet(3, 1), true),
        (packet(2, 1), false),
        (chunk(2), true),
        (chunk(1), false),
    ] {
        let mut file = Writer::new(Vec::new(), &header()).unwrap().finish().unwrap().0;
        file.truncate(file.len() - TRAILER_LEN);
        file.extend_from_slice(&block(1, &payload));
        assert_eq!(Source::new(&file[..], None).unwrap().next().is_ok(), is_good, "{payload:?}");
    }

    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    for item in sample() {
        let item = match item {
            Owned::Packet(packet, bytes) => {
                Owned::Packet(Packet { payload_len: bytes.len() as u32 - 1, ..packet }, bytes)
            }
            Owned::Chunk(chunk, bytes) => Owned::Chunk(Chunk { len: bytes.len() as u64 - 1, ..chunk }, bytes),
            _ => continue,
        };
        assert!(matches!(writer.item(&item.item()), Err(WriteError::BeyondPayload { .. })), "{item:?}");
    }
    assert_eq!(writer.totals().records(), 0, "what was refused is not counted");
}

#[test]
fn a_newer_version_is_named_with_ours() {
    let (mut file, _) = record(&sample(), 2);
    file[8] = 9;
    let error = Reader::new(&file[..]).unwrap_err();
    assert!(matches!(error.damage, Damage::Version { found: 9, newest: 1 }), "{error}");
    assert!(error.to_string().contains("format version 9") && error.to_string().contains("up to 1"), "{error}");
}

#[test]
fn a_missing_block_and_an_added_tail_are_noticed() {
    let items = sample();
    let (file, ends) = record(&items, 2);
    let (first, second) = (ends[1].0 as usize, ends[2].0 as usize);
    let without_second = [&file[..first], &file[second..]].concat();
    let mut source = Source::new(&without_second[..], None).unwrap();
    let error = loop {
        match source.next() {
            Ok(item) => assert!(item.is_some(), "the gap went unnoticed"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.damage, Damage::Totals { stored: 7, found: 5 }), "{error}");

    let tail = [&file[..], b"x"].concat();
    assert!(matches!(read(&tail, &items), (7, Some(Damage::Trailing))));
}

#[test]
fn lengths_over_their_caps_are_refused_before_they_are_believed() {
    let (file, ends) = record(&sample(), 2);
    let mut header_len = file.clone();
    header_len[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = Reader::new(&header_len[..]).unwrap_err();
    assert!(matches!(error.damage, Damage::TooLong { len: 0xffff_ffff, .. }), "{error}");

    let mut block_len = file;
    let at = ends[1].0 as usize + 1;
    block_len[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let (count, damage) = read(&block_len, &sample());
    assert!(count == 2 && matches!(damage, Some(Damage::TooLong { .. })), "{count} {damage:?}");
}

/// A disk with room for so many bytes.
struct Disk {
    room: usize,
    file: Vec<u8>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room);
        if taken == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= taken;
        self.file.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_recorder_that_is_killed_leaves_what_it_flushed() {
    let items = sample();
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file, &header()).unwrap();
    items.iter().for_each(|item| writer.item(&item.item()).unwrap());
    writer.flush().unwrap();
    drop(writer);
    let (count, damage) = read(&file, &items);
    assert!(count == items.len() && matches!(damage, Some(Damage::NoTrailer)), "{count} {damage:?}");
}

#[test]
fn a_full_disk_is_reported_with_counts_and_what_is_on_it_can_be_read() {
    let items = sample();
    let (whole, ends) = record(&items, 2);
    let mut disk = Disk { room: ends[2].0 as usize + 5, file: Vec::new() };
    let mut writer = Writer::new(&mut disk, &header()).unwrap();
    let mut write = |items: &[Owned]| {
        items.iter().for_each(|item| writer.item(&item.item()).unwrap());
        writer.flush()
    };
    write(&items[..2]).unwrap();
    write(&items[2..4]).unwrap();
    let error = write(&items[4..6]).unwrap_err();
    assert!(
        matches!(error, WriteError::Io { kept: 4, lost: 2, written_bytes, .. } if written_bytes == ends[2].0),
        "{error}"
    );
    assert!(error.to_string().contains("4 records") && error.to_string().contains("2 are lost"), "{error}");
    assert!(matches!(writer.flush(), Err(WriteError::Ended { kept: 4, lost: 2 })));
    drop(writer);

    assert_eq!(disk.file, whole[..disk.file.len()]);
    assert!(matches!(read(&disk.file, &items), (4, Some(Damage::CutShort { .. }))));
}

#[test]
fn totals_are_kept_by_kind() {
    let (file, _) = record(&sample(), 3);
    let mut reader = Reader::new(&file[..]).unwrap();
    while reader.next().unwrap().is_some() {}
    let Totals { packets, chunks, changes, losses, facts, .. } = reader.totals();
    assert_eq!((packets, chunks, changes, losses, facts), (2, 1, 1, 1, 2));
}

#[test]
fn a_header_keeps_at_most_so_much_text() {
    let long = "é".repeat(300);
    let header = Header::new(Timestamp::MIN).with_kernel(&long).with_snap_len(0);
    assert_eq!((header.kernel.len(), header.snap_len), (format::MAX_TEXT_LEN, None));
    let file = Writer::new(Vec::new(), &header).unwrap().finish().unwrap().0;
    assert_eq!(Reader::new(&file[..]).unwrap().header(), &header);
}

/// The files are never written anew: a later version of the format adds its own beside them.
#[test]
fn recordings_of_version_1_stay_readable() {
    let good = include_bytes!("../testdata/v1-good.geocap");
    let reader = Reader::new(&good[..]).unwrap();
    assert_eq!((reader.version(), reader.header()), (1, &header()));
    assert!(matches!(read(good, &sample()), (7, None)));

    let truncated = include_bytes!("../testdata/v1-truncated.geocap");
    assert!(matches!(read(truncated, &sample()), (4, Some(Damage::CutShort { .. }))));

    let unfinished = include_bytes!("../testdata/v1-unfinished.geocap");
    assert!(matches!(read(unfinished, &sample()), (6, Some(Damage::NoTrailer))));

    let corrupt = include_bytes!("../testdata/v1-corrupt.geocap");
    let mut source = Source::new(&corrupt[..], None).unwrap();
    let (count, error) = read_prefix(&mut source, &sample());
    let error = error.unwrap();
    assert_eq!(count, 2);
    assert_eq!(
        error.to_string(),
        "the block of records is corrupt: its checksum is 71f38836 and should be 6cfc859a, at byte 184 of the file, \
         after 2 records could be read"
    );
}
