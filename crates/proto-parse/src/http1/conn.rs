//! One HTTP/1 connection.

use super::HeadError;
use super::framing::Body;
use super::half::{Event, Half};
use super::message::{Method, RequestHead, ResponseHead};
use super::pairing::{Pairing, Turn};
use crate::{Counters, Direction, End, Exchange, Flags, Limits, Protocol, Shape, Span, StatusClass, Want};

/// A parser of one HTTP/1 connection; see the [module](super) for what it makes of which shape of traffic.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    request: Half<RequestHead>,
    response: Half<ResponseHead>,
    pairing: Pairing,
    /// How things stood when the request under way began.
    turn: Turn,
    /// The request under way was given to the pairing.
    admitted: bool,
    /// The response under way began while no request was there for it to answer.
    unasked: bool,
    /// The connection does not speak HTTP any more; the front request is the one that made it so.
    tunnel: bool,
    to_server_ended: bool,
    to_client_ended: bool,
}

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            limits: limits.clone(),
            request: Half::new(joined_late),
            response: Half::new(joined_late),
            pairing: Pairing::new(limits, joined_late),
            turn: Turn::default(),
            admitted: false,
            unasked: false,
            tunnel: false,
            to_server_ended: false,
            to_client_ended: false,
        }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        match direction {
            Direction::ToServer => {
                while let Some(event) = self.request.step(&self.limits, &mut self.pairing.counters, now_ns, &mut data) {
                    self.on_request(event);
                }
            }
            Direction::ToClient => {
                while let Some(event) = self.response.step(&self.limits, &mut self.pairing.counters, now_ns, &mut data)
                {
                    self.on_response(event);
                }
            }
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        let (passed, event) = match direction {
            _ if self.is_deaf(direction) => return,
            Direction::ToServer => self.request.pass(now_ns, len),
            Direction::ToClient => self.response.pass(now_ns, len),
        };
        let counters = &mut self.pairing.counters;
        counters.skipped_bytes = counters.skipped_bytes.saturating_add(passed);
        self.on_event(direction, event);
        self.gap(direction, now_ns, len.saturating_sub(passed));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if len == 0 || self.is_deaf(direction) {
            return;
        }
        let counters = &mut self.pairing.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        let (passed, event) = match direction {
            Direction::ToServer => self.request.pass(now_ns, len),
            Direction::ToClient => self.response.pass(now_ns, len),
        };
        if passed > 0 {
            match direction {
                Direction::ToServer => self.request.flags |= Flags::REQUEST_GAP,
                Direction::ToClient => self.response.flags |= Flags::RESPONSE_GAP,
            }
        }
        self.on_event(direction, event);
        if passed < len {
            match direction {
                Direction::ToServer => self.lose_requests(),
                Direction::ToClient => self.lose_responses(),
            }
        }
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        let both = how == End::Reset;
        if self.tunnel {
            self.to_server_ended |= both || direction == Direction::ToServer;
            self.to_client_ended |= both || direction == Direction::ToClient;
            if self.to_server_ended && self.to_client_ended {
                self.finish_tunnel(now_ns);
            }
            return;
        }
        if both || direction == Direction::ToServer {
            self.end_requests();
        }
        if both || direction == Direction::ToClient {
            self.end_responses(now_ns, how);
        }
    }

    fn close(&mut self, now_ns: u64) {
        if self.tunnel {
            self.finish_tunnel(now_ns);
        } else {
            self.end_requests();
            self.end_responses(now_ns, End::Unknown);
            // Requests may have come after the server's end.
            self.pairing.finish_unanswered(now_ns);
        }
    }

    fn abandon(&mut self) {
        self.pairing.abandon();
        self.tunnel = false;
        self.request.deafen();
        self.response.deafen();
    }

    fn want(&self, direction: Direction) -> Want {
        match direction {
            Direction::ToServer => self.request.want(),
            Direction::ToClient => self.response.want(),
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.pairing.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.pairing.counters
    }
}

/// The way of a request.
impl Connection {
    fn on_request(&mut self, event: Event) {
        match event {
            Event::Began => {
                self.turn = self.pairing.begin(self.response.is_in_message());
                self.admitted = false;
            }
            Event::HeadDone => {
                self.admit_request();
                let body = self.request.head().body();
                if self.request.start_body(body) {
                    self.settle_request(Flags::default());
                }
            }
            Event::Done => self.settle_request(Flags::default()),
            Event::Malformed(error) => {
                // Bytes of something else are no request.
                if !error.is_other_protocol() || self.admitted {
                    self.count_malformed_request();
                }
                self.desync_requests();
            }
            Event::MalformedBody => {
                self.count_malformed_request();
                self.desync_requests();
            }
        }
    }

    /// Gives the request under way to the pairing, with what its head says so far.
    fn admit_request(&mut self) {
        if core::mem::replace(&mut self.admitted, true) {
            return;
        }
        let Some(open) = self.pairing.admit(self.turn) else { return };
        let exchange = &mut open.exchange;
        exchange.protocol = Protocol::Http1;
        if let Some(line) = self.request.partial_start_line() {
            // Of a start line that is not whole, the method alone is certain, if a space follows it.
            if let Some((method, _)) =
                line.iter().position(|&byte| byte == b' ').and_then(|at| line.split_at_checked(at))
            {
                open.method = Method::from_name(method);
                exchange.verb.push_str(core::str::from_utf8(method).unwrap_or_default());
            }
        }
        let head = self.request.head();
        if !head.verb.is_empty() {
            open.method = head.method();
            core::mem::swap(&mut exchange.verb, &mut head.verb);
        }
        core::mem::swap(&mut exchange.resource, &mut head.resource);
        core::mem::swap(&mut exchange.authority, &mut head.authority);
        exchange.trace = head.trace;
        if head.resource_cut {
            exchange.flags |= Flags::RESOURCE_CUT;
        }
        if head.is_ambiguous() {
            exchange.flags |= Flags::AMBIGUOUS_FRAMING;
        }
    }

    /// The request under way is over, or as much of it as will be told.
    fn settle_request(&mut self, flags: Flags) {
        if let Some(exchange) = self.pairing.take_live() {
            exchange.request = self.request.span;
            exchange.flags |= self.request.flags | flags;
        }
    }

    fn count_malformed_request(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.malformed_requests = counters.malformed_requests.saturating_add(1);
        self.admit_request();
        self.settle_request(Flags::REQUEST_MALFORMED);
    }

    /// Requests were lost in a gap.
    fn lose_requests(&mut self) {
        self.cut_request();
        self.desync_requests();
    }

    fn desync_requests(&mut self) {
        if !self.request.is_searching() {
            let counters = &mut self.pairing.counters;
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.request.search();
        self.pairing.requests_lost();
    }

    /// The rest of the request under way, if there is one, will not be seen.
    fn cut_request(&mut self) {
        if self.request.is_in_head() && !self.admitted {
            // Without the method it cannot be told whether the response has a body: this one cannot be paired.
            let is_ambiguous = self.request.partial_start_line().is_some_and(|line| {
                !line.contains(&b' ') && (b"HEAD".starts_with(line) || b"CONNECT".starts_with(line))
            });
            if is_ambiguous {
                self.admitted = true;
                self.pairing.count_unknown_request();
            } else {
                self.admit_request();
            }
        }
        self.settle_request(Flags::REQUEST_TRUNCATED);
    }

    fn end_requests(&mut self) {
        self.cut_request();
        self.request.deafen();
    }
}

/// The way of a response.
impl Connection {
    fn on_response(&mut self, event: Event) {
        match event {
            Event::Began => {
                let has_begun_request = self.request.is_in_head() && !self.admitted;
                self.unasked = !self.pairing.has_open() && !has_begun_request;
            }
            Event::HeadDone => self.on_response_head(),
            Event::Done => self.finish_response(Flags::default()),
            Event::Malformed(error) => self.on_malformed_response(error),
            Event::MalformedBody => self.break_response(),
        }
    }

    fn on_response_head(&mut self) {
        if self.response.head().is_interim() {
            self.pairing.counters.interim = self.pairing.counters.interim.saturating_add(1);
            if let Some(open) = self.pairing.front() {
                open.exchange.flags |= Flags::INTERIM;
            }
            self.response.start_body(Body::None);
            return;
        }
        // A server may refuse a request whose head is not whole yet (RFC 9110 section 15.5.9, RFC 6585 section 5).
        if !self.unasked && !self.pairing.has_open() && self.request.is_in_head() {
            self.admit_request();
        }
        let head = self.response.head();
        let (status, is_ambiguous, is_event_stream) = (head.status(), head.is_ambiguous(), head.is_event_stream());
        let Some(open) = self.pairing.front().filter(|_| !self.unasked) else {
            return self.pass_unmatched_response(status);
        };
        open.exchange.native_status = Some(i32::from(status));
        open.exchange.status = class_of(status);
        if is_ambiguous {
            open.exchange.flags |= Flags::AMBIGUOUS_FRAMING;
        }
        // RFC 9110 section 15.2.2 and RFC 9112 section 6.3 rule 2: from here on this is not HTTP.
        let is_tunnel = status == 101 || (open.method == Method::Connect && matches!(status, 200..=299));
        if is_tunnel || is_event_stream {
            open.exchange.shape = Shape::Stream;
        }
        let method = open.method;
        self.pairing.count_response();
        match self.response.head().body(method) {
            Ok(_) if is_tunnel => self.start_tunnel(),
            Ok(body) => {
                if self.response.start_body(body) {
                    self.finish_response(Flags::default());
                }
            }
            Err(_) => self.break_response(),
        }
    }

    /// A response that answers nothing that is known. Without its request's method it cannot be told whether it has a
    /// body (RFC 9112 section 6.3 rule 1), so where it may have one, the next response is searched for.
    fn pass_unmatched_response(&mut self, status: u16) {
        self.pairing.count_unmatched_response();
        if status == 101 {
            self.pairing.drop_open();
            self.request.deafen();
            self.response.deafen();
            return;
        }
        match self.response.head().body(Method::Other) {
            Ok(Body::None) => {
                self.response.start_body(Body::None);
            }
            _ => self.response.search(),
        }
    }

    fn on_malformed_response(&mut self, error: HeadError) {
        // What the server says while a request waits is its answer, whatever it is.
        if self.unasked || !self.pairing.has_open() {
            if !error.is_other_protocol() {
                let counters = &mut self.pairing.counters;
                counters.malformed_responses = counters.malformed_responses.saturating_add(1);
            }
            return self.desync_responses();
        }
        self.pairing.count_response();
        self.break_response();
    }

    /// The response under way answers the front request, and is not valid.
    fn break_response(&mut self) {
        let counters = &mut self.pairing.counters;
        counters.malformed_responses = counters.malformed_responses.saturating_add(1);
        if let Some(open) = self.pairing.front() {
            open.exchange.status = StatusClass::ProtocolError;
        }
        self.finish_response(Flags::RESPONSE_TRUNCATED);
        self.desync_responses();
    }

    /// The response to the front request is over, or as much of it as will be told.
    fn finish_response(&mut self, flags: Flags) {
        if self.pairing.front_is_live() {
            self.settle_request(Flags::REQUEST_UNFINISHED);
        }
        self.pairing.finish(self.response.span, self.response.flags | flags);
    }

    /// Responses were lost in a gap.
    fn lose_responses(&mut self) {
        // Where not even the status is known, it may have been an interim one: the front request keeps waiting.
        self.cut_response();
        self.desync_responses();
    }

    fn desync_responses(&mut self) {
        if !self.response.is_searching() {
            let counters = &mut self.pairing.counters;
            counters.desyncs = counters.desyncs.saturating_add(1);
        }
        self.response.search();
        self.pairing.responses_lost();
        self.turn.answer_may_be_lost = true;
    }

    /// The rest of the response under way, if there is one, will not be seen. `false` if it is not even known what it
    /// says.
    fn cut_response(&mut self) -> bool {
        if self.response.is_in_body() {
            self.finish_response(Flags::RESPONSE_TRUNCATED);
        } else if self.response.is_in_head() && self.pairing.has_open() && !self.unasked {
            let status_line_is_whole = self.response.partial_start_line().is_none();
            let head = self.response.head();
            if !status_line_is_whole || head.is_interim() {
                return false;
            }
            let status = head.status();
            if let Some(open) = self.pairing.front() {
                open.exchange.native_status = Some(i32::from(status));
                open.exchange.status = class_of(status);
            }
            self.pairing.count_response();
            self.finish_response(Flags::RESPONSE_TRUNCATED);
        }
        true
    }

    fn end_responses(&mut self, now_ns: u64, how: End) {
        if self.response.is_deaf() {
            return;
        }
        if self.response.is_until_close() {
            // RFC 9112 section 8: complete if the connection was closed in order.
            let Span { last_ns, .. } = &mut self.response.span;
            *last_ns = now_ns;
            self.finish_response(if how == End::Fin { Flags::default() } else { Flags::RESPONSE_TRUNCATED });
        } else if !self.cut_response()
            && let Some(open) = self.pairing.front()
        {
            open.exchange.flags |= Flags::RESPONSE_TRUNCATED;
        }
        self.cut_request();
        self.pairing.finish_unanswered(now_ns);
        self.response.deafen();
    }
}

/// The connection as a whole.
impl Connection {
    fn on_event(&mut self, direction: Direction, event: Option<Event>) {
        match (direction, event) {
            (_, None) => {}
            (Direction::ToServer, Some(event)) => self.on_request(event),
            (Direction::ToClient, Some(event)) => self.on_response(event),
        }
    }

    fn is_deaf(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => self.request.is_deaf(),
            Direction::ToClient => self.response.is_deaf(),
        }
    }

    /// What the client sent behind the request that opened the tunnel is the tunnel's.
    fn start_tunnel(&mut self) {
        if self.pairing.front_is_live() {
            self.settle_request(Flags::REQUEST_UNFINISHED);
        }
        self.pairing.drop_open();
        self.tunnel = true;
        self.to_server_ended |= self.request.is_deaf();
        self.request.deafen();
        self.response.deafen();
    }

    fn finish_tunnel(&mut self, now_ns: u64) {
        self.tunnel = false;
        self.response.span.last_ns = now_ns;
        self.finish_response(Flags::default());
    }
}

/// RFC 9110 section 15: codes outside 100 to 599 are to be treated as 5xx.
fn class_of(status: u16) -> StatusClass {
    match status {
        100..=399 => StatusClass::Ok,
        400..=499 => StatusClass::ClientError,
        _ => StatusClass::ServerError,
    }
}
