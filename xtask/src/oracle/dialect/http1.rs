//! HTTP/1.

use geophone_model::net::Transport;
use geophone_proto_parse::{Exchange, Protocol};

use super::{Answers, Dialect, Message};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Http1,
    port: 80,
    transport: Transport::Tcp,
    dissector: "http",
    layers: &["http"],
    options: &[],
    has_pairs: true,
    read,
    operation,
    code,
};

fn read(layer: &Layer) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(method) = layer.field("http.request.method") {
        let path = path(layer.field("http.request.uri").unwrap_or_default());
        messages.push(Message::Request { operation: format!("{method} {path}") });
    }
    match layer.field("http.response.code") {
        // An interim response is part of the exchange, and no answer.
        Some("100" | "102" | "103") | None => {}
        Some(code) => {
            let answers = layer.number("http.request_in").map_or(Answers::Unknown, Answers::Frame);
            messages.push(Message::Response { code: code.to_owned(), answers });
        }
    }
    messages
}

/// A target's path, without what Geophone drops: query, fragment, and the parameters of each segment.
fn path(target: &str) -> String {
    let target = match target.strip_prefix("http://") {
        Some(absolute) => absolute.find('/').map_or("/", |at| &absolute[at..]),
        None => target,
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<_> = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
    segments.join("/")
}

fn operation(exchange: &Exchange) -> String {
    let Exchange { verb, resource, authority, .. } = exchange;
    // RFC 9112 section 3.2.3: what CONNECT is about is a host.
    if verb == "CONNECT" { format!("{verb} {authority}") } else { format!("{verb} {resource}") }
}

fn code(exchange: &Exchange) -> String {
    exchange.native_status.map_or_else(|| "none".to_owned(), |code| code.to_string())
}
