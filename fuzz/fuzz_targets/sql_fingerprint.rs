//! A byte that chooses the dialect, then a text of SQL.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::sql_fingerprint(data));
