//! What is remembered of a stream, and what its exchange becomes in the end.

use super::error_code::error_name;
use super::grpc::{self, Messages};
use super::message::{RequestHead, ResponseHead};
use crate::http1::class_of;
use crate::{Exchange, Flags, Limits, Protocol, Shape, Span, StatusClass, text};

/// A stream whose exchange is not over.
#[derive(Debug, Default)]
pub(super) struct Stream {
    kind: Kind,
    /// The server has promised it (RFC 9113 section 8.4).
    pub(super) is_pushed: bool,
    pub(super) request_is_over: bool,
    /// Frames of the client's were lost, the end of the request perhaps among them.
    pub(super) request_may_be_over: bool,
    /// The final response, as far as it was seen.
    pub(super) response: Option<Span>,
    /// Frames of the server's were lost, the end of the response perhaps among them.
    pub(super) response_may_be_over: bool,
    /// Of the response's head so much was lost that it is not known how it went.
    pub(super) status_is_lost: bool,
    status: Option<u16>,
    grpc_status: Option<i32>,
    /// The request's head refers to what was not seen.
    request_has_unknown: bool,
    /// The same of the final response's head.
    head_has_unknown: bool,
    /// The same of its trailers, if there were any.
    trailers_have_unknown: Option<bool>,
    is_event_stream: bool,
    timeout_ns: Option<u64>,
    request_messages: Messages,
    response_messages: Messages,
}

/// What is spoken on a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    /// `CONNECT`: a tunnel, if it is granted.
    Tunnel,
    /// `CONNECT` for a WebSocket (RFC 8441).
    WebSocket,
    Grpc,
}

/// Why an exchange is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The response has ended.
    Answered,
    /// The client has reset the stream, with this error code.
    ResetByClient(u32),
    /// The server has reset the stream, with this error code.
    ResetByServer(u32),
    /// The server goes away, with this error code, and has not looked at the stream (section 6.8).
    NotProcessed(u32),
    /// The connection has ended.
    Ended,
}

impl Stream {
    /// The messages that the client sends, if they are to be counted.
    pub(super) fn request_messages(&mut self) -> Option<&mut Messages> {
        (self.kind == Kind::Grpc).then_some(&mut self.request_messages)
    }

    /// The messages that the server sends, if they are to be counted.
    pub(super) fn response_messages(&mut self) -> Option<&mut Messages> {
        (self.kind == Kind::Grpc).then_some(&mut self.response_messages)
    }

    /// How many of the next bytes of DATA are of no interest.
    pub(super) fn dull_bytes(&self, is_request: bool) -> u32 {
        match (self.kind, is_request) {
            (Kind::Grpc, true) => self.request_messages.body_remaining(),
            (Kind::Grpc, false) => self.response_messages.body_remaining(),
            _ => u32::MAX,
        }
    }

    /// The request's head is whole.
    pub(super) fn take_request(&mut self, head: &mut RequestHead, exchange: &mut Exchange) {
        head.give_texts(exchange);
        self.timeout_ns = head.timeout_ns;
        self.request_has_unknown = head.order.has_unknown;
        exchange.trace = head.trace;
        self.kind = match exchange.verb.as_str() {
            _ if head.is_grpc => Kind::Grpc,
            "CONNECT" if head.is_websocket => Kind::WebSocket,
            "CONNECT" => Kind::Tunnel,
            _ => Kind::Plain,
        };
        if self.kind == Kind::Grpc {
            name_call(exchange);
        }
        if head.resource_is_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
        let is_missing = exchange.resource.is_empty() && self.kind != Kind::Tunnel;
        if head.order.has_unknown && (is_missing || (exchange.verb.is_empty() && self.kind != Kind::Grpc)) {
            exchange.flags |= Flags::REFERENCE_UNKNOWN;
        }
    }

    /// The final response's head is whole.
    pub(super) fn take_response(&mut self, head: &ResponseHead, exchange: &mut Exchange) {
        self.status = head.status;
        self.is_event_stream = head.is_event_stream;
        self.head_has_unknown = head.order.has_unknown;
        if head.is_grpc && self.kind == Kind::Plain && exchange.verb != "CONNECT" {
            // The request's content type was not seen.
            self.become_grpc(exchange);
        }
        if !head.is_grpc && !head.order.has_unknown {
            // What it has of content are no messages.
            self.response_messages.pass(u32::MAX);
        }
        self.take_grpc_status(head, exchange);
    }

    /// The trailers are whole.
    pub(super) fn take_trailers(&mut self, trailers: &ResponseHead, exchange: &mut Exchange) {
        self.trailers_have_unknown = Some(trailers.order.has_unknown);
        self.take_grpc_status(trailers, exchange);
    }

    /// It is among the trailers, or, where nothing else is to be said, in the head ("Trailers-Only").
    fn take_grpc_status(&mut self, head: &ResponseHead, exchange: &mut Exchange) {
        let Some(status) = head.grpc_status else { return };
        // A call, if its content type was not seen. gRPC-Web has the field too.
        if self.kind == Kind::Plain && (self.request_has_unknown || self.head_has_unknown) {
            self.become_grpc(exchange);
        }
        self.grpc_status = Some(status);
    }

    fn become_grpc(&mut self, exchange: &mut Exchange) {
        self.kind = Kind::Grpc;
        // What was sent before is not known to be messages.
        self.request_messages.pass(u32::MAX);
        name_call(exchange);
    }

    /// Writes what has become of the exchange.
    pub(super) fn settle(&self, cause: Cause, end_ns: u64, exchange: &mut Exchange, limits: &Limits) {
        exchange.response = self.response;
        exchange.protocol = match self.kind {
            Kind::Grpc => Protocol::Grpc,
            Kind::WebSocket if self.is_granted() => Protocol::WebSocket,
            _ => Protocol::Http2,
        };
        if self.response.is_some() && self.status_is_unknown() {
            exchange.flags |= Flags::REFERENCE_UNKNOWN;
        }
        if self.kind == Kind::Grpc {
            self.settle_call(cause, end_ns, exchange);
        } else {
            self.settle_plain(cause, exchange, limits);
        }
        exchange.shape = self.shape(exchange);
        if self.is_pushed {
            exchange.direction = crate::Direction::ToClient;
        }
        if !self.request_is_over {
            exchange.flags |= match cause {
                _ if self.request_may_be_over => Flags::REQUEST_TRUNCATED,
                Cause::Answered | Cause::ResetByServer(_) => Flags::REQUEST_UNFINISHED,
                Cause::ResetByClient(_) | Cause::NotProcessed(_) | Cause::Ended => Flags::REQUEST_TRUNCATED,
            };
        }
        if self.response.is_some() && cause != Cause::Answered {
            exchange.flags |= Flags::RESPONSE_TRUNCATED;
        }
        if matches!(cause, Cause::ResetByClient(_)) {
            exchange.flags |= Flags::CANCELLED;
        }
    }

    fn settle_plain(&self, cause: Cause, exchange: &mut Exchange, limits: &Limits) {
        exchange.native_status = self.status.map(i32::from);
        let of_response = match self.status {
            Some(status) => class_of(status),
            // Nothing that was seen says that it failed.
            None if self.status_is_unknown() => StatusClass::Ok,
            None => StatusClass::ProtocolError,
        };
        let (status, error_code) = match cause {
            Cause::Answered => (of_response, None),
            Cause::ResetByServer(code) => (StatusClass::ServerError, Some(code)),
            // The client had the answer, and does not want the rest.
            Cause::ResetByClient(_) | Cause::Ended | Cause::NotProcessed(_) if self.response.is_some() => {
                (of_response, None)
            }
            // Nobody is to blame for an offer that is not taken.
            Cause::ResetByClient(_) if self.is_pushed => (StatusClass::Ok, None),
            Cause::ResetByClient(code) => (StatusClass::ClientError, Some(code)),
            Cause::NotProcessed(code) => (StatusClass::NoResponse, (code > 0).then_some(code)),
            Cause::Ended => (StatusClass::NoResponse, None),
        };
        exchange.status = status;
        if let Some(code) = error_code {
            text::copy(&mut exchange.error, error_name(code).as_bytes(), limits.error_bytes);
        }
    }

    fn settle_call(&self, cause: Cause, end_ns: u64, exchange: &mut Exchange) {
        exchange.request_messages = self.request_messages.count();
        exchange.response_messages = self.response_messages.count();
        let elapsed_ns = end_ns.saturating_sub(exchange.request.first_ns);
        let is_late = self.timeout_ns.is_some_and(|timeout_ns| grpc::is_deadline(elapsed_ns, timeout_ns));
        exchange.native_status = match (cause, self.grpc_status) {
            (_, Some(status)) => Some(status),
            (Cause::ResetByClient(grpc::CANCEL), None) if is_late => Some(grpc::DEADLINE_EXCEEDED),
            (Cause::ResetByClient(code) | Cause::ResetByServer(code), None) => Some(grpc::status_of_reset(code)),
            (Cause::NotProcessed(_), None) => Some(grpc::UNAVAILABLE),
            (Cause::Ended, None) => None,
            (Cause::Answered, None) => match self.status {
                Some(status) if status != 200 => Some(grpc::status_of_http(status)),
                _ if self.status_is_unknown() => None,
                _ => Some(grpc::UNKNOWN),
            },
        };
        exchange.status = match exchange.native_status {
            Some(status) => grpc::class_of(status),
            None if cause == Cause::Answered => StatusClass::Ok,
            None => StatusClass::NoResponse,
        };
    }

    /// A call of one message each way, or of one message and an error, is a request with its response. All others last as
    /// long as both sides like.
    fn shape(&self, exchange: &Exchange) -> Shape {
        let is_stream = match self.kind {
            _ if self.is_pushed => return Shape::OneWay,
            Kind::Grpc => {
                let answers = u32::from(exchange.status == StatusClass::Ok);
                let [asked, answered] = [exchange.request_messages, exchange.response_messages];
                let is_known = !self.request_messages.is_lost() && !self.response_messages.is_lost();
                asked > 1 || answered > 1 || (is_known && (asked < answers || answered != answers))
            }
            Kind::Tunnel | Kind::WebSocket => self.is_granted(),
            Kind::Plain => self.is_event_stream,
        };
        if is_stream { Shape::Stream } else { Shape::RequestResponse }
    }

    /// Whether how it went was said by what refers to what was not seen. Trailers that do so may be a call's.
    fn status_is_unknown(&self) -> bool {
        match self.kind {
            Kind::Grpc => self.grpc_status.is_none() && self.trailers_have_unknown.unwrap_or(self.head_has_unknown),
            _ => (self.status.is_none() && self.head_has_unknown) || self.trailers_have_unknown == Some(true),
        }
    }

    /// Whether the client was given the tunnel that it asked for (RFC 9113 section 8.5).
    fn is_granted(&self) -> bool {
        matches!(self.status, Some(200..=299))
    }
}

/// A call has the name of its method, and nothing to do with that of HTTP, which is always POST.
fn name_call(exchange: &mut Exchange) {
    exchange.verb.clear();
    if exchange.resource.starts_with('/') {
        exchange.resource.remove(0);
    }
}
