//! Records, hellos and alerts: what an observer without keys reads of them.

use super::TlsError;
use crate::Parsed;
use crate::read::Reader;

/// The beginning of a record (RFC 8446 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// What is in it, as far as it says.
    pub content: Content,
    /// Bytes that follow the header.
    pub len: u16,
}

/// The content type of a record. Once records are encrypted, it is what the outer record says (RFC 8446 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// What follows is encrypted (before TLS 1.3), or nothing but a courtesy to middleboxes.
    ChangeCipherSpec,
    /// One side gives up, or takes its leave.
    Alert,
    /// Handshake messages, or parts of them.
    Handshake,
    /// Encrypted data.
    ApplicationData,
    /// A sign of life (RFC 6520).
    Heartbeat,
}

/// The client's first message (RFC 8446 section 4.1.2): what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The host that it wants to reach (RFC 6066 section 3). With an encrypted client hello (ECH) it is the public name.
    pub server_name: Option<&'a [u8]>,
    /// The application protocols that it offers, one length-prefixed name behind the other (RFC 7301 section 3.1).
    pub protocols: &'a [u8],
    /// It sends data before the server has answered (RFC 8446 section 4.2.10).
    pub has_early_data: bool,
}

/// The server's first message (RFC 8446 section 4.1.3): what it chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The version: `0x0303` is TLS 1.2, `0x0304` TLS 1.3.
    pub version: u16,
    /// The application protocol, where it is said in the open: before TLS 1.3.
    pub protocol: Option<&'a [u8]>,
    /// It chose nothing but asks for another client hello.
    pub is_retry: bool,
}

/// Why a side gives up, or that it takes its leave (RFC 8446 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// The connection is over with it.
    pub is_fatal: bool,
    /// The description's number.
    pub description: u8,
}

/// RFC 8446 section 5.1: the bytes of a record's header.
pub(super) const RECORD_HEADER_BYTES: usize = 5;

/// RFC 5246 section 6.2.3: the most that encryption may make of the 2^14 bytes that a record holds.
const MAX_RECORD_BYTES: u16 = (1 << 14) + 2048;

/// RFC 8446 section 4: `msg_type` and a length of three bytes.
pub(super) const MESSAGE_HEADER_BYTES: usize = 4;

/// RFC 8446 section 4: the types of the handshake messages that are read.
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;

/// RFC 8446 section 4.1.3: the random of a server hello that is a HelloRetryRequest.
const RETRY_RANDOM: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// Extensions' numbers, with where they are defined.
mod extension {
    /// RFC 6066 section 3.
    pub(super) const SERVER_NAME: u16 = 0;
    /// RFC 7301 section 3.1.
    pub(super) const APPLICATION_PROTOCOLS: u16 = 16;
    /// RFC 8446 section 4.2.10.
    pub(super) const EARLY_DATA: u16 = 42;
    /// RFC 8446 section 4.2.1.
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
}

impl RecordHeader {
    /// Parses the header at the beginning of `data`.
    ///
    /// # Errors
    ///
    /// [`TlsError::NotTls`] as soon as a byte cannot be a record's, [`TlsError::RecordLength`] for a length that no record
    /// has.
    pub fn parse(data: &[u8]) -> Result<Parsed<Self>, TlsError> {
        let content = match data.first() {
            None => return Ok(Parsed::Incomplete { at_least: RECORD_HEADER_BYTES }),
            Some(20) => Content::ChangeCipherSpec,
            Some(21) => Content::Alert,
            Some(22) => Content::Handshake,
            Some(23) => Content::ApplicationData,
            Some(24) => Content::Heartbeat,
            Some(_) => return Err(TlsError::NotTls),
        };
        // RFC 8446 section 5.1: 3.1 in a first client hello, 3.3 from TLS 1.2 on; no version has gone past 3.4.
        if !matches!(data.get(1..3).unwrap_or_else(|| data.get(1..).unwrap_or_default()), [] | [3] | [3, 0..=4]) {
            return Err(TlsError::NotTls);
        }
        let Some(&[high, low]) = data.get(3..RECORD_HEADER_BYTES).and_then(|len| len.first_chunk()) else {
            return Ok(Parsed::Incomplete { at_least: RECORD_HEADER_BYTES.saturating_sub(data.len()) });
        };
        let len = u16::from_be_bytes([high, low]);
        // RFC 8446 section 5.1: only application data may be empty.
        if len > MAX_RECORD_BYTES || (len == 0 && content != Content::ApplicationData) {
            return Err(TlsError::RecordLength);
        }
        Ok(Parsed::Complete { value: Self { content, len }, consumed: RECORD_HEADER_BYTES })
    }
}

impl<'a> ClientHello<'a> {
    /// Parses the handshake message at the beginning of `data`, its header of four bytes included. What an extension says
    /// that is not well-formed in itself is left out.
    ///
    /// # Errors
    ///
    /// [`TlsError::OtherMessage`] where it is no client hello, [`TlsError::Hello`] where a field ends behind the message.
    pub fn parse(data: &'a [u8]) -> Result<Parsed<Self>, TlsError> {
        message(data, CLIENT_HELLO, Self::body)
    }

    pub(super) fn body(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        reader.bytes(2 + 32)?; // legacy_version, random
        vector_u8(&mut reader)?; // legacy_session_id
        vector_u16(&mut reader)?; // cipher_suites
        vector_u8(&mut reader)?; // legacy_compression_methods
        let mut hello = Self { server_name: None, protocols: &[], has_early_data: false };
        for_each_extension(reader, |number, data| match number {
            extension::SERVER_NAME => hello.server_name = server_name(data),
            extension::APPLICATION_PROTOCOLS => {
                let mut list = Reader(data);
                hello.protocols = vector_u16(&mut list).unwrap_or_default();
            }
            extension::EARLY_DATA => hello.has_early_data = true,
            _ => {}
        })?;
        Some(hello)
    }

    /// The names of the application protocols that it offers, in its order; what is not a name (RFC 8701: GREASE) is left
    /// out.
    pub fn protocol_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut list = Reader(self.protocols);
        core::iter::from_fn(move || vector_u8(&mut list)).filter_map(protocol_name)
    }
}

impl<'a> ServerHello<'a> {
    /// Parses the handshake message at the beginning of `data`, its header of four bytes included.
    ///
    /// # Errors
    ///
    /// [`TlsError::OtherMessage`] where it is no server hello, [`TlsError::Hello`] where a field ends behind the message.
    pub fn parse(data: &'a [u8]) -> Result<Parsed<Self>, TlsError> {
        message(data, SERVER_HELLO, Self::body)
    }

    pub(super) fn body(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let version = reader.u16_be()?;
        let is_retry = reader.array()? == RETRY_RANDOM;
        vector_u8(&mut reader)?; // legacy_session_id_echo
        reader.bytes(2 + 1)?; // cipher_suite, legacy_compression_method
        let mut hello = Self { version, protocol: None, is_retry };
        for_each_extension(reader, |number, data| match number {
            // RFC 8446 section 4.2.1: it has precedence over the version in the old place.
            extension::SUPPORTED_VERSIONS => hello.version = Reader(data).u16_be().unwrap_or(version),
            extension::APPLICATION_PROTOCOLS => {
                let mut list = Reader(data);
                hello.protocol = vector_u16(&mut list).and_then(|names| vector_u8(&mut Reader(names)));
            }
            _ => {}
        })?;
        Some(hello)
    }

    /// The version's name.
    #[must_use]
    pub const fn version_name(&self) -> &'static str {
        match self.version {
            0x0300 => "SSLv3",
            0x0301 => "TLSv1.0",
            0x0302 => "TLSv1.1",
            0x0303 => "TLSv1.2",
            0x0304 => "TLSv1.3",
            _ => "TLS",
        }
    }

    /// The name of the application protocol that it chose.
    #[must_use]
    pub fn protocol_name(&self) -> Option<&'a str> {
        self.protocol.and_then(protocol_name)
    }
}

impl Alert {
    /// Reads the content of an alert record that is not encrypted.
    ///
    /// # Errors
    ///
    /// [`TlsError::Alert`] where it is not two bytes of which the first is a level.
    pub const fn parse(content: &[u8]) -> Result<Self, TlsError> {
        match content {
            [level @ (1 | 2), description] => Ok(Self { is_fatal: *level == 2, description: *description }),
            _ => Err(TlsError::Alert),
        }
    }

    /// Whether the handshake is over with it, whatever its level says.
    #[must_use]
    pub const fn ends_handshake(self) -> bool {
        // RFC 5246 section 7.2.2 leaves it to the receiver of a warning to go on; no_renegotiation and unrecognized_name
        // (RFC 6066 section 3) are sent as such. RFC 8446 section 6: a level says nothing; all alerts end the connection.
        self.is_fatal || !matches!(self.description, 100 | 112)
    }

    /// Whether who sends it says that it is to blame itself, and not the other side.
    #[must_use]
    pub const fn is_own_fault(self) -> bool {
        // close_notify, internal_error, user_canceled.
        matches!(self.description, 0 | 80 | 90)
    }

    /// The description's name (RFC 8446 section 6 and the registry that it founded).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.description {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => "unknown_alert",
        }
    }
}

/// A handshake message of the type `wanted`, of which `body` makes something.
fn message<'a, T>(data: &'a [u8], wanted: u8, body: impl FnOnce(&'a [u8]) -> Option<T>) -> Result<Parsed<T>, TlsError> {
    if data.first().is_some_and(|kind| *kind != wanted) {
        return Err(TlsError::OtherMessage);
    }
    let Some((&[_, a, b, c], rest)) = data.split_first_chunk::<MESSAGE_HEADER_BYTES>() else {
        return Ok(Parsed::Incomplete { at_least: MESSAGE_HEADER_BYTES.saturating_sub(data.len()) });
    };
    let len = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
    match rest.get(..len) {
        None => Ok(Parsed::Incomplete { at_least: len.saturating_sub(rest.len()) }),
        Some(content) => Ok(Parsed::Complete {
            value: body(content).ok_or(TlsError::Hello)?,
            consumed: MESSAGE_HEADER_BYTES.saturating_add(len),
        }),
    }
}

/// Calls `f` with the number and content of each extension; hellos of before TLS 1.2 may end in front of them.
fn for_each_extension<'a>(mut hello: Reader<'a>, mut f: impl FnMut(u16, &'a [u8])) -> Option<()> {
    if hello.0.is_empty() {
        return Some(());
    }
    let mut extensions = Reader(vector_u16(&mut hello)?);
    while !extensions.0.is_empty() {
        let number = extensions.u16_be()?;
        f(number, vector_u16(&mut extensions)?);
    }
    Some(())
}

/// RFC 6066 section 3: a list of names with a type each, of which only host names (0) were ever defined.
fn server_name(data: &[u8]) -> Option<&[u8]> {
    let mut names = Reader(vector_u16(&mut Reader(data))?);
    while !names.0.is_empty() {
        let kind = names.u8()?;
        let name = vector_u16(&mut names)?;
        if kind == 0 {
            return Some(name);
        }
    }
    None
}

/// RFC 8446 section 3.4: a vector, its length in one byte.
fn vector_u8<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u8()?;
    reader.bytes(usize::from(len))
}

/// RFC 8446 section 3.4: a vector, its length in two bytes.
fn vector_u16<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u16_be()?;
    reader.bytes(usize::from(len))
}

/// RFC 7301 section 6: registered names are printable, and none has the comma that names are joined with here.
fn protocol_name(name: &[u8]) -> Option<&str> {
    let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
    if is_name { core::str::from_utf8(name).ok() } else { None }
}
