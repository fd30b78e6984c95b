//! MongoDB.

use std::collections::BTreeMap;

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::MongoDb,
    port: 27017,
    capture_ports: &[27017, 3717],
    transport: Transport::Tcp,
    dissector: "mongo",
    layers: &["mongo"],
    options: &[],
    reader: || Box::new(Messages::default()),
    seen,
};

/// Commands whose first element's value is a collection.
const ABOUT_COLLECTIONS: [&str; 9] =
    ["aggregate", "count", "create", "delete", "distinct", "drop", "find", "insert", "update"];

#[derive(Default)]
struct Messages {
    /// Whom a response answers that goes on with another one, by its own number.
    goes_on: BTreeMap<i64, i64>,
}

impl Reader for Messages {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let (Some(id), Some(answers)) = (layer.number("mongo.request_id"), layer.number("mongo.response_to")) else {
            return Vec::new();
        };
        let more_to_come = layer.field("mongo.msg.flags.moretocome") == Some("1");
        let opcode = layer.number("mongo.opcode").unwrap_or_default();
        vec![match direction {
            Direction::ToServer if more_to_come || matches!(opcode, 2001 | 2002 | 2006 | 2007) => {
                Message::OneWay { operation: operation(layer, opcode), key: None }
            }
            Direction::ToServer => Message::Request { operation: operation(layer, opcode), key: Some(id) },
            Direction::ToClient => {
                let before = self.goes_on.remove(&answers);
                let request = before.unwrap_or(answers);
                if more_to_come {
                    self.goes_on.insert(id, request);
                }
                let code = value(layer, "code").unwrap_or(if opcode == 1 { "" } else { "0" }).to_owned();
                match before {
                    Some(_) => Message::ResponsePart { key: Some(request), code: Some(code) },
                    None => Message::Response { code, answers: Answers::Key(request) },
                }
            }
        }]
    }
}

/// The command is the name of the first element of a message's body, or what took the place of a legacy opcode.
fn operation(layer: &Layer, opcode: i64) -> String {
    let collection = layer.field("mongo.full_collection_name").unwrap_or_default();
    let command = match opcode {
        2001 => return format!("update {collection}"),
        2002 => return format!("insert {collection}"),
        2006 => return format!("delete {collection}"),
        2004 if !collection.ends_with(".$cmd") => return format!("find {collection}"),
        2005 => return format!("getMore {collection}"),
        2012 => return String::new(),
        _ => {
            let body =
                layer.fields().skip_while(|(name, _)| opcode == 2013 && *name != "mongo.msg.sections.section.body");
            let mut names = body.filter(|(name, _)| *name == "mongo.element.name").map(|(_, name)| name);
            names.find(|name| *name != "$query").unwrap_or_default()
        }
    };
    match (value(layer, command), value(layer, "$db")) {
        (Some(collection), Some(database)) if ABOUT_COLLECTIONS.contains(&command) => {
            format!("{command} {database}.{collection}")
        }
        _ => command.to_owned(),
    }
}

/// The value of the first element with a name, if it is a text or an integer.
fn value<'a>(layer: &'a Layer, element: &str) -> Option<&'a str> {
    let mut fields = layer.fields().skip_while(|field| *field != ("mongo.element.name", element)).skip(1);
    let value = fields.by_ref().take_while(|(name, _)| *name != "mongo.element.name");
    let mut value = value.filter(|(name, _)| matches!(*name, "mongo.element.value.string" | "mongo.element.value.int"));
    value.next().map(|(_, value)| value)
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { verb, resource, native_status, .. } = exchange;
    Some(Seen::new(exchange, format!("{verb} {resource}"), native_status.unwrap_or_default().to_string()))
}
