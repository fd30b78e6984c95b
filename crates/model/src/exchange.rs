//! A request with its response, between two endpoints.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    code::Code,
    net::{ConnectionId, Endpoint, NetNs, SocketCookie, Transport},
    protocol::Protocol,
    status::{Status, StatusClass},
    time::Timestamp,
};

/// A request with its response, or the lack of one. It belongs to the window of its [`end`](Exchange::end).
///
/// What it holds has left a parser and is clean: no query, fragment, credential, cookie, header value or body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exchange {
    /// The connection that carried it.
    pub connection: ConnectionId,
    /// Whose view of it was measured.
    pub observed: Observed,
    /// The network namespace at the observation point.
    pub netns: NetNs,
    /// The transport protocol.
    pub transport: Transport,
    /// Who asked, or sent the message.
    pub client: Party,
    /// Who was asked, or was sent the message.
    pub server: Party,
    /// It is a message that a server sent of its own accord (a broker's delivery): client and server are those of the message,
    /// and of the connection the other way round.
    pub delivery: bool,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether its duration is a latency.
    pub shape: Shape,
    /// What was asked to be done: an HTTP method, a command.
    pub verb: String,
    /// On what: a path without query, a statement's fingerprint, a topic. Bounded by the parser.
    pub resource: String,
    /// The host name that the client asked for, lower case, with its port where one was given; empty where none was.
    pub authority: String,
    /// How it ended.
    pub status: Status,
    /// The request.
    pub request: Message,
    /// The final response; `None` where none came.
    pub response: Option<Message>,
    /// When it was over: the last byte of the response, or the end of the connection where none came.
    pub end: Timestamp,
    /// What is odd about it.
    pub flags: ExchangeFlags,
    /// The trace that the client says it is part of.
    pub trace: Option<TraceContext>,
    /// Messages that the request consists of, where the protocol counts them (gRPC); else 0.
    pub request_messages: u32,
    /// Messages that the response consists of, where the protocol counts them (gRPC); else 0.
    pub response_messages: u32,
    /// The addresses of names that the response told (DNS).
    pub answers: Vec<Answer>,
}

/// An address that a name has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    /// The name, in lower case.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// For how long that holds, in seconds.
    pub ttl_s: u32,
}

impl Exchange {
    /// One that stands for none: a place in memory whose contents mean nothing and whose buffers wait to be filled.
    pub const fn blank() -> Self {
        let party =
            Party { endpoint: Endpoint::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0), dialled: None, cookie: None };
        Self {
            connection: ConnectionId(0),
            observed: Observed::SamePoint,
            netns: NetNs(0),
            transport: Transport::Tcp,
            client: party,
            server: party,
            delivery: false,
            protocol: Protocol::Http1,
            shape: Shape::Call,
            verb: String::new(),
            resource: String::new(),
            authority: String::new(),
            status: Status { class: StatusClass::Ok, code: Code::NONE },
            request: Message { first: Timestamp::MIN, last: Timestamp::MIN, bytes: 0 },
            response: None,
            end: Timestamp::MIN,
            flags: ExchangeFlags(0),
            trace: None,
            request_messages: 0,
            response_messages: 0,
            answers: Vec::new(),
        }
    }

    /// The ends of the connection, client and server: of a [`delivery`](Self::delivery), the other way round than of the message.
    pub const fn connection_ends(&self) -> (&Party, &Party) {
        if self.delivery { (&self.server, &self.client) } else { (&self.client, &self.server) }
    }

    /// Nanoseconds from the first byte of the request to the last of the response; `None` where that is no latency: a
    /// one-way message, a stream, or a request that was never answered.
    pub fn duration_ns(&self) -> Option<u64> {
        match (self.shape, &self.response) {
            (Shape::Call, Some(response)) => Some(response.last.ns_since(self.request.first)),
            _ => None,
        }
    }

    /// Nanoseconds from the first byte of the request to the first byte of the final response.
    pub fn first_byte_ns(&self) -> Option<u64> {
        match (self.shape, &self.response) {
            (Shape::Call, Some(response)) => Some(response.first.ns_since(self.request.first)),
            _ => None,
        }
    }
}

/// Whose measurement an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Observed {
    /// Measured at the client's socket.
    Client,
    /// Measured at the server's socket.
    Server,
    /// Measured once for both, on the loopback device or on the way: it counts in each view, and the difference of the
    /// views says nothing about the network.
    SamePoint,
}

impl Observed {
    /// Whether it counts in the client's view.
    pub const fn by_client(self) -> bool {
        matches!(self, Self::Client | Self::SamePoint)
    }

    /// Whether it counts in the server's view.
    pub const fn by_server(self) -> bool {
        matches!(self, Self::Server | Self::SamePoint)
    }
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Party {
    /// The endpoint that the packets carry.
    pub endpoint: Endpoint,
    /// The endpoint that the other side's socket was told to connect to, where address translation made it another one.
    pub dialled: Option<Endpoint>,
    /// Its socket, where it is on this machine and known.
    pub cookie: Option<SocketCookie>,
}

/// What kind of conversation it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Shape {
    /// A request and its response.
    Call,
    /// A message without an answer: counted, without a duration.
    OneWay,
    /// A long-lived one (upgrade, tunnel): counted, its lifetime kept apart from latency.
    Stream,
    /// A call whose answer the server holds back by agreement until there is something to tell: counted, its wait kept apart
    /// from latency, with the lifetimes of streams.
    LongPoll,
}

/// Times and size of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// When its first byte passed.
    pub first: Timestamp,
    /// When its last byte passed; later than that, where bytes before it were lost on the way and sent again.
    pub last: Timestamp,
    /// Its length in stream bytes, head and body, captured or not.
    pub bytes: u64,
}

/// Oddities of an exchange, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ExchangeFlags(pub u16);

impl ExchangeFlags {
    /// Capture began in the middle of its connection.
    pub const JOINED_LATE: Self = Self(1);
    /// Bytes of the request's body were lost; its length is known all the same.
    pub const REQUEST_GAP: Self = Self(1 << 1);
    /// Bytes of the response's body were lost; its length is known all the same.
    pub const RESPONSE_GAP: Self = Self(1 << 2);
    /// The request ended before its declared length.
    pub const REQUEST_CUT: Self = Self(1 << 3);
    /// The response ended before its declared length.
    pub const RESPONSE_CUT: Self = Self(1 << 4);
    /// The resource was longer than the parser keeps.
    pub const RESOURCE_CUT: Self = Self(1 << 5);
    /// The response was complete before the request was: the request has the bytes that had come by then.
    pub const REQUEST_UNFINISHED: Self = Self(1 << 6);
    /// The request is not valid in its protocol. What could be read of it is there.
    pub const REQUEST_MALFORMED: Self = Self(1 << 7);
    /// Two recipients may disagree about where the request or the response ends: the shape of request smuggling.
    pub const AMBIGUOUS_FRAMING: Self = Self(1 << 8);
    /// At least one interim response (HTTP: 1xx) came before the final one.
    pub const INTERIM: Self = Self(1 << 9);
    /// The beginning of the request or of the response was found by searching: bytes before it were lost, or made no sense.
    pub const RESYNCED: Self = Self(1 << 10);
    /// What the request refers to (a prepared statement, an entry of a header table) was defined where nobody saw it: the verb
    /// or the resource is missing.
    pub const REFERENCE_UNKNOWN: Self = Self(1 << 11);
    /// The content is compressed or encrypted: what it says beyond its frame was not read.
    pub const OPAQUE: Self = Self(1 << 12);
    /// It was not carried out, because another one of the same batch had failed.
    pub const SKIPPED: Self = Self(1 << 13);
    /// The client called it off before it was answered.
    pub const CANCELLED: Self = Self(1 << 14);

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Names of the set flags, in order of their bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [(ExchangeFlags, &str); 15] = [
            (ExchangeFlags::JOINED_LATE, "joined_late"),
            (ExchangeFlags::REQUEST_GAP, "request_gap"),
            (ExchangeFlags::RESPONSE_GAP, "response_gap"),
            (ExchangeFlags::REQUEST_CUT, "request_cut"),
            (ExchangeFlags::RESPONSE_CUT, "response_cut"),
            (ExchangeFlags::RESOURCE_CUT, "resource_cut"),
            (ExchangeFlags::REQUEST_UNFINISHED, "request_unfinished"),
            (ExchangeFlags::REQUEST_MALFORMED, "request_malformed"),
            (ExchangeFlags::AMBIGUOUS_FRAMING, "ambiguous_framing"),
            (ExchangeFlags::INTERIM, "interim"),
            (ExchangeFlags::RESYNCED, "resynced"),
            (ExchangeFlags::REFERENCE_UNKNOWN, "reference_unknown"),
            (ExchangeFlags::OPAQUE, "opaque"),
            (ExchangeFlags::SKIPPED, "skipped"),
            (ExchangeFlags::CANCELLED, "cancelled"),
        ];
        NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

/// The W3C trace context of a request (`traceparent`, version 00): an identifier, no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TraceContext {
    /// The trace; not all zero.
    pub trace_id: [u8; 16],
    /// The caller's span; not all zero.
    pub span_id: [u8; 8],
    /// Trace flags; bit 0 is "sampled".
    pub flags: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(first: u64, last: u64) -> Message {
        Message { first: Timestamp::from_ns(first), last: Timestamp::from_ns(last), bytes: 1 }
    }

    fn exchange(shape: Shape, response: Option<Message>) -> Exchange {
        let party = Party { endpoint: "127.0.0.1:1".parse().unwrap(), dialled: None, cookie: None };
        Exchange {
            connection: ConnectionId(1),
            observed: Observed::SamePoint,
            netns: NetNs(0),
            client: party,
            server: party,
            shape,
            request: message(10, 12),
            response,
            end: Timestamp::from_ns(40),
            ..Exchange::blank()
        }
    }

    #[test]
    fn only_an_answered_call_has_a_latency() {
        let call = exchange(Shape::Call, Some(message(30, 40)));
        assert_eq!((call.first_byte_ns(), call.duration_ns()), (Some(20), Some(30)));
        assert_eq!(exchange(Shape::Call, None).duration_ns(), None);
        assert_eq!(exchange(Shape::Stream, Some(message(30, 40))).duration_ns(), None);
    }

    #[test]
    fn flags_are_named() {
        let mut flags = ExchangeFlags::JOINED_LATE;
        flags.insert(ExchangeFlags::RESPONSE_CUT);
        assert_eq!(flags.names().collect::<Vec<_>>(), ["joined_late", "response_cut"]);
    }
}
