//! Entry of the fuzz target for messages.

use crate::fuzz::{check_head, consumed};

/// Kafka's requests and responses: whole heads take just their own bytes, and a body says nothing but what more of it says
/// too, whatever it is taken for.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::RequestHead::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| super::ResponseHead::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&[key, version], body)) = data.split_first_chunk() else { return };
    let (api_key, api_version) = (super::ApiKey(i16::from(key & 0x7f)), i16::from(version & 0x1f));
    let message_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let request = super::RequestHead { message_bytes, api_key, api_version, correlation_id: 0 };
    let response = super::ResponseHead { message_bytes, correlation_id: 0 };
    let mut before = super::Response::default();
    for part in (0..=body.len()).filter_map(|len| body.get(..len)) {
        let _ = request.body(part);
        let mut names_bytes = 0_usize;
        let next = response.body(api_key, api_version, part, |_, name| {
            names_bytes = names_bytes.saturating_add(name.len());
        });
        assert!(before.error == 0 || before.error == next.error, "{before:?} became {next:?}");
        assert!(names_bytes <= part.len());
        before = next;
    }
}
