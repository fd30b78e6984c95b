//! HTTP/1.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Http1,
    port: 80,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "http",
    layers: &["http"],
    options: &[],
    reader: || Box::new(read),
    seen,
};

fn read(layer: &Layer, _: Direction) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(method) = layer.field("http.request.method") {
        let path = path(layer.field("http.request.uri").unwrap_or_default());
        messages.push(Message::Request { operation: format!("{method} {path}"), key: None });
    }
    match layer.field("http.response.code") {
        // An interim response is part of the exchange, and no answer.
        Some("100" | "102" | "103") | None => {}
        Some(code) => {
            let answers = layer.number("http.request_in").map_or(Answers::None, Answers::Frame);
            messages.push(Message::Response { code: code.to_owned(), answers });
        }
    }
    messages
}

/// A target's path, without what Geophone drops: query, fragment, and the parameters of each segment.
pub(super) fn path(target: &str) -> String {
    let target = match target.strip_prefix("http://") {
        Some(absolute) => absolute.find('/').map_or("/", |at| &absolute[at..]),
        None => target,
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<_> = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
    segments.join("/")
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, authority, native_status, .. } = exchange;
    // RFC 9112 section 3.2.3: what CONNECT is about is a host.
    let resource = if verb == "CONNECT" { authority } else { resource };
    let code = native_status.map_or_else(|| "none".to_owned(), |code| code.to_string());
    Some(Seen::new(exchange, format!("{verb} {resource}"), code))
}
