//! Headers of HTTP/2 frames, and field blocks in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::http2_message(data));
