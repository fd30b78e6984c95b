//! The connections that were asked about last: what was answered, and since when they are asked about.

use geophone_model::{
    exchange::{Exchange, Party},
    net::{ConnectionId, NetNs},
    time::Timestamp,
};

use crate::{Basis, Resolution, Role};

/// Connections that are remembered. Their numbers count up, so neighbours in time do not displace each other.
const SLOTS: usize = 2048;

/// How long an answer is remembered: after that the tables are asked again, which shows them what is still in use.
const LIFETIME_NS: u64 = 1_000_000_000;

/// An exchange says of its ends what the one before it on the same connection said, as long as nothing was learned in between:
/// a glance at this instead of a walk through the tables. And facts about a connection's ends come at its beginning: when it is
/// older than the grace for them, its exchanges need not wait.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Without any slot until there is something to remember.
    slots: Vec<Option<Slot>>,
}

#[derive(Debug)]
struct Slot {
    question: Question,
    /// When the first exchange that asked was over.
    first_asked: Timestamp,
    answer: Option<Answer>,
}

#[derive(Debug)]
struct Answer {
    generation: u64,
    since: Timestamp,
    client: Resolution,
    server: Resolution,
}

/// All that an answer depends on but the time and what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    connection: ConnectionId,
    netns: NetNs,
    client: Party,
    server: Party,
}

impl Question {
    const fn of(exchange: &Exchange) -> Self {
        let (client, server) = exchange.connection_ends();
        Self { connection: exchange.connection, netns: exchange.netns, client: *client, server: *server }
    }

    const fn slot(&self) -> usize {
        self.connection.0 as usize % SLOTS
    }
}

impl Memo {
    /// What was answered for the ends, client and server, of the connection of this exchange in the same `generation` of knowledge.
    pub(crate) fn recall(&self, exchange: &Exchange, generation: u64) -> Option<(Resolution, Resolution)> {
        let slot = self.slot(&Question::of(exchange))?;
        let answer = slot.answer.as_ref()?;
        let at = exchange.request.first;
        let is_of_now =
            answer.generation == generation && at >= answer.since && at.ns_since(answer.since) < LIFETIME_NS;
        is_of_now.then(|| (answer.client.clone(), answer.server.clone()))
    }

    /// Remembers that a connection was asked about, and the answer if it `holds` from the exchange's time on and rests on
    /// nothing but the two ends.
    pub(crate) fn remember(
        &mut self,
        exchange: &Exchange,
        holds: Option<u64>,
        client: &Resolution,
        server: &Resolution,
    ) {
        let question = Question::of(exchange);
        let first_asked = self.slot(&question).map_or(exchange.end, |slot| slot.first_asked);
        let answer = holds
            .filter(|_| rests_on_the_ends(client, Role::Client) && rests_on_the_ends(server, Role::Server))
            .map(|generation| Answer {
                generation,
                since: exchange.request.first,
                client: client.clone(),
                server: server.clone(),
            });
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        self.slots[question.slot()] = Some(Slot { question, first_asked, answer });
    }

    /// When the first exchange of this one's connection that asked was over; the exchange's own end where that is not
    /// remembered.
    pub(crate) fn first_asked(&self, exchange: &Exchange) -> Timestamp {
        self.slot(&Question::of(exchange)).map_or(exchange.end, |slot| slot.first_asked)
    }

    pub(crate) const fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<Slot>>()
    }

    fn slot(&self, question: &Question) -> Option<&Slot> {
        self.slots.get(question.slot())?.as_ref().filter(|slot| slot.question == *question)
    }
}

/// Whether an answer depends on the ends of the connection alone. A service outside is named by what each request asks for, and
/// a port without an owner is counted among those that are.
const fn rests_on_the_ends(answer: &Resolution, role: Role) -> bool {
    match answer.basis {
        Basis::Cookie(_) | Basis::Tuple(_) | Basis::Listener(_) => true,
        Basis::Outside | Basis::Nothing => matches!(role, Role::Client),
        Basis::Source => false,
    }
}
