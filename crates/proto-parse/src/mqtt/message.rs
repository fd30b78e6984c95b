//! Packets: what an observer reads of them.

use super::MqttError;
use crate::Parsed;
use crate::read::Reader;

/// The beginning of a packet (section 2.2 of 3.1.1, 2.1.1 of 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedHeader {
    /// Its type, with the flags that matter.
    pub packet: Packet,
    /// Bytes of the packet, this header included.
    pub len: u64,
}

/// The type of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the standard's, and have its names")]
pub enum Packet {
    Connect,
    Connack,
    Publish {
        /// The quality of service: 0, 1 or 2.
        qos: u8,
        /// It is sent again.
        dup: bool,
    },
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

/// What stands before the payload of a PUBLISH packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// The topic; empty where an alias stands for it (5).
    pub topic: &'a [u8],
    /// The packet identifier, for qualities of service 1 and 2.
    pub id: Option<u16>,
    /// What follows: properties (5) and the payload.
    pub rest: &'a [u8],
}

/// The longest fixed header: the first byte, and a remaining length of four.
pub(super) const MAX_HEADER_BYTES: usize = 5;

impl FixedHeader {
    /// Parses the header at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// [`MqttError::NotMqtt`] for a first byte that no packet has, [`MqttError::Length`] for a length that this one does not have.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, MqttError> {
        let Some((&first, rest)) = data.split_first() else { return Ok(Parsed::Incomplete { at_least: 2 }) };
        let packet = Packet::from_first_byte(first).ok_or(MqttError::NotMqtt)?;
        let mut reader = Reader(rest);
        let remaining = match variable_integer(&mut reader) {
            Ok(remaining) => remaining,
            Err(true) => return Err(MqttError::Length),
            Err(false) => return Ok(Parsed::Incomplete { at_least: 1 }),
        };
        if remaining < packet.min_remaining() || remaining > packet.max_remaining() {
            return Err(MqttError::Length);
        }
        let consumed = data.len().saturating_sub(reader.0.len());
        let len = u64::from(remaining).saturating_add(u64::try_from(consumed).unwrap_or(0));
        Ok(Parsed::Complete { value: Self { packet, len }, consumed })
    }
}

impl Packet {
    /// Section 2.2.2: flags that are reserved have one value each.
    fn from_first_byte(byte: u8) -> Option<Self> {
        Some(match (byte >> 4, byte & 0x0f) {
            (1, 0) => Self::Connect,
            (2, 0) => Self::Connack,
            // A quality of service of 3 is malformed; what is not sent again with QoS 0 (section 3.3.1.1).
            (3, flags) => match (flags >> 1 & 3, flags & 8 != 0) {
                (3, _) | (0, true) => return None,
                (qos, dup) => Self::Publish { qos, dup },
            },
            (4, 0) => Self::Puback,
            (5, 0) => Self::Pubrec,
            (6, 2) => Self::Pubrel,
            (7, 0) => Self::Pubcomp,
            (8, 2) => Self::Subscribe,
            (9, 0) => Self::Suback,
            (10, 2) => Self::Unsubscribe,
            (11, 0) => Self::Unsuback,
            (12, 0) => Self::Pingreq,
            (13, 0) => Self::Pingresp,
            (14, 0) => Self::Disconnect,
            (15, 0) => Self::Auth,
            _ => return None,
        })
    }

    /// The fewest bytes behind the fixed header.
    const fn min_remaining(self) -> u32 {
        match self {
            // Protocol name, level, flags, keep alive, an empty client identifier.
            Self::Connect => 6 + 1 + 1 + 2 + 2,
            Self::Connack | Self::Puback | Self::Pubrec | Self::Pubrel | Self::Pubcomp | Self::Unsuback => 2,
            Self::Publish { qos: 0, .. } => 2,
            Self::Publish { .. } => 2 + 2,
            // An identifier, a filter's length and its first byte, options.
            Self::Subscribe => 2 + 2 + 1 + 1,
            Self::Unsubscribe => 2 + 2 + 1,
            Self::Suback => 2 + 1,
            Self::Pingreq | Self::Pingresp | Self::Disconnect | Self::Auth => 0,
        }
    }

    /// The most bytes behind the fixed header, as the format has it.
    const fn max_remaining(self) -> u32 {
        match self {
            Self::Pingreq | Self::Pingresp => 0,
            _ => MAX_VARIABLE_INTEGER,
        }
    }
}

impl<'a> Publish<'a> {
    /// Reads a PUBLISH packet behind its fixed header. It may be the beginning of one.
    ///
    /// # Errors
    ///
    /// The topic or the identifier ends behind `data`.
    pub fn parse(data: &'a [u8], qos: u8) -> Result<Self, MqttError> {
        let mut reader = Reader(data);
        let topic = string(&mut reader).ok_or(MqttError::Field)?;
        let id = if qos > 0 { Some(reader.u16_be().ok_or(MqttError::Field)?) } else { None };
        Ok(Self { topic, id, rest: reader.0 })
    }

    /// The topic alias, if it is among the properties (version 5, section 3.3.2.3.4).
    #[must_use]
    pub fn topic_alias(&self) -> Option<u16> {
        let mut reader = Reader(self.rest);
        let len = usize::try_from(variable_integer(&mut reader).ok()?).ok()?;
        let mut properties = Reader(reader.0.get(..len).unwrap_or(reader.0));
        // Section 2.2.2.2: each is told by its number, and only these are of a PUBLISH packet.
        while let Some(number) = properties.u8() {
            match number {
                0x23 => return properties.u16_be(),
                0x01 => properties.bytes(1).map(drop)?,
                0x02 => properties.bytes(4).map(drop)?,
                0x0b => variable_integer(&mut properties).map(drop).ok()?,
                0x03 | 0x08 | 0x09 => string(&mut properties).map(drop)?,
                0x26 => {
                    string(&mut properties)?;
                    string(&mut properties)?;
                }
                _ => return None,
            }
        }
        None
    }
}

/// Section 2.2.3 (1.5.5 of 5): the largest number of four times seven bits.
const MAX_VARIABLE_INTEGER: u32 = (1 << 28) - 1;

/// A variable byte integer. `Err(true)` for one of more than four bytes, `Err(false)` where its end is not there.
pub(super) fn variable_integer(reader: &mut Reader<'_>) -> Result<u32, bool> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8().ok_or(false)?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(true)
}

/// Section 1.5.3 (1.5.4 of 5): a length of two bytes, and so many bytes.
pub(super) fn string<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u16_be()?;
    reader.bytes(usize::from(len))
}
