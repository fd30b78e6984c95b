//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed};

/// TLS records and hellos: whole ones take just their own bytes, less of them is incomplete, and an error stays one.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::RecordHeader::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::ClientHello::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::ServerHello::parse(data).map(|parsed| consumed(&parsed)));
    // A record's content.
    if let Some(data) = data.get(5..) {
        check_head(data, |data| super::ClientHello::parse(data).map(|parsed| consumed(&parsed)));
        check_head(data, |data| super::ServerHello::parse(data).map(|parsed| consumed(&parsed)));
    }
}
