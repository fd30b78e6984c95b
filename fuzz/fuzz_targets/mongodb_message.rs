//! MongoDB's messages, of any opcode: what the beginning of one says, all of it says too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::mongodb_message(data));
