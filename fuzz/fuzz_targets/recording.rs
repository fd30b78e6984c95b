//! Any bytes as a capture file, most of all as a recording.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_fuzz::read_capture_file(data));
