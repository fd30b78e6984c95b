//! From exchanges to windows.

use std::sync::Arc;

use geophone_distribution::Exponential;
use geophone_model::{
    code::Code,
    exchange::{Exchange, Observed},
    identity::Identity,
    ledger::{Coverage, LedgerRow},
    protocol::Protocol,
    series::{SeriesKey, SeriesPoint, View, WindowSnapshot},
    status::Status,
    time::Timestamp,
};

use crate::{
    clock::Clock,
    config::Config,
    counters::Counters,
    key::{IdentityId, Key, OperationId},
    operations::{OTHER, Operations, Request, is_routed},
    path_cache::{Found, PathCache},
    roster::Roster,
    subject::{Outcome, Subject},
    windows::{NOWHERE, OpenWindow, Slot, Windows},
};

/// Counts exchanges in windows. See the [crate's guide](crate).
#[derive(Debug)]
pub struct Aggregator {
    config: Config,
    clock: Clock,
    /// Up to when windows have been handed out.
    closed_until: Timestamp,
    roster: Roster,
    operations: Operations,
    paths: PathCache,
    windows: Windows,
    /// Counts the times that numbers of identities or operations were given back.
    epoch: u64,
    counters: Counters,
}

/// A [`Subject`] with its names looked up, for [`Aggregator::observe_prepared`]. It is good for the aggregator that made it,
/// until that forgets an identity or an operation.
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    epoch: u64,
    client: IdentityId,
    server: IdentityId,
    delivery: bool,
    operation: OperationId,
    protocol: Protocol,
    observed: Observed,
    folded_ends: u8,
    /// Where its series was last, which is verified: `NOWHERE` at first.
    place: u32,
}

/// Something was forgotten since the subject was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("counting a prepared subject: the aggregator has forgotten idle names since; prepare it again")]
pub struct Stale;

/// Why an exchange is in no window.
enum Withheld {
    AheadOfClock,
    WindowsFull,
    SeriesFull,
}

impl Aggregator {
    /// An aggregator that has seen nothing.
    pub fn new(config: Config) -> Self {
        Self {
            clock: Clock::new(config.max_step_ns),
            closed_until: Timestamp::MIN,
            roster: Roster::new(config.max_identities),
            operations: Operations::new(config.max_operations, config.template),
            paths: PathCache::new(config.path_cache_entries),
            windows: Windows::new(config.window_ns, config.distribution),
            epoch: 0,
            counters: Counters::default(),
            config,
        }
    }

    /// Counts an exchange between two identities, in the view or views that it was observed from. Returns its operation.
    pub fn record(&mut self, exchange: &Exchange, client: &Arc<Identity>, server: &Arc<Identity>) -> &Arc<str> {
        self.observe(&Subject::of(exchange, client, server), &Outcome::of(exchange))
    }

    /// Counts an outcome of a subject. Returns the operation.
    ///
    /// The identities are best the same `Arc`s every time: they are known again by their addresses, and compared only when
    /// those differ.
    pub fn observe(&mut self, subject: &Subject<'_>, outcome: &Outcome) -> &Arc<str> {
        let mut prepared = self.look_up(subject, outcome.status);
        self.count(&mut prepared, outcome);
        self.operations.name(prepared.operation)
    }

    /// Looks a subject's names up, for outcomes that are many and known to be of one subject: one that the service has, so
    /// that its path is learned from.
    pub fn prepare(&mut self, subject: &Subject<'_>) -> Prepared {
        self.look_up(subject, Status::default())
    }

    /// Counts an outcome of a prepared subject, and notes there where it did: the next one of the same status, in the same
    /// window, finds its series at once.
    pub fn observe_prepared(&mut self, prepared: &mut Prepared, outcome: &Outcome) -> Result<(), Stale> {
        if prepared.epoch != self.epoch {
            return Err(Stale);
        }
        self.count(prepared, outcome);
        Ok(())
    }

    /// The operation of a prepared subject.
    pub fn operation(&self, prepared: &Prepared) -> Result<&Arc<str>, Stale> {
        if prepared.epoch == self.epoch { Ok(self.operations.name(prepared.operation)) } else { Err(Stale) }
    }

    /// Moves the watermark of event time on, and hands out the windows that are over, in order of time and with their points
    /// sorted by key. A window may come more than once: [`merge`](crate::merge()) then adds up what it has been given.
    ///
    /// The coverage of the snapshots is empty: what the capture missed is not known here.
    pub fn advance(&mut self, watermark: Timestamp) -> Vec<WindowSnapshot> {
        self.clock.hear(watermark);
        let until = self.clock.now().minus_ns(self.config.allowed_lateness_ns);
        self.close(until)
    }

    /// Hands out all windows, over or not.
    pub fn flush(&mut self) -> Vec<WindowSnapshot> {
        self.close(Timestamp::MAX)
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        Counters { clock_jumps_held: self.clock.jumps_held(), ..self.counters }
    }

    /// The account: exchanges seen = recorded + withheld.
    pub fn ledger(&self) -> LedgerRow {
        self.counters.ledger()
    }

    /// Bytes held, estimated from the sizes and capacities of what is held. Allocators take some more.
    pub fn memory_bytes(&self) -> usize {
        self.windows.memory_bytes()
            + self.roster.memory_bytes()
            + self.operations.memory_bytes()
            + self.paths.memory_bytes()
    }

    /// Series in all open windows.
    pub fn series_len(&self) -> usize {
        self.windows.series_len()
    }

    /// The names of a subject, as numbers.
    #[inline]
    fn look_up(&mut self, subject: &Subject<'_>, status: Status) -> Prepared {
        let Subject { observed, client, server, delivery, protocol, verb, resource } = *subject;
        let (client, client_folded) = self.enrol(client);
        let (server, server_folded) = self.enrol(server);
        let routed = is_routed(protocol, status);
        let stamp = self.roster.service(server).stamp;
        let place = self.paths.place(stamp, verb, resource);
        let operation = match self.paths.find(place, stamp, verb, resource) {
            Some(found) if found.routed || !routed => found.operation,
            _ => {
                let round = self.round();
                self.name_operation(&Request { server, protocol, verb, resource, routed, round })
            }
        };
        let folded_ends = u8::from(client_folded) + u8::from(server_folded);
        Prepared {
            epoch: self.epoch,
            client,
            server,
            delivery,
            operation,
            protocol,
            observed,
            folded_ends,
            place: NOWHERE,
        }
    }

    /// The number of an identity, and whether it is one that others share.
    #[inline]
    fn enrol(&mut self, identity: &Arc<Identity>) -> (IdentityId, bool) {
        if let Some(id) = self.roster.find(identity) {
            return (id, false);
        }
        let (has_room, round) = (self.has_room(), self.round());
        let enrolled = self.roster.enrol(identity, has_room, round);
        (enrolled.id, enrolled.folded)
    }

    #[cold]
    fn name_operation(&mut self, request: &Request<'_>) -> OperationId {
        let has_room = self.has_room();
        let (operation, lesson) = self.operations.operation_of(&mut self.roster, request, has_room);
        self.counters.positions_learned += lesson.positions_learned;
        self.counters.paths_unlearned += u64::from(lesson.forgotten);
        let stamp = self.roster.service(request.server).stamp;
        let place = self.paths.place(stamp, request.verb, request.resource);
        let found = Found { operation, routed: request.routed };
        self.paths.insert(place, stamp, request.verb, request.resource, found);
        operation
    }

    #[inline]
    fn count(&mut self, prepared: &mut Prepared, outcome: &Outcome) {
        self.counters.seen += 1;
        self.clock.hear(outcome.end);
        match self.count_in_window(prepared, outcome) {
            Ok(()) => self.counters.recorded += 1,
            Err(Withheld::AheadOfClock) => self.counters.ahead_of_clock += 1,
            Err(Withheld::WindowsFull) => self.counters.windows_full += 1,
            Err(Withheld::SeriesFull) => self.counters.series_full += 1,
        }
    }

    #[inline]
    fn count_in_window(&mut self, prepared: &mut Prepared, outcome: &Outcome) -> Result<(), Withheld> {
        let Prepared { epoch: _, client, server, delivery, operation, protocol, observed, folded_ends, ref mut place } =
            *prepared;
        let window = match self.windows.find(outcome.end) {
            Some(window) => window,
            None => self.open_window(outcome.end)?,
        };
        let view = if observed.by_client() { View::Client } else { View::Server };
        let key = Key::new(view, [client, server], protocol, operation, outcome.status, delivery);
        match observed {
            Observed::Client | Observed::Server => {
                if !self.windows.add_to_known(window, &key, place, outcome) {
                    let slot = self.add_series(window, key)?;
                    self.windows.add(slot, outcome, false);
                }
            }
            Observed::SamePoint => self.count_in_both_views(window, key, outcome)?,
        }
        self.counters.late += u64::from(self.windows.window(window).late);
        self.counters.operations_folded += u64::from(operation == OTHER);
        self.counters.identities_folded += u64::from(folded_ends);
        Ok(())
    }

    /// Counts an exchange that was measured at one point for both views.
    fn count_in_both_views(&mut self, window: usize, key: Key, outcome: &Outcome) -> Result<(), Withheld> {
        // Both places are found before anything is counted, so that an exchange counts whole or not at all.
        let slots = [self.series(window, key)?, self.series(window, key.of_other_end())?];
        slots.into_iter().for_each(|slot| self.windows.add(slot, outcome, true));
        self.counters.same_point += 1;
        Ok(())
    }

    /// Opens the window of an exchange's end.
    #[cold]
    fn open_window(&mut self, end: Timestamp) -> Result<usize, Withheld> {
        let max_windows = self.config.max_windows.max(1);
        if self.clock.is_ahead(end) {
            let ahead = self.windows.iter().rev().take_while(|open| self.clock.is_ahead(open.window.start)).count();
            if ahead >= max_windows / 2 {
                return Err(Withheld::AheadOfClock);
            }
        }
        if self.windows.len() >= max_windows {
            return Err(Withheld::WindowsFull);
        }
        let window = self.windows.containing(end);
        Ok(self.windows.open(window, window.end() <= self.closed_until))
    }

    /// The place of a series, or of the one that it is folded into.
    #[inline]
    fn series(&mut self, window: usize, key: Key) -> Result<Slot, Withheld> {
        match self.windows.find_series(window, &key) {
            Some(slot) => Ok(slot),
            None => self.add_series(window, key),
        }
    }

    #[cold]
    fn add_series(&mut self, window: usize, key: Key) -> Result<Slot, Withheld> {
        let most = self.config.max_series.max(1);
        if self.windows.series_len() < most - most / 8 && self.has_room() {
            return Ok(self.windows.add_series(window, key));
        }
        let folded = key.with_request(OTHER, Code::NONE);
        let slot = match self.windows.find_series(window, &folded) {
            Some(slot) => Some(slot),
            None => self.add_folded_series(window, folded, most - most / 16),
        };
        let nameless = |this: &mut Self| {
            let key = this.without_external_names(folded);
            this.windows.find_series(window, &key).or_else(|| this.add_folded_series(window, key, most))
        };
        let slot = slot.or_else(|| nameless(self)).ok_or(Withheld::SeriesFull)?;
        self.counters.series_folded += 1;
        Ok(slot)
    }

    fn add_folded_series(&mut self, window: usize, key: Key, most: usize) -> Option<Slot> {
        let has_room = self.windows.series_len() < most && self.memory_bytes() < self.config.memory_budget;
        has_room.then(|| self.windows.add_series(window, key))
    }

    /// The key with the ends that are external folded into one for each kind.
    fn without_external_names(&mut self, key: Key) -> Key {
        let round = self.round();
        let fold = |id| {
            let kind = self.roster.identity(id).kind;
            if kind.is_local() { id } else { self.roster.other(kind, round) }
        };
        key.with_ends(key.ends().map(fold))
    }

    /// Whether the budget has room for more than the last folds.
    fn has_room(&self) -> bool {
        self.memory_bytes() < self.config.memory_budget - self.config.memory_budget / 8
    }

    /// The number of the window that it is now, in which idle times are counted.
    fn round(&self) -> u64 {
        self.clock.now().as_ns() / self.config.window_ns.max(1)
    }

    /// Hands out the windows that end no later than `until`.
    fn close(&mut self, until: Timestamp) -> Vec<WindowSnapshot> {
        let mut snapshots = Vec::new();
        let round = self.round();
        while let Some(closed) = self.windows.close_first(until) {
            touch(&mut self.roster, &mut self.operations, &closed, round);
            snapshots.extend(self.snapshot(&closed));
            self.closed_until = self.closed_until.max(closed.window.end());
            self.windows.recycle(closed);
        }
        if until != Timestamp::MAX {
            self.closed_until = self.closed_until.max(until);
        }
        if !snapshots.is_empty() {
            self.expire(round);
        }
        snapshots
    }

    /// The series of a window, as plain data.
    fn snapshot(&self, closed: &OpenWindow) -> Option<WindowSnapshot> {
        let mut scratch = Exponential::new(self.config.distribution);
        let mut points: Vec<SeriesPoint> = closed
            .series
            .iter()
            .filter(|series| !series.is_empty())
            .map(|series| series.point(self.names_of(&series.key), closed.window, &mut scratch))
            .collect();
        points.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        (!points.is_empty()).then(|| WindowSnapshot { window: closed.window, points, coverage: Coverage::default() })
    }

    fn names_of(&self, key: &Key) -> SeriesKey {
        let [local, peer] = key.ends().map(|id| self.roster.identity(id).clone());
        let operation = self.operations.name(key.operation()).clone();
        SeriesKey {
            view: key.view,
            local,
            peer,
            protocol: key.protocol,
            operation,
            status: key.status(),
            delivery: key.delivery,
        }
    }

    /// Forgets names that were idle for too long. Those in open windows are in use.
    fn expire(&mut self, round: u64) {
        for open in self.windows.iter() {
            touch(&mut self.roster, &mut self.operations, open, round);
        }
        let oldest = round.saturating_sub(self.config.idle_windows);
        // An identity is used whenever one of its operations is, so that operations always go first.
        let operations = self.operations.expire(&mut self.roster, oldest);
        let (identities, template_bytes) = self.roster.expire(oldest);
        self.operations.forget_templates(template_bytes);
        self.counters.operations_expired += operations;
        self.counters.identities_expired += identities;
        self.epoch += u64::from(operations + identities > 0);
    }
}

/// Notes that the names in a window are in use.
fn touch(roster: &mut Roster, operations: &mut Operations, window: &OpenWindow, round: u64) {
    for series in &window.series {
        series.key.ends().into_iter().for_each(|id| roster.touch(id, round));
        operations.touch(series.key.operation(), round);
    }
}
