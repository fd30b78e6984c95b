//! What rows to read.
//!
//! A range holds the rows whose time is at or after its start and before its end. Of several values of one condition any
//! may hold, of several conditions all have to; an empty condition always holds.

use geophone_model::{
    code::Code,
    exchange::Observed,
    identity::Identity,
    protocol::Protocol,
    series::{SeriesKey, View},
    status::StatusClass,
    time::Window,
};

use crate::{Cursor, EventKind, PathPattern, StoredExchange};

/// Which windows and points to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointQuery {
    /// Windows that start in this range.
    pub range: Window,
    /// Points that this matches.
    pub filter: PointFilter,
    /// Most points; where more match, the query fails: [`PointQuery::DEFAULT_MAX_POINTS`] unless told otherwise.
    pub max_points: usize,
}

impl PointQuery {
    /// Most points unless told otherwise.
    pub const DEFAULT_MAX_POINTS: usize = 5_000_000;

    /// All points of a range.
    pub fn new(range: Window) -> Self {
        Self { range, filter: PointFilter::default(), max_points: Self::DEFAULT_MAX_POINTS }
    }
}

/// Which series to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointFilter {
    /// Measured at this end.
    pub view: Option<View>,
    /// With one of these at either end.
    pub services: Vec<Identity>,
    /// Of these protocols.
    pub protocols: Vec<Protocol>,
}

impl PointFilter {
    /// Whether every series matches.
    pub fn is_empty(&self) -> bool {
        self.view.is_none() && self.services.is_empty() && self.protocols.is_empty()
    }

    /// Whether a series matches.
    pub fn matches(&self, key: &SeriesKey) -> bool {
        self.view.is_none_or(|view| view == key.view)
            && (self.protocols.is_empty() || self.protocols.contains(&key.protocol))
            && (self.services.is_empty() || self.services.iter().any(|one| *one == *key.local || *one == *key.peer))
    }
}

/// Which exchanges to read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExchangeQuery {
    /// Exchanges that ended in this range.
    pub range: Window,
    /// Exchanges that this matches.
    pub filter: ExchangeFilter,
    /// Most exchanges in a page; at least one is taken, so that there is somewhere to go on.
    pub limit: usize,
    /// Only exchanges that come after this place, which is to say older ones.
    pub after: Option<Cursor>,
}

impl ExchangeQuery {
    /// The newest exchanges of a range.
    pub fn new(range: Window, limit: usize) -> Self {
        Self { range, filter: ExchangeFilter::default(), limit, after: None }
    }
}

/// Which exchanges to read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExchangeFilter {
    /// With one of these at either end.
    pub services: Vec<Identity>,
    /// Asked by one of these.
    pub clients: Vec<Identity>,
    /// Answered by one of these.
    pub servers: Vec<Identity>,
    /// That count in this view.
    pub view: Option<View>,
    /// Of these protocols.
    pub protocols: Vec<Protocol>,
    /// That ended like this.
    pub classes: Vec<StatusClass>,
    /// With one of these codes.
    pub codes: Vec<Code>,
    /// Of one of these operations.
    pub operations: Vec<String>,
    /// Whose path (not its template) this matches.
    pub path: Option<PathPattern>,
    /// That took at least so many nanoseconds. Those without a duration never did.
    pub min_duration_ns: Option<u64>,
    /// That are part of this trace.
    pub trace_id: Option<[u8; 16]>,
}

impl ExchangeFilter {
    /// Whether an exchange matches.
    pub fn matches(&self, stored: &StoredExchange) -> bool {
        let Self {
            services,
            clients,
            servers,
            view,
            protocols,
            classes,
            codes,
            operations,
            path,
            min_duration_ns,
            trace_id,
        } = self;
        let StoredExchange { exchange, client, server, operation } = stored;
        any(protocols, |one| *one == exchange.protocol)
            && any(classes, |one| *one == exchange.status.class)
            && any(codes, |one| *one == exchange.status.code)
            && view.is_none_or(|view| counts_in(view, exchange.observed))
            && min_duration_ns.is_none_or(|min| exchange.duration_ns().is_some_and(|duration_ns| duration_ns >= min))
            && trace_id.is_none_or(|id| exchange.trace.is_some_and(|trace| trace.trace_id == id))
            && any(clients, |one| *one == **client)
            && any(servers, |one| *one == **server)
            && any(services, |one| *one == **client || *one == **server)
            && any(operations, |one| **one == **operation)
            && path.as_ref().is_none_or(|path| path.is_match(&exchange.resource))
    }
}

fn any<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}

const fn counts_in(view: View, observed: Observed) -> bool {
    match view {
        View::Client => observed.by_client(),
        View::Server => observed.by_server(),
    }
}

/// Which ledger records to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerQuery {
    /// Records of this range.
    pub range: Window,
    /// Of one of these sources.
    pub sources: Vec<String>,
    /// Most records in a page; at least one is taken, so that there is somewhere to go on.
    pub limit: usize,
    /// Only records that come after this place, which is to say older ones.
    pub after: Option<Cursor>,
}

impl LedgerQuery {
    /// The newest records of a range.
    pub fn new(range: Window, limit: usize) -> Self {
        Self { range, sources: Vec::new(), limit, after: None }
    }
}

/// Which events to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventQuery {
    /// Events of this range.
    pub range: Window,
    /// Of these kinds.
    pub kinds: Vec<EventKind>,
    /// Of one of these sources.
    pub sources: Vec<String>,
    /// Most events in a page; at least one is taken, so that there is somewhere to go on.
    pub limit: usize,
    /// Only events that come after this place, which is to say older ones.
    pub after: Option<Cursor>,
}

impl EventQuery {
    /// The newest events of a range.
    pub fn new(range: Window, limit: usize) -> Self {
        Self { range, kinds: Vec::new(), sources: Vec::new(), limit, after: None }
    }
}
