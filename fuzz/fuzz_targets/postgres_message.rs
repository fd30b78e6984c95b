//! Messages of PostgreSQL, cut at every byte.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::postgres_message(data));
