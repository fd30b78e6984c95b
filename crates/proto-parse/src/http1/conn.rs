//! One HTTP/1 connection.

mod requests;
mod responses;
mod successor;

#[cfg(feature = "http2")]
pub(crate) use responses::class_of;

use successor::Successor;

use super::half::{Event, Half};
use super::message::{Method, RequestHead, ResponseHead};
use crate::pairing::{InOrder, Pairing as _, Turn};
use crate::{Counters, Direction, End, Exchange, Flags, Limits, Want};

/// A parser of one HTTP/1 connection; see the [module](super) for what it makes of which shape of traffic.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    request: Half<RequestHead>,
    response: Half<ResponseHead>,
    pairing: InOrder<Method>,
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
    /// What the connection speaks by now.
    successor: Option<Successor>,
}

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        let limits = limits.raised();
        Self {
            request: Half::new(joined_late),
            response: Half::new(joined_late),
            pairing: InOrder::new(&limits, joined_late),
            limits,
            turn: Turn::default(),
            admitted: false,
            unasked: false,
            tunnel: false,
            to_server_ended: false,
            to_client_ended: false,
            successor: None,
        }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        match direction {
            _ if self.successor.is_some() => {}
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
        if let Some(successor) = &mut self.successor {
            successor.0.bytes(direction, now_ns, data);
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if let Some(successor) = &mut self.successor {
            return successor.0.skipped(direction, now_ns, len);
        }
        let (passed, event) = match direction {
            _ if self.is_deaf(direction) => return,
            Direction::ToServer => self.request.skip(now_ns, len),
            Direction::ToClient => self.response.skip(now_ns, len),
        };
        let counters = &mut self.pairing.counters;
        counters.skipped_bytes = counters.skipped_bytes.saturating_add(passed);
        self.on_event(direction, event);
        self.gap(direction, now_ns, len.saturating_sub(passed));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if let Some(successor) = &mut self.successor {
            return successor.0.gap(direction, now_ns, len);
        }
        if len == 0 || self.is_deaf(direction) {
            return;
        }
        let counters = &mut self.pairing.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        let (passed, event) = match direction {
            Direction::ToServer => self.request.lose(now_ns, len),
            Direction::ToClient => self.response.lose(now_ns, len),
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
        if let Some(successor) = &mut self.successor {
            return successor.0.end(direction, now_ns, how);
        }
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
        if let Some(successor) = &mut self.successor {
            return successor.0.close(now_ns);
        }
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
        if let Some(successor) = &mut self.successor {
            return successor.0.abandon();
        }
        self.pairing.abandon();
        self.tunnel = false;
        self.request.deafen();
        self.response.deafen();
    }

    fn want(&self, direction: Direction) -> Want {
        match (&self.successor, direction) {
            (Some(successor), _) => successor.0.want(direction),
            (None, Direction::ToServer) => self.request.want(),
            (None, Direction::ToClient) => self.response.want(),
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.pairing.poll(out) || self.successor.as_mut().is_some_and(|successor| successor.0.poll(out))
    }

    fn counters(&self) -> &Counters {
        self.successor.as_ref().map_or(&self.pairing.counters, |successor| successor.0.counters())
    }

    fn held_bytes(&self) -> usize {
        let halves = self.request.held_bytes().saturating_add(self.response.held_bytes());
        let successor = self.successor.as_ref().map_or(0, |successor| successor.0.held_bytes());
        halves.saturating_add(self.pairing.held_bytes()).saturating_add(successor)
    }
}

/// What concerns both directions.
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
        self.response.span.extend(now_ns, 0);
        self.finish_response(Flags::default());
    }
}
