//! Which protocol a connection speaks, and which side of it is the client.

mod prefix;

use alloc::vec::Vec;

use prefix::Prefix;

use crate::protocol::CANDIDATES;
use crate::{Connection, Direction, Limits, Protocol};

/// What the first bytes of one direction say about a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detection {
    /// They are of this protocol.
    Match,
    /// They are not, and no further byte changes that.
    NoMatch,
    /// They may be.
    NeedMore,
}

/// Where in a direction the bytes are that a protocol is recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// They are the first of the connection.
    Start,
    /// Others came before them. In many cases a message begins with them, as they began a segment.
    Middle,
}

/// One of the two ends of a connection, by what it sends, before it is known which of them is the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "which side is A is for the caller to say")]
pub enum Side {
    A,
    B,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What a [`Detector`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing yet: the bytes are held back.
    Undecided,
    /// The connection speaks `protocol`, and `client` sends the requests. The bytes of the call that brought this
    /// verdict are *not* held: [`replay`](Detector::replay) what came before them, then pass them on.
    Detected {
        /// The protocol.
        protocol: Protocol,
        /// The side that sends the requests.
        client: Side,
        /// Both sides have said so. Else one has, and the other one's bytes are to [`confirm`](Detector::confirm) it
        /// before what the parser yields is believed.
        confirmed: bool,
    },
    /// None of the protocols, or none within [`Limits::detect_bytes`]. Nothing is held any more.
    Unknown,
}

/// Finds the protocol of a connection from what both sides say first, and holds the bytes until then.
///
/// A protocol is recognised by what one side says, where that can be nothing else, else by what both say. A decision that
/// falls with the first segment, the common case, copies nothing.
///
/// The whole way of a connection that nothing is known of:
///
/// ```
/// use geophone_proto_parse::{Detection, Detector, Direction, Exchange, Limits, Side, Verdict};
///
/// # #[cfg(feature = "http1")] {
/// let limits = Limits::default();
/// let mut detector = Detector::new(&limits, false);
/// // What comes is given to the detector as long as it is undecided. It holds it.
/// assert_eq!(detector.bytes(Side::A, 1_000, b"GE"), Verdict::Undecided);
/// let data = b"T /orders/42 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
/// let Verdict::Detected { protocol, client, mut confirmed } = detector.bytes(Side::A, 1_500, data) else {
///     unreachable!("this is HTTP/1, and side A is the client");
/// };
///
/// // The parser gets what was held, then what brought the verdict.
/// let direction = |side| if side == client { Direction::ToServer } else { Direction::ToClient };
/// let mut connection = protocol.connection(&limits, false).expect("what is detected has its feature on");
/// detector.replay(client, &mut *connection);
/// connection.bytes(direction(Side::A), 1_500, data);
///
/// // Until the other side has confirmed it, nothing that the parser yields is believed.
/// let data = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/// if !confirmed {
///     match detector.confirm(Side::B, data) {
///         Detection::Match => confirmed = true,
///         Detection::NeedMore => {}
///         // The verdict was wrong: this parser goes, and another detector looks at what comes.
///         Detection::NoMatch => connection.abandon(),
///     }
/// }
/// connection.bytes(direction(Side::B), 9_000, data);
///
/// // Behind the end of the connection nothing is open any more. Who has not confirmed it has not denied it either.
/// connection.close(10_000);
/// let mut exchange = Exchange::default();
/// while connection.poll(&mut exchange) {
///     assert_eq!((exchange.verb.as_str(), exchange.resource.as_str()), ("GET", "/orders/42"));
///     assert_eq!(exchange.request.first_ns, 1_000);
/// }
/// assert!(confirmed && connection.counters().paired == 1);
/// # }
/// ```
#[derive(Debug)]
pub struct Detector {
    limits: Limits,
    held_bytes: usize,
    events: Vec<Event>,
    a: Prefix,
    b: Prefix,
    /// The side that sends the requests, if the caller knows.
    client: Option<Side>,
    unconfirmed: Option<Unconfirmed>,
}

/// What a protocol's module says of the first bytes of one direction.
pub(crate) struct Candidate {
    pub(crate) protocol: Protocol,
    pub(crate) detect: fn(Direction, Place, &[u8], &Limits) -> Detection,
}

/// What one side has said and the other has not confirmed yet.
#[derive(Debug, Clone, Copy)]
struct Unconfirmed {
    candidate: usize,
    by: Side,
    direction: Direction,
}

/// Something held, in the order in which it came.
#[derive(Debug)]
struct Event {
    side: Side,
    now_ns: u64,
    kind: EventKind,
}

#[derive(Debug)]
enum EventKind {
    Bytes(usize),
    Gap(u64),
}

/// What an event costs of the budget beside its bytes.
const EVENT_BYTES: usize = size_of::<Event>();

impl Detector {
    /// `joined_late`: the connection was open before the capture began, so that the first bytes may be the middle of a
    /// message. The beginning of one is searched for then.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        let prefix = || Prefix::new(if joined_late { Place::Middle } else { Place::Start });
        let (a, b) = (prefix(), prefix());
        Self { limits: limits.raised(), held_bytes: 0, events: Vec::new(), a, b, client: None, unconfirmed: None }
    }

    /// The caller knows that `client` sends the requests: it has opened the connection. What is found in the middle of one may
    /// look like anything.
    pub fn set_client(&mut self, client: Side) {
        self.client = Some(client);
    }

    /// The next bytes that a side sent.
    pub fn bytes(&mut self, side: Side, now_ns: u64, data: &[u8]) -> Verdict {
        let Self { limits, a, b, .. } = self;
        let prefix = match side {
            Side::A => a,
            Side::B => b,
        };
        prefix.consider(data, limits);
        let cost = data.len().saturating_add(EVENT_BYTES);
        let is_last = self.held_bytes.saturating_add(cost) > self.limits.detect_bytes;
        match self.judge(is_last) {
            Verdict::Undecided => {
                self.prefix(side).hold(data);
                self.held_bytes = self.held_bytes.saturating_add(cost);
                self.events.push(Event { side, now_ns, kind: EventKind::Bytes(data.len()) });
                Verdict::Undecided
            }
            Verdict::Unknown => self.give_up(),
            detected @ Verdict::Detected { .. } => detected,
        }
    }

    /// `len` bytes that a side sent are lost.
    pub fn gap(&mut self, side: Side, now_ns: u64, len: u64) -> Verdict {
        self.prefix(side).interrupt();
        self.held_bytes = self.held_bytes.saturating_add(EVENT_BYTES);
        if self.held_bytes > self.limits.detect_bytes {
            return self.give_up();
        }
        self.events.push(Event { side, now_ns, kind: EventKind::Gap(len) });
        Verdict::Undecided
    }

    /// Passes on what is held, in the order and with the times in which it came, and holds it no longer.
    pub fn replay(&mut self, client: Side, connection: &mut dyn Connection) {
        let (mut a, mut b) = (self.a.held(), self.b.held());
        for Event { side, now_ns, kind } in self.events.drain(..) {
            let direction = if side == client { Direction::ToServer } else { Direction::ToClient };
            match kind {
                EventKind::Gap(len) => connection.gap(direction, now_ns, len),
                EventKind::Bytes(len) => {
                    let held = match side {
                        Side::A => &mut a,
                        Side::B => &mut b,
                    };
                    if let Some(data) = held.split_off(..len) {
                        connection.bytes(direction, now_ns, data);
                    }
                }
            }
        }
        let unconfirmed = self.unconfirmed.map(|unconfirmed| unconfirmed.by);
        self.events = Vec::new();
        self.held_bytes = 0;
        for side in [Side::A, Side::B] {
            if unconfirmed == Some(side) {
                self.held_bytes = self.prefix(side).len();
            } else {
                self.prefix(side).forget();
            }
        }
    }

    /// Behind a verdict that is not confirmed: what the next bytes of a side make of it. Bytes of the side that brought it say
    /// no more, [`NeedMore`](Detection::NeedMore); what the other one says is final. With
    /// [`NoMatch`](Detection::NoMatch) the verdict was wrong.
    pub fn confirm(&mut self, side: Side, data: &[u8]) -> Detection {
        let Self { limits, a, b, unconfirmed, held_bytes, .. } = self;
        let Some(Unconfirmed { candidate, by, direction }) = *unconfirmed else { return Detection::Match };
        if by != side {
            return Detection::NeedMore;
        }
        let prefix = match side {
            Side::A => a,
            Side::B => b,
        };
        let Some(candidate) = CANDIDATES.get(candidate) else { return Detection::NoMatch };
        let mut detection = prefix.detect(candidate, direction, data, limits);
        if detection == Detection::NeedMore {
            prefix.hold(data);
            *held_bytes = prefix.len();
            if *held_bytes > limits.detect_bytes {
                detection = Detection::NoMatch;
            }
        }
        if detection != Detection::NeedMore {
            prefix.forget();
            (*unconfirmed, *held_bytes) = (None, 0);
        }
        detection
    }

    /// Behind a verdict that is not confirmed: bytes that a side sent are lost.
    pub fn lose(&mut self, side: Side) {
        self.prefix(side).interrupt();
        self.prefix(side).forget();
    }

    /// How many bytes of memory are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn prefix(&mut self, side: Side) -> &mut Prefix {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    /// What both sides have said so far comes to. `is_last`: no more can be held.
    fn judge(&mut self, is_last: bool) -> Verdict {
        let Self { a, b, client: known_client, .. } = self;
        // Who is believed without the other side, and what else may be.
        let mut believed: Option<Unconfirmed> = None;
        let mut possible = 0_usize;
        for (candidate, Candidate { protocol, .. }) in CANDIDATES.iter().enumerate() {
            for (client, asks, answers) in [(Side::A, &*a, &*b), (Side::B, &*b, &*a)] {
                if known_client.is_some_and(|known| known != client) {
                    continue;
                }
                let (asked, answered) = (asks.as_client(candidate), answers.as_server(candidate));
                match (asked, answered) {
                    (Detection::NoMatch, _) | (_, Detection::NoMatch) => continue,
                    (Detection::Match, Detection::Match) => {
                        return Verdict::Detected { protocol: *protocol, client, confirmed: true };
                    }
                    (Detection::Match, Detection::NeedMore) => {
                        let by = client.opposite();
                        believed.get_or_insert(Unconfirmed { candidate, by, direction: Direction::ToClient });
                    }
                    (Detection::NeedMore, Detection::Match) => {
                        believed.get_or_insert(Unconfirmed { candidate, by: client, direction: Direction::ToServer });
                    }
                    // In the middle of a stream anything may be to come: that is no reason to wait for it.
                    (Detection::NeedMore, Detection::NeedMore) if asks.is_mid_stream() || answers.is_mid_stream() => {
                        continue;
                    }
                    (Detection::NeedMore, Detection::NeedMore) => {}
                }
                possible = possible.saturating_add(1);
            }
        }
        match believed {
            Some(unconfirmed) if possible == 1 || is_last => {
                self.unconfirmed = Some(unconfirmed);
                let Unconfirmed { candidate, by, direction } = unconfirmed;
                let client = if direction == Direction::ToServer { by } else { by.opposite() };
                match CANDIDATES.get(candidate) {
                    Some(Candidate { protocol, .. }) => {
                        Verdict::Detected { protocol: *protocol, client, confirmed: false }
                    }
                    None => Verdict::Unknown,
                }
            }
            _ if is_last => Verdict::Unknown,
            None if possible == 0 && !self.a.is_mid_stream() && !self.b.is_mid_stream() => Verdict::Unknown,
            _ => Verdict::Undecided,
        }
    }

    fn give_up(&mut self) -> Verdict {
        self.held_bytes = 0;
        self.events = Vec::new();
        self.a.forget();
        self.b.forget();
        Verdict::Unknown
    }
}

#[cfg(all(test, feature = "http1"))]
mod tests;
