//! MQTT packets: what a prefix of a packet decides, no further byte changes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| geophone_proto_parse::fuzz::mqtt_message(data));
