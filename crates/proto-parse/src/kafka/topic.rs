//! Topics by their ids (KIP-516).

use core::fmt;

/// The id of a topic. It is written as Kafka's tools do: URL-safe base64 without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicId(pub [u8; 16]);

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl TopicId {
    /// The id as text.
    #[must_use]
    pub fn text(self) -> [u8; 22] {
        let bits = u128::from_be_bytes(self.0);
        let mut text = [0; 22];
        for (index, character) in text.iter_mut().enumerate() {
            // Six bits each, from the highest on; the last one has two, and four zeros behind them.
            let passed = u32::try_from(index).unwrap_or(0).saturating_mul(6);
            let sextet = bits.unbounded_shl(passed) >> 122;
            *character =
                usize::try_from(sextet).ok().and_then(|sextet| BASE64.get(sextet)).copied().unwrap_or_default();
        }
        text
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn an_id_is_written_as_kafka_writes_it() {
        for (id, expected) in [
            ([0; 16], "AAAAAAAAAAAAAAAAAAAAAA"),
            ([0xff; 16], "_____________________w"),
            (
                [0xe2, 0x7b, 0xfc, 0x48, 0xdd, 0x20, 0x47, 0xdb, 0x88, 0x6c, 0xe0, 0x48, 0x20, 0xa0, 0xf1, 0x36],
                "4nv8SN0gR9uIbOBIIKDxNg",
            ),
        ] {
            assert_eq!(TopicId(id).to_string(), expected);
        }
    }
}
