//! A script of bytes, gaps, skips and ends in both directions: the same exchanges when every byte comes on its own, and
//! books that balance after every step.
#![no_main]

use geophone_proto_parse::{Protocol, fuzz};

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::connection(Protocol::MongoDb, data));
