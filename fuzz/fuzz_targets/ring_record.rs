//! Any bytes as a record of the kernel's ring, wherever in memory they lie.
#![no_main]

use geophone_probe::{Clock, Item, decode};

libfuzzer_sys::fuzz_target!(|record: &[u8]| {
    let clock = Clock::with_offset_ns(1);
    let decoded = decode(record, clock);
    if let Ok(Item::Event(event)) = decoded {
        geophone_fuzz::check(&geophone_capture_file::Item::Event(event));
    }
    let moved = [&[0], record].concat();
    assert_eq!(decoded, decode(&moved[1..], clock), "a record at an odd address");
});
