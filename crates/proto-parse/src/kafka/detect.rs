//! Is this Kafka?

use super::api::ApiKey;
use super::message::{RequestHead, ResponseHead};
use super::wire::{Reader, Stop};
use crate::{Detection, Direction, Limits, Parsed, Place};

/// Bytes of a message, after which it is not taken for one where that is in doubt: what a broker takes unless it is told
/// otherwise (`socket.request.max.bytes`).
const LIKELY_BYTES: u32 = 100 * 1024 * 1024;

/// Correlation ids begin at 0 or 1 on a new connection, and are counted up.
const EARLY_CORRELATION_IDS: i32 = 1 << 16;

/// Bytes of a client id, after which it is not taken for one where that is in doubt.
const CLIENT_ID_BYTES: usize = 255;

/// How many topics, and partitions of one, are taken for that where it is in doubt.
const LIKELY_COUNT: u8 = 64;

/// Error codes up to here are known.
const ERRORS: u8 = 133;

/// Whether bytes are of Kafka, by the first message: a request by its header and the client id in it, a response by the values
/// that the fields have with which one begins.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    match direction {
        Direction::ToServer => request(prefix),
        Direction::ToClient => response(place, prefix),
    }
}

/// Whether a request begins with `data`.
pub(super) fn request(data: &[u8]) -> Detection {
    let Ok(head) = RequestHead::parse(data) else { return Detection::NoMatch };
    if !has_likely_size(data) {
        return Detection::NoMatch;
    }
    let Parsed::Complete { value: head, consumed } = head else { return Detection::NeedMore };
    let mut reader = Reader::new(data.get(consumed..).unwrap_or_default(), usize::MAX);
    match client_id(head, &mut reader) {
        Ok(true) => produced(head, reader),
        Err(Stop::Short) => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// Whether the size that `data` begins with may be that of a message; decided with its first byte, as far as it is.
fn has_likely_size(data: &[u8]) -> bool {
    let mut size = [0; 4];
    for (byte, there) in size.iter_mut().zip(data) {
        *byte = *there;
    }
    u32::from_be_bytes(size) <= LIKELY_BYTES
}

/// Reads the client id. Says whether it is one.
fn client_id(head: RequestHead, reader: &mut Reader<'_>) -> Result<bool, Stop> {
    if head.api_key.request_header_version(head.api_version) == 0 {
        return Ok(true);
    }
    let len = match reader.int16()? {
        -1 => return Ok(true),
        len => usize::try_from(len).map_err(|_| Stop::Malformed)?,
    };
    let in_message = RequestHead::BYTES.saturating_add(2).saturating_add(len);
    if len > CLIENT_ID_BYTES
        || usize::try_from(head.message_bytes).is_ok_and(|bytes| bytes.saturating_add(4) < in_message)
    {
        return Ok(false);
    }
    for _ in 0..len {
        if !matches!(reader.chunk()?, [b' '..=b'~']) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The least of the keys and versions are what other protocols have in their place by chance, and these have one more field
/// whose few values are known: the acknowledgements that a `produce` asks for.
fn produced(head: RequestHead, mut reader: Reader<'_>) -> Detection {
    if head.api_key != ApiKey::PRODUCE || head.api_version > 2 {
        return Detection::Match;
    }
    match reader.int16() {
        Ok(-1..=1) => Detection::Match,
        Ok(_) => Detection::NoMatch,
        Err(_) => Detection::NeedMore,
    }
}

/// Whether a response begins with `data`, whatever it answers.
pub(super) fn response(place: Place, data: &[u8]) -> Detection {
    let Ok(head) = ResponseHead::parse(data) else { return Detection::NoMatch };
    if !has_likely_size(data) {
        return Detection::NoMatch;
    }
    let Parsed::Complete { value: head, consumed } = head else { return Detection::NeedMore };
    let ids = if place == Place::Start { 0..EARLY_CORRELATION_IDS } else { 0..i32::MAX };
    // No response is without a field of two bytes.
    if !ids.contains(&head.correlation_id) || head.message_bytes < 6 {
        return Detection::NoMatch;
    }
    body(head, place, data.get(consumed..).unwrap_or_default())
}

/// Responses begin with one or two of: an error code; for how long the client is to hold back, in milliseconds; a count; and
/// in flexible versions, that there are no tagged fields.
fn body(head: ResponseHead, place: Place, body: &[u8]) -> Detection {
    match body {
        // An error, and nothing else.
        [0, 0..=ERRORS] if head.message_bytes == 6 => Detection::Match,
        [0, 0, 0, ..] => Detection::Match,
        // ApiVersions in its flexible versions: no error, and one fewer APIs than said here.
        [0, 0, count @ 2..=u8::MAX, rest @ ..] => api_versions(head, *count, rest),
        // ApiVersions in a version that the server does not know: a count of APIs, fixed or compact.
        [0, 35, 0 | 1, 0, ..] if place == Place::Start => Detection::Match,
        // Produce in its flexible versions: one fewer topics than said here.
        [0, 2..=LIKELY_COUNT, rest @ ..] => topic(rest),
        [] | [0] | [0, 0] => Detection::NeedMore,
        _ => Detection::NoMatch,
    }
}

/// The APIs that a server has: keys, and their least and highest versions.
fn api_versions(head: ResponseHead, count: u8, apis: &[u8]) -> Detection {
    /// Bytes of what is said of one.
    const API_BYTES: u32 = 7;
    /// Correlation id, error, count, throttling and the count of tagged fields.
    const OTHER_BYTES: u32 = 12;
    /// Names of features and their versions, in tagged fields.
    const FEATURES_BYTES: u32 = 1024;
    let apis_bytes = u32::from(count).saturating_sub(1).saturating_mul(API_BYTES).saturating_add(OTHER_BYTES);
    if !(apis_bytes..apis_bytes.saturating_add(FEATURES_BYTES)).contains(&head.message_bytes) {
        return Detection::NoMatch;
    }
    match apis {
        [key_high, key, least_high, least, highest_high, highest, ..] => {
            let is_api =
                [key_high, least_high, highest_high] == [&0; 3] && *key < 128 && least <= highest && *highest < 64;
            if is_api { Detection::Match } else { Detection::NoMatch }
        }
        _ => Detection::NeedMore,
    }
}

/// A topic by its name, or by its id.
fn topic(data: &[u8]) -> Detection {
    let [name_len, name @ ..] = data else { return Detection::NeedMore };
    let is_name =
        |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let name_len = usize::from(*name_len).saturating_sub(1).min(3);
    let by_name = match name.get(..name_len) {
        Some(name) if name_len > 0 && is_name(name) => return Detection::Match,
        None if is_name(name) => Detection::NeedMore,
        _ => Detection::NoMatch,
    };
    // Behind an id: one fewer partitions than said here, and the number of the first.
    match data.get(16..) {
        Some([2..=LIKELY_COUNT, 0, 0, ..]) => Detection::Match,
        None | Some([] | [2..=LIKELY_COUNT] | [2..=LIKELY_COUNT, 0]) => Detection::NeedMore,
        Some(_) => by_name,
    }
}

#[cfg(test)]
mod tests;
