//! Any bytes as a captured frame, of any link type (two bytes) and length on the wire (four bytes).
#![no_main]

use geophone_capture_file::dissect::{LinkType, frame};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((link, data)) = data.split_first_chunk() else { return };
    let Some((wire_len, bytes)) = data.split_first_chunk() else { return };
    if let Ok(packet) = frame(LinkType(u16::from_le_bytes(*link)), bytes, u32::from_le_bytes(*wire_len)) {
        let captured = bytes.get(packet.captured).expect("what was captured lies in the frame");
        assert!(captured.len() as u64 <= u64::from(packet.payload_len));
    }
});
