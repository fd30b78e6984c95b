//! Exchanges that wait a moment for the facts that name their ends.

use std::collections::VecDeque;

use geophone_model::{exchange::Exchange, time::Timestamp};

use crate::{Resolution, Resolver};

/// How long and how many exchanges wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingConfig {
    /// How long, in nanoseconds of event time after its end, the first exchange of a connection waits for facts at most.
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
/// those that wait.* What [`Pending::pass`] answers at once was pushed and is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingCounters {
    /// Exchanges that were taken.
    pub pushed: u64,
    /// Exchanges given out with both ends settled.
    pub settled: u64,
    /// Exchanges given out as well as they were known when the grace of their connection was over.
    pub overdue: u64,
    /// Exchanges given out as well as they were known because the queue was full.
    pub evicted: u64,
}

/// A queue that gives every exchange out once, when both its ends are settled, when the grace of its connection is over or when
/// there is no more room: at once from [`pass`](Self::pass), those that had to wait in the order in which they came.
///
/// Buffers go round between the caller and the queue: in the steady state nothing is allocated.
#[derive(Debug)]
pub struct Pending {
    grace_ns: u64,
    max_exchanges: usize,
    waiting: VecDeque<Waiting>,
    spare: Vec<Exchange>,
    watermark: Timestamp,
    /// The resolver's generation when the exchange at the head was found unsettled.
    asked_at: Option<u64>,
    counters: PendingCounters,
}

/// An exchange, and the best that was answered of its ends while it waits: what was known once stays, also where the tables
/// forget it in the meantime.
#[derive(Debug)]
struct Waiting {
    exchange: Exchange,
    client: Option<Resolution>,
    server: Option<Resolution>,
}

/// Emptied exchanges whose buffers are kept.
const MAX_SPARE: usize = 256;

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

    /// Says who the ends of an exchange were (client, server) where that is settled, or where its connection has been known for
    /// as long as facts are waited for: then it stays with the caller. Otherwise it is taken as by [`push`](Self::push).
    ///
    /// # Errors
    ///
    /// [`Full`] as for [`push`](Self::push).
    pub fn pass(
        &mut self,
        resolver: &mut Resolver,
        exchange: &mut Exchange,
    ) -> Result<Option<(Resolution, Resolution)>, Full> {
        let (client, server) = resolver.resolve(exchange);
        if client.settled && server.settled {
            self.counters.settled += 1;
        } else if self.is_grace_over(resolver, exchange, exchange.end) {
            self.counters.overdue += 1;
        } else {
            return self.wait(exchange, Some(client), Some(server)).map(|()| None);
        }
        self.counters.pushed += 1;
        Ok(Some((client, server)))
    }

    /// Takes an exchange and leaves another one, whose contents mean nothing and whose buffers are to be used again.
    ///
    /// # Errors
    ///
    /// [`Full`] where `max_exchanges` wait; `exchange` is untouched.
    pub fn push(&mut self, exchange: &mut Exchange) -> Result<(), Full> {
        self.wait(exchange, None, None)
    }

    fn wait(
        &mut self,
        exchange: &mut Exchange,
        client: Option<Resolution>,
        server: Option<Resolution>,
    ) -> Result<(), Full> {
        if self.waiting.len() >= self.max_exchanges {
            return Err(Full);
        }
        let spare = self.spare.pop().unwrap_or_else(Exchange::blank);
        let exchange = std::mem::replace(exchange, spare);
        self.waiting.push_back(Waiting { exchange, client, server });
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
        let head = &self.waiting.front()?.exchange;
        let is_overdue = self.is_grace_over(resolver, head, self.watermark);
        let is_full = self.waiting.len() >= self.max_exchanges;
        let may_wait = !is_overdue && !is_full;
        if may_wait && self.asked_at == Some(resolver.generation()) {
            return None;
        }
        let (client, server) = resolver.resolve(head);
        let head = self.waiting.front_mut()?;
        let client = better(head.client.take(), client);
        let server = better(head.server.take(), server);
        if client.settled && server.settled {
            self.counters.settled += 1;
        } else if may_wait {
            (head.client, head.server) = (Some(client), Some(server));
            self.asked_at = Some(resolver.generation());
            return None;
        } else if is_overdue {
            self.counters.overdue += 1;
        } else {
            self.counters.evicted += 1;
        }
        self.asked_at = None;
        let next = self.waiting.pop_front()?;
        let read = std::mem::replace(out, next.exchange);
        if self.spare.len() < MAX_SPARE {
            self.spare.push(read);
        }
        Some((client, server))
    }

    /// Whether no fact is waited for any more: those about a connection come at its beginning.
    fn is_grace_over(&self, resolver: &Resolver, exchange: &Exchange, now: Timestamp) -> bool {
        resolver.first_asked(exchange).plus_ns(self.grace_ns) <= now
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
        let waiting = self.waiting.iter().map(|waiting| &waiting.exchange);
        self.waiting.capacity() * size_of::<Waiting>()
            + self.spare.capacity() * size_of::<Exchange>()
            + waiting.chain(&self.spare).map(text).sum::<usize>()
    }
}

/// What was answered before, if it is settled or rests on more than what is answered now.
fn better(before: Option<Resolution>, now: Resolution) -> Resolution {
    before.filter(|before| before.settled || before.basis.rank() < now.basis.rank()).unwrap_or(now)
}
