//! Statements that are executed later, and what they are called then.

use alloc::string::String;

use super::{Dialect, fingerprint};
use crate::{Exchange, Flags, Limits, text};

/// The fingerprint of a statement that is executed later.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statement {
    verb: String,
    resource: String,
    is_whole: bool,
}

impl Statement {
    /// `is_cut`: the text goes on.
    pub(crate) fn new(dialect: Dialect, text: &[u8], is_cut: bool, limits: &Limits) -> Self {
        let mut statement = Self::default();
        let Self { verb, resource, is_whole } = &mut statement;
        *is_whole = fingerprint(dialect, text, limits, verb, resource) && !is_cut;
        statement
    }

    /// Names an exchange that does what the statement says.
    pub(crate) fn name(&self, exchange: &mut Exchange) {
        exchange.verb.push_str(&self.verb);
        exchange.resource.push_str(&self.resource);
        if !self.is_whole {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
    }

    /// Names an exchange that does something else with the statement.
    pub(crate) fn name_use(&self, verb: &str, exchange: &mut Exchange, limits: &Limits) {
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

    /// Bytes of memory that it takes, about.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.verb.len()).saturating_add(self.resource.len())
    }
}
