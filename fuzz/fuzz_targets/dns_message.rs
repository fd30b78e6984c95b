//! A DNS message: no panic; names and answers within their limits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::dns_message(data));
