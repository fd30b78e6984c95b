//! Is this Kafka?

use super::api::ApiKey;
use super::message::{RequestHead, ResponseHead, SIZE_BYTES};
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

/// How many responses in a row, whose ids are counted up, are Kafka's.
const MESSAGES: usize = 4;

/// How far the ids of one response and the next are apart at most: requests that ask for no answer are counted, too.
const IDS_APART: i32 = 64;

/// In how many bytes of a response there is to be something that is Kafka's.
const EVIDENCE_BYTES: usize = 256;

/// Whether bytes are of Kafka, by the first message: a request by its header and the client id in it, a response by the values
/// that the fields have with which one begins.
#[must_use]
pub fn detect(direction: Direction, place: Place, prefix: &[u8], _limits: &Limits) -> Detection {
    match direction {
        // Where zeros are many, as in most binary protocols, an empty name is nothing to know a client by.
        Direction::ToServer => request(prefix, 2),
        Direction::ToClient => response(place, prefix),
    }
}

/// Whether a request begins with `data`, whose client has an id of so many bytes at least, or none at all.
pub(super) fn request(data: &[u8], client_id_bytes_min: usize) -> Detection {
    let Ok(head) = RequestHead::parse(data) else { return Detection::NoMatch };
    if !has_likely_size(data) {
        return Detection::NoMatch;
    }
    let Parsed::Complete { value: head, consumed } = head else { return Detection::NeedMore };
    let mut reader = Reader::new(data.get(consumed..).unwrap_or_default(), usize::MAX);
    match client_id(head, client_id_bytes_min, &mut reader) {
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
fn client_id(head: RequestHead, bytes_min: usize, reader: &mut Reader<'_>) -> Result<bool, Stop> {
    if head.api_key.request_header_version(head.api_version) == 0 {
        return Ok(bytes_min == 0);
    }
    let len = match reader.int16()? {
        -1 => return Ok(true),
        len => usize::try_from(len).map_err(|_| Stop::Malformed)?,
    };
    let in_message = RequestHead::BYTES.saturating_add(2).saturating_add(len);
    if !(bytes_min..=CLIENT_ID_BYTES).contains(&len)
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

/// Whether responses begin with `data`, whatever they answer. The first ones of most say nothing but zeros and small numbers, as
/// those of many protocols do: what tells Kafka is a name with its length, a topic's id, a table of APIs, or that there are
/// several messages whose ids are counted up.
pub(super) fn response(place: Place, data: &[u8]) -> Detection {
    let mut rest = data;
    let mut ids = if place == Place::Start { 0..EARLY_CORRELATION_IDS } else { 0..i32::MAX };
    for _ in 0..MESSAGES {
        let Ok(head) = ResponseHead::parse(rest) else { return Detection::NoMatch };
        if !has_likely_size(rest) {
            return Detection::NoMatch;
        }
        let Parsed::Complete { value: head, consumed } = head else { return Detection::NeedMore };
        // No response is without a field of two bytes.
        if !ids.contains(&head.correlation_id) || head.message_bytes < 6 {
            return Detection::NoMatch;
        }
        let message_len = usize::try_from(head.message_bytes).unwrap_or(usize::MAX).saturating_add(SIZE_BYTES);
        let body = rest.get(consumed..message_len.min(rest.len())).unwrap_or_default();
        match body.get(..EVIDENCE_BYTES).unwrap_or(body) {
            // Whatever comes first is below 2^24, or is an error code.
            [1..=u8::MAX, ..] => return Detection::NoMatch,
            // Behind no error there is a count that is small, or the one of ApiVersions in its flexible versions.
            [0, 0, count @ 1..=u8::MAX, ..] if !has_room_for_apis(head, 12, count.saturating_sub(1), 7) => {
                return Detection::NoMatch;
            }
            body if is_evident(head, place, body) => return Detection::Match,
            body if body.len() >= EVIDENCE_BYTES => return Detection::NoMatch,
            _ => {}
        }
        let Some(after) = rest.get(message_len..) else { return Detection::NeedMore };
        rest = after;
        let next = head.correlation_id.saturating_add(1);
        ids = next..next.saturating_add(IDS_APART);
    }
    Detection::Match
}

fn is_evident(head: ResponseHead, place: Place, body: &[u8]) -> bool {
    let sizes = [body.get(1).copied(), body.get(11).copied()];
    match body {
        // ApiVersions in a version that the server does not know: a count of APIs, fixed or compact, and few or none.
        [0, 35, 0 | 1, 0, ..] if place == Place::Start && (10..=24).contains(&head.message_bytes) => true,
        [0, 0, 0, 0, 0, count, apis @ ..] if has_apis(head, 10, *count, 6, apis) => true,
        [0, 0, count @ 2..=u8::MAX, apis @ ..] if has_apis(head, 12, count.saturating_sub(1), 7, apis) => true,
        // Topics by their ids: of a produce, behind their count, and of a fetch, behind throttling, error and session.
        _ if matches!(sizes, [Some(2..=LIKELY_COUNT), _]) && is_random(body.get(2..18)) => true,
        [0, 0, 0, 0, 0, 0, 0, ..] if matches!(sizes, [_, Some(2..=LIKELY_COUNT)]) && is_random(body.get(12..28)) => {
            true
        }
        _ => has_name(body),
    }
}

/// Whether a response has the size of a table of APIs, `api_bytes` each. Besides, there are `other_bytes`, and few of what came
/// later to this response.
fn has_room_for_apis(head: ResponseHead, other_bytes: u32, count: u8, api_bytes: u8) -> bool {
    /// Throttling, and the names of features and their versions in tagged fields.
    const LATER_BYTES: u32 = 1024;
    let expected = u32::from(count).saturating_mul(api_bytes.into()).saturating_add(other_bytes);
    (expected..expected.saturating_add(LATER_BYTES)).contains(&head.message_bytes)
}

/// The APIs that a server has: keys in their order, and their least and highest versions.
fn has_apis(head: ResponseHead, other_bytes: u32, count: u8, api_bytes: u8, apis: &[u8]) -> bool {
    let mut least_key = 0;
    let first = apis.chunks_exact(api_bytes.into()).take(3);
    has_room_for_apis(head, other_bytes, count, api_bytes)
        && first.len() == 3
        && first.into_iter().all(|api| match api {
            [0, key, 0, least, 0, highest, ..] => {
                let is_api = *key >= least_key && *key < 128 && least <= highest && *highest < 64;
                least_key = key.saturating_add(1);
                is_api
            }
            _ => false,
        })
}

/// Whether bytes are of an id that was drawn by chance: few are as small as those of numbers.
fn is_random(id: Option<&[u8]>) -> bool {
    id.is_some_and(|id| id.iter().filter(|byte| **byte >= 8).count() >= 12)
}

/// Whether a name is among the fields, with its length in front: of a topic, a host, a group, a mechanism.
fn has_name(body: &[u8]) -> bool {
    let is_in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    body.iter().enumerate().any(|(at, len)| {
        // A compact length is one more than it says.
        [usize::from(*len), usize::from(*len).saturating_sub(1)].into_iter().filter(|len| (4..=64).contains(len)).any(
            |len| {
                let from = at.saturating_add(1);
                body.get(from..from.saturating_add(len)).is_some_and(|name| name.iter().all(is_in_name))
            },
        )
    })
}

#[cfg(test)]
mod tests;
