//! What queries and responses make of each other, whatever carries them.

use super::code;
use super::message::{HEADER_BYTES, Message, Question};
use crate::pairing::ByKey;
use crate::{Direction, Exchange, Flags, Limits, Protocol, Span, StatusClass, text};

/// The exchanges between a client and a server.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) pairing: ByKey<()>,
    /// No open query is given up before.
    earliest_deadline_ns: u64,
}

/// How long a query waits for its response. A client that goes on without one (a stub resolver does within 5 seconds, a
/// resolver within 10) says so to nobody.
pub const QUERY_TIMEOUT_NS: u64 = 30_000_000_000;

/// What is seen of one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Its bytes, from the header on, as far as they are there.
    pub(super) data: &'a [u8],
    pub(super) span: Span,
    /// What was noticed about its bytes.
    pub(super) flags: Flags,
}

impl Dialogue {
    pub(super) fn new(limits: &Limits, _joined_late: bool) -> Self {
        Self { pairing: ByKey::new(limits), earliest_deadline_ns: u64::MAX }
    }

    /// Takes a message.
    pub(super) fn message(&mut self, direction: Direction, seen: &Seen<'_>, limits: &Limits) {
        let Some(header) = Message::header(seen.data) else { return self.pass(seen.span.bytes) };
        let message = Message::parse(seen.data);
        self.give_up_waiting(seen.span.last_ns);
        match (direction, header.is_response) {
            (Direction::ToServer, false) => self.query(&message.ok(), &header, seen, limits),
            (Direction::ToClient, true) => self.response(&message.unwrap_or(header), seen, limits),
            _ => self.pass(seen.span.bytes),
        }
    }

    /// Counts bytes that are of no message.
    pub(super) fn pass(&mut self, bytes: u64) {
        let counters = &mut self.pairing.counters;
        counters.unparsed_bytes = counters.unparsed_bytes.saturating_add(bytes);
    }

    fn query(&mut self, message: &Option<Message<'_>>, header: &Message<'_>, seen: &Seen<'_>, limits: &Limits) {
        let question = message.as_ref().and_then(|message| message.question);
        let key = key(header.id, question.as_ref());
        if let Some(open) = self.pairing.get(key) {
            // Sent again: who asks waits since the first time.
            open.exchange.request.merge(seen.span);
            return;
        }
        if message.is_none() && !seen.flags.intersects(Flags::REQUEST_GAP | Flags::REQUEST_TRUNCATED) {
            let counters = &mut self.pairing.counters;
            counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        }
        let exchange = &mut self.pairing.admit(key).exchange;
        exchange.protocol = Protocol::Dns;
        exchange.request = seen.span;
        self.earliest_deadline_ns = self.earliest_deadline_ns.min(deadline_ns(exchange));
        exchange.flags |= seen.flags;
        match &question {
            Some(question) if header.opcode == 0 => code::write_type(question.kind, &mut exchange.verb),
            _ => exchange.verb.push_str(code::opcode_name(header.opcode)),
        }
        exchange.verb.truncate(limits.verb_bytes);
        if let Some(question) = &question
            && question.write_name(&mut exchange.resource, limits.resource_bytes)
        {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
        if message.is_none() {
            exchange.flags |= Flags::REQUEST_MALFORMED;
        }
    }

    fn response(&mut self, message: &Message<'_>, seen: &Seen<'_>, limits: &Limits) {
        let key = match &message.question {
            Some(question) => key(message.id, Some(question)),
            // RFC 1035 section 4.1.1: a server that cannot read a query need not repeat it.
            None => self.only_open(message.id),
        };
        let Some(open) = self.pairing.answer(key) else { return self.pairing.count_unmatched_response() };
        let (name, status) = message.status();
        open.exchange.status = status;
        open.exchange.native_status = Some(i32::from(message.response_code()));
        text::copy(&mut open.exchange.error, name.as_bytes(), limits.error_bytes);
        message.answers(&mut open.exchange.answers, limits);
        self.pairing.finish(key, seen.span, seen.flags);
    }

    /// The key of the one open query with this identifier, or one that no query has.
    fn only_open(&mut self, id: u16) -> u64 {
        let mut with_id = self.pairing.iter_mut().map(|(key, _)| key).filter(|open| *open & 0xffff == u64::from(id));
        match (with_id.next(), with_id.next()) {
            (Some(key), None) => key,
            _ => u64::MAX,
        }
    }

    /// Gives up on queries that nobody waits for any more.
    fn give_up_waiting(&mut self, now_ns: u64) {
        while self.earliest_deadline_ns < now_ns {
            let deadlines = self.pairing.iter_mut().map(|(key, open)| (deadline_ns(&open.exchange), key));
            let Some((end_ns, key)) = deadlines.min() else {
                self.earliest_deadline_ns = u64::MAX;
                return;
            };
            self.earliest_deadline_ns = end_ns;
            if end_ns < now_ns {
                self.pairing.finish_without_response(key, StatusClass::NoResponse, end_ns);
            }
        }
    }
}

fn deadline_ns(query: &Exchange) -> u64 {
    query.request.last_ns.saturating_add(QUERY_TIMEOUT_NS)
}

/// What a query and its response have in common: the identifier, and what is asked for. So a late response is not taken for
/// that of another query with the same identifier.
fn key(id: u16, question: Option<&Question>) -> u64 {
    // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), of which 47 bits are kept. Two questions that collide are told
    // apart by their identifiers, as the protocol has it.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    if let Some(Question { name, kind, class }) = question {
        let bytes = name.labels().iter().copied().chain(kind.to_be_bytes()).chain(class.to_be_bytes());
        hash = bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    u64::from(id) | (hash >> 17) << 16
}

/// Whether a header may be one of a message that goes this way (RFC 1035 section 4.1.1, RFC 6895 section 2).
pub(super) fn is_plausible(direction: Direction, header: &[u8]) -> bool {
    let Some(&[_, _, high, low, questions_high, questions_low, ..]) = header.first_chunk::<HEADER_BYTES>() else {
        return false;
    };
    let is_response = high & 0x80 != 0;
    let opcode = high >> 3 & 0x0f;
    // Z, which must be zero.
    let reserved = low & 0x40;
    is_response == (direction == Direction::ToClient)
        && matches!(opcode, 0..=2 | 4..=6)
        && reserved == 0
        && questions_high == 0
        && questions_low <= MAX_QUESTIONS
}

/// Questions in a message that is believed to be one; multicast DNS asks some at once.
const MAX_QUESTIONS: u8 = 32;
