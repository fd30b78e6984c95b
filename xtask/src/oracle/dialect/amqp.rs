//! AMQP 0-9-1.

use std::collections::{BTreeMap, BTreeSet};

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Amqp,
    port: 5672,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "amqp",
    layers: &["amqp"],
    options: &[],
    reader: || Box::new(Channels::default()),
    seen,
};

/// Methods that begin something, by class and number (amqp0-9-1.xml, and RabbitMQ's extensions), with the argument that names
/// what they are about.
const METHODS: [(i64, i64, &str, &str); 29] = [
    (10, 40, "connection.open", "virtual_host"),
    (10, 50, "connection.close", ""),
    (10, 60, "connection.blocked", ""),
    (10, 61, "connection.unblocked", ""),
    (10, 70, "connection.update-secret", ""),
    (20, 10, "channel.open", ""),
    (20, 20, "channel.flow", ""),
    (20, 40, "channel.close", ""),
    (40, 10, "exchange.declare", "exchange"),
    (40, 20, "exchange.delete", "exchange"),
    (40, 30, "exchange.bind", ""),
    (40, 40, "exchange.unbind", ""),
    (50, 10, "queue.declare", "queue"),
    (50, 20, "queue.bind", "queue"),
    (50, 30, "queue.purge", "queue"),
    (50, 40, "queue.delete", "queue"),
    (50, 50, "queue.unbind", "queue"),
    (60, 10, "qos", ""),
    (60, 20, "consume", "queue"),
    (60, 30, "cancel", ""),
    (60, 40, "publish", "exchange"),
    (60, 50, "return", "exchange"),
    (60, 60, "deliver", "exchange"),
    (60, 70, "get", "queue"),
    (60, 110, "recover", ""),
    (85, 10, "confirm.select", ""),
    (90, 10, "tx.select", ""),
    (90, 20, "tx.commit", ""),
    (90, 30, "tx.rollback", ""),
];

/// What the client says of messages that it was given.
const VERDICTS: [(i64, &str); 4] = [(80, "ack"), (90, "reject"), (100, "recover-async"), (120, "nack")];

/// The login: what the client says between the server's start and tune, which is channel 0's.
const LOGIN: i64 = 0;

#[derive(Default)]
struct Channels {
    /// The keys of methods that wait for an answer.
    waiting: Vec<i64>,
    /// Channels whose publishes are confirmed.
    confirming: BTreeSet<i64>,
    /// The numbers of publishes that are not confirmed yet, by channel.
    published: BTreeMap<i64, BTreeSet<i64>>,
    /// What a content belongs to, by its channel and direction: the key, and whether it is a request's.
    content_of: BTreeMap<(i64, bool), (i64, bool)>,
    one_ways: i64,
}

impl Reader for Channels {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let to_server = direction == Direction::ToServer;
        let (Some(kind), Some(channel)) = (layer.number("amqp.type"), layer.number("amqp.channel")) else {
            return Vec::new();
        };
        match (layer.number("amqp.method.class"), layer.number("amqp.method.method")) {
            (Some(class), Some(method)) => self.method(layer, to_server, channel, (class, method)),
            // Header and body of a content.
            _ if matches!(kind, 2 | 3) => {
                self.content_of.get(&(channel, to_server)).map_or(Vec::new(), |&(key, asks)| {
                    let key = Some(key);
                    vec![if asks { Message::RequestPart { key } } else { Message::ResponsePart { key, code: None } }]
                })
            }
            _ => Vec::new(),
        }
    }
}

impl Channels {
    fn method(&mut self, layer: &Layer, to_server: bool, channel: i64, (class, method): (i64, i64)) -> Vec<Message> {
        match (class, method, to_server) {
            // What the client answers to the server's start, secure and tune.
            (10, 11, true) => vec![self.request("connection.start".to_owned(), LOGIN)],
            (10, 21, true) => vec![Message::RequestPart { key: Some(LOGIN) }],
            (10, 30, false) => vec![self.response("0", LOGIN)],
            (60, 80 | 120, false) => self.confirmed(layer, channel, method),
            (10, 50, false) | (20, 40, false) => vec![self.closed(layer, channel, class)],
            (60, 71, false) => {
                let key = method_key(channel, 60, 70);
                self.content_of.insert((channel, false), (key, false));
                vec![self.response("0", key)]
            }
            (60, 72, false) => vec![self.response("0", method_key(channel, 60, 70))],
            (60, number, true) if VERDICTS.iter().any(|(verdict, _)| *verdict == number) => {
                let name = VERDICTS.iter().find(|(verdict, _)| *verdict == number).map_or("", |(_, name)| name);
                vec![one_way(name.to_owned(), None)]
            }
            _ => self.begins(layer, to_server, channel, (class, method)).into_iter().collect(),
        }
    }

    /// A method that begins something, or else the server's answer to one.
    fn begins(&mut self, layer: &Layer, to_server: bool, channel: i64, (class, method): (i64, i64)) -> Option<Message> {
        let Some((name, argument)) = known(class, method) else {
            // The number of an answer is one more. What the client answers is nothing of its own.
            return (!to_server && self.waiting.contains(&method_key(channel, class, method - 1)))
                .then(|| self.response("0", method_key(channel, class, method - 1)));
        };
        let value = |argument: &str| layer.field(&format!("amqp.method.arguments.{argument}")).unwrap_or_default();
        let about = match value(argument) {
            "" if matches!(name, "publish" | "return" | "deliver") => value("routing_key"),
            about => about,
        };
        // Names that the broker makes up are told in part.
        let about = if about.starts_with("amq.") { "" } else { about };
        let operation = format!("{name} {about}").trim_end().to_owned();
        if name == "confirm.select" {
            self.confirming.insert(channel);
        }
        let waits = to_server && value("nowait") != "1";
        match name {
            "publish" if self.confirming.contains(&channel) => {
                let number = layer.number("amqp.method.arguments.publish_number").unwrap_or_default();
                self.published.entry(channel).or_default().insert(number);
                let key = confirm_key(channel, number);
                self.content_of.insert((channel, to_server), (key, true));
                Some(self.request(operation, key))
            }
            "publish" | "deliver" | "return" => {
                self.one_ways -= 1;
                self.content_of.insert((channel, to_server), (self.one_ways, true));
                Some(one_way(operation, Some(self.one_ways)))
            }
            _ if waits => Some(self.request(operation, method_key(channel, class, method))),
            _ => Some(one_way(operation, None)),
        }
    }

    /// What the server says of publishes: of one, or of all up to it.
    fn confirmed(&mut self, layer: &Layer, channel: i64, method: i64) -> Vec<Message> {
        let tag = layer.number("amqp.method.arguments.delivery_tag").unwrap_or_default();
        let all = layer.field("amqp.method.arguments.multiple") == Some("1");
        let waiting = self.published.entry(channel).or_default();
        let confirmed: Vec<i64> =
            waiting.iter().copied().filter(|number| *number == tag || all && (*number < tag || tag == 0)).collect();
        waiting.retain(|number| !confirmed.contains(number));
        let code = if method == 80 { "0" } else { "" };
        confirmed.into_iter().map(|number| self.response(code, confirm_key(channel, number))).collect()
    }

    /// The server closes a channel or the connection, and names the method that is at fault.
    fn closed(&mut self, layer: &Layer, channel: i64, class: i64) -> Message {
        let argument = |name: &str| layer.number(&format!("amqp.method.arguments.{name}")).unwrap_or_default();
        let fault = (argument("class_id"), argument("method_id"));
        let code = argument("reply_code").to_string();
        let published = self.published.get(&channel).and_then(|numbers| numbers.first());
        let key = match (fault, published) {
            ((60, 40), Some(number)) => confirm_key(channel, *number),
            ((10, 10 | 11 | 20 | 21), _) => LOGIN,
            _ => self.named(channel, fault),
        };
        if self.waiting.contains(&key) {
            return self.response(&code, key);
        }
        let name = if class == 10 { "connection.close" } else { "channel.close" };
        let about = known(fault.0, fault.1).map_or("", |(name, _)| name);
        one_way(format!("{name} {about}").trim_end().to_owned(), None)
    }

    /// The method that is named, on this channel, or on another if the connection is closed.
    fn named(&self, channel: i64, (class, method): (i64, i64)) -> i64 {
        let is_named = |key: &&i64| **key >> 16 == method_key(0, class, method) >> 16;
        let own = method_key(channel, class, method);
        if channel == 0 { self.waiting.iter().find(is_named).copied().unwrap_or(own) } else { own }
    }

    fn request(&mut self, operation: String, key: i64) -> Message {
        self.waiting.push(key);
        Message::Request { operation, key: Some(key) }
    }

    fn response(&mut self, code: &str, key: i64) -> Message {
        if let Some(at) = self.waiting.iter().position(|waiting| *waiting == key) {
            self.waiting.remove(at);
        }
        Message::Response { code: code.to_owned(), answers: Answers::Key(key) }
    }
}

/// The name of a method that begins something, and the argument that it is about.
fn known(class: i64, method: i64) -> Option<(&'static str, &'static str)> {
    let known = METHODS.iter().find(|(known, number, ..)| (*known, *number) == (class, method));
    known.map(|(_, _, name, argument)| (*name, *argument))
}

/// A channel's number has 16 bits, and so have those of classes and methods, which are small.
const fn method_key(channel: i64, class: i64, method: i64) -> i64 {
    (class * 1_000 + method) << 16 | channel
}

/// Of no method.
const fn confirm_key(channel: i64, number: i64) -> i64 {
    (number + 1) << 40 | channel
}

const fn one_way(operation: String, key: Option<i64>) -> Message {
    Message::OneWay { operation, key }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    let operation = format!("{verb} {resource}").trim_end().to_owned();
    Some(Seen::new(exchange, operation, native_status.unwrap_or_default().to_string()))
}
