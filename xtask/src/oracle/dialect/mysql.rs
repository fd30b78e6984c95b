//! MySQL and MariaDB.

use std::collections::BTreeMap;

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen, first_word};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::MySql,
    port: 3306,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "mysql",
    layers: &["mysql"],
    options: &[],
    reader: || Box::new(Session::default()),
    seen,
};

/// Commands without a text, by their numbers ("Command Phase" in the documentation of MySQL's source code).
const COMMANDS: [(i64, &str); 15] = [
    (2, "INIT_DB"),
    (4, "FIELD_LIST"),
    (9, "STATISTICS"),
    (10, "PROCESS_INFO"),
    (14, "PING"),
    (17, "CHANGE_USER"),
    (18, "BINLOG_DUMP"),
    (21, "REGISTER_SLAVE"),
    (22, "STMT_PREPARE"),
    (26, "STMT_RESET"),
    (27, "SET_OPTION"),
    (28, "STMT_FETCH"),
    (30, "BINLOG_DUMP_GTID"),
    (31, "RESET_CONNECTION"),
    (250, "STMT_BULK_EXECUTE"),
];

/// What prepared statements begin with, and how far the packets are that belong together.
#[derive(Default)]
struct Session {
    /// Of the statement that is being prepared.
    preparing: Option<String>,
    statements: BTreeMap<i64, String>,
    /// The number of the last packet.
    last: i64,
    is_answered: bool,
}

impl Reader for Session {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let number = layer.number("mysql.packet_number").unwrap_or_default();
        let message = match direction {
            Direction::ToServer => Some(self.packet(layer, number)),
            Direction::ToClient => self.reply(layer, number),
        };
        self.last = number;
        message.into_iter().collect()
    }
}

impl Session {
    fn packet(&mut self, layer: &Layer, number: i64) -> Message {
        if layer.field("mysql.login_request").is_some() {
            self.is_answered = false;
            // The first 32 bytes of a login, alone, ask for TLS.
            return match layer.number("mysql.packet_length") {
                Some(32) => Message::OneWay { operation: "SSL_REQUEST".to_owned(), key: None },
                _ => Message::Request { operation: "CONNECT".to_owned(), key: None },
            };
        }
        // A command is packet 0; a round of the login and a file are not, whatever tshark takes them for.
        if number != 0 {
            return Message::RequestPart { key: None };
        }
        let operation = match layer.number("mysql.command") {
            None => return Message::RequestPart { key: None },
            Some(1) => return Message::OneWay { operation: "QUIT".to_owned(), key: None },
            Some(24) => return Message::OneWay { operation: "STMT_SEND_LONG_DATA".to_owned(), key: None },
            Some(25) => {
                self.statements.remove(&layer.number("mysql.stmt_id").unwrap_or_default());
                return Message::OneWay { operation: "STMT_CLOSE".to_owned(), key: None };
            }
            Some(3) => first_word(layer.field("mysql.query").unwrap_or_default()),
            Some(23) => {
                let id = layer.number("mysql.stmt_id").unwrap_or_default();
                self.statements.get(&id).cloned().unwrap_or_else(|| "STMT_EXECUTE".to_owned())
            }
            Some(number) => {
                let known = COMMANDS.iter().find(|(command, _)| *command == number);
                known.map_or_else(|| format!("command {number}"), |(_, name)| (*name).to_owned())
            }
        };
        self.preparing = layer.field("mysql.query").map(first_word);
        self.is_answered = false;
        Message::Request { operation, key: None }
    }

    fn reply(&mut self, layer: &Layer, number: i64) -> Option<Message> {
        if layer.field("mysql.server_greeting").is_some() {
            return None;
        }
        if let (Some(id), Some(statement)) = (layer.number("mysql.stmt_id"), self.preparing.take()) {
            self.statements.insert(id, statement);
        }
        let error = layer.field("mysql.error_code").map(str::to_owned);
        // Packet 1 begins a reply, unless so many packets are behind it that the numbers come again.
        let begins = number == 1 && self.last != 0 || !self.is_answered;
        self.is_answered = true;
        if !begins {
            return Some(Message::ResponsePart { key: None, code: error });
        }
        Some(Message::Response { code: error.unwrap_or_else(|| "0".to_owned()), answers: Answers::First })
    }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { protocol, verb, resource, native_status, .. } = exchange;
    // Behind a request for TLS comes that.
    (*protocol == Protocol::MySql)
        .then(|| Seen::new(exchange, format!("{verb} {resource}"), native_status.unwrap_or_default().to_string()))
}
