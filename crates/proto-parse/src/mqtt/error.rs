//! What can be wrong with a packet.

use core::fmt;

/// Why bytes are not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MqttError {
    /// The first byte has a type or flags that no packet has.
    NotMqtt,
    /// The remaining length has more than four bytes, or is one that no packet of this type has.
    Length,
    /// A field of the packet ends behind it.
    Field,
}

impl MqttError {
    /// Whether the bytes are of another protocol, as opposed to a malformed packet of this one.
    #[must_use]
    pub const fn is_other_protocol(self) -> bool {
        matches!(self, Self::NotMqtt)
    }
}

impl fmt::Display for MqttError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotMqtt => "the first byte is not one of an MQTT packet",
            Self::Length => "the remaining length of an MQTT packet is not valid",
            Self::Field => "a field of an MQTT packet is longer than the packet",
        })
    }
}

impl core::error::Error for MqttError {}
