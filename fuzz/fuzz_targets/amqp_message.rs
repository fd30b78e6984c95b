//! AMQP frames: what a prefix of a frame decides, no further byte changes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::amqp_message(data));
