//! Return and reason codes: whom they blame.

use crate::{Direction, StatusClass};

/// What the return code of CONNACK says in version 3.1.1 (section 3.2.2.3).
pub(super) const fn connect_status(code: u8) -> StatusClass {
    match code {
        0 => StatusClass::Ok,
        // The server is unavailable.
        3 => StatusClass::ServerError,
        // Those of version 5, from one that speaks it.
        128.. => reason_status(Direction::ToClient, code),
        _ => StatusClass::ClientError,
    }
}

/// What a reason code says (version 5, section 2.4) that was sent this way, or SUBACK's 128 in version 3.1.1.
pub(super) const fn reason_status(sent: Direction, code: u8) -> StatusClass {
    let is_own_fault = matches!(
        code,
        // Unspecified error, implementation specific error, server unavailable, busy, shutting down.
        0x80 | 0x83 | 0x88 | 0x89 | 0x8b
        // Administrative action; retain, QoS and shared subscriptions not supported; another server, moved.
        | 0x98 | 0x9a
            ..=0x9e
        // Subscription identifiers and wildcards not supported.
        | 0xa1 | 0xa2
    );
    match (code, sent, is_own_fault) {
        (0..0x80, ..) => StatusClass::Ok,
        (_, Direction::ToClient, true) | (_, Direction::ToServer, false) => StatusClass::ServerError,
        (_, Direction::ToClient, false) | (_, Direction::ToServer, true) => StatusClass::ClientError,
    }
}
