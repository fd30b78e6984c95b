//! Kafka.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol, kafka::ApiKey};

use super::{Answers, Dialect, Message, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Kafka,
    port: 9092,
    capture_ports: &[9092, 36333],
    transport: Transport::Tcp,
    dissector: "kafka",
    layers: &["kafka"],
    options: &[],
    reader: || Box::new(read),
    seen,
};

fn read(layer: &Layer, direction: Direction) -> Vec<Message> {
    let Some(correlation) = layer.number("kafka.correlation_id") else { return Vec::new() };
    vec![match direction {
        Direction::ToServer => Message::Request { operation: operation(layer), key: Some(correlation) },
        Direction::ToClient => {
            // Of a version that it does not know, tshark has no errors.
            let mut errors = layer.all("kafka.error").peekable();
            let none = if errors.peek().is_some() { "0" } else { "" };
            let code = errors.find(|error| *error != "0").unwrap_or(none).to_owned();
            Message::Response { code, answers: Answers::Key(correlation) }
        }
    }]
}

/// The API, and the topic of those that move records.
fn operation(layer: &Layer) -> String {
    let key = layer.number("kafka.request_key").and_then(|key| i16::try_from(key).ok()).map(ApiKey);
    let name = key.and_then(ApiKey::name).unwrap_or_default();
    match layer.field("kafka.topic_name") {
        Some(topic) if matches!(key, Some(ApiKey::PRODUCE | ApiKey::FETCH)) => format!("{name} {topic}"),
        _ => name.to_owned(),
    }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    Some(Seen::new(exchange, format!("{verb} {resource}"), native_status.unwrap_or_default().to_string()))
}
