//! What is counted: who asked whom for what, and how it went.

use std::sync::Arc;

use geophone_model::{
    exchange::{Exchange, Observed, Shape, TraceContext},
    identity::Identity,
    protocol::Protocol,
    status::Status,
    time::Timestamp,
};

/// Who asked whom for what.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Whose measurement it is.
    pub observed: Observed,
    /// Who asked.
    pub client: &'a Arc<Identity>,
    /// Who was asked. Operations are this one's.
    pub server: &'a Arc<Identity>,
    /// Whether a server sent it of its own accord: see [`Exchange::delivery`].
    pub delivery: bool,
    /// The protocol, which decides how `resource` is turned into an operation.
    pub protocol: Protocol,
    /// An HTTP method, a command.
    pub verb: &'a str,
    /// For HTTP the path; for other protocols something of few different values, such as a statement's fingerprint.
    pub resource: &'a str,
}

impl<'a> Subject<'a> {
    /// The subject of an exchange between the two.
    pub fn of(exchange: &'a Exchange, client: &'a Arc<Identity>, server: &'a Arc<Identity>) -> Self {
        Self {
            observed: exchange.observed,
            client,
            server,
            delivery: exchange.delivery,
            protocol: exchange.protocol,
            verb: &exchange.verb,
            resource: &exchange.resource,
        }
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When it was over, which decides the window.
    pub end: Timestamp,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub timing: Timing,
    /// Stream bytes of the request.
    pub request_bytes: u64,
    /// Stream bytes of the response.
    pub response_bytes: u64,
    /// The trace that it was part of. Exchanges with one can become exemplars.
    pub trace: Option<TraceContext>,
}

impl Outcome {
    /// A call that was answered well, `duration_ns` nanoseconds after it began.
    pub const fn answered(end: Timestamp, duration_ns: u64) -> Self {
        Self {
            end,
            status: Status { class: geophone_model::status::StatusClass::Ok, code: geophone_model::code::Code::NONE },
            timing: Timing::Call { duration_ns, first_byte_ns: None },
            request_bytes: 0,
            response_bytes: 0,
            trace: None,
        }
    }

    /// The outcome of an exchange.
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            end: exchange.end,
            status: exchange.status,
            timing: Timing::of(exchange),
            request_bytes: exchange.request.bytes,
            response_bytes: exchange.response.map_or(0, |response| response.bytes),
            trace: exchange.trace,
        }
    }
}

/// What kind of time an exchange took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// The latency of a call that was answered, in nanoseconds.
    Call {
        /// To the last byte of the response.
        duration_ns: u64,
        /// To the first byte of the final response, where that is known.
        first_byte_ns: Option<u64>,
    },
    /// The lifetime of a stream, or the wait of a long poll, in nanoseconds. It is no latency and is kept apart.
    Stream {
        /// From its first byte to its end.
        lifetime_ns: u64,
    },
    /// None: a one-way message, or a call without an answer.
    Untimed,
}

impl Timing {
    fn of(exchange: &Exchange) -> Self {
        if matches!(exchange.shape, Shape::Stream | Shape::LongPoll) {
            return Self::Stream { lifetime_ns: exchange.end.ns_since(exchange.request.first) };
        }
        match exchange.duration_ns() {
            Some(duration_ns) => Self::Call { duration_ns, first_byte_ns: exchange.first_byte_ns() },
            None => Self::Untimed,
        }
    }
}
