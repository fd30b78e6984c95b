//! The beginning of a connection: what both sides are capable of. Names, passwords and attributes are not read.

use core::ops::{BitAnd, BitOr};

use super::PayloadError;
use crate::read::Reader;

/// What a side is capable of, or what both are: the "capability flags" of which an observer needs to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u32);

impl Capabilities {
    /// The packets behind the login are compressed, with zlib.
    pub const COMPRESS: Self = Self(1 << 5);
    /// The protocol of MySQL 4.1, with SQLSTATEs and statuses.
    pub const PROTOCOL_41: Self = Self(1 << 9);
    /// The client goes on in TLS.
    pub const SSL: Self = Self(1 << 11);
    /// No EOF packet behind the columns of a result, and an OK packet in place of the one behind its rows.
    pub const DEPRECATE_EOF: Self = Self(1 << 24);
    /// The packets behind the login are compressed, with Zstandard. (MySQL's; MariaDB has other flags there.)
    pub const ZSTD: Self = Self(1 << 26);

    /// All of them.
    pub(super) const ALL: Self = Self(u32::MAX);

    /// Whether at least one of `other`'s flags is set here.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitAnd for Capabilities {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The server's greeting, "Protocol::HandshakeV10".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeting {
    /// What the server is capable of.
    pub capabilities: Capabilities,
}

/// The version of the greeting that servers send since MySQL 3.21.
const GREETING_VERSION: u8 = 10;

impl Greeting {
    /// Bytes of a server's version that are accepted: those of servers at hand have some forty.
    const VERSION_BYTES: usize = 128;
    /// Bytes from which every greeting can be told, and its capabilities read.
    pub const HEAD_BYTES: usize = Self::VERSION_BYTES.saturating_add(Self::AFTER_VERSION_BYTES).saturating_add(2);
    /// The thread's number, 8 bytes of challenge, a zero, capabilities, character set, status, more capabilities, and the
    /// challenge's length.
    const AFTER_VERSION_BYTES: usize = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1;

    /// Parses the payload of the first packet that a server sends, of which as many as the first
    /// [`HEAD_BYTES`](Self::HEAD_BYTES) suffice.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Short`] where the payload is the beginning of a greeting.
    pub fn parse(payload: &[u8]) -> Result<Self, PayloadError> {
        let mut reader = Reader(payload);
        match reader.u8() {
            None => return Err(PayloadError::Short),
            Some(GREETING_VERSION) => {}
            Some(_) => return Err(PayloadError::NotMysql),
        }
        // A version has a number in front: "8.0.36", "5.5.5-10.11.6-MariaDB".
        let is_version = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let text = reader.0.iter().take(Self::VERSION_BYTES).take_while(|&&byte| byte != 0);
        if !text.clone().all(|&byte| is_version(byte)) || reader.0.first().is_some_and(|byte| !byte.is_ascii_digit()) {
            return Err(PayloadError::NotMysql);
        }
        if text.count() == Self::VERSION_BYTES {
            return Err(PayloadError::NotMysql);
        }
        let (Some(_), Some(_), Some([.., filler])) = (reader.until_zero(), reader.u32_le(), reader.array::<9>()) else {
            return Err(PayloadError::Short);
        };
        if filler != 0 {
            return Err(PayloadError::NotMysql);
        }
        let low = reader.u16_le().ok_or(PayloadError::Short)?;
        // Before 4.1 there is nothing behind these.
        let high = match reader.array::<5>() {
            Some([_, _, _, low, high]) => u16::from_le_bytes([low, high]),
            None => 0,
        };
        Ok(Self { capabilities: Capabilities(u32::from(high) << 16 | u32::from(low)) })
    }
}

/// What a client says first: "Protocol::HandshakeResponse" or "Protocol::SSLRequest".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// What the client is capable of, and wants.
    pub capabilities: Capabilities,
    /// It is over with this: what follows is TLS, and the login within it.
    pub is_ssl_request: bool,
}

impl Login {
    /// Bytes from which every login can be told.
    pub const HEAD_BYTES: usize = 32;

    /// Parses the payload of the first packet that a client sends, of `payload_bytes`, from the first
    /// [`HEAD_BYTES`](Self::HEAD_BYTES) of it.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Short`] where the payload is the beginning of a login.
    pub fn parse(head: &[u8], payload_bytes: u32) -> Result<Self, PayloadError> {
        let mut reader = Reader(head);
        let low = reader.u16_le().ok_or(PayloadError::Short)?;
        let capabilities = Capabilities(u32::from(low));
        if !capabilities.intersects(Capabilities::PROTOCOL_41) {
            // "HandshakeResponse320" and the request for TLS that goes with it: two bytes of flags, three of a size.
            let is_ssl_request = capabilities.intersects(Capabilities::SSL) && payload_bytes == 5;
            return if payload_bytes < 5 {
                Err(PayloadError::Short)
            } else {
                Ok(Self { capabilities, is_ssl_request })
            };
        }
        let (Some(high), Some(_), Some(reserved)) = (reader.u16_le(), reader.array::<5>(), reader.array::<19>()) else {
            return Err(PayloadError::Short);
        };
        // MariaDB's clients have further flags behind the 19 bytes, MySQL's four more zeros.
        if reserved != [0; 19] {
            return Err(PayloadError::NotMysql);
        }
        let capabilities = Capabilities(u32::from(high) << 16 | u32::from(low));
        let is_ssl_request = capabilities.intersects(Capabilities::SSL) && payload_bytes == 32;
        Ok(Self { capabilities, is_ssl_request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MariaDB 10.11, with a challenge of its own.
    const GREETING: &[u8] = b"\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0abcdefgh\0\xfe\xf7\x08\x02\0\xff\x81\x15\
        \0\0\0\0\0\0\x1d\0\0\0ijklmnopqrst\0mysql_native_password\0";
    /// The `mariadb` command, and pymysql.
    const LOGINS: [&[u8]; 2] = [
        b"\x8c\xa2\xbf\0\0\0\x10\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1d\0\0\0app\0",
        b"\r\xa2:\0\xff\xff\xff\0-\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0",
    ];

    #[test]
    fn a_greeting_tells_what_the_server_is_capable_of() {
        let greeting = Greeting::parse(GREETING).unwrap();
        assert_eq!(greeting.capabilities.0, 0x81ff_f7fe);
        for flag in [Capabilities::COMPRESS, Capabilities::DEPRECATE_EOF, Capabilities::PROTOCOL_41] {
            assert!(greeting.capabilities.intersects(flag));
        }
        assert!(!greeting.capabilities.intersects(Capabilities::ZSTD));
    }

    #[test]
    fn what_is_not_whole_is_short_and_what_is_no_greeting_is_not() {
        let capabilities_at = GREETING.iter().position(|&byte| byte == 0xfe).unwrap();
        for len in 0..capabilities_at + 2 {
            assert_eq!(Greeting::parse(&GREETING[..len]), Err(PayloadError::Short), "{len}");
        }
        let endless = [&b"\n8"[..], &[b'x'; 200]].concat();
        for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"\n\n", b"\nabc\0", b"\n8\x01\0", &endless] {
            assert_eq!(Greeting::parse(other), Err(PayloadError::NotMysql));
        }
    }

    #[test]
    fn a_login_tells_what_the_client_wants() {
        for login in LOGINS {
            let Login { capabilities, is_ssl_request } = Login::parse(login, 138).unwrap();
            assert!(!is_ssl_request && !capabilities.intersects(Capabilities::DEPRECATE_EOF));
            for len in 0..28 {
                assert_eq!(Login::parse(&login[..len], 138), Err(PayloadError::Short), "{len}");
            }
        }
        let request = b"\x8d\xae:\0\xff\xff\xff\0-\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert!(Login::parse(request, 32).unwrap().is_ssl_request);
        assert!(!Login::parse(request, 40).unwrap().is_ssl_request, "a login, whatever its flags say");
        assert_eq!(Login::parse(b"\x8d\xae:\0\xff\xff\xff\0-abcdefghijklmnopqrst", 200), Err(PayloadError::NotMysql));
        assert!(Login::parse(b"\x00\x08\xff\xff\xff", 5).unwrap().is_ssl_request);
    }
}
