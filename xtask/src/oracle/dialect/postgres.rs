//! PostgreSQL.

use std::collections::{BTreeMap, VecDeque};

use geophone_model::net::Transport;
use geophone_proto_parse::{Direction, Exchange, Flags, Protocol};

use super::{Answers, Dialect, Message, Reader, Seen, first_word};
use crate::oracle::pdml::Layer;

pub(super) const DIALECT: Dialect = Dialect {
    protocol: Protocol::Postgres,
    port: 5432,
    capture_ports: &[],
    transport: Transport::Tcp,
    dissector: "pgsql",
    layers: &["pgsql"],
    options: &[],
    reader: || Box::new(Session::default()),
    seen,
};

/// What the server works off, in its order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A query, a function call or the login, up to `Ready for query`.
    Whole,
    Execute,
    Sync,
}

#[derive(Default)]
struct Session {
    /// What prepared statements and portals begin with.
    statements: BTreeMap<String, String>,
    portals: BTreeMap<String, String>,
    steps: VecDeque<Step>,
    /// The first step's response has begun.
    is_answering: bool,
    /// Something was executed since the last `Sync` that was worked off.
    has_executed: bool,
    /// How much was passed over since then, because of an error.
    skipped: usize,
}

impl Reader for Session {
    fn read(&mut self, layer: &Layer, direction: Direction) -> Vec<Message> {
        let kind = layer.field("pgsql.type").unwrap_or_default();
        match direction {
            Direction::ToServer => self.request(layer, kind).into_iter().collect(),
            Direction::ToClient => self.response(layer, kind),
        }
    }
}

impl Session {
    fn request(&mut self, layer: &Layer, kind: &str) -> Option<Message> {
        let text = |name| layer.field(name).unwrap_or_default().to_owned();
        match kind {
            // Questions for encryption that are refused are part of the login.
            "SSL request" | "GSS encrypt request" | "Startup message" if self.steps.contains(&Step::Whole) => {
                Some(Message::RequestPart { key: None })
            }
            "SSL request" | "GSS encrypt request" | "Startup message" => self.begins("connect".to_owned(), Step::Whole),
            "Simple query" => self.begins(first_word(&text("pgsql.query")), Step::Whole),
            "Function call" => self.begins("call".to_owned(), Step::Whole),
            "Parse" => {
                self.statements.insert(text("pgsql.statement"), first_word(&text("pgsql.query")));
                None
            }
            "Bind" => {
                let statement = self.statements.get(&text("pgsql.statement")).cloned();
                self.portals.insert(text("pgsql.portal"), statement.unwrap_or_else(|| "EXECUTE".to_owned()));
                None
            }
            "Execute" => {
                let portal = self.portals.get(&text("pgsql.portal")).cloned();
                self.begins(portal.unwrap_or_else(|| "EXECUTE".to_owned()), Step::Execute)
            }
            "Sync" => {
                self.steps.push_back(Step::Sync);
                None
            }
            "Close" => {
                layer.field("pgsql.statement").map(|name| self.statements.remove(name));
                layer.field("pgsql.portal").map(|name| self.portals.remove(name));
                None
            }
            "Cancel request" => Some(Message::OneWay { operation: "cancel".to_owned(), key: None }),
            "Copy data" | "Copy completion" | "Copy failure" => Some(Message::RequestPart { key: None }),
            kind if kind.contains("message") => Some(Message::RequestPart { key: None }),
            _ => None,
        }
    }

    fn begins(&mut self, operation: String, step: Step) -> Option<Message> {
        self.steps.push_back(step);
        Some(Message::Request { operation, key: None })
    }

    fn response(&mut self, layer: &Layer, kind: &str) -> Vec<Message> {
        if kind == "Notification" {
            let channel = layer.field("pgsql.condition").unwrap_or_default();
            return vec![Message::OneWay { operation: format!("notification {channel}"), key: None }];
        }
        let error = if kind == "Error" { layer.field("pgsql.code").map(str::to_owned) } else { None };
        match self.steps.front() {
            None => Vec::new(),
            Some(Step::Sync) => self.ends(kind == "Ready for query", error),
            Some(step) => vec![self.answers(*step, kind, error)],
        }
    }

    /// The end of a group, or an error at its end, which is the fault of its last statement.
    fn ends(&mut self, is_ready: bool, error: Option<String>) -> Vec<Message> {
        let mut messages = Vec::new();
        if self.has_executed && self.skipped == 0 && (is_ready || error.is_some()) {
            messages.push(Message::ResponsePart { key: None, code: error });
        }
        if is_ready {
            self.steps.pop_front();
            self.has_executed = false;
            let skipped =
                std::iter::repeat_with(|| Message::Response { code: "skipped".to_owned(), answers: Answers::First });
            messages.extend(skipped.take(std::mem::take(&mut self.skipped)));
        }
        messages
    }

    fn answers(&mut self, step: Step, kind: &str, error: Option<String>) -> Message {
        let is_over = match step {
            Step::Execute => {
                error.is_some() || matches!(kind, "Command completion" | "Empty query" | "Portal suspended")
            }
            _ => kind == "Ready for query",
        };
        let begins = !std::mem::replace(&mut self.is_answering, !is_over);
        if is_over {
            self.steps.pop_front();
            // With its group still open, a statement is over before that.
            self.has_executed = step == Step::Execute && self.steps.contains(&Step::Sync);
        }
        if kind == "CopyIn response" {
            // The server passes over what comes before the data.
            self.steps.retain(|step| *step != Step::Sync);
        }
        if error.is_some() && step == Step::Execute {
            while self.steps.front() == Some(&Step::Execute) {
                self.steps.pop_front();
                self.skipped += 1;
            }
        }
        if begins {
            Message::Response { code: error.unwrap_or_else(|| "ok".to_owned()), answers: Answers::First }
        } else {
            Message::ResponsePart { key: None, code: error }
        }
    }
}

fn seen(exchange: &Exchange) -> Option<Seen> {
    let Exchange { protocol, verb, resource, error, flags, .. } = exchange;
    // Behind a request for TLS comes that.
    let code = match error.as_str() {
        "" if flags.contains(Flags::SKIPPED) => "skipped",
        "" => "ok",
        error => error,
    };
    (*protocol == Protocol::Postgres).then(|| Seen::new(exchange, format!("{verb} {resource}"), code.to_owned()))
}
