//! Lines of NATS with their payloads: cut at every byte, each is incomplete until it is complete; an error stays one.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::nats_message(data));
