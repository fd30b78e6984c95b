//! Which part of a map to look at.

use std::collections::HashSet;

use geophone_model::{identity::Identity, protocol::Protocol};
use regex::{Regex, RegexBuilder};

use crate::{Edge, Health, Operation, ServiceMap};

/// Conditions on the series of a map. All of them have to hold; of several values of one condition, any.
///
/// A filter selects series, and the map is drawn again from those. So every figure is of the matching series only, a node
/// is left exactly when it is an end of an edge that is left, and filtering twice is filtering once.
///
/// Namespace, service and externals select edges by their ends; protocol and path select operations of these; rate selects
/// edges by what their selected operations add up to. Health comes last: it selects nodes by the figures so far, and of the
/// edges so far all that touch one of them stay.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Edges with an end in one of these namespaces.
    pub namespaces: Vec<String>,
    /// Edges with one of these ends: a service id, a name, or `namespace/name`.
    pub services: Vec<String>,
    /// Operations whose path template this matches.
    pub path: Option<PathPattern>,
    /// Operations of these protocols.
    pub protocols: Vec<Protocol>,
    /// Edges with an end of this health.
    pub health: Vec<Health>,
    /// Edges with at least so many requests a second, in the view that [`Views::primary`](crate::Views::primary) shows.
    pub min_rate_per_second: Option<f64>,
    /// Edges between services of ours only. What outsiders ask is not in the figures then either.
    pub hide_externals: bool,
}

impl ServiceMap {
    /// The map of the series that match.
    pub fn filter(&self, filter: &Filter) -> Self {
        let ends = filter.matching_ends(self);
        let edges = self.edges().iter().filter(|edge| filter.keeps_ends(edge, ends.as_ref()));
        let edges =
            edges.filter_map(|edge| filter.narrow(edge, self)).filter(|edge| filter.keeps_rate(edge, self)).collect();
        let selected = self.with_edges(edges);
        if filter.health.is_empty() { selected } else { selected.filter_health(&filter.health) }
    }

    fn filter_health(&self, wanted: &[Health]) -> Self {
        let nodes = self.nodes().iter().filter(|node| wanted.contains(&node.verdict().health));
        let ends: HashSet<&Identity> = nodes.map(|node| &**node.identity()).collect();
        let edges = self.edges().iter().filter(|edge| either_end(edge, &ends)).cloned().collect();
        self.with_edges(edges)
    }
}

impl Filter {
    /// The nodes that namespace and service ask for; `None` where they ask for nothing.
    fn matching_ends<'a>(&self, map: &'a ServiceMap) -> Option<HashSet<&'a Identity>> {
        if self.namespaces.is_empty() && self.services.is_empty() {
            return None;
        }
        let identities = map.nodes().iter().map(|node| &**node.identity());
        Some(identities.filter(|identity| self.is_in_namespace(identity) && self.is_service(identity)).collect())
    }

    fn is_in_namespace(&self, identity: &Identity) -> bool {
        self.namespaces.is_empty() || identity.namespace.as_ref().is_some_and(|own| self.namespaces.contains(own))
    }

    fn is_service(&self, identity: &Identity) -> bool {
        let id = identity.id();
        let is = |wanted: &String| {
            *wanted == identity.name
                || wanted == id.as_str()
                || (identity.namespace.is_some() && *wanted == identity.to_string())
        };
        self.services.is_empty() || self.services.iter().any(is)
    }

    /// The edge with the matching operations only; `None` where there are none.
    fn narrow(&self, edge: &Edge, map: &ServiceMap) -> Option<Edge> {
        let operations: Vec<&Operation> =
            edge.operations().iter().filter(|operation| self.matches_operation(operation)).collect();
        match operations.len() {
            0 => None,
            len if len == edge.operations().len() => Some(edge.clone()),
            _ => {
                let operations = operations.into_iter().cloned().collect();
                Some(Edge::new(edge.client().clone(), edge.server().clone(), operations, &map.config().thresholds))
            }
        }
    }

    fn matches_operation(&self, operation: &Operation) -> bool {
        (self.protocols.is_empty() || self.protocols.contains(&operation.protocol))
            && self.path.as_ref().is_none_or(|path| path.matches_operation(&operation.name))
    }

    fn keeps_ends(&self, edge: &Edge, ends: Option<&HashSet<&Identity>>) -> bool {
        ends.is_none_or(|ends| either_end(edge, ends))
            && (!self.hide_externals || (edge.client().kind.is_local() && edge.server().kind.is_local()))
    }

    fn keeps_rate(&self, edge: &Edge, map: &ServiceMap) -> bool {
        let rate = || edge.views().primary().map_or(0.0, |tally| map.rate_per_second(tally));
        self.min_rate_per_second.is_none_or(|min| rate() >= min)
    }
}

fn either_end(edge: &Edge, ends: &HashSet<&Identity>) -> bool {
    ends.contains(&**edge.client()) || ends.contains(&**edge.server())
}

/// Longest pattern, in bytes.
pub const MAX_PATTERN_LEN: usize = 1024;

/// Largest compiled pattern, in bytes: `\w{20}` fits with all the letters of Unicode, repetitions of repetitions don't.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Largest cache of matcher states, in bytes.
const MAX_MATCHER_BYTES: usize = 1 << 20;

/// Deepest nesting of groups and repetitions.
const MAX_NESTING: u32 = 50;

/// A regular expression for path templates. It matches in time linear in the path, whatever the pattern, and matches
/// anywhere in the path unless it is anchored by `^` and `$`.
#[derive(Clone, Debug)]
pub struct PathPattern(Regex);

impl PathPattern {
    /// Compiles a pattern of at most [`MAX_PATTERN_LEN`] bytes.
    pub fn new(pattern: &str) -> Result<Self, InvalidPathPattern> {
        if pattern.len() > MAX_PATTERN_LEN {
            return Err(InvalidPathPattern::TooLong { len: pattern.len() });
        }
        let mut parser = regex_syntax::ParserBuilder::new().nest_limit(MAX_NESTING).build();
        if let Err(error) = parser.parse(pattern) {
            return Err(InvalidPathPattern::syntax(pattern, &error));
        }
        RegexBuilder::new(pattern)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_MATCHER_BYTES)
            .build()
            .map(Self)
            .map_err(|_| InvalidPathPattern::TooLarge { pattern: pattern.to_owned() })
    }

    /// Whether it matches this path or template.
    pub fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it matches the path of `GET /users/{id}`. An operation without a verb is a path as a whole.
    fn matches_operation(&self, operation: &str) -> bool {
        self.is_match(operation.split_once(' ').map_or(operation, |(_verb, path)| path))
    }
}

/// Two are equal that were made of the same pattern.
impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PathPattern {}

/// Why a path pattern was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPathPattern {
    /// It is no regular expression.
    #[error("path pattern `{pattern}` is no regular expression, at byte {position}: {reason}")]
    Syntax {
        /// The pattern.
        pattern: String,
        /// Offset in bytes of what is wrong, from the start of the pattern.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is longer than [`MAX_PATTERN_LEN`].
    #[error("path pattern has {len} bytes: take one of at most {MAX_PATTERN_LEN}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Its compiled form is too large.
    #[error("path pattern `{pattern}` is too large once compiled: take smaller repetitions")]
    TooLarge {
        /// The pattern.
        pattern: String,
    },
}

impl InvalidPathPattern {
    fn syntax(pattern: &str, error: &regex_syntax::Error) -> Self {
        let (position, reason) = match error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            other => (0, other.to_string()),
        };
        Self::Syntax { pattern: pattern.to_owned(), position, reason }
    }
}
