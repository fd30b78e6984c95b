//! Any bytes as a pcap or pcapng file: the first byte says which, so that no input is spent on finding a magic number.
#![no_main]

/// Microseconds and nanoseconds in both byte orders, and pcapng's section header.
const MAGICS: [[u8; 4]; 5] =
    [*b"\xd4\xc3\xb2\xa1", *b"\xa1\xb2\xc3\xd4", *b"\x4d\x3c\xb2\xa1", *b"\xa1\xb2\x3c\x4d", *b"\x0a\x0d\x0d\x0a"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    let magic = MAGICS[usize::from(*which) % MAGICS.len()];
    geophone_fuzz::read_capture_file(&[&magic, rest].concat());
});
