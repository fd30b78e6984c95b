//! What several targets have in common: files read in two ways, and a recording around any bytes.

use std::io::{self, Read};

use geophone_capture_file::{Item, Source, recording};
use geophone_model::{
    capture::{CaptureEvent, Chunk, Packet},
    ledger::LedgerRow,
    time::Timestamp,
};

/// Reads a capture file to its end or to its damage. What comes out, and where it ends, must not depend on the pieces in
/// which the bytes arrive; what comes out must keep the promises of the model; and after the end there is nothing.
pub fn read_capture_file(bytes: &[u8]) {
    let whole = read(bytes, bytes.len());
    assert_eq!(whole, read(bytes, 1), "the same bytes, one at a time");
}

fn read(bytes: &[u8], piece: usize) -> (Vec<String>, String) {
    let mut items = Vec::new();
    let mut source = match Source::new(Pieces { rest: bytes, piece }, None) {
        Ok(source) => source,
        Err(error) => return (items, format!("{error}: {error:?}")),
    };
    let end = loop {
        match source.next() {
            Ok(Some(item)) => {
                check(&item);
                items.push(format!("{item:?}"));
            }
            Ok(None) => break "the end".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    assert!(matches!(source.next(), Ok(None)), "after the end there is nothing");
    assert!(source.progress().read_bytes <= bytes.len() as u64);
    balanced(&[source.ledger()]);
    (items, end)
}

/// A payload is never longer than the packet or the call that it is of.
pub fn check(item: &Item<'_>) {
    match item {
        Item::Event(CaptureEvent::Packet(Packet { payload_len, captured_offset, captured, .. })) => {
            assert!(u64::from(*captured_offset) + captured.len() as u64 <= u64::from(*payload_len));
        }
        Item::Event(CaptureEvent::Chunk(Chunk { len, captured, .. })) => assert!(captured.len() as u64 <= *len),
        _ => {}
    }
}

/// The books balance.
pub fn balanced(rows: &[LedgerRow]) {
    for row in rows {
        assert_eq!(row.imbalance(), 0, "{row}");
    }
}

/// A recording whose only block has this payload and the right checksum, which no fuzzer would find. It has no trailer, as
/// if its writer had been killed.
pub fn recording_of(payload: &[u8]) -> Vec<u8> {
    const RECORDS: u8 = 1;
    let header = recording::Header::new(Timestamp::MIN);
    let writer = recording::Writer::new(Vec::new(), &header).expect("memory takes everything");
    let header_len = usize::try_from(writer.written_bytes()).expect("a header is short");
    let (mut file, _) = writer.finish().expect("memory takes everything");
    file.truncate(header_len);

    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    [&[RECORDS], &length[..], payload].into_iter().for_each(|part| crc.update(part));
    file.push(RECORDS);
    file.extend_from_slice(&length);
    file.extend_from_slice(&crc.finalize().to_le_bytes());
    file.extend_from_slice(payload);
    file
}

/// A reader that gives at most so many bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = out.len().min(self.piece).min(self.rest.len());
        let (now, later) = self.rest.split_at(len);
        out[..len].copy_from_slice(now);
        self.rest = later;
        Ok(len)
    }
}
