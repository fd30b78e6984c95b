//! Any bytes as the records of a block whose checksum is right; what is read can be written, and read again as the same.
#![no_main]

use geophone_capture_file::{
    Source,
    recording::{Header, Writer},
};
use geophone_model::time::Timestamp;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let file = geophone_fuzz::recording_of(payload);
    geophone_fuzz::read_capture_file(&file);

    let mut first = Source::new(&file[..], None).expect("the header is ours");
    let mut writer = Writer::new(Vec::new(), &Header::new(Timestamp::MIN)).expect("memory takes everything");
    while let Ok(Some(item)) = first.next() {
        writer.item(&item).expect("what a recording held fits into one");
    }
    let (copy, _) = writer.finish().expect("memory takes everything");

    let mut first = Source::new(&file[..], None).expect("the header is ours");
    let mut second = Source::new(&copy[..], None).expect("the header is ours");
    while let Some(item) = second.next().expect("it is whole") {
        assert_eq!(first.next().ok().flatten(), Some(item));
    }
});
