//! gRPC over HTTP/2 (the gRPC project's `PROTOCOL-HTTP2.md`).

use crate::StatusClass;

/// Status codes (the gRPC project's `statuscodes.md`) of calls whose server has not sent any.
pub(super) const UNKNOWN: i32 = 2;
pub(super) const DEADLINE_EXCEEDED: i32 = 4;
pub(super) const UNAVAILABLE: i32 = 14;

/// The error code of RST_STREAM with which a client calls off what it does not want any more (RFC 9113 section 7).
pub(super) const CANCEL: u32 = 0x8;

/// Whether a message's content is gRPC's: "Content-Type" of `PROTOCOL-HTTP2.md`, `application/grpc` with a suffix or without.
/// gRPC-Web has another framing, and a type of its own.
#[must_use]
pub fn is_grpc(content_type: &[u8]) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let Some((media, rest)) = content_type.split_at_checked(TYPE.len()) else { return false };
    media.eq_ignore_ascii_case(TYPE) && matches!(rest, [] | [b'+' | b';' | b' ' | b'\t', ..])
}

/// The number in `grpc-status`.
#[must_use]
pub fn status(value: &[u8]) -> Option<i32> {
    if value.is_empty() || value.len() > 9 {
        return None;
    }
    value.iter().try_fold(0_i32, |status, byte| {
        byte.is_ascii_digit().then(|| status.saturating_mul(10).saturating_add(i32::from(byte & 0x0f)))
    })
}

/// The deadline in `grpc-timeout`, in nanoseconds from the request on: "TimeoutValue TimeoutUnit", at most eight digits.
#[must_use]
pub fn timeout_ns(value: &[u8]) -> Option<u64> {
    let (unit, digits) = value.split_last()?;
    let unit_ns = match unit {
        b'H' => 3_600_000_000_000,
        b'M' => 60_000_000_000,
        b'S' => 1_000_000_000,
        b'm' => 1_000_000,
        b'u' => 1_000,
        b'n' => 1,
        _ => return None,
    };
    let count = status(digits).filter(|_| digits.len() <= 8)?;
    u64::try_from(count).ok()?.checked_mul(unit_ns)
}

/// Whether a client that calls a request off after so long does so because its deadline has come. Clients round the
/// deadline that they tell, to three digits some of them, and have had it running before the request left.
#[must_use]
pub const fn is_deadline(elapsed_ns: u64, timeout_ns: u64) -> bool {
    const DELAY_NS: u64 = 5_000_000;
    elapsed_ns.saturating_add(timeout_ns / 50).saturating_add(DELAY_NS) >= timeout_ns
}

/// Who is to blame for a status. The server is for those that a client cannot avoid by asking differently; OpenTelemetry's
/// conventions for servers draw the line in the same place.
#[must_use]
pub const fn class_of(status: i32) -> StatusClass {
    match status {
        0 => StatusClass::Ok,
        // CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
        // FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNAUTHENTICATED
        1 | 3 | 5..=11 | 16 => StatusClass::ClientError,
        // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, and what is not defined
        _ => StatusClass::ServerError,
    }
}

/// The status that a call has which ended with `RST_STREAM` or `GOAWAY` (section "Errors").
#[must_use]
pub const fn status_of_reset(error_code: u32) -> i32 {
    match error_code {
        // REFUSED_STREAM: UNAVAILABLE
        0x7 => 14,
        // CANCEL: CANCELLED
        0x8 => 1,
        // ENHANCE_YOUR_CALM: RESOURCE_EXHAUSTED
        0xb => 8,
        // INADEQUATE_SECURITY: PERMISSION_DENIED
        0xc => 7,
        // All others: INTERNAL
        _ => 13,
    }
}

/// The status that a call has whose response is not gRPC's (the gRPC project's `http-grpc-status-mapping.md`).
#[must_use]
pub const fn status_of_http(status: u16) -> i32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: u8 = 5;

/// Counts the messages of one direction of a call ("Length-Prefixed-Message"). They are cut into DATA frames at any place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Messages {
    /// Messages whose prefix is whole.
    count: u32,
    /// Bytes of the one under way that are still to come.
    remaining: u32,
    /// The prefix under way, and how many of its bytes are there.
    prefix: [u8; PREFIX_BYTES as usize],
    prefix_bytes: u8,
    is_lost: bool,
}

impl Messages {
    /// Messages that have begun.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many of the next bytes are certainly the message's that is under way.
    #[must_use]
    pub const fn body_remaining(&self) -> u32 {
        if self.is_lost { u32::MAX } else { self.remaining }
    }

    /// Whether messages may have passed that were not counted.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Takes the next bytes.
    pub fn bytes(&mut self, data: &[u8]) {
        let mut data = data;
        while !data.is_empty() && !self.is_lost {
            let body_bytes = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(data.len());
            self.pass(u32::try_from(body_bytes).unwrap_or(self.remaining));
            data = data.get(body_bytes..).unwrap_or_default();
            let Some((&byte, rest)) = data.split_first() else { return };
            data = rest;
            if let Some(place) = self.prefix.get_mut(usize::from(self.prefix_bytes)) {
                *place = byte;
            }
            self.prefix_bytes = self.prefix_bytes.saturating_add(1);
            if self.prefix_bytes == PREFIX_BYTES {
                let [_, len @ ..] = self.prefix;
                self.remaining = u32::from_be_bytes(len);
                self.prefix_bytes = 0;
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// Passes over bytes that were left out or are lost. Where these may have been more than the message under way, later
    /// messages are not counted: where they begin is not known.
    pub fn pass(&mut self, len: u32) {
        self.is_lost |= len > self.remaining;
        self.remaining = self.remaining.saturating_sub(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_is_grpc_with_a_suffix_or_without() {
        for (value, expected) in [
            (&b"application/grpc"[..], true),
            (b"application/grpc+proto", true),
            (b"Application/GRPC;charset=x", true),
            (b"application/grpc-web", false),
            (b"application/grpcx", false),
            (b"application/json", false),
            (b"", false),
        ] {
            assert_eq!(is_grpc(value), expected, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn a_status_is_a_small_number() {
        assert_eq!(status(b"0"), Some(0));
        assert_eq!(status(b"16"), Some(16));
        for value in [&b""[..], b"-1", b"1 ", b"1234567890"] {
            assert_eq!(status(value), None);
        }
    }

    #[test]
    fn a_timeout_is_a_number_with_a_unit() {
        for (value, timeout) in [
            (&b"299m"[..], Some(299_000_000)),
            (b"10S", Some(10_000_000_000)),
            (b"1H", Some(3_600_000_000_000)),
            (b"0n", Some(0)),
            (b"5000000H", Some(18_000_000_000_000_000_000)),
            (b"99999999H", None),
            (b"123456789S", None),
            (b"S", None),
            (b"10", None),
            (b"-1S", None),
            (b"", None),
        ] {
            assert_eq!(timeout_ns(value), timeout, "{}", value.escape_ascii());
        }
        assert!(is_deadline(299_000_000, 301_000_000));
        assert!(!is_deadline(200_000_000, 301_000_000));
    }

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let data = b"\0\0\0\0\x02ab\0\0\0\0\0\x01\0\0\0\x03abc\0\0";
        for cut in 1..=data.len() {
            let mut messages = Messages::default();
            data.chunks(cut).for_each(|piece| messages.bytes(piece));
            assert_eq!((messages.count(), messages.body_remaining()), (3, 0));
        }
    }

    #[test]
    fn a_loss_within_a_message_loses_no_other_and_a_longer_one_loses_the_count() {
        let mut messages = Messages::default();
        messages.bytes(b"\0\0\0\0\x0aab");
        messages.pass(8);
        messages.bytes(b"\0\0\0\0\x01a");
        assert_eq!(messages.count(), 2);
        messages.pass(1);
        messages.bytes(b"\0\0\0\0\x01a");
        assert_eq!((messages.count(), messages.body_remaining()), (2, u32::MAX));
    }
}
