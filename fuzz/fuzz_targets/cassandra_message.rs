//! Cassandra's envelopes and frames: what the beginning of one decides, no further byte changes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::cassandra_message(data));
