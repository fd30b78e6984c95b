//! Heads of HTTP/1 messages, cut at every byte.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::http1_message(data));
