//! HTTP/2, and gRPC over it.

use std::collections::BTreeSet;

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen, http1};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Http2,
    port: 8080,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "http2",
    layers: &["http2"],
    options: &[],
    reader: || Box::new(Streams::default()),
    seen,
};

/// Types of frames (RFC 9113 section 6).
const DATA: i64 = 0;
const HEADERS: i64 = 1;
const PUSH_PROMISE: i64 = 5;
const CONTINUATION: i64 = 9;

#[derive(Default)]
struct Streams {
    asked: BTreeSet<i64>,
    answered: BTreeSet<i64>,
    /// Those of calls.
    grpc: BTreeSet<i64>,
}

impl Reader for Streams {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        layer.parts().filter_map(|frame| self.frame(&frame, direction)).collect()
    }
}

impl Streams {
    fn frame(&mut self, frame: &Layer, direction: Direction) -> Option<Message> {
        let stream = frame.number("http2.streamid")?;
        match (frame.number("http2.type")?, direction) {
            // tshark shows the fields with the frame that completes them.
            (HEADERS | CONTINUATION, Direction::ToServer) => Some(self.request(frame, stream)),
            (HEADERS | CONTINUATION, Direction::ToClient) => self.response(frame, stream),
            (PUSH_PROMISE, _) => {
                Some(self.request(frame, frame.number("http2.push_promise.promised_stream_id").unwrap_or_default()))
            }
            (DATA, Direction::ToServer) => Some(Message::RequestPart { key: Some(stream) }),
            (DATA, Direction::ToClient) => Some(Message::ResponsePart { key: Some(stream), code: None }),
            _ => None,
        }
    }

    fn request(&mut self, head: &Layer, stream: i64) -> Message {
        // What follows the first head are trailers.
        if !self.asked.insert(stream) {
            return Message::RequestPart { key: Some(stream) };
        }
        let field = |name| head.field(&format!("http2.headers.{name}")).unwrap_or_default();
        let operation = match (field("method"), field("content_type")) {
            ("CONNECT", _) if field("path").is_empty() => format!("CONNECT {}", field("authority")),
            (_, content_type) if content_type.starts_with("application/grpc") => {
                self.grpc.insert(stream);
                field("path").trim_start_matches('/').to_owned()
            }
            (method, _) => format!("{method} {}", http1::path(field("path"))),
        };
        Message::Request { operation, key: Some(stream) }
    }

    fn response(&mut self, head: &Layer, stream: i64) -> Option<Message> {
        let status = head.field("http2.headers.status").unwrap_or_default();
        // An interim response is part of the exchange, and no answer.
        if status.starts_with('1') {
            return None;
        }
        let is_grpc = self.grpc.contains(&stream);
        let call_status = if is_grpc { value(head, "grpc-status").map(str::to_owned) } else { None };
        if !self.answered.insert(stream) {
            return Some(Message::ResponsePart { key: Some(stream), code: call_status });
        }
        let code = if is_grpc { call_status.unwrap_or_default() } else { status.to_owned() };
        Some(Message::Response { code, answers: Answers::Key(stream) })
    }
}

/// The value of a field by its name.
fn value<'a>(head: &'a Layer, name: &str) -> Option<&'a str> {
    let mut fields = head.fields().skip_while(|field| *field != ("http2.header.name", name));
    fields.find(|(known, _)| *known == "http2.header.value").map(|(_, value)| value)
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, authority, native_status, .. } = exchange;
    let resource = if verb == "CONNECT" && resource.is_empty() { authority } else { resource };
    let code = native_status.map_or_else(|| "none".to_owned(), |code| code.to_string());
    Some(Seen::new(exchange, format!("{verb} {resource}").trim_start().to_owned(), code))
}
