//! MQTT.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Mqtt,
    port: 1883,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "mqtt",
    layers: &["mqtt"],
    options: &[],
    reader: || Box::new(read),
    seen,
};

/// What has no identifier of its own: these are below all that have one.
const CONNECT: i64 = -1;
const PING: i64 = -2;

/// Where tshark shows how something went, in all versions.
const CODES: [&str; 10] = [
    "mqtt.conack.val",
    "mqtt.connack.reason_code",
    "mqtt.puback.reason_code",
    "mqtt.pubrec.reason_code",
    "mqtt.pubcomp.reason_code",
    "mqtt.suback.qos",
    "mqtt.suback.reason_code",
    "mqtt.unsuback.reason_code",
    "mqtt.disconnect.reason_code",
    "mqtt.auth.reason_code",
];

/// By the type of the packet (MQTT 5, section 2.1.2).
fn read(layer: &Layer, direction: Direction) -> Vec<Message> {
    let Some(kind) = layer.number("mqtt.msgtype") else { return Vec::new() };
    let to_server = direction == Direction::ToServer;
    let id = layer.number("mqtt.msgid");
    let about = |verb: &str| {
        // Several filters are one subscription, and called by none.
        let mut topics = layer.all("mqtt.topic");
        let topic = topics.next().filter(|_| topics.next().is_none()).unwrap_or_default();
        format!("{verb} {topic}").trim_end().to_owned()
    };
    let publish = |by_client: bool| Some((3 + i64::from(by_client)) << 16 | id?);
    let part = |key| Message::ResponsePart { key, code: code(layer) };
    let message = match kind {
        1 => Message::Request { operation: "CONNECT".to_owned(), key: Some(CONNECT) },
        2 => response(layer, Some(CONNECT)),
        3 if layer.field("mqtt.qos") == Some("0") => Message::OneWay { operation: about("PUBLISH"), key: None },
        3 if layer.field("mqtt.dupflag") == Some("1") => Message::RequestPart { key: publish(to_server) },
        3 => Message::Request { operation: about("PUBLISH"), key: publish(to_server) },
        // These go the other way.
        4 | 5 => response(layer, publish(!to_server)),
        7 => part(publish(!to_server)),
        8 => Message::Request { operation: about("SUBSCRIBE"), key: subscription(1, id) },
        9 => response(layer, subscription(1, id)),
        10 => Message::Request { operation: about("UNSUBSCRIBE"), key: subscription(2, id) },
        11 => response(layer, subscription(2, id)),
        12 => Message::Request { operation: "PINGREQ".to_owned(), key: Some(PING) },
        13 => response(layer, Some(PING)),
        14 => Message::OneWay { operation: "DISCONNECT".to_owned(), key: None },
        _ => return Vec::new(),
    };
    vec![message]
}

/// An identifier has 16 bits.
fn subscription(kind: i64, id: Option<i64>) -> Option<i64> {
    Some(kind << 16 | id?)
}

fn response(layer: &Layer, key: Option<i64>) -> Message {
    let code = code(layer).unwrap_or_default();
    Message::Response { code, answers: key.map_or(Answers::None, Answers::Key) }
}

/// The first code that refuses something, else the first.
fn code(layer: &Layer) -> Option<String> {
    let mut codes = CODES.iter().flat_map(|name| layer.all(name)).filter_map(|code| code.parse::<u32>().ok());
    let first = codes.next()?;
    let refusal = std::iter::once(first).chain(codes).find(|code| *code >= 128);
    Some(refusal.unwrap_or(first).to_string())
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    let operation = format!("{verb} {resource}").trim_end().to_owned();
    Some(Seen::new(exchange, operation, native_status.unwrap_or_default().to_string()))
}
