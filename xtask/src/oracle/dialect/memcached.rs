//! Memcached. tshark 4.0 reads one command of the text protocol in a packet, no meta commands, and all of the binary protocol.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Memcached,
    port: 11211,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "memcache",
    layers: &["memcache"],
    options: &[],
    reader: || Box::new(Commands::default()),
    seen,
};

/// Opcodes by their number (BinaryProtocolRevamped, "Command Opcodes").
const OPCODES: [&str; 27] = [
    "get",
    "set",
    "add",
    "replace",
    "delete",
    "increment",
    "decrement",
    "quit",
    "flush",
    "getq",
    "noop",
    "version",
    "getk",
    "getkq",
    "append",
    "prepend",
    "stat",
    "setq",
    "addq",
    "replaceq",
    "deleteq",
    "incrementq",
    "decrementq",
    "quitq",
    "flushq",
    "appendq",
    "prependq",
];

const STAT: i64 = 0x10;

/// Whether an answer of many parts has begun.
#[derive(Default)]
struct Commands {
    answers_stat: bool,
}

impl Reader for Commands {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let message = match (layer.number("memcache.opcode"), direction) {
            (Some(opcode), Direction::ToServer) => {
                self.answers_stat = false;
                let name = usize::try_from(opcode).ok().and_then(|opcode| OPCODES.get(opcode));
                Message::Request { operation: name.copied().unwrap_or_default().to_owned(), key: key(layer, opcode) }
            }
            (Some(STAT), Direction::ToClient) if self.answers_stat => {
                Message::ResponsePart { key: key(layer, STAT), code: None }
            }
            (Some(opcode), Direction::ToClient) => {
                self.answers_stat = opcode == STAT;
                let code = layer.number("memcache.status").unwrap_or_default().to_string();
                Message::Response { code, answers: key(layer, opcode).map_or(Answers::None, Answers::Key) }
            }
            (None, Direction::ToServer) => command(layer),
            // Of an error, tshark shows nothing.
            (None, Direction::ToClient) => Message::Response { code: String::new(), answers: Answers::First },
        };
        vec![message]
    }
}

/// A command of the text protocol.
fn command(layer: &Layer) -> Message {
    let operation = layer.field("memcache.command").unwrap_or_default().to_owned();
    if layer.field("memcache.noreply").is_some() || operation == "quit" {
        Message::OneWay { operation, key: None }
    } else {
        Message::Request { operation, key: None }
    }
}

/// What a response has in common with its request.
fn key(layer: &Layer, opcode: i64) -> Option<i64> {
    Some(opcode << 32 | layer.number("memcache.opaque")?)
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, error, native_status, .. } = exchange;
    let code = native_status.map_or_else(|| error.clone(), |code| code.to_string());
    Some(Seen::new(exchange, verb.clone(), code))
}
