//! The application protocols that exchanges are told apart by.

use std::{fmt, str::FromStr};

/// An application protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    Http1,
}

impl Protocol {
    /// All protocols, in order of their names.
    pub const ALL: &[Self] = &[Self::Http1];

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no protocol's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProtocol(pub String);

impl fmt::Display for UnknownProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown protocol `{}`, known are:", self.0)?;
        Protocol::ALL.iter().try_for_each(|known| write!(f, " {known}"))
    }
}

impl std::error::Error for UnknownProtocol {}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| UnknownProtocol(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_an_unknown_one_is_named() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.as_str().parse(), Ok(*protocol));
        }
        let error = "gopher".parse::<Protocol>().unwrap_err();
        assert_eq!(error.to_string(), "unknown protocol `gopher`, known are: http1");
    }
}
