//! One TLS connection.

mod exchanges;
mod handshake;
mod names;

use super::message::Content;
use super::records::{Messages, Records};
use crate::{Counters, Direction, End, Exchange, Limits, Span, Want};
use exchanges::Exchanges;
use names::Names;

/// A parser of one TLS connection; see the [module](super) for what it makes of which shape of traffic.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    phase: Phase,
    to_server: Half,
    to_client: Half,
    /// What the client asked for, or the server chose.
    names: Names,
    exchanges: Exchanges,
    joined_late: bool,
}

/// How far the handshake has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was sent yet.
    Start,
    /// The client has begun. The server has not chosen yet.
    Asked,
    /// The server has chosen this version.
    Chosen(u16),
    /// What follows is encrypted, and counted only.
    Encrypted,
    /// Nothing is of interest any more.
    Over,
}

/// One direction.
#[derive(Debug)]
struct Half {
    records: Records,
    messages: Messages,
    /// An alert in the open, of two bytes, that is not whole.
    alert: Option<u8>,
    /// A ChangeCipherSpec was sent: before TLS 1.3, what follows is encrypted.
    is_encrypted: bool,
    ended: bool,
}

const TLS_1_3: u16 = 0x0304;

impl Connection {
    /// A connection at its beginning, or, with `joined_late`, somewhere in the middle.
    #[must_use]
    pub fn new(limits: &Limits, joined_late: bool) -> Self {
        let half = || Half {
            records: Records::default(),
            messages: Messages::default(),
            alert: None,
            is_encrypted: false,
            ended: false,
        };
        Self {
            limits: limits.raised(),
            phase: Phase::Start,
            to_server: half(),
            to_client: half(),
            names: Names::default(),
            exchanges: Exchanges::new(),
            joined_late,
        }
    }

    fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl crate::Connection for Connection {
    fn bytes(&mut self, direction: Direction, now_ns: u64, data: &[u8]) {
        let mut data = data;
        while !data.is_empty() {
            match self.phase {
                Phase::Over => return,
                Phase::Encrypted => {
                    let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    return self.exchanges.count_encrypted(direction, seen(now_ns, len));
                }
                Phase::Start | Phase::Asked | Phase::Chosen(_) => {
                    let Some(event) = self.half(direction).records.step(now_ns, &mut data) else { return };
                    self.on_event(direction, now_ns, event);
                }
            }
        }
    }

    fn skipped(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if self.phase != Phase::Encrypted {
            return self.gap(direction, now_ns, len);
        }
        if len == 0 {
            return;
        }
        let counters = &mut self.exchanges.counters;
        counters.skipped_bytes = counters.skipped_bytes.saturating_add(len);
        self.exchanges.count_encrypted(direction, seen(now_ns, len));
    }

    fn gap(&mut self, direction: Direction, now_ns: u64, len: u64) {
        if len == 0 || self.phase == Phase::Over {
            return;
        }
        let counters = &mut self.exchanges.counters;
        counters.gap_bytes = counters.gap_bytes.saturating_add(len);
        if self.phase == Phase::Encrypted {
            return self.exchanges.lose_encrypted(direction, now_ns, len);
        }
        let half = self.half(direction);
        let is_read = match half.records.content() {
            // The end of an encrypted one may be that of the handshake.
            Some(Content::Handshake) => half.is_encrypted || !half.messages.pass(len),
            Some(Content::Alert | Content::ChangeCipherSpec) => true,
            _ => false,
        };
        if is_read || !half.records.pass(len) {
            self.lose_place(now_ns);
            self.exchanges.lose_encrypted(direction, now_ns, len);
        } else {
            self.exchanges.lose_handshake(direction, len);
        }
    }

    fn end(&mut self, direction: Direction, now_ns: u64, how: End) {
        self.half(direction).ended = true;
        let other_ended = self.half(direction.opposite()).ended;
        match self.phase {
            // Who has begun to ask may still be refused when it has said all that it has to say.
            Phase::Start | Phase::Asked | Phase::Chosen(_)
                if direction == Direction::ToClient || other_ended || how == End::Reset =>
            {
                self.close(now_ns);
            }
            Phase::Encrypted if other_ended || how == End::Reset => self.close(now_ns),
            _ => {}
        }
    }

    fn close(&mut self, now_ns: u64) {
        match self.phase {
            Phase::Start | Phase::Asked | Phase::Chosen(_) => {
                self.give_up_headers();
                self.exchanges.break_off_handshake(&self.names, now_ns, &self.limits);
            }
            Phase::Encrypted => self.exchanges.finish_encrypted(now_ns),
            Phase::Over => {}
        }
        self.phase = Phase::Over;
    }

    fn abandon(&mut self) {
        self.exchanges.abandon();
        self.phase = Phase::Over;
    }

    fn want(&self, direction: Direction) -> Want {
        let half = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        match self.phase {
            _ if half.ended => Want::Nothing,
            Phase::Start | Phase::Asked | Phase::Chosen(_) => Want::All,
            Phase::Encrypted => Want::Skip(u64::MAX),
            Phase::Over => Want::Nothing,
        }
    }

    fn poll(&mut self, out: &mut Exchange) -> bool {
        self.exchanges.poll(out)
    }

    fn counters(&self) -> &Counters {
        &self.exchanges.counters
    }

    fn held_bytes(&self) -> usize {
        let halves = [&self.to_server, &self.to_client];
        let halves = halves.map(|half| half.records.held_bytes().saturating_add(half.messages.held_bytes()));
        let names = self.names.host.capacity().saturating_add(self.names.protocols.capacity());
        halves.into_iter().fold(names, usize::saturating_add).saturating_add(self.exchanges.held_bytes())
    }
}

/// So many bytes, seen together.
fn seen(now_ns: u64, len: u64) -> Span {
    let mut span = Span::starting(now_ns);
    span.extend(now_ns, len);
    span
}
