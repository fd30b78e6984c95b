//! Exchanges that wait a moment for the facts that name their ends.

use std::collections::VecDeque;

use geophone_model::{
    exchange::{Exchange, ExchangeFlags, Message, Observed, Party, Shape},
    net::{ConnectionId, Endpoint, NetNs},
    protocol::Protocol,
    status::Status,
    time::Timestamp,
};

use crate::{Resolution, Resolver};

/// How long and how many exchanges wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingConfig {
    /// How long, in nanoseconds of event time after its end, an exchange waits for facts at most.
    pub grace_ns: u64,
    /// How many wait at most; at least one.
    pub max_exchanges: usize,
}

impl Default for PendingConfig {
    /// Half a second, and 16,384 exchanges.
    fn default() -> Self {
        Self { grace_ns: 500_000_000, max_exchanges: 16_384 }
    }
}

/// What became of the exchanges in a [`Pending`] queue, counted since the start. *pushed = settled + overdue + evicted +
/// those that wait.*
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingCounters {
    /// Exchanges that were taken.
    pub pushed: u64,
    /// Exchanges given out with both ends settled.
    pub settled: u64,
    /// Exchanges given out as well as they were known when the grace was over.
    pub overdue: u64,
    /// Exchanges given out as well as they were known because the queue was full.
    pub evicted: u64,
}

/// A queue that gives every exchange out once, in the order in which they came, when both its ends are settled, when its
/// grace is over or when there is no more room.
///
/// Buffers go round between the caller and the queue: in the steady state nothing is allocated.
#[derive(Debug)]
pub struct Pending {
    grace_ns: u64,
    max_exchanges: usize,
    waiting: VecDeque<Exchange>,
    spare: Vec<Exchange>,
    watermark: Timestamp,
    /// The resolver's generation when the exchange at the head was found unsettled.
    asked_at: Option<u64>,
    counters: PendingCounters,
}

/// A full queue. The exchange is still with the caller: [`Pending::poll`] until it gives nothing makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the queue of exchanges that wait for facts is full: poll it until it is not")
    }
}

impl std::error::Error for Full {}

impl Pending {
    /// An empty queue.
    pub fn new(config: &PendingConfig) -> Self {
        Self {
            grace_ns: config.grace_ns,
            max_exchanges: config.max_exchanges.max(1),
            waiting: VecDeque::new(),
            spare: Vec::new(),
            watermark: Timestamp::MIN,
            asked_at: None,
            counters: PendingCounters::default(),
        }
    }

    /// Takes an exchange and leaves another one, whose contents mean nothing and whose buffers are to be used again.
    ///
    /// # Errors
    ///
    /// [`Full`] where `max_exchanges` wait; `exchange` is untouched.
    pub fn push(&mut self, exchange: &mut Exchange) -> Result<(), Full> {
        if self.waiting.len() >= self.max_exchanges {
            return Err(Full);
        }
        let spare = self.spare.pop().unwrap_or_else(blank);
        self.waiting.push_back(std::mem::replace(exchange, spare));
        self.counters.pushed += 1;
        Ok(())
    }

    /// Event time has come to `watermark`: whose grace is over by then waits no longer. [`Timestamp::MAX`] ends all waiting.
    pub fn advance(&mut self, watermark: Timestamp) {
        self.watermark = self.watermark.max(watermark);
    }

    /// Gives out the next exchange and who its ends were (client, server), or `None` where that has to wait. The exchange
    /// is swapped with the contents of `out`, whose buffers are used again.
    pub fn poll(&mut self, resolver: &mut Resolver, out: &mut Exchange) -> Option<(Resolution, Resolution)> {
        let head = self.waiting.front()?;
        let is_overdue = head.end.plus_ns(self.grace_ns) <= self.watermark;
        let is_full = self.waiting.len() >= self.max_exchanges;
        let may_wait = !is_overdue && !is_full;
        if may_wait && self.asked_at == Some(resolver.generation()) {
            return None;
        }
        let (client, server) = resolver.resolve(head);
        if client.settled && server.settled {
            self.counters.settled += 1;
        } else if may_wait {
            self.asked_at = Some(resolver.generation());
            return None;
        } else if is_overdue {
            self.counters.overdue += 1;
        } else {
            self.counters.evicted += 1;
        }
        self.asked_at = None;
        let next = self.waiting.pop_front()?;
        self.spare.push(std::mem::replace(out, next));
        Some((client, server))
    }

    /// How many exchanges wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What became of the exchanges so far.
    pub const fn counters(&self) -> PendingCounters {
        self.counters
    }

    /// An estimate of the bytes that the queue holds. It walks the queue.
    pub fn memory_bytes(&self) -> usize {
        let text = |exchange: &Exchange| {
            exchange.verb.capacity() + exchange.resource.capacity() + exchange.authority.capacity()
        };
        (self.waiting.capacity() + self.spare.capacity()) * size_of::<Exchange>()
            + self.waiting.iter().chain(&self.spare).map(text).sum::<usize>()
    }
}

/// An exchange that stands for none, for its place in memory.
fn blank() -> Exchange {
    let endpoint = Endpoint::new(std::net::Ipv4Addr::UNSPECIFIED.into(), 0);
    let party = Party { endpoint, dialled: None, cookie: None };
    Exchange {
        connection: ConnectionId::default(),
        observed: Observed::SamePoint,
        netns: NetNs::default(),
        client: party,
        server: party,
        protocol: Protocol::Http1,
        shape: Shape::Call,
        verb: String::new(),
        resource: String::new(),
        authority: String::new(),
        status: Status::default(),
        request: Message::default(),
        response: None,
        end: Timestamp::MIN,
        flags: ExchangeFlags::default(),
        trace: None,
    }
}
