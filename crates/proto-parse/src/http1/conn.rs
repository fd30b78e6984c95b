//! One HTTP/1 connection.

mod requests;
mod responses;

#[cfg(feature = "http2")]
pub(crate) use responses::class_of;

use super::half::{Event, Half};
use super::message::{Method, RequestHead, ResponseHead};
use crate::pairing::{InOrder, Turn};
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
}

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        Self {
            limits: limits.clone(),
            request: Half::new(joined_late),
            response: Half::new(joined_late),
            pairing: InOrder::new(limits, joined_late),
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
            Direction::ToServer => self.request.skip(now_ns, len),
            Direction::ToClient => self.response.skip(now_ns, len),
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

    fn held_bytes(&self) -> usize {
        self.request.held_bytes().saturating_add(self.response.held_bytes()).saturating_add(self.pairing.held_bytes())
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
