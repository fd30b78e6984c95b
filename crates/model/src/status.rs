//! How an exchange ended.

use std::fmt;

use crate::code::Code;

/// The outcome of an exchange, the same five for every protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StatusClass {
    /// The server did what it was asked (HTTP 1xx–3xx).
    #[default]
    Ok,
    /// The server says that the client is at fault (HTTP 4xx).
    ClientError,
    /// The server says that it is at fault itself (HTTP 5xx).
    ServerError,
    /// The answer broke the protocol, or broke off before it was complete.
    ProtocolError,
    /// The connection ended with the request unanswered.
    NoResponse,
}

impl StatusClass {
    /// All classes, from good to bad.
    pub const ALL: &[Self] = &[Self::Ok, Self::ClientError, Self::ServerError, Self::ProtocolError, Self::NoResponse];

    /// Whether the exchange counts as an error of the server: everything but [`Ok`](Self::Ok) and
    /// [`ClientError`](Self::ClientError), which is counted apart.
    pub const fn is_error(self) -> bool {
        matches!(self, Self::ServerError | Self::ProtocolError | Self::NoResponse)
    }

    /// Whether the client was told that it is at fault.
    pub const fn is_client_error(self) -> bool {
        matches!(self, Self::ClientError)
    }

    /// The name in labels, URLs and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::ProtocolError => "protocol_error",
            Self::NoResponse => "no_response",
        }
    }
}

/// The class of an outcome and the protocol's own code for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Status {
    /// The outcome.
    pub class: StatusClass,
    /// The code that the server sent.
    pub code: Code,
}

impl fmt::Display for Status {
    /// The code where there is one, else the class: `404`, `no_response`. A code whose class it does not imply (an answer
    /// that broke off) is followed by the class: `200 protocol_error`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.class) {
            (Code::NONE, class) => f.write_str(class.as_str()),
            (code, class @ (StatusClass::ProtocolError | StatusClass::NoResponse)) => {
                write!(f, "{code} {}", class.as_str())
            }
            (code, _) => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_errors_are_counted_apart_from_errors() {
        let errors: Vec<_> = StatusClass::ALL.iter().filter(|class| class.is_error()).collect();
        assert_eq!(errors, [&StatusClass::ServerError, &StatusClass::ProtocolError, &StatusClass::NoResponse]);
        assert!(StatusClass::ClientError.is_client_error() && !StatusClass::Ok.is_client_error());
    }

    #[test]
    fn a_status_reads_as_its_code_where_it_has_one() {
        assert_eq!(Status { class: StatusClass::ClientError, code: 404.into() }.to_string(), "404");
        assert_eq!(Status { class: StatusClass::NoResponse, code: Code::NONE }.to_string(), "no_response");
        assert_eq!(Status { class: StatusClass::ProtocolError, code: 200.into() }.to_string(), "200 protocol_error");
    }
}
