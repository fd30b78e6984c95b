//! Errors: what `-ERR` says (NATS documentation, "Client Protocol", "+OK/-ERR").

use crate::StatusClass;

/// What is known to be said, and whether the server is to blame. A connection is refused for what the client may not do, unless
/// the server has no room.
const KNOWN: [(&str, StatusClass); 18] = [
    ("Unknown Protocol Operation", StatusClass::ClientError),
    ("Attempted To Connect To Route Port", StatusClass::ClientError),
    ("Authorization Violation", StatusClass::ClientError),
    ("Authorization Timeout", StatusClass::ClientError),
    ("Authentication Timeout", StatusClass::ClientError),
    ("User Authentication Expired", StatusClass::ClientError),
    ("User Authentication Revoked", StatusClass::ClientError),
    ("Account Authentication Expired", StatusClass::ClientError),
    ("Invalid Client Protocol", StatusClass::ClientError),
    ("Maximum Control Line Exceeded", StatusClass::ClientError),
    ("Parser Error", StatusClass::ClientError),
    ("Secure Connection - TLS Required", StatusClass::ClientError),
    ("Stale Connection", StatusClass::ClientError),
    ("Maximum Payload Violation", StatusClass::ClientError),
    ("Invalid Subject", StatusClass::ClientError),
    ("Permissions Violation", StatusClass::ClientError),
    ("Maximum Connections Exceeded", StatusClass::ServerError),
    ("Slow Consumer", StatusClass::ServerError),
];

/// The error's name by its text, and whom it blames. Subjects and queue groups that the text may tell are left out, and so is
/// a text that is not known.
pub(super) fn blame(text: &[u8]) -> (StatusClass, &'static str) {
    let is = |name: &str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()));
    KNOWN.iter().find(|(name, _)| is(name)).map_or((StatusClass::ClientError, ""), |(name, class)| (*class, name))
}

/// Whether the error is the answer to `CONNECT`, as opposed to something that the client does later on.
pub(super) fn is_of_connect(error: &str) -> bool {
    matches!(
        error,
        "Attempted To Connect To Route Port"
            | "Authorization Violation"
            | "Authorization Timeout"
            | "Authentication Timeout"
            | "Invalid Client Protocol"
            | "Secure Connection - TLS Required"
            | "Maximum Connections Exceeded"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_named_without_what_it_is_about() {
        for (text, class, name) in [
            (
                r#"Permissions Violation for Publish to "secret.subject""#,
                StatusClass::ClientError,
                "Permissions Violation",
            ),
            ("Authorization Violation", StatusClass::ClientError, "Authorization Violation"),
            ("maximum connections exceeded", StatusClass::ServerError, "Maximum Connections Exceeded"),
            ("something new with hunter2", StatusClass::ClientError, ""),
            ("", StatusClass::ClientError, ""),
        ] {
            assert_eq!(blame(text.as_bytes()), (class, name), "{text}");
        }
    }
}
