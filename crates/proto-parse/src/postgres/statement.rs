//! What a connection has prepared: the texts behind the names of statements and portals.

use alloc::string::String;

use super::request::{Named, Text};
use crate::definitions::Definitions;
use crate::sql::{Dialect, fingerprint};
use crate::{Exchange, Flags, Limits};

/// The prepared statements and the portals of one connection.
#[derive(Debug)]
pub(super) struct Statements {
    named: Definitions<Statement>,
    portals: Definitions<Statement>,
    /// The unnamed ones, which most drivers use for nearly all they do.
    unnamed: Statement,
    unnamed_portal: Statement,
    /// What a name that nobody knows stands for.
    unknown: Statement,
}

/// What a statement is called.
#[derive(Debug, Default)]
pub(super) struct Statement {
    verb: String,
    resource: String,
    is_known: bool,
    is_cut: bool,
}

/// What a statement is called whose text was not seen.
const UNKNOWN_VERB: &str = "EXECUTE";

impl Statements {
    pub(super) fn new(limits: &Limits) -> Self {
        // A portal refers to a statement, and most are unnamed.
        let portal_bytes = limits.definition_bytes / 4;
        Self {
            named: Definitions::new(limits.definition_bytes.saturating_sub(portal_bytes)),
            portals: Definitions::new(portal_bytes),
            unnamed: Statement::default(),
            unnamed_portal: Statement::default(),
            unknown: Statement::default(),
        }
    }

    pub(super) fn parse(&mut self, name: &[u8], text: Text<'_>, is_cut: bool, dialect: Dialect, limits: &Limits) {
        if name.is_empty() {
            self.unnamed.parse(text, is_cut, dialect, limits);
        } else {
            let mut statement = Statement::default();
            statement.parse(text, is_cut, dialect, limits);
            let held_bytes = statement.held_bytes();
            self.named.define(name, statement, held_bytes);
        }
    }

    pub(super) fn bind(&mut self, portal: &[u8], statement: &[u8]) {
        let Self { named, portals, unnamed, unnamed_portal, unknown } = self;
        let statement = match statement {
            [] => &*unnamed,
            name => named.find(name).map_or(&*unknown, |statement| &*statement),
        };
        if portal.is_empty() {
            unnamed_portal.copy(statement);
        } else {
            let mut copy = Statement::default();
            copy.copy(statement);
            let held_bytes = copy.held_bytes();
            portals.define(portal, copy, held_bytes);
        }
    }

    /// What the name stands for; `None` for one that could not be read.
    pub(super) fn find(&mut self, named: Option<Named<'_>>) -> &Statement {
        let Self { named: statements, portals, unnamed, unnamed_portal, unknown } = self;
        match named {
            None => unknown,
            Some(Named::Statement([])) => unnamed,
            Some(Named::Portal([])) => unnamed_portal,
            Some(Named::Statement(name)) => statements.find(name).map_or(unknown, |statement| statement),
            Some(Named::Portal(name)) => portals.find(name).map_or(unknown, |portal| portal),
        }
    }

    pub(super) fn close(&mut self, named: Named<'_>) {
        match named {
            Named::Statement([]) => self.unnamed.is_known = false,
            Named::Portal([]) => self.unnamed_portal.is_known = false,
            Named::Statement(name) => drop(self.named.remove(name)),
            Named::Portal(name) => drop(self.portals.remove(name)),
        }
    }

    /// Requests were lost. Who is prepared again and again may stand for something else by now.
    pub(super) fn forget_unnamed(&mut self) {
        self.unnamed.is_known = false;
        self.unnamed_portal.is_known = false;
        self.portals.clear();
    }

    pub(super) fn take_evicted(&mut self) -> u64 {
        self.named.take_evicted().saturating_add(self.portals.take_evicted())
    }

    pub(super) fn held_bytes(&self) -> usize {
        let unnamed = self.unnamed.held_bytes().saturating_add(self.unnamed_portal.held_bytes());
        self.named.held_bytes().saturating_add(self.portals.held_bytes()).saturating_add(unnamed)
    }
}

impl Statement {
    /// Takes a text. `is_cut`: bytes of it were lost.
    pub(super) fn parse(&mut self, text: Text<'_>, is_cut: bool, dialect: Dialect, limits: &Limits) {
        let is_whole = fingerprint(dialect, text.bytes, limits, &mut self.verb, &mut self.resource);
        self.is_cut = !is_whole || !text.is_whole || is_cut;
        self.is_known = true;
    }

    pub(super) fn copy(&mut self, other: &Self) {
        let Self { verb, resource, is_known, is_cut } = self;
        verb.clone_from(&other.verb);
        resource.clone_from(&other.resource);
        (*is_known, *is_cut) = (other.is_known, other.is_cut);
    }

    /// Gives an exchange its name.
    pub(super) fn name(&self, exchange: &mut Exchange) {
        if !self.is_known {
            exchange.verb.clear();
            exchange.verb.push_str(UNKNOWN_VERB);
            exchange.resource.clear();
            exchange.flags |= Flags::REFERENCE_UNKNOWN;
            return;
        }
        exchange.verb.clone_from(&self.verb);
        exchange.resource.clone_from(&self.resource);
        if self.is_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.verb.capacity()).saturating_add(self.resource.capacity())
    }
}
