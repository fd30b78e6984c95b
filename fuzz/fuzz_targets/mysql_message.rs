//! MySQL's packets: what the beginning of one decides, no further byte changes; a reply takes any packets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::mysql_message(data));
