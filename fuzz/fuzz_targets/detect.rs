//! Which protocol, and who is the client: decided once and for all, however the bytes come.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::detection(data));
