//! Prepared statements: what their numbers stand for.

use super::command::StatementId;
use crate::definitions::Definitions;
use crate::sql::Statement;
use crate::{Counters, Limits};

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
        let bytes = statement.held_bytes();
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
        self.by_number.held_bytes().saturating_add(self.last.as_ref().map_or(0, Statement::held_bytes))
    }
}
