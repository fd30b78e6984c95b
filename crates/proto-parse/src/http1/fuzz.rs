//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed, limits};

/// Message heads: a complete head takes just its own bytes, less of it is incomplete, and an error stays one.
pub fn message(data: &[u8]) {
    search(data);
    check_head(data, |data| super::RequestHead::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::ResponseHead::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}

/// What the searches for HTTP/1 find, they find with just the bytes that they say.
fn search(data: &[u8]) {
    for find in [super::find_request, super::find_response] {
        if let Some(found) = find(data, &limits()) {
            assert!(found.at < found.seen && found.seen <= data.len(), "{found:?}");
            assert_eq!(data.get(..found.seen).and_then(|data| find(data, &limits())), Some(found));
        }
    }
}
