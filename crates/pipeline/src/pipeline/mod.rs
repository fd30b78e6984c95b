//! The pipeline: events in, exchanges out.
//!
//! * here: its entries, and the life of its connections;
//! * [`join`]: which connection a packet is of, and which sockets its ends are.

mod join;

use std::mem::size_of;

use geophone_model::{
    capture::{CaptureEvent, Chunk, Packet},
    exchange::Exchange,
    ledger::{Coverage, LedgerRow},
    net::{ConnectionId, Transport},
    time::{Timestamp, Window},
};
use geophone_proto_parse::Counters;

use crate::{
    clock::Clock,
    config::Config,
    connection::{Connection, Life},
    coverage::{self, Windows},
    datagrams::{Datagram, Datagrams, Taken},
    driver::Shared,
    face::Face,
    ledger::{Books, Connections},
    lru::Handle,
    policy::{Policy, PolicyKey, SkipUntil, Way},
    ready::Ready,
    reassembly::Bounds,
    sockets::{Socket, SocketRole, Sockets},
    table::Table,
    view::{Key, Sighting},
};

/// From capture events to exchanges, without a clock, IO or threads.
///
/// Time is the watermark: the latest time of all events so far that is believed, and of all [`tick`](Self::tick)s. The same
/// events give the same exchanges, whenever and wherever they are run through it.
pub struct Pipeline {
    config: Config,
    table: Table,
    datagrams: Datagrams,
    sockets: Sockets,
    books: Books,
    ready: Ready,
    windows: Windows,
    clock: Clock,
    next_upkeep: Timestamp,
    next_connection: u64,
    /// What all parsers held at the last upkeep.
    parsers_bytes: usize,
}

/// How a connection is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivenUp {
    Expired,
    Evicted,
    Abandoned,
}

/// Nanoseconds of event time between two looks at what is silent or was over long ago. It need not be exact.
const UPKEEP_NS: u64 = 100_000_000;

/// What a connection costs beside its struct, its parser and what waits in it: its places in the tables, by measurement.
const BYTES_PER_CONNECTION: usize = 250;

/// What a parser costs with the buffers of a call, by measurement. What one holds beyond that is asked for at times.
const BYTES_PER_PARSER: usize = 1000;

/// Datagrams of no known protocol after which a socket's are wanted no longer: a video call need not be copied.
const MAX_STRANGE_DATAGRAMS: u16 = 32;

/// The most that a system call moves (`MAX_RW_COUNT`, include/linux/fs.h), rounded up.
const MAX_CALL_BYTES: u64 = 1 << 31;

/// The most that the calls of one socket move in one direction: 256 TiB.
const MAX_CALLS_BYTES: u64 = 1 << 48;

impl Pipeline {
    /// An empty pipeline.
    pub fn new(config: Config) -> Self {
        Self {
            table: Table::new(config.max_connections),
            datagrams: Datagrams::new(config.max_datagram_pairs),
            sockets: Sockets::new(config.max_sockets),
            books: Books::default(),
            ready: Ready::new(config.max_ready),
            windows: Windows::new(config.window_ns, config.max_windows),
            clock: Clock::new(config.max_step_ns),
            next_upkeep: Timestamp::MIN,
            next_connection: 0,
            parsers_bytes: 0,
            config,
        }
    }

    /// Takes an event, and tells `policy` what is not wanted from here on. Exchanges that it finishes wait for
    /// [`poll`](Self::poll).
    pub fn event(&mut self, event: &CaptureEvent<'_>, policy: &mut dyn Policy) {
        self.clock.hear(event.at());
        self.advance(policy);
        match event {
            CaptureEvent::Packet(packet) => self.packet(packet, policy),
            CaptureEvent::Chunk(chunk) => self.chunk(chunk, policy),
            CaptureEvent::Socket(change) => self.socket(change),
            CaptureEvent::Loss(loss) => {
                self.books.lost_records = self.books.lost_records.saturating_add(loss.records);
            }
            _ => {}
        }
    }

    /// Moves the watermark to `now`, if it is later, and gives up what has waited or been silent for too long. A live
    /// source calls this when nothing happens; `now` must not be ahead of events that are still to come.
    pub fn tick(&mut self, now: Timestamp, policy: &mut dyn Policy) {
        self.next_upkeep = Timestamp::MIN;
        self.clock.reach(now);
        self.advance(policy);
    }

    /// The next finished exchange, good until the next call. Who wants to keep it takes it by
    /// [`std::mem::swap`]; the buffers of what he leaves are used again. Call this until it says `None` after every event: what
    /// waits is bounded by [`Config::max_ready`].
    pub fn poll(&mut self) -> Option<&mut Exchange> {
        self.ready.next(&mut self.books.exchanges)
    }

    /// The observation stops: what is still open goes into the ledger, not into exchanges.
    pub fn finish(&mut self) {
        while let Some((handle, _)) = self.table.oldest_live() {
            self.give_up(handle, GivenUp::Abandoned, &mut crate::policy::NoPolicy);
        }
        self.datagrams.finish(&mut self.books, &mut self.ready);
    }

    /// The latest time of all events so far that is believed: see [`Config::max_step_ns`].
    pub const fn watermark(&self) -> Timestamp {
        self.clock.now()
    }

    /// Times that were held back because they were too far ahead of all before them.
    pub const fn clock_jumps_held(&self) -> u64 {
        self.clock.jumps_held()
    }

    /// What was seen at each stage since the start, and what became of it: packets, stream bytes, messages and requests.
    /// The rows balance at any moment.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        self.books.rows(&self.live_counters(), self.table.connections().map(Connection::unconfirmed).sum())
    }

    /// The coverage of the windows that begin within `window`, once: a second call finds nothing. What is counted belongs
    /// to the window that the watermark was in then.
    pub fn take_coverage(&mut self, window: Window) -> Coverage {
        let sums = coverage::sums(&self.books, &self.live_counters());
        self.windows.take(window, sums)
    }

    /// Connections since the start, by what became of them.
    pub const fn connections(&self) -> Connections {
        self.books.connections
    }

    /// An estimate of the memory in use, in bytes: connections and sockets by their number, and all payload that waits.
    pub fn memory_bytes(&self) -> usize {
        let connection = size_of::<Connection>() + BYTES_PER_CONNECTION;
        let parsers = self.parsers_bytes.max(self.table.len() * BYTES_PER_PARSER);
        let held = usize::try_from(self.books.bytes.held + self.books.bytes.undecided).unwrap_or(usize::MAX);
        let tables = self.table.len() * connection + self.sockets.len() * (size_of::<Socket>() + 64);
        tables.saturating_add(held) + parsers + self.datagrams.memory_bytes() + self.ready.len() * size_of::<Exchange>()
    }

    fn packet(&mut self, packet: &Packet<'_>, policy: &mut dyn Policy) {
        self.books.packets.seen += 1;
        let Some(header) = packet.tcp else { return self.datagram(&Datagram::of_packet(packet), policy) };
        let mut sighting = Sighting::of_packet(packet);
        let Some(handle) = self.connection_of(&mut sighting, packet, header, policy) else { return };
        self.books.packets.passed += 1;
        self.table.touch(handle, self.clock.presumed());
        if let Some(cookie) = packet.cookie
            && !join::may_be_listeners(packet.side, header.flags)
        {
            self.bind(handle, sighting.socket_end, cookie);
        }
        self.drive(handle, policy, |connection, bounds, shared| {
            connection.segment(sighting.speaker, packet, header, bounds, shared)
        });
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, policy: &mut dyn Policy) {
        self.books.packets.seen += 1;
        // A recording may say anything; the books are to hold all the same.
        if chunk.len > MAX_CALL_BYTES || chunk.offset > MAX_CALLS_BYTES {
            self.books.packets.implausible += 1;
            return;
        }
        if chunk.transport != Transport::Tcp {
            return self.datagram(&Datagram::of_chunk(chunk), policy);
        }
        let Sighting { key, speaker, socket_end } = Sighting::of_chunk(chunk);
        let found = self.table.find(&key);
        let handle = match found {
            Some(handle) if self.table.live(handle).is_some_and(|live| live.is_of_socket(chunk.cookie)) => handle,
            _ => {
                // The addresses may be another socket's by now.
                if let Some(handle) = found {
                    self.replace(handle, chunk.at, policy);
                }
                // Of a socket that was seen to be opened, nothing was missed.
                let opened = self.sockets.find(chunk.cookie).is_some_and(|socket| socket.role != SocketRole::Unknown);
                self.open(&key, !opened, policy)
            }
        };
        self.books.packets.passed += 1;
        self.table.touch(handle, self.clock.presumed());
        self.bind(handle, socket_end, chunk.cookie);
        self.drive(handle, policy, |connection, bounds, shared| connection.chunk(speaker, chunk, bounds, shared));
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, policy: &mut dyn Policy) {
        let now = self.clock.presumed();
        let Self { datagrams, sockets, config, next_connection, books, ready, .. } = self;
        let taken = datagrams.take(datagram, now, &config.parser_limits, next_connection, books, ready);
        let strange = datagram.cookie.map(|cookie| (cookie, &mut sockets.entry(cookie).strange_datagrams));
        match (taken, strange) {
            (Taken::Yes, strange) => {
                books.packets.passed += 1;
                if let Some((_, strange)) = strange {
                    *strange = 0;
                }
            }
            (Taken::No, None) => books.packets.no_parser += 1,
            (Taken::No, Some((socket, strange))) => {
                books.packets.no_parser += 1;
                *strange = strange.saturating_add(1);
                if *strange == MAX_STRANGE_DATAGRAMS {
                    for way in [Way::Egress, Way::Ingress] {
                        policy.skip(PolicyKey { socket, way }, SkipUntil::Forever);
                    }
                }
            }
        }
    }

    /// Begins a connection, and makes room for it.
    fn open(&mut self, key: &Key, joined_late: bool, policy: &mut dyn Policy) -> Handle {
        while self.table.is_full() || self.memory_bytes() > self.config.memory_budget_bytes {
            if self.table.forget_first_closed() {
                continue;
            }
            let Some((oldest, _)) = self.table.oldest_live() else { break };
            self.give_up(oldest, GivenUp::Evicted, policy);
        }
        let face = Face::new(ConnectionId(self.next_connection), Transport::Tcp, key);
        self.next_connection += 1;
        self.books.connections.opened += 1;
        self.books.connections.open += 1;
        let connection = Connection::new(face, &self.config.parser_limits, joined_late);
        self.table.insert(*key, connection, self.clock.presumed())
    }

    /// Lets a connection take something, and does what follows from it.
    fn drive(
        &mut self,
        handle: Handle,
        policy: &mut dyn Policy,
        step: impl FnOnce(&mut Connection, &Bounds, &mut Shared<'_>) -> Life,
    ) {
        let (bounds, watermark) = (self.bounds(), self.watermark());
        let Self { table, books, ready, config, .. } = self;
        let Some(connection) = table.live(handle) else { return };
        let mut shared =
            Shared { limits: &config.parser_limits, late_search_bytes: config.late_search_bytes, books, ready };
        match step(connection, &bounds, &mut shared) {
            Life::Open => {
                connection.tell(config, policy);
                if let Some(deadline) = connection.arm(watermark, bounds.patience_ns) {
                    table.arm(handle, deadline);
                }
            }
            Life::Over => {
                self.books.connections.closed += 1;
                let until = self.clock.now().plus_ns(self.config.linger_ns);
                if let Some(connection) = self.table.close(handle, until) {
                    self.leave(&connection, policy);
                    self.forget_sockets(&connection);
                }
            }
        }
    }

    /// Ends a connection whose addresses are used again.
    fn replace(&mut self, handle: Handle, at: Timestamp, policy: &mut dyn Policy) {
        let Some(mut connection) = self.table.remove(handle) else { return };
        connection.close(at, &mut self.shared());
        self.books.connections.replaced += 1;
        self.leave(&connection, policy);
        self.forget_sockets(&connection);
    }

    fn give_up(&mut self, handle: Handle, why: GivenUp, policy: &mut dyn Policy) {
        let Some(mut connection) = self.table.remove(handle) else { return };
        connection.abandon(&mut self.shared());
        let count = match why {
            GivenUp::Expired => &mut self.books.connections.expired,
            GivenUp::Evicted => &mut self.books.connections.evicted,
            GivenUp::Abandoned => &mut self.books.connections.abandoned,
        };
        *count += 1;
        self.leave(&connection, policy);
    }

    /// Takes back what the source was asked for a connection that is gone.
    fn leave(&mut self, connection: &Connection, policy: &mut dyn Policy) {
        self.books.connections.open -= 1;
        for socket in connection.told() {
            policy.forget(socket);
        }
    }

    fn advance(&mut self, policy: &mut dyn Policy) {
        let watermark = self.watermark();
        while let Some(handle) = self.table.take_due(watermark) {
            if let Some(connection) = self.table.live(handle) {
                connection.disarm();
                self.drive(handle, policy, |connection, bounds, shared| connection.expire(watermark, bounds, shared));
            }
        }
        if self.windows.is_over(watermark) {
            let sums = coverage::sums(&self.books, &self.live_counters());
            self.windows.begin(watermark, sums);
        }
        if self.next_upkeep <= watermark {
            self.next_upkeep = watermark.plus_ns(UPKEEP_NS);
            self.make_room(policy);
            self.datagrams.expire(watermark, &mut self.books, &mut self.ready);
            self.table.forget_closed_until(watermark);
            while let Some((oldest, touched)) = self.table.oldest_live() {
                if touched > watermark {
                    // Touched at a time that was not believed: its time runs from now on.
                    self.table.touch(oldest, watermark);
                } else if watermark.ns_since(touched) >= self.config.idle_ns {
                    self.give_up(oldest, GivenUp::Expired, policy);
                } else {
                    break;
                }
            }
        }
    }

    /// Gives up the connections that were silent longest while parsers hold more than there is memory for.
    fn make_room(&mut self, policy: &mut dyn Policy) {
        self.parsers_bytes = self.table.connections().map(Connection::parser_bytes).fold(0, usize::saturating_add);
        while self.memory_bytes() > self.config.memory_budget_bytes
            && self.parsers_bytes > self.table.len() * BYTES_PER_PARSER
            && let Some((oldest, _)) = self.table.oldest_live()
        {
            let freed = self.table.live(oldest).map_or(0, |connection| connection.parser_bytes());
            self.parsers_bytes = self.parsers_bytes.saturating_sub(freed);
            self.give_up(oldest, GivenUp::Evicted, policy);
        }
    }

    fn live_counters(&self) -> Counters {
        let mut sum = Counters::default();
        for counters in self.table.connections().filter_map(Connection::counters).chain(self.datagrams.counters()) {
            sum.add(counters);
        }
        sum
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            bytes: self.config.held_bytes_per_direction,
            segments: self.config.held_segments_per_direction,
            total_bytes: self.config.held_bytes.min(self.config.memory_budget_bytes / 4) as u64,
            patience_ns: self.config.patience_ns,
        }
    }

    const fn shared(&mut self) -> Shared<'_> {
        let Self { config, books, ready, .. } = self;
        Shared { limits: &config.parser_limits, late_search_bytes: config.late_search_bytes, books, ready }
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("clock", &self.clock).field("books", &self.books).finish_non_exhaustive()
    }
}
