use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::kafka::error_name;

/// One line of the layouts, made by a script from Kafka's own definitions.
struct Row {
    is_request: bool,
    api_key: ApiKey,
    version: i16,
    data: Vec<u8>,
    says: String,
}

fn rows() -> impl Iterator<Item = Row> {
    let text = include_str!("../../../testdata/kafka-layouts.txt");
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.splitn(5, ' ');
        let mut word = || words.next().unwrap();
        let (what, api_key, version) = (word(), word(), word());
        let hex = word().as_bytes();
        let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
        Row {
            is_request: what == "request",
            api_key: ApiKey(api_key.parse().unwrap()),
            version: version.parse().unwrap(),
            data: hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect(),
            says: word().to_string(),
        }
    })
}

fn describe(subject: Subject<'_>) -> String {
    match subject {
        Subject::Nothing => "about nothing".to_string(),
        Subject::Name(name) => format!("about {}", name.escape_ascii()),
        Subject::Topic(TopicId([1, 2, .., 16])) => "about id".to_string(),
        other => format!("{other:?}"),
    }
}

fn request_head(api_key: ApiKey, api_version: i16, rest_bytes: usize) -> RequestHead {
    let message_bytes = u32::try_from(rest_bytes).unwrap().saturating_add(8);
    RequestHead { message_bytes, api_key, api_version, correlation_id: 7 }
}

fn response_head(rest_bytes: usize) -> ResponseHead {
    let message_bytes = u32::try_from(rest_bytes).unwrap().saturating_add(4);
    ResponseHead { message_bytes, correlation_id: 7 }
}

#[test]
fn every_layout_says_what_it_is_about_and_where_it_fails() {
    let mut count = 0;
    for Row { is_request, api_key, version, data, says } in rows() {
        let name = format!("{:?} {version}, is request: {is_request}", api_key.name());
        let (found, extent) = if is_request {
            let request = request_head(api_key, version, data.len()).body(&data);
            (describe(request.subject), request.extent)
        } else {
            let response = response_head(data.len()).body(api_key, version, &data, |_, _| {});
            (format!("error {}", response.error), response.extent)
        };
        assert_eq!((found, extent), (says, Extent::Whole), "{name}");
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn what_is_cut_says_less_and_nothing_else() {
    for Row { is_request, api_key, version, data, says } in rows() {
        for len in 0..data.len() {
            let prefix = &data[..len];
            let (found, extent) = if is_request {
                let request = request_head(api_key, version, data.len()).body(prefix);
                (describe(request.subject), request.extent)
            } else {
                let response = response_head(data.len()).body(api_key, version, prefix, |_, _| {});
                (format!("error {}", response.error), response.extent)
            };
            assert_ne!(extent, Extent::Malformed, "{:?} {version}, {len} bytes", api_key.name());
            assert!(
                found == says || (extent == Extent::Cut && ["about nothing", "error 0"].contains(&found.as_str())),
                "{:?} {version}, {len} bytes: {found}",
                api_key.name()
            );
        }
    }
}

#[test]
fn every_key_up_to_the_highest_has_a_name_of_its_own() {
    let names: Vec<_> = (0..93).map(|key| ApiKey(key).name().unwrap()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')), "{names:?}");
    assert_eq!(
        (ApiKey(92).name(), ApiKey(93).name(), ApiKey(-1).name()),
        (Some("delete_share_group_offsets"), None, None)
    );
}

#[test]
fn a_head_is_refused_as_soon_as_it_shows() {
    let head = |data: &[u8]| RequestHead::parse(data);
    let produce = [0, 0, 0, 20, 0, 0, 0, 9, 0, 0, 0, 7, 0, 1];
    let value = RequestHead { message_bytes: 20, api_key: ApiKey::PRODUCE, api_version: 9, correlation_id: 7 };
    assert_eq!(head(&produce), Ok(Parsed::Complete { value, consumed: 12 }));
    for len in 0..RequestHead::BYTES {
        let needed = if len < SIZE_BYTES { SIZE_BYTES } else { RequestHead::BYTES };
        assert_eq!(head(&produce[..len]), Ok(Parsed::Incomplete { at_least: needed - len }));
    }
    for (data, error) in [
        (&[0, 0, 0, 7][..], MessageError::Size),
        (&[0xff, 0xff, 0xff, 0xff], MessageError::Size),
        (&[0x40, 0, 0, 1], MessageError::Size),
        (&[0, 0, 0, 20, 0, 128], MessageError::ApiKey),
        (&[0, 0, 0, 20, 0xff, 0xff], MessageError::ApiKey),
        (&[0, 0, 0, 20, 0, 0, 0, 22], MessageError::ApiVersion),
        (&[0, 0, 0, 20, 0, 0, 0xff, 0xff], MessageError::ApiVersion),
    ] {
        assert_eq!(head(data), Err(error), "{data:?}");
        assert!(head(&data[..data.len() - 1]).is_ok(), "{data:?}");
    }
    assert_eq!(ResponseHead::parse(&[0, 0, 0, 3]), Err(MessageError::Size));
    let value = ResponseHead { message_bytes: 4, correlation_id: -2 };
    let data = [0, 0, 0, 4, 0xff, 0xff, 0xff, 0xfe];
    assert_eq!(ResponseHead::parse(&data), Ok(Parsed::Complete { value, consumed: 8 }));
    assert_eq!(ResponseHead::parse(&data[..6]), Ok(Parsed::Incomplete { at_least: 2 }));
}

#[test]
fn a_version_that_is_not_known_yet_has_a_head_and_nothing_more() {
    let (api_key, version) = (ApiKey::FETCH, 19);
    assert!(api_key.has_plausible_version(version));
    let request = request_head(api_key, version, 100).body(&[0; 100]);
    assert_eq!((request.subject, request.extent), (Subject::Nothing, Extent::Whole));
    let response = response_head(100).body(api_key, version, &[1; 100], |_, _| {});
    assert_eq!(response.error, 0);
}

#[test]
fn a_server_that_does_not_know_a_version_says_so_in_version_0() {
    let response = response_head(6).body(ApiKey::API_VERSIONS, 12, &[0, 35, 0, 0, 0, 0], |_, _| {});
    assert_eq!(error_name(response.error), Some("UNSUPPORTED_VERSION"));
}

#[test]
fn several_topics_are_not_named() {
    // Produce version 3: two topics.
    let data = b"\xff\xff\xff\xff\0\0\0\0\x03\xe8\0\0\0\x02\0\x01a";
    let request = request_head(ApiKey::PRODUCE, 3, data.len()).body(data);
    assert_eq!((request.subject, request.acks, request.extent), (Subject::Several, Some(0), Extent::Whole));
}

#[test]
fn a_transaction_is_not_named() {
    // FindCoordinator, versions 1 and 4, for a transaction.
    for (version, data) in
        [(1, &b"\xff\xff\0\x02tx\x01"[..]), (4, b"\xff\xff\0\x01\x02\x03tx\0"), (1, b"\xff\xff\0\x02tx\x02")]
    {
        let request = request_head(ApiKey(10), version, data.len()).body(data);
        assert_eq!((request.subject, request.extent), (Subject::Nothing, Extent::Whole), "{version}");
    }
}

#[test]
fn a_fetch_says_how_long_it_waits_and_which_of_a_session_it_is() {
    // Fetch version 7, within a session: no topics.
    let data = b"\xff\xff\xff\xff\xff\xff\0\0\x01\xf4\0\0\0\x01\0\x10\0\0\0\0\0\0\x05\0\0\0\x03\0\0\0\0\0\0\0\0";
    let request = request_head(ApiKey::FETCH, 7, data.len()).body(data);
    assert_eq!((request.max_wait_ms, request.session_epoch), (Some(500), Some(3)));
    assert_eq!((request.subject, request.extent), (Subject::Nothing, Extent::Whole));
}

#[test]
fn a_metadata_response_tells_the_names_of_topics() {
    let row = rows().find(|row| !row.is_request && row.api_key == ApiKey(3) && row.version == 13).unwrap();
    // The topic's name is "else", and its id all zero, which is none.
    let at = row.data.windows(21).position(|window| window.starts_with(b"\x05else") && window.ends_with(&[0; 16]));
    let mut data = row.data.clone();
    data[at.unwrap() + 5..][..16].fill(9);
    let mut learnt = Vec::new();
    response_head(data.len()).body(row.api_key, row.version, &data, |id, name| learnt.push((id, name.to_vec())));
    assert_eq!(learnt, [(TopicId([9; 16]), b"else".to_vec())]);
}

#[test]
fn lengths_beyond_the_message_are_malformed_and_cost_nothing() {
    // A count of 2^31 - 1 topics, of which none is there.
    let data = b"\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\x7f\xff\xff\xff";
    let response = response_head(data.len()).body(ApiKey::FETCH, 0, data, |_, _| {});
    assert_eq!(response.extent, Extent::Malformed);
    let request = request_head(ApiKey::FETCH, 0, 2).body(&[0x7f, 0xff]);
    assert_eq!(request.extent, Extent::Malformed);
    assert_eq!(request_head(ApiKey::FETCH, 0, 40_000).body(&[0x7f, 0xff]).extent, Extent::Cut);
    assert_eq!(request_head(ApiKey::FETCH, 0, 2).body(&[0xff, 0xfe]).extent, Extent::Malformed);
}
