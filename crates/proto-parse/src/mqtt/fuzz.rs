//! Entry of the fuzz target for messages.

use crate::Parsed;
use crate::fuzz::{check_head, consumed};

/// MQTT packets: what a beginning says of one, no further byte changes.
pub fn message(data: &[u8]) {
    check_head(data, |data| super::FixedHeader::parse(data).map(|parsed| consumed(&parsed)));
    let Ok(Parsed::Complete { value, consumed }) = super::FixedHeader::parse(data) else { return };
    if let super::Packet::Publish { qos, .. } = value.packet
        && let Ok(publish) = super::Publish::parse(data.get(consumed..).unwrap_or_default(), qos)
    {
        assert!(publish.topic.len() <= data.len() && publish.id.is_some() == (qos > 0));
        let _ = publish.topic_alias();
    }
}
