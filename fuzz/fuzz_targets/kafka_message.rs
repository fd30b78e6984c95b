//! Kafka's requests and responses, in any layout: what the beginning of one says, all of it says too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::kafka_message(data));
