//! From the parsers' vocabulary to the model's: the parsers do not know it.

use geophone_model::{
    code::Code,
    exchange::{Answer, Exchange, ExchangeFlags, Message, Observed, Party, Shape, TraceContext},
    net::{ConnectionId, NetNs, Transport},
    protocol::Protocol,
    status::{Status, StatusClass},
    time::Timestamp,
};
use geophone_proto_parse as proto;

/// What a connection says of itself on each of its exchanges of one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) connection: ConnectionId,
    pub(crate) observed: Observed,
    pub(crate) netns: NetNs,
    pub(crate) transport: Transport,
    pub(crate) client: Party,
    pub(crate) server: Party,
}

/// The model's name of a parser's protocol, if it has one: the same.
pub(crate) const fn protocol_of(protocol: proto::Protocol) -> Option<Protocol> {
    NAMES[protocol as usize]
}

const NAMES: [Option<Protocol>; proto::Protocol::ALL.len()] = {
    let mut names = [None; proto::Protocol::ALL.len()];
    let mut parser = 0;
    while parser < names.len() {
        let protocol = proto::Protocol::ALL[parser];
        let mut at = 0;
        while at < Protocol::ALL.len() {
            if is_same(protocol.name(), Protocol::ALL[at].as_str()) {
                names[protocol as usize] = Some(Protocol::ALL[at]);
            }
            at += 1;
        }
        parser += 1;
    }
    names
};

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Writes a parser's exchange into the model's, and leaves the latter's old text buffers to the parser.
pub(crate) fn fill(exchange: &mut Exchange, origin: &Origin, protocol: Protocol, parsed: &mut proto::Exchange) {
    let Exchange {
        connection,
        observed,
        netns,
        transport,
        client,
        server,
        delivery,
        protocol: spoken,
        shape,
        verb,
        resource,
        authority,
        status,
        request,
        response,
        end,
        flags,
        trace,
        request_messages,
        response_messages,
        answers,
    } = exchange;
    *connection = origin.connection;
    *observed = origin.observed;
    *netns = origin.netns;
    *transport = origin.transport;
    *client = origin.client;
    *server = origin.server;
    *delivery = parsed.direction == proto::Direction::ToClient;
    *spoken = protocol_of(parsed.protocol).unwrap_or(protocol);
    *shape = shape_of(parsed.shape);
    std::mem::swap(verb, &mut parsed.verb);
    std::mem::swap(resource, &mut parsed.resource);
    std::mem::swap(authority, &mut parsed.authority);
    *status = Status {
        class: class_of(parsed.status),
        code: parsed.native_status.map_or_else(|| Code::word(&parsed.error), Code::number),
    };
    *request = message_of(parsed.request);
    *response = parsed.response.map(message_of);
    *end = Timestamp::from_ns(parsed.end_ns);
    *flags = flags_of(parsed.flags);
    *request_messages = parsed.request_messages;
    *response_messages = parsed.response_messages;
    answers.clear();
    answers.extend(parsed.answers.drain(..).map(|proto::Answer { name, address, ttl_s, .. }| Answer {
        name,
        address,
        ttl_s,
    }));
    *trace =
        parsed.trace.map(|trace| TraceContext { trace_id: trace.trace_id, span_id: trace.span_id, flags: trace.flags });
}

const fn shape_of(shape: proto::Shape) -> Shape {
    match shape {
        proto::Shape::RequestResponse => Shape::Call,
        proto::Shape::Stream => Shape::Stream,
        proto::Shape::LongPoll => Shape::LongPoll,
        // What is no call and no stream has no duration to report.
        _ => Shape::OneWay,
    }
}

const fn class_of(status: proto::StatusClass) -> StatusClass {
    match status {
        proto::StatusClass::Ok => StatusClass::Ok,
        proto::StatusClass::ClientError => StatusClass::ClientError,
        proto::StatusClass::ServerError => StatusClass::ServerError,
        proto::StatusClass::NoResponse => StatusClass::NoResponse,
        _ => StatusClass::ProtocolError,
    }
}

const fn message_of(span: proto::Span) -> Message {
    let proto::Span { first_ns, last_ns, bytes } = span;
    Message { first: Timestamp::from_ns(first_ns), last: Timestamp::from_ns(last_ns), bytes }
}

fn flags_of(flags: proto::Flags) -> ExchangeFlags {
    const PAIRS: [(proto::Flags, ExchangeFlags); 15] = [
        (proto::Flags::JOINED_LATE, ExchangeFlags::JOINED_LATE),
        (proto::Flags::REQUEST_GAP, ExchangeFlags::REQUEST_GAP),
        (proto::Flags::RESPONSE_GAP, ExchangeFlags::RESPONSE_GAP),
        (proto::Flags::REQUEST_TRUNCATED, ExchangeFlags::REQUEST_CUT),
        (proto::Flags::RESPONSE_TRUNCATED, ExchangeFlags::RESPONSE_CUT),
        (proto::Flags::RESOURCE_CUT, ExchangeFlags::RESOURCE_CUT),
        (proto::Flags::REQUEST_UNFINISHED, ExchangeFlags::REQUEST_UNFINISHED),
        (proto::Flags::REQUEST_MALFORMED, ExchangeFlags::REQUEST_MALFORMED),
        (proto::Flags::AMBIGUOUS_FRAMING, ExchangeFlags::AMBIGUOUS_FRAMING),
        (proto::Flags::INTERIM, ExchangeFlags::INTERIM),
        (proto::Flags::RESYNCED, ExchangeFlags::RESYNCED),
        (proto::Flags::REFERENCE_UNKNOWN, ExchangeFlags::REFERENCE_UNKNOWN),
        (proto::Flags::OPAQUE, ExchangeFlags::OPAQUE),
        (proto::Flags::SKIPPED, ExchangeFlags::SKIPPED),
        (proto::Flags::CANCELLED, ExchangeFlags::CANCELLED),
    ];
    let mut translated = ExchangeFlags::default();
    for (flag, translation) in PAIRS {
        if flags.contains(flag) {
            translated.insert(translation);
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_of_the_parsers_has_its_name_in_the_model() {
        for protocol in proto::Protocol::ALL {
            assert_eq!(protocol_of(*protocol).map(Protocol::as_str), Some(protocol.name()));
        }
    }

    #[test]
    fn every_flag_has_a_translation_of_its_own() {
        let translated = flags_of(proto::Flags::ALL);
        assert_eq!(translated.names().count(), proto::Flags::ALL.names().count());
        assert!(translated.names().eq(ExchangeFlags(u16::MAX).names()), "none is without a source: {translated:?}");
    }
}
