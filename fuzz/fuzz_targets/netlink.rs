//! Any bytes as an answer of the kernel over netlink: messages, their attributes, sockets.
#![no_main]

use geophone_procfs::{
    DiagnosedSocket,
    netlink::{Message, Messages, attributes},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut messages = 0;
    for message in Messages::of(data, 0) {
        messages += 1;
        if let Ok(Message::Object { payload, .. }) = message {
            let _ = DiagnosedSocket::parse(payload);
            assert!(attributes(payload).map(|(_, value)| value.len()).sum::<usize>() <= payload.len());
        }
    }
    assert!(messages <= data.len() / 16 + 1, "a message has a header of 16 bytes, and the last may be malformed");
});
