//! Entry of the fuzz target for messages.

use super::Extent;
use crate::fuzz::{check_head, consumed};

/// MongoDB's messages: a whole head takes just its own bytes, and a body says nothing but what more of it says too.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::Head::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&[opcode, to_command], body)) = data.split_first_chunk() else { return };
    let opcode = [1, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013].get(usize::from(opcode % 11));
    let Some(opcode) = opcode.copied().and_then(super::Opcode::from_number) else { return };
    let head = super::Head { message_bytes: u32::MAX, request_id: 0, response_to: 0, opcode };
    let whole = head.request(body);
    for part in (0..=body.len()).filter_map(|len| body.get(..len)) {
        let request = head.request(part);
        assert!(request.extent == Extent::Cut || request.extent == whole.extent, "{request:?} became {whole:?}");
        let response = head.response(part, to_command & 1 == 1);
        assert!(response.error.is_none_or(|error| error.name.len() < part.len()), "{response:?}");
    }
}
