//! Cassandra. tshark 4.0 reads versions 3 and 4 of its protocol, and of version 5 what comes before the first frame.

use std::collections::BTreeMap;

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen, first_word};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Cassandra,
    port: 9042,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "cql",
    layers: &["cql"],
    options: &[],
    reader: || Box::new(Statements::default()),
    seen,
};

/// What prepared statements begin with, by the streams that prepare them and then by their ids.
#[derive(Default)]
struct Statements {
    preparing: BTreeMap<i64, String>,
    prepared: BTreeMap<String, String>,
}

impl Reader for Statements {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let (Some(stream), Some(opcode)) = (layer.number("cql.stream"), layer.number("cql.opcode")) else {
            return Vec::new();
        };
        vec![match (direction, opcode) {
            (Direction::ToServer, _) => {
                Message::Request { operation: self.operation(layer, stream, opcode), key: Some(stream) }
            }
            (Direction::ToClient, 12) => Message::OneWay { operation: "EVENT".to_owned(), key: None },
            (Direction::ToClient, _) => {
                if let (Some(id), Some(statement)) = (layer.field("cql.query_id"), self.preparing.remove(&stream)) {
                    self.prepared.insert(id.to_owned(), statement);
                }
                let code = layer.number("cql.error_code").unwrap_or_default().to_string();
                Message::Response { code, answers: Answers::Key(stream) }
            }
        }]
    }
}

impl Statements {
    /// By the opcode ("CQL BINARY PROTOCOL v4", section 2.4).
    fn operation(&mut self, layer: &Layer, stream: i64, opcode: i64) -> String {
        let statement = layer.field("cql.string").map(first_word).unwrap_or_default();
        match opcode {
            1 => "STARTUP".to_owned(),
            5 => "OPTIONS".to_owned(),
            7 => statement,
            9 => {
                self.preparing.insert(stream, statement);
                "PREPARE".to_owned()
            }
            10 => {
                let prepared = layer.field("cql.query_id").and_then(|id| self.prepared.get(id));
                prepared.cloned().unwrap_or_else(|| "EXECUTE".to_owned())
            }
            11 => "REGISTER".to_owned(),
            13 => "BATCH".to_owned(),
            15 => "AUTH_RESPONSE".to_owned(),
            other => format!("opcode {other}"),
        }
    }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    Some(Seen::new(exchange, format!("{verb} {resource}"), native_status.unwrap_or_default().to_string()))
}
