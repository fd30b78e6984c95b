//! What tshark and Geophone call the same things, protocol by protocol.

mod amqp;
mod cassandra;
mod dns;
mod http1;
mod http2;
mod kafka;
mod memcached;
mod mongodb;
mod mqtt;
mod mysql;
mod postgres;
mod redis;
mod tls;

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::pdml::Layer;

/// How both speak of a protocol.
pub(super) struct Dialect {
    pub(super) protocol: Protocol,
    /// The port that conversations of the corpus are given.
    pub(super) port: u16,
    /// Those of servers in captures.
    pub(super) capture_ports: &'static [u16],
    pub(super) transport: Transport,
    /// What tshark is told to take the port for.
    pub(super) dissector: &'static str,
    /// The layers in which tshark shows messages.
    pub(super) layers: &'static [&'static str],
    /// Settings of tshark, as `-o` takes them.
    pub(super) options: &'static [&'static str],
    /// Reads what tshark says of one conversation.
    pub(super) reader: fn() -> Box<dyn Reader>,
    /// What Geophone calls the same, if tshark knows such an exchange.
    pub(super) seen: fn(&Exchange) -> Option<Seen>,
}

/// An exchange of Geophone's in terms of both.
#[derive(Debug)]
pub(super) struct Seen {
    /// When the request was complete, and what it asks for.
    pub(super) request: (u64, String),
    /// When the response was complete, if there was one, and its code.
    pub(super) response: Option<(u64, String)>,
}

impl Seen {
    /// With the times at which Geophone says that both were complete.
    fn new(exchange: &Exchange, operation: String, code: String) -> Self {
        let response = exchange.response.map(|response| (response.last_ns, code));
        Self { request: (exchange.request.last_ns, operation), response }
    }
}

/// Finds the messages of a conversation.
pub(super) trait Reader {
    /// The messages in the next layer.
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message>;
}

impl<F: FnMut(&Layer, Direction) -> Vec<Message>> Reader for F {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        self(layer, direction)
    }
}

/// A message, as tshark sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// It will have a response. What both see is the last part of it.
    Request {
        operation: String,
        /// What its response refers to, if that is a number in both.
        key: Option<i64>,
    },
    /// It will have none.
    OneWay {
        operation: String,
        /// What more of it refers to.
        key: Option<i64>,
    },
    /// More of the last request that has this key.
    RequestPart {
        key: Option<i64>,
    },
    Response {
        code: String,
        answers: Answers,
    },
    /// More of the last response to a request with this key, which may say more of the code.
    ResponsePart {
        key: Option<i64>,
        code: Option<String>,
    },
}

/// Which request a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// The first without an answer, by the rules of the protocol.
    First,
    /// The first without an answer in the packet with this number, as tshark says.
    Frame(i64),
    /// The first without an answer that has this key.
    Key(i64),
    /// None that is known.
    None,
}

/// All protocols that tshark knows, too.
pub(super) const ALL: &[Dialect] = &[
    amqp::DIALECT,
    cassandra::DIALECT,
    dns::DIALECT,
    http1::DIALECT,
    http2::DIALECT,
    kafka::DIALECT,
    memcached::DIALECT,
    mongodb::DIALECT,
    mqtt::DIALECT,
    mysql::DIALECT,
    postgres::DIALECT,
    redis::DIALECT,
    tls::DIALECT,
];

/// What a statement begins with, in upper case: tshark knows its text, and Geophone no more than its fingerprint.
fn first_word(statement: &str) -> String {
    let words = statement.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    words.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '_').collect::<String>().to_uppercase()
}
