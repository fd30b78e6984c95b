//! Reply codes (specification section 1.2): what `close` and `return` say.

use crate::StatusClass;

/// The name of a reply code, empty for unknown ones.
pub(super) const fn name(code: u16) -> &'static str {
    match code {
        311 => "CONTENT_TOO_LARGE",
        312 => "NO_ROUTE",
        313 => "NO_CONSUMERS",
        320 => "CONNECTION_FORCED",
        402 => "INVALID_PATH",
        403 => "ACCESS_REFUSED",
        404 => "NOT_FOUND",
        405 => "RESOURCE_LOCKED",
        406 => "PRECONDITION_FAILED",
        501 => "FRAME_ERROR",
        502 => "SYNTAX_ERROR",
        503 => "COMMAND_INVALID",
        504 => "CHANNEL_ERROR",
        505 => "UNEXPECTED_FRAME",
        506 => "RESOURCE_ERROR",
        530 => "NOT_ALLOWED",
        540 => "NOT_IMPLEMENTED",
        541 => "INTERNAL_ERROR",
        _ => "",
    }
}

/// Whom a reply code blames.
pub(super) const fn status(code: u16) -> StatusClass {
    match code {
        200 => StatusClass::Ok,
        // An operator, the server's means, what it does not have, and itself.
        320 | 506 | 540 | 541 => StatusClass::ServerError,
        _ => StatusClass::ClientError,
    }
}
