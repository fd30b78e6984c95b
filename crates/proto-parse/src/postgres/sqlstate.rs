//! What an error code says about who is to blame.

use crate::StatusClass;

/// A five-character code of an error (documentation, appendix A "PostgreSQL Error Codes"): digits and upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sqlstate([u8; 5]);

impl Sqlstate {
    /// The code, if it is one.
    #[must_use]
    pub fn parse(code: &[u8]) -> Option<Self> {
        let code: [u8; 5] = code.try_into().ok()?;
        code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).then_some(Self(code))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whom the code blames, by its first two characters, the class. The server's are those of what it is short of, of what it
    /// does by its operator's word and of what breaks in it or behind it. All others are the client's: its statement, its
    /// data, its rights, the state of its transaction, and conflicts with other clients, after which it is to try again (class
    /// 40, as HTTP's 409). An application's own codes, which a statement raises, are the client's too.
    #[must_use]
    pub const fn class(&self) -> StatusClass {
        let [first, second, ..] = self.0;
        match [first, second] {
            // Of the connection exceptions, this one says that the client does not keep to the protocol.
            [b'0', b'8'] if matches!(self.0, [.., b'P', b'0', b'1']) => StatusClass::ClientError,
            // Connection exception, external routine exception and its invocation, insufficient resources, operator
            // intervention (a statement that ran out of its time is one), system error, snapshot failure, configuration
            // file error, foreign data wrapper error, internal error.
            [b'0', b'8']
            | [b'3', b'8' | b'9']
            | [b'5', b'3' | b'7' | b'8']
            | [b'7', b'2']
            | [b'F', b'0']
            | [b'H', b'V']
            | [b'X', b'X'] => StatusClass::ServerError,
            _ => StatusClass::ClientError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_says_who_is_to_blame() {
        for (code, class) in [
            ("42P01", StatusClass::ClientError),
            ("23505", StatusClass::ClientError),
            ("40001", StatusClass::ClientError),
            ("08P01", StatusClass::ClientError),
            ("08006", StatusClass::ServerError),
            ("54000", StatusClass::ClientError),
            ("P0001", StatusClass::ClientError),
            ("UR001", StatusClass::ClientError),
            ("53300", StatusClass::ServerError),
            ("57014", StatusClass::ServerError),
            ("57P01", StatusClass::ServerError),
            ("58030", StatusClass::ServerError),
            ("XX000", StatusClass::ServerError),
        ] {
            let code = Sqlstate::parse(code.as_bytes()).expect("a code");
            assert_eq!(code.class(), class, "{}", code.as_str());
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for code in ["", "42P0", "42P011", "42p01", "42 01", "42\0\x1b1"] {
            assert_eq!(Sqlstate::parse(code.as_bytes()), None, "{code:?}");
        }
    }
}
