//! Entries for fuzz targets of three lines: each takes any bytes, and panics where an invariant does not hold.
//!
//! `cargo run -p geophone-proto-parse --example fuzz_seeds --features fuzz -- DIRECTORY` writes the corpus in `testdata` as seeds.

#![allow(dead_code, unused_imports, reason = "what the targets of some protocols share is unused without them")]

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use crate::Parsed;
#[cfg(feature = "amqp")]
use crate::amqp;
#[cfg(feature = "cassandra")]
use crate::cassandra;
use crate::detect::Candidate;
#[cfg(feature = "dns")]
use crate::dns;
#[cfg(feature = "http1")]
use crate::http1;
#[cfg(feature = "http2")]
use crate::http2;
#[cfg(feature = "kafka")]
use crate::kafka;
#[cfg(feature = "memcached")]
use crate::memcached;
#[cfg(feature = "mongodb")]
use crate::mongodb::{self, Extent};
#[cfg(feature = "mqtt")]
use crate::mqtt;
#[cfg(feature = "mysql")]
use crate::mysql::{self, PayloadError, Progress};
#[cfg(feature = "nats")]
use crate::nats;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::protocol::CANDIDATES;
#[cfg(feature = "redis")]
use crate::redis;
#[cfg(feature = "sql")]
use crate::sql::{self, Dialect};
#[cfg(feature = "tls")]
use crate::tls;
use crate::{
    Connection, Counters, Detection, Detector, Direction, End, Exchange, Limits, Place, Protocol, Side, Verdict, Want,
};

/// Small limits, so that inputs of a few hundred bytes reach them.
fn limits() -> Limits {
    Limits {
        detect_bytes: 512,
        line_bytes: 300,
        head_bytes: 1000,
        verb_bytes: 16,
        resource_bytes: 64,
        authority_bytes: 64,
        error_bytes: 16,
        answers: 3,
        message_bytes: 300,
        definition_bytes: 600,
        depth: 4,
        open_exchanges: 4,
        spare_exchanges: 2,
    }
}

/// Detection: what a prefix decides, no further byte changes, for any protocol in either role; and the detector agrees, however
/// the bytes come.
pub fn detection(data: &[u8]) {
    let Some((&options, data)) = data.split_first() else { return };
    for Candidate { protocol, detect } in CANDIDATES {
        for (direction, place) in ROLES {
            let decided = (1..=data.len()).filter_map(|len| data.get(..len));
            let mut last = Detection::NeedMore;
            for detection in decided.map(|prefix| detect(direction, place, prefix, &limits())) {
                assert!(
                    last == Detection::NeedMore || last == detection,
                    "{protocol:?} {direction:?} {place:?}: {last:?} became {detection:?}"
                );
                last = detection;
            }
        }
    }
    // In the middle of a stream, and at the limits, more at once says more than some at a time.
    if data.len() > 40 {
        return;
    }
    let verdict_of = |piece: usize| {
        let mut detector = Detector::new(&Limits::default(), false);
        let verdicts = data.chunks(piece.max(1)).map(|data| detector.bytes(Side::A, 0, data));
        verdicts.into_iter().find(|verdict| *verdict != Verdict::Undecided)
    };
    assert_eq!(verdict_of(data.len()), verdict_of(usize::from(options)));
}

const ROLES: [(Direction, Place); 4] = [
    (Direction::ToServer, Place::Start),
    (Direction::ToClient, Place::Start),
    (Direction::ToServer, Place::Middle),
    (Direction::ToClient, Place::Middle),
];

/// What the searches for HTTP/1 find, they find with just the bytes that they say.
#[cfg(feature = "http1")]
fn http1_search(data: &[u8]) {
    for find in [http1::find_request, http1::find_response] {
        if let Some(found) = find(data, &limits()) {
            assert!(found.at < found.seen && found.seen <= data.len(), "{found:?}");
            assert_eq!(data.get(..found.seen).and_then(|data| find(data, &limits())), Some(found));
        }
    }
}

/// Message heads: a complete head takes just its own bytes, less of it is incomplete, and an error stays one.
#[cfg(feature = "http1")]
pub fn http1_message(data: &[u8]) {
    http1_search(data);
    check_head(data, |data| http1::RequestHead::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| http1::ResponseHead::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}

/// Headers of frames take just their own bytes. Field blocks, each behind a byte that says how long it is, give the same
/// fields when every byte comes on its own, and what is held of them has its bound.
#[cfg(feature = "http2")]
pub fn http2_message(data: &[u8]) {
    check_head(data, |data| http2::FrameHeader::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&options, mut blocks)) = data.split_first() else { return };
    let (mut whole, mut bytewise) = (http2::hpack::Decoder::default(), http2::hpack::Decoder::default());
    if options & 1 == 1 {
        whole.lose_blocks();
        bytewise.lose_blocks();
    }
    while let Some((&len, rest)) = blocks.split_first() {
        let (block, rest) = rest.split_at_checked(usize::from(len)).unwrap_or((rest, &[]));
        blocks = rest;
        assert_eq!(fields(&mut whole, block, usize::MAX), fields(&mut bytewise, block, 1));
        assert!(whole.held_bytes() <= MAX_HELD_BYTES, "{} bytes are held", whole.held_bytes());
    }
}

#[cfg(feature = "http2")]
type Fields = Vec<(http2::hpack::FieldName, Vec<u8>, bool)>;

/// What a block that comes in pieces says, and whether it is valid.
#[cfg(feature = "http2")]
fn fields(decoder: &mut http2::hpack::Decoder, block: &[u8], piece: usize) -> (Fields, bool) {
    let mut fields = Fields::new();
    let mut is_valid = true;
    for data in block.chunks(piece) {
        is_valid &= decoder
            .fragment(data, &limits(), |field| fields.push((field.name, field.value.to_vec(), field.is_cut)))
            .is_ok();
    }
    (fields, decoder.end_block().is_ok() && is_valid)
}

/// AMQP frames: what a beginning says of one, no further byte changes.
#[cfg(feature = "amqp")]
pub fn amqp_message(data: &[u8]) {
    check_head(data, |data| amqp::FrameHeader::parse(data).map(|parsed| consumed(&parsed)));
    if let Some(method) = data.get(7..).and_then(|content| amqp::Method::parse(content).ok()) {
        assert!(method.arguments.len() <= data.len() && method.name().len() <= Limits::default().verb_bytes);
    }
}

/// A DNS message: names and answers within their limits, whatever is in it.
#[cfg(feature = "dns")]
pub fn dns_message(data: &[u8]) {
    for data in [data, data.get(2..).unwrap_or_default()] {
        let Ok(message) = dns::Message::parse(data) else { continue };
        if let Some(question) = message.question {
            let mut name = String::new();
            question.write_name(&mut name, limits().resource_bytes);
            assert!(
                name.len() <= limits().resource_bytes && name.chars().all(|byte| byte.is_ascii_graphic()),
                "{name}"
            );
        }
        let mut answers = Vec::new();
        message.answers(&mut answers, &limits());
        assert!(answers.len() <= limits().answers);
        assert!(answers.iter().all(|answer| answer.name.len() <= limits().resource_bytes), "{answers:?}");
        let _ = message.status();
    }
}

/// Kafka's requests and responses: whole heads take just their own bytes, and a body says nothing but what more of it says
/// too, whatever it is taken for.
#[cfg(feature = "kafka")]
pub fn kafka_message(data: &[u8]) {
    check_head(data, |data| kafka::RequestHead::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| kafka::ResponseHead::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&[key, version], body)) = data.split_first_chunk() else { return };
    let (api_key, api_version) = (kafka::ApiKey(i16::from(key & 0x7f)), i16::from(version & 0x1f));
    let message_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let request = kafka::RequestHead { message_bytes, api_key, api_version, correlation_id: 0 };
    let response = kafka::ResponseHead { message_bytes, correlation_id: 0 };
    let mut before = kafka::Response::default();
    for part in (0..=body.len()).filter_map(|len| body.get(..len)) {
        let _ = request.body(part);
        let mut names_bytes = 0_usize;
        let next = response.body(api_key, api_version, part, |_, name| {
            names_bytes = names_bytes.saturating_add(name.len());
        });
        assert!(before.error == 0 || before.error == next.error, "{before:?} became {next:?}");
        assert!(names_bytes <= part.len());
        before = next;
    }
}

/// Cassandra's envelopes and frames: what the beginning of one decides, no further byte changes; whole headers take just their
/// own bytes.
#[cfg(feature = "cassandra")]
pub fn cassandra_message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let decided = (0..=data.len()).filter_map(|len| data.get(..len)).map(|data| cassandra::begins(direction, data));
        assert!(decided.is_sorted_by(|one, other| *one == Detection::NeedMore || one == other));
        check_head(data, |data| cassandra::EnvelopeHeader::parse(data, direction).map(|parsed| consumed(&parsed)));
    }
    for has_compression in [false, true] {
        check_head(data, |data| cassandra::FrameHeader::parse(data, has_compression).map(|parsed| consumed(&parsed)));
    }
    let Some((&flags, body)) = data.split_first() else { return };
    for is_response in [false, true] {
        let Some(body) = cassandra::behind_flagged(body, cassandra::BodyFlags::from_byte(flags), is_response) else {
            continue;
        };
        let _ = cassandra::first_of_batch(body);
        let _ = (cassandra::statement_text(body), cassandra::statement_id(body), cassandra::prepared_id(body));
        let _ = (cassandra::startup_option(body, b"COMPRESSION"), cassandra::event_type(body));
    }
}

/// MongoDB's messages: a whole head takes just its own bytes, and a body says nothing but what more of it says too.
#[cfg(feature = "mongodb")]
pub fn mongodb_message(data: &[u8]) {
    check_head(data, |data| mongodb::Head::parse(data).map(|parsed| consumed(&parsed)));
    let Some((&[opcode, to_command], body)) = data.split_first_chunk() else { return };
    let opcode = [1, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013].get(usize::from(opcode % 11));
    let Some(opcode) = opcode.copied().and_then(mongodb::Opcode::from_number) else { return };
    let head = mongodb::Head { message_bytes: u32::MAX, request_id: 0, response_to: 0, opcode };
    let whole = head.request(body);
    for part in (0..=body.len()).filter_map(|len| body.get(..len)) {
        let request = head.request(part);
        assert!(request.extent == Extent::Cut || request.extent == whole.extent, "{request:?} became {whole:?}");
        let response = head.response(part, to_command & 1 == 1);
        assert!(response.error.is_none_or(|error| error.name.len() < part.len()), "{response:?}");
    }
}

/// MySQL's greetings, logins and replies: what the beginning of one decides, no further byte changes, and a reply takes any
/// packets.
#[cfg(feature = "mysql")]
pub fn mysql_message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let decided = (0..=data.len()).filter_map(|len| data.get(..len)).map(|data| mysql::begins(direction, data));
        assert!(decided.is_sorted_by(|one, other| *one == Detection::NeedMore || one == other));
    }
    let greetings = (0..=data.len()).filter_map(|len| data.get(..len)).map(mysql::Greeting::parse);
    assert!(greetings.is_sorted_by(|one, other| *one == Err(PayloadError::Short) || one.is_ok() == other.is_ok()));
    let _ = mysql::query_text(data);
    let Some((&kind, mut packets)) = data.split_first() else { return };
    let Some(command) = mysql::Command::from_byte(kind & 0x3f) else { return };
    let mut reply = mysql::Reply::new(command.reply(), None);
    while let Some((&len, rest)) = packets.split_first() {
        let (payload, rest) = rest.split_at_checked(usize::from(len)).unwrap_or((rest, &[]));
        packets = rest;
        if !matches!(reply.packet(payload, u32::from(len)), Ok(Progress::More | Progress::Interim)) {
            break;
        }
    }
}

/// MQTT packets: what a beginning says of one, no further byte changes.
#[cfg(feature = "mqtt")]
pub fn mqtt_message(data: &[u8]) {
    check_head(data, |data| mqtt::FixedHeader::parse(data).map(|parsed| consumed(&parsed)));
    let Ok(Parsed::Complete { value, consumed }) = mqtt::FixedHeader::parse(data) else { return };
    if let mqtt::Packet::Publish { qos, .. } = value.packet
        && let Ok(publish) = mqtt::Publish::parse(data.get(consumed..).unwrap_or_default(), qos)
    {
        assert!(publish.topic.len() <= data.len() && publish.id.is_some() == (qos > 0));
        let _ = publish.topic_alias();
    }
}

/// TLS records and hellos: whole ones take just their own bytes, less of them is incomplete, and an error stays one.
#[cfg(feature = "tls")]
pub fn tls_message(data: &[u8]) {
    check_head(data, |data| tls::RecordHeader::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| tls::ClientHello::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| tls::ServerHello::parse(data).map(|parsed| consumed(&parsed)));
    // A record's content.
    if let Some(data) = data.get(5..) {
        check_head(data, |data| tls::ClientHello::parse(data).map(|parsed| consumed(&parsed)));
        check_head(data, |data| tls::ServerHello::parse(data).map(|parsed| consumed(&parsed)));
    }
}

fn consumed<T>(parsed: &Parsed<T>) -> Option<usize> {
    match *parsed {
        Parsed::Complete { consumed, .. } => Some(consumed),
        Parsed::Incomplete { at_least } => {
            assert!(at_least > 0);
            None
        }
    }
}

fn check_head<E: Debug + PartialEq>(data: &[u8], parse: impl Fn(&[u8]) -> Result<Option<usize>, E>) {
    let whole = parse(data);
    let mut outcome = Ok(None);
    for len in 0..=data.len() {
        let next = parse(data.get(..len).unwrap_or_default());
        assert!(outcome == Ok(None) || outcome == next, "{outcome:?} became {next:?} with {len} bytes");
        if outcome == Ok(None)
            && let Ok(Some(consumed)) = next
        {
            assert_eq!(consumed, len, "a head ends with its last byte");
        }
        outcome = next;
    }
    assert_eq!(whole, outcome);
}

/// Commands and answers of memcached: complete ones take just their own bytes, less of them is incomplete, and an error stays
/// one.
#[cfg(feature = "memcached")]
pub fn memcached_message(data: &[u8]) {
    check_head(data, |data| memcached::Command::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| memcached::AnswerPart::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}

/// Lines of NATS with their payloads: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
#[cfg(feature = "nats")]
pub fn nats_message(data: &[u8]) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        check_head(data, |data| nats::Frame::parse(direction, data, &limits()).map(|parsed| consumed(&parsed)));
    }
}

/// Messages of PostgreSQL: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
#[cfg(feature = "postgres")]
pub fn postgres_message(data: &[u8]) {
    check_head(data, |data| postgres::Startup::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| postgres::Request::parse(data).map(|parsed| consumed(&parsed)));
    check_head(data, |data| postgres::Response::parse(data).map(|parsed| consumed(&parsed)));
}

/// Texts of SQL: a byte chooses the dialect. The fingerprint is within its limits and has no control characters, and more room
/// changes nothing but what was cut.
#[cfg(feature = "sql")]
pub fn sql_fingerprint(data: &[u8]) {
    let Some((&options, text)) = data.split_first() else { return };
    let dialect = [Dialect::POSTGRESQL, Dialect::MYSQL, Dialect::CQL];
    let dialect = dialect.get(usize::from(options & 3)).copied().unwrap_or(Dialect::POSTGRESQL);
    let dialect = match options >> 2 & 3 {
        0 => dialect,
        1 => dialect.with_backslash_escapes(options >> 4 & 1 == 1),
        _ => dialect.with_unknown_backslash_escapes(),
    };
    let fingerprint = |limits: &Limits| {
        let (mut verb, mut resource) = (String::new(), String::new());
        let is_whole = sql::fingerprint(dialect, text, limits, &mut verb, &mut resource);
        assert!(verb.len() <= limits.verb_bytes && resource.len() <= limits.resource_bytes, "{verb} {resource}");
        assert!(!verb.chars().chain(resource.chars()).any(|char| char.is_ascii_control()), "{verb} {resource}");
        (verb, resource, is_whole)
    };
    let (short, long) = (fingerprint(&limits()), fingerprint(&Limits::default()));
    if short.2 {
        assert_eq!(short, long);
    }
}

/// Messages of Redis: a complete one takes just its own bytes, less of it is incomplete, and an error stays one.
#[cfg(feature = "redis")]
pub fn redis_message(data: &[u8]) {
    check_head(data, |data| redis::Command::parse(data, &limits()).map(|parsed| consumed(&parsed)));
    check_head(data, |data| redis::Reply::parse(data, &limits()).map(|parsed| consumed(&parsed)));
}

/// A connection: a script of bytes, gaps and skips in both directions gives the same exchanges when every byte comes on
/// its own, the ledger balances after every step, and nothing is open at the end.
///
/// The script: a byte for what happens (bit 0: direction; bits 1 to 3: 0 to 4 bytes, 5 a gap, 6 a skip if the parser
/// allows it, 7 an end; bits 4 to 6: time passed; bit 7: time goes back by that instead, as at a retransmission), a byte
/// for the length, and for 0 to 4 that many bytes. The first byte of all says, in bit 0, whether the connection was joined
/// late.
pub fn connection(protocol: Protocol, script: &[u8]) {
    let Some((&options, script)) = script.split_first() else { return };
    let joined_late = options & 1 == 1;
    let whole = run(protocol, joined_late, script, usize::MAX);
    let bytewise = run(protocol, joined_late, script, 1);
    assert_eq!(whole, bytewise);
}

/// What [`connection`] takes, for bytes that come in these pieces.
#[must_use]
pub fn script(joined_late: bool, pieces: &[(Direction, &[u8])]) -> Vec<u8> {
    let mut script = Vec::from([u8::from(joined_late)]);
    for (direction, data) in pieces {
        for data in data.chunks(usize::from(u8::MAX)) {
            script.push(0x10 | u8::from(*direction == Direction::ToClient));
            script.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
            script.extend_from_slice(data);
        }
    }
    script
}

fn run(protocol: Protocol, joined_late: bool, script: &[u8], piece: usize) -> (Vec<Exchange>, Counters) {
    let Some(mut connection) = protocol.connection(&limits(), joined_late) else { return Default::default() };
    let connection = &mut *connection;
    let mut exchanges = Vec::new();
    let mut now_ns = 0_u64;
    let mut rest = script;
    while let [op, len, after @ ..] = rest {
        rest = after;
        let passed_ns = u64::from(op >> 4 & 7);
        now_ns = if op >> 7 == 0 { now_ns.saturating_add(passed_ns) } else { now_ns.saturating_sub(passed_ns) };
        let direction = if op & 1 == 0 { Direction::ToServer } else { Direction::ToClient };
        match op >> 1 & 7 {
            5 => connection.gap(direction, now_ns, u64::from(*len)),
            6 => skip(connection, direction, now_ns, u64::from(*len), piece),
            7 => match len & 7 {
                0 => connection.end(direction, now_ns, End::Fin),
                1 => connection.end(direction, now_ns, End::Reset),
                2 => connection.end(direction, now_ns, End::Unknown),
                3 => connection.close(now_ns),
                4 => connection.abandon(),
                _ => {}
            },
            _ => {
                let data = rest.get(..usize::from(*len)).unwrap_or(rest);
                rest = rest.get(data.len()..).unwrap_or_default();
                data.chunks(piece).for_each(|data| connection.bytes(direction, now_ns, data));
            }
        }
        settle(connection, &mut exchanges);
    }
    connection.close(now_ns);
    settle(connection, &mut exchanges);
    let mut counters = *connection.counters();
    assert_eq!((counters.open_requests, counters.open_responses), (0, 0));
    counters.skipped_bytes = 0;
    (exchanges, counters)
}

/// Leaves out what the parser allows; where every byte comes on its own, it comes as bytes instead: that is the same.
fn skip(connection: &mut dyn Connection, direction: Direction, now_ns: u64, len: u64, piece: usize) {
    let Want::Skip(allowed) = connection.want(direction) else { return };
    let len = len.min(allowed);
    if piece > 1 {
        connection.skipped(direction, now_ns, len);
    } else {
        (0..len).for_each(|_| connection.bytes(direction, now_ns, b"x"));
    }
}

fn settle(connection: &mut dyn Connection, exchanges: &mut Vec<Exchange>) {
    let mut out = Exchange::default();
    while connection.poll(&mut out) {
        assert!(out.resource.len() <= limits().resource_bytes && out.authority.len() <= limits().authority_bytes);
        assert!(out.verb.len() <= limits().verb_bytes && out.error.len() <= limits().error_bytes, "{out:?}");
        assert!(out.request.first_ns <= out.request.last_ns, "{out:?}");
        assert!(out.response.is_none_or(|response| response.first_ns <= response.last_ns), "{out:?}");
        exchanges.push(out.clone());
    }
    let counters = connection.counters();
    assert!(counters.balances(), "{counters:?}");
    assert!(connection.held_bytes() <= MAX_HELD_BYTES, "{} bytes are held", connection.held_bytes());
}

/// More than a connection may hold under these limits, whatever it is sent.
const MAX_HELD_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: [&[u8]; 29] = [
        b"GET / HTTP/1.1\r\n",
        b"HEAD /a;b?c HTTP/1.1\r\n",
        b"POST http://u@h/p HTTP/1.0\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100\r\n",
        b"HTTP/1.1 101 \r\n",
        b"HTTP/1.0 404 No\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"Host: a\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 40\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\x05\r\nhello\r\n",
        b"5\r\nhello\r\n",
        b"5 ;a\r\nhello\r\n",
        b"0\r\n\r\n",
        b"X: a\rb\r\n",
        b"X: \0\r\n",
        b"X:\t________________________________________________________",
        b"________________________________________________________\r",
        b" ",
        b"GET ",
        b"HTTP/1.",
        b"\x00\x10",
        b"\x11\x20",
        b"\x2b\x04",
    ];

    fn input() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            3 => prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
            1 => proptest::collection::vec(any::<u8>(), 0..6),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    fn script() -> impl Strategy<Value = Vec<u8>> {
        let op = (any::<u8>(), input()).prop_map(|(op, mut data)| {
            data.truncate(255);
            let mut step = Vec::from([op, u8::try_from(data.len()).unwrap()]);
            step.append(&mut data);
            step
        });
        (any::<u8>(), proptest::collection::vec(op, 0..12)).prop_map(|(options, ops)| {
            let mut script = Vec::from([options]);
            script.extend(ops.concat());
            script
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn detection_holds(data in input()) {
            detection(&data);
        }

        #[cfg(feature = "http1")]
        #[test]
        fn messages_hold(data in input()) {
            http1_message(&data);
        }

        #[test]
        fn connections_hold(script in script()) {
            connection(Protocol::Http1, &script);
        }

        #[cfg(feature = "http2")]
        #[test]
        fn field_blocks_hold(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            http2_message(&data);
        }
    }
}
