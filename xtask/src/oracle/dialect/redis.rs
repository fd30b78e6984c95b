//! Redis. tshark 4.0 reads RESP2, and no inline commands.

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Redis,
    port: 6379,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "resp",
    layers: &["resp"],
    options: &[],
    reader: || Box::new(Commands::default()),
    seen,
};

#[derive(Default)]
struct Commands {
    /// Only a subscriber is sent messages.
    is_subscriber: bool,
    /// Commands that wait for a reply for each of their arguments: how many are left of each.
    subscriptions: Vec<usize>,
}

impl Reader for Commands {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let parts = layer.parts();
        match direction {
            Direction::ToServer => parts.filter_map(|part| self.command(&part)).collect(),
            // What begins with a type of RESP3 is in pieces, most likely of one reply.
            Direction::ToClient if layer.field("resp.fragment").is_some() => {
                vec![Message::Response { code: String::new(), answers: Answers::First }]
            }
            Direction::ToClient => parts.filter_map(|part| self.reply(&part)).collect(),
        }
    }
}

impl Commands {
    fn command(&mut self, part: &Layer) -> Option<Message> {
        part.field("resp.array")?;
        let mut words = part.all("resp.bulk_string.value").map(text);
        let operation = words.next()?.to_uppercase();
        if matches!(operation.as_str(), "SUBSCRIBE" | "PSUBSCRIBE" | "UNSUBSCRIBE" | "PUNSUBSCRIBE") {
            self.is_subscriber = true;
            self.subscriptions.push(words.count().max(1));
        }
        Some(Message::Request { operation, key: None })
    }

    fn reply(&mut self, part: &Layer) -> Option<Message> {
        if part.field("resp.array").is_some() {
            let mut words = part.all("resp.bulk_string.value").map(text);
            match words.next().unwrap_or_default().as_str() {
                kind @ ("message" | "pmessage") if self.is_subscriber => {
                    let channel = words.next().unwrap_or_default();
                    return Some(Message::OneWay { operation: format!("{kind} {channel}"), key: None });
                }
                "subscribe" | "psubscribe" | "unsubscribe" | "punsubscribe" => {
                    let left = self.subscriptions.first_mut()?;
                    *left -= 1;
                    if *left > 0 {
                        return None;
                    }
                    self.subscriptions.remove(0);
                }
                _ => {}
            }
        }
        // Errors within an array are those of a transaction's commands.
        let error = part.field("resp.error").and_then(|error| error.split(' ').next());
        Some(Message::Response { code: error.unwrap_or_default().to_owned(), answers: Answers::First })
    }
}

/// Bytes as tshark shows them, `50:49:4e:47`, as text.
fn text(bytes: &str) -> String {
    let bytes: Vec<u8> = bytes.split(':').filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, error, .. } = exchange;
    Some(Seen::new(exchange, format!("{verb} {resource}").trim().to_owned(), error.clone()))
}
