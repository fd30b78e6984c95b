//! What a parser yields.

#![cfg_attr(
    not(feature = "default"),
    allow(dead_code, unused_imports, reason = "what some protocols share is unused without them")
)]

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::ops::{BitOr, BitOrAssign};

use crate::{Direction, Protocol, TraceContext};

/// One finished exchange between a client and a server, in terms that all protocols share.
///
/// It is clean: query, fragment, user info, credentials, header values, literals and bodies do not leave the parser.
/// Reuse one value over many [`poll`](crate::Connection::poll)s: its buffers go round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The protocol that was spoken.
    pub protocol: Protocol,
    /// What kind of exchange it is, and so whether its duration is a latency.
    pub shape: Shape,
    /// Which way the request went, or the message that asks for no answer: [`ToServer`](Direction::ToServer) but for what
    /// a server sends of its own accord (a broker's delivery).
    pub direction: Direction,
    /// Method or command (`GET`, `SELECT`, `publish`), empty where the parser could not see it or the protocol has none.
    pub verb: String,
    /// What the verb was about (an HTTP path, the rest of a statement's fingerprint, a topic), bounded by
    /// [`Limits::resource_bytes`](crate::Limits::resource_bytes); empty where there is none.
    pub resource: String,
    /// The host, with its port if given, that the client addressed, in lower case; empty where there is none.
    pub authority: String,
    /// How it went.
    pub status: StatusClass,
    /// The protocol's own status code (`404`), if a response with one was seen.
    pub native_status: Option<i32>,
    /// The protocol's own word for what went wrong (SQLSTATE `42P01`, Redis `WRONGTYPE`), bounded by
    /// [`Limits::error_bytes`](crate::Limits::error_bytes); empty where there is none. Never the text of a message.
    pub error: String,
    /// The request's times and size.
    pub request: Span,
    /// The final response's times and size; `None` if there was none.
    pub response: Option<Span>,
    /// When the exchange finished: the response's last byte, or the end of the connection that came instead.
    pub end_ns: u64,
    /// Messages that the request consists of, where the protocol counts them (gRPC); else 0.
    pub request_messages: u32,
    /// Messages that the response consists of, where the protocol counts them (gRPC); else 0.
    pub response_messages: u32,
    /// The addresses that a name has (DNS), bounded by [`Limits::answers`](crate::Limits::answers).
    pub answers: Vec<Answer>,
    /// What else the parser noticed.
    pub flags: Flags,
    /// The caller's trace context, if the request carried a valid one.
    pub trace: Option<TraceContext>,
}

impl Exchange {
    /// Empties the exchange and keeps its buffers.
    pub fn clear(&mut self) {
        let Self {
            protocol,
            shape,
            direction,
            verb,
            resource,
            authority,
            status,
            native_status,
            error,
            request,
            response,
            end_ns,
            request_messages,
            response_messages,
            answers,
            flags,
            trace,
        } = self;
        *protocol = Protocol::default();
        *shape = Shape::default();
        *direction = Direction::default();
        verb.clear();
        resource.clear();
        authority.clear();
        error.clear();
        *request_messages = 0;
        *response_messages = 0;
        answers.clear();
        *status = StatusClass::default();
        *native_status = None;
        *request = Span::default();
        *response = None;
        *end_ns = 0;
        *flags = Flags::default();
        *trace = None;
    }
}

impl Exchange {
    /// Bytes of memory that it takes, its texts included.
    pub(crate) fn held_bytes(&self) -> usize {
        let Self { verb, resource, authority, error, answers, .. } = self;
        let texts = [verb, resource, authority, error].map(String::capacity);
        let answers = answers.capacity().saturating_mul(size_of::<Answer>());
        texts.into_iter().fold(size_of::<Self>(), usize::saturating_add).saturating_add(answers)
    }
}

/// An address of a name, as a DNS answer told it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The name that was asked for, in lower case, however many aliases lie between it and the address; for the target of
    /// an SRV or HTTPS record, that target.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// For how long that holds, in seconds.
    pub ttl_s: u32,
}

/// Times and size of one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Time of the first byte, in nanoseconds of the caller's clock.
    pub first_ns: u64,
    /// The latest time of any byte that was seen of it, in nanoseconds of the caller's clock: the last byte's, unless one
    /// before it was lost on the way and sent again. For a body that ends with the connection, that end counts too.
    pub last_ns: u64,
    /// Bytes on the wire, head and framing included, lost and skipped ones too.
    pub bytes: u64,
}

impl Span {
    /// Nothing yet of a message whose first byte was seen at `now_ns`.
    pub(crate) const fn starting(now_ns: u64) -> Self {
        Self { first_ns: now_ns, last_ns: now_ns, bytes: 0 }
    }

    /// Takes in a later part of the same message.
    pub(crate) fn merge(&mut self, part: Self) {
        self.extend(part.last_ns, part.bytes);
    }

    /// Counts its next `len` bytes, seen at `now_ns`.
    #[inline]
    pub(crate) fn extend(&mut self, now_ns: u64, len: u64) {
        self.bytes = self.bytes.saturating_add(len);
        // Bytes come in their order in the stream, which after a retransmission is not that in which they were seen.
        self.last_ns = self.last_ns.max(now_ns);
    }
}

/// What kind of exchange it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// A request and its response: the duration is a latency.
    #[default]
    RequestResponse,
    /// A message without an answer: count and bytes, no duration.
    OneWay,
    /// A tunnel, an upgraded connection, an event stream: the duration is a lifetime, to be kept apart from latencies.
    /// Yielded when it ends. Of a tunnel or an upgraded connection, only the handshake's bytes are counted.
    Stream,
    /// A request whose answer the server holds back by agreement until there is something to tell (`BLPOP`, a Kafka fetch):
    /// the duration is a wait, to be kept apart from latencies.
    LongPoll,
}

/// How an exchange went, in terms that all protocols share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusClass {
    /// As it should (HTTP: 1xx, 2xx and 3xx).
    Ok,
    /// The server blames the client (HTTP: 4xx).
    ClientError,
    /// The server failed (HTTP: 5xx, and what is outside 100 to 599, as RFC 9110 section 15 asks).
    ServerError,
    /// The server answered something that is not the protocol.
    ProtocolError,
    /// The connection ended before a response was there.
    #[default]
    NoResponse,
}

/// What else the parser noticed about an exchange: a set.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// The connection was open before the capture began and this is the first exchange found on it.
    pub const JOINED_LATE: Self = Self(1);
    /// The request's or the response's beginning was found by searching, because the place in the stream was lost.
    pub const RESYNCED: Self = Self(1 << 1);
    /// The end of the request was not seen: it was lost, or the client stopped before it.
    pub const REQUEST_TRUNCATED: Self = Self(1 << 2);
    /// Bytes of the request were lost; its extent is known.
    pub const REQUEST_GAP: Self = Self(1 << 3);
    /// The request is not valid in its protocol. What could be read of it is there.
    pub const REQUEST_MALFORMED: Self = Self(1 << 4);
    /// The response was over before the request was: request bytes and last time are as of then.
    pub const REQUEST_UNFINISHED: Self = Self(1 << 5);
    /// The end of the response was not seen: it was lost, or the server stopped before it. The status is what the
    /// response said, and the last time that of what was seen.
    pub const RESPONSE_TRUNCATED: Self = Self(1 << 6);
    /// Bytes of the response were lost; its extent is known. Where its end was among them, the last time is that at
    /// which the loss became known.
    pub const RESPONSE_GAP: Self = Self(1 << 7);
    /// At least one interim response (HTTP: 1xx) came first.
    pub const INTERIM: Self = Self(1 << 8);
    /// The resource is longer than what was kept of it.
    pub const RESOURCE_CUT: Self = Self(1 << 9);
    /// Two recipients may disagree about where the request or the response ends (HTTP: both `Transfer-Encoding` and
    /// `Content-Length`, `Transfer-Encoding` in HTTP/1.0, a CR or NUL within a field line, a line behind the start line that
    /// begins with whitespace): the shape of request smuggling.
    pub const AMBIGUOUS_FRAMING: Self = Self(1 << 10);
    /// What the request refers to (a prepared statement, an entry of a header table, a topic's id) was defined where the
    /// parser did not see it: a verb or a resource is missing.
    pub const REFERENCE_UNKNOWN: Self = Self(1 << 11);
    /// The content is compressed or encrypted: what it says beyond its frame was not read.
    pub const OPAQUE: Self = Self(1 << 12);
    /// It was not carried out, because another one of the same batch had failed.
    pub const SKIPPED: Self = Self(1 << 13);
    /// The client called it off before it was answered.
    pub const CANCELLED: Self = Self(1 << 14);
    /// All of them.
    pub const ALL: Self = Self((1 << Self::NAMES.len()) - 1);

    const NAMES: [(Self, &'static str); 15] = [
        (Self::JOINED_LATE, "joined_late"),
        (Self::RESYNCED, "resynced"),
        (Self::REQUEST_TRUNCATED, "request_truncated"),
        (Self::REQUEST_GAP, "request_gap"),
        (Self::REQUEST_MALFORMED, "request_malformed"),
        (Self::REQUEST_UNFINISHED, "request_unfinished"),
        (Self::RESPONSE_TRUNCATED, "response_truncated"),
        (Self::RESPONSE_GAP, "response_gap"),
        (Self::INTERIM, "interim"),
        (Self::RESOURCE_CUT, "resource_cut"),
        (Self::AMBIGUOUS_FRAMING, "ambiguous_framing"),
        (Self::REFERENCE_UNKNOWN, "reference_unknown"),
        (Self::OPAQUE, "opaque"),
        (Self::SKIPPED, "skipped"),
        (Self::CANCELLED, "cancelled"),
    ];

    /// Whether all of `other`'s flags are set here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether at least one of `other`'s flags is set here.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of the flags that are set, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
