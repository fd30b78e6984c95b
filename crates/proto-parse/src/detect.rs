//! Which protocol a connection speaks, and which side of it is the client.

#[cfg(feature = "http1")]
use alloc::boxed::Box;
use alloc::vec::Vec;

#[cfg(feature = "http1")]
use crate::http1;
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
    },
    /// None of the protocols, or none within [`Limits::detect_bytes`]. Nothing is held any more.
    Unknown,
}

/// Finds the protocol of a connection from what both sides say first, and holds the bytes until then.
///
/// A decision that falls with the first segment, the common case, copies nothing.
#[derive(Debug)]
pub struct Detector {
    limits: Limits,
    held_bytes: usize,
    events: Vec<Event>,
    a: Prefix,
    b: Prefix,
}

/// What one side has said so far.
#[derive(Debug, Default)]
struct Prefix {
    held: Vec<u8>,
    /// Where in `held` the bytes begin that are without a hole up to the end.
    unbroken_from: usize,
    /// The unbroken bytes may begin in the middle of a message.
    mid_stream: bool,
    /// What is looked for in the middle of a stream, once something is held of that.
    #[cfg(feature = "http1")]
    finder: Option<Box<http1::Finder>>,
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
        let prefix = || Prefix { mid_stream: joined_late, ..Prefix::default() };
        Self { limits: limits.clone(), held_bytes: 0, events: Vec::new(), a: prefix(), b: prefix() }
    }

    /// The next bytes that a side sent.
    pub fn bytes(&mut self, side: Side, now_ns: u64, data: &[u8]) -> Verdict {
        let Self { limits, a, b, .. } = self;
        let prefix = match side {
            Side::A => a,
            Side::B => b,
        };
        match prefix.recognise(data, limits) {
            Recognised::Client(protocol) => Verdict::Detected { protocol, client: side },
            Recognised::Server(protocol) => Verdict::Detected { protocol, client: side.opposite() },
            Recognised::Nothing => self.give_up(),
            Recognised::NeedMore => {
                self.prefix(side).held.extend_from_slice(data);
                self.hold(Event { side, now_ns, kind: EventKind::Bytes(data.len()) }, data.len())
            }
        }
    }

    /// `len` bytes that a side sent are lost.
    pub fn gap(&mut self, side: Side, now_ns: u64, len: u64) -> Verdict {
        let prefix = self.prefix(side);
        prefix.unbroken_from = prefix.held.len();
        prefix.mid_stream = true;
        #[cfg(feature = "http1")]
        {
            prefix.finder = None;
        }
        self.hold(Event { side, now_ns, kind: EventKind::Gap(len) }, 0)
    }

    /// Passes on what is held, in the order and with the times in which it came, and holds nothing any more.
    pub fn replay(&mut self, client: Side, connection: &mut dyn Connection) {
        let (mut a, mut b) = (self.a.held.as_slice(), self.b.held.as_slice());
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
        self.give_up();
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

    fn hold(&mut self, event: Event, data_bytes: usize) -> Verdict {
        self.held_bytes = self.held_bytes.saturating_add(data_bytes).saturating_add(EVENT_BYTES);
        if self.held_bytes > self.limits.detect_bytes {
            return self.give_up();
        }
        self.events.push(event);
        Verdict::Undecided
    }

    fn give_up(&mut self) -> Verdict {
        self.held_bytes = 0;
        self.events = Vec::new();
        self.a = Prefix::default();
        self.b = Prefix::default();
        Verdict::Unknown
    }
}

/// What one side's bytes are.
#[cfg_attr(not(feature = "http1"), expect(dead_code, reason = "without a protocol nothing is recognised"))]
enum Recognised {
    Client(Protocol),
    Server(Protocol),
    Nothing,
    NeedMore,
}

/// With one protocol there is nothing to choose between; each further one is one more candidate for each role.
#[cfg(feature = "http1")]
impl Prefix {
    /// What `data` makes of the side whose next bytes they are. No byte is looked at again for each call that follows.
    fn recognise(&mut self, data: &[u8], limits: &Limits) -> Recognised {
        if self.mid_stream {
            return self.find(data, limits);
        }
        let unbroken_bytes = self.held.len().saturating_sub(self.unbroken_from);
        if unbroken_bytes == 0 {
            return recognise(data, limits);
        }
        if !http1::may_decide(unbroken_bytes, data, limits) {
            return Recognised::NeedMore;
        }
        let held_bytes = self.held.len();
        self.held.extend_from_slice(data);
        let found = recognise(self.held.get(self.unbroken_from..).unwrap_or_default(), limits);
        self.held.truncate(held_bytes);
        found
    }

    fn find(&mut self, data: &[u8], limits: &Limits) -> Recognised {
        let found = match &mut self.finder {
            Some(finder) => finder.step(data, limits),
            None => {
                let mut finder = http1::Finder::default();
                let found = finder.step(data, limits);
                if found.is_none() {
                    self.finder = Some(Box::new(finder));
                }
                found
            }
        };
        match found {
            Some(Direction::ToServer) => Recognised::Client(Protocol::Http1),
            Some(Direction::ToClient) => Recognised::Server(Protocol::Http1),
            None => Recognised::NeedMore,
        }
    }
}

#[cfg(feature = "http1")]
fn recognise(data: &[u8], limits: &Limits) -> Recognised {
    match (http1::detect_client(data, limits), http1::detect_server(data, limits)) {
        (Detection::Match, _) => Recognised::Client(Protocol::Http1),
        (_, Detection::Match) => Recognised::Server(Protocol::Http1),
        (Detection::NoMatch, Detection::NoMatch) => Recognised::Nothing,
        _ => Recognised::NeedMore,
    }
}

#[cfg(not(feature = "http1"))]
impl Prefix {
    fn recognise(&mut self, _data: &[u8], _limits: &Limits) -> Recognised {
        Recognised::Nothing
    }
}

#[cfg(all(test, feature = "http1"))]
mod tests;
