//! Prepared statements: what their numbers stand for.

use alloc::string::String;

use super::command::StatementId;
use crate::definitions::Definitions;
use crate::sql::{Dialect, fingerprint};
use crate::{Counters, Exchange, Flags, Limits, text};

/// A statement's fingerprint.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    verb: String,
    resource: String,
    is_whole: bool,
}

impl Statement {
    pub(super) fn new(text: &[u8], limits: &Limits) -> Self {
        let mut statement = Self::default();
        let Self { verb, resource, is_whole } = &mut statement;
        *is_whole = fingerprint(Dialect::MYSQL, text, limits, verb, resource);
        statement
    }

    /// Names an exchange that does what the statement says.
    pub(super) fn name(&self, exchange: &mut Exchange) {
        exchange.verb.push_str(&self.verb);
        exchange.resource.push_str(&self.resource);
        if !self.is_whole {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }

    /// Names an exchange that does something else with the statement.
    pub(super) fn name_use(&self, verb: &str, exchange: &mut Exchange, limits: &Limits) {
        let Self { verb: statement, resource: rest, is_whole } = self;
        text::copy(&mut exchange.verb, verb.as_bytes(), limits.verb_bytes);
        let out = &mut exchange.resource;
        out.push_str(statement);
        if !rest.is_empty() {
            out.push(' ');
            out.push_str(rest);
        }
        let is_cut = out.len() > limits.resource_bytes;
        out.truncate(out.floor_char_boundary(limits.resource_bytes));
        if is_cut || !is_whole {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.verb.len()).saturating_add(self.resource.len())
    }
}

/// The prepared statements of a connection.
#[derive(Debug)]
pub(super) struct Statements {
    by_number: Definitions<Statement>,
    /// The one that was sent last, whether or not it has a number yet.
    last: Option<Statement>,
}

impl Statements {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { by_number: Definitions::new(limits.definition_bytes), last: None }
    }

    /// A statement was sent.
    pub(super) fn send(&mut self, statement: Statement) {
        self.last = Some(statement);
    }

    /// The server gave a statement a number.
    pub(super) fn define(&mut self, number: u32, statement: Statement, counters: &mut Counters) {
        let bytes = statement.bytes();
        self.by_number.define(&number.to_le_bytes(), statement, bytes);
        counters.definitions_evicted = counters.definitions_evicted.saturating_add(self.by_number.take_evicted());
    }

    pub(super) fn find(&mut self, id: StatementId) -> Option<&Statement> {
        match id {
            StatementId::Number(number) => self.by_number.find(&number.to_le_bytes()).map(|statement| &*statement),
            StatementId::Last => self.last.as_ref(),
        }
    }

    pub(super) fn close(&mut self, id: StatementId) {
        if let StatementId::Number(number) = id {
            self.by_number.remove(&number.to_le_bytes());
        }
    }

    /// The session is a new one.
    pub(super) fn clear(&mut self) {
        self.by_number.clear();
        self.last = None;
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.by_number.held_bytes().saturating_add(self.last.as_ref().map_or(0, Statement::bytes))
    }
}
