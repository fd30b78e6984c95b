//! Conversations of the corpus as packets.

use std::net::{IpAddr, Ipv4Addr};

use geophone_model::{
    capture::{Cut, Packet, Side, TcpFlags, TcpHeader},
    net::{Endpoint, NetNs, Transport},
    time::Timestamp,
};
use geophone_proto_parse::{Direction, End};

use crate::script::{Event, Script};

/// Where all conversations take place.
pub(super) const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// Nanoseconds from the end of one conversation to the beginning of the next: more than anybody waits for lost packets, and
/// less than what is taken for a broken clock.
const PAUSE_NS: u64 = 10_000_000_000;

/// Most payload of a packet: what IPv4 allows, less its headers.
const MAX_PAYLOAD: usize = 65_000;

/// Packets of conversations, one conversation behind the other.
pub(super) struct Wire<'a> {
    server: Endpoint,
    transport: Transport,
    packets: Vec<Packet<'a>>,
    conversations: u32,
    now: Timestamp,
}

impl<'a> Wire<'a> {
    pub(super) fn new(port: u16, transport: Transport) -> Self {
        let now = Timestamp::from_ns(1_000_000_000_000_000_000);
        Self { server: Endpoint::new(SERVER, port), transport, packets: Vec::new(), conversations: 0, now }
    }

    /// Adds a conversation and returns its client, which is in no other one, and the time that its times are counted from.
    pub(super) fn add(&mut self, script: &'a Script) -> (Endpoint, Timestamp) {
        self.conversations += 1;
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 1, 0, 0)) + self.conversations);
        let client = Endpoint::new(address.into(), 40_000);
        let began = self.now.plus_ns(PAUSE_NS);
        let mut talk = Talk { wire: self, client, began, next: [1_000, 2_000], is_over: [false; 2] };
        talk.open();
        script.events.iter().for_each(|event| talk.event(event));
        talk.close();
        (client, began)
    }

    pub(super) fn packets(self) -> Vec<Packet<'a>> {
        self.packets
    }
}

/// One conversation on its way. Of what there is for each direction, the one to the server comes first.
struct Talk<'w, 'a> {
    wire: &'w mut Wire<'a>,
    client: Endpoint,
    began: Timestamp,
    /// Sequence numbers.
    next: [u32; 2],
    is_over: [bool; 2],
}

impl<'a> Talk<'_, 'a> {
    fn open(&mut self) {
        let before = |ns| self.began.minus_ns(ns);
        let [syn, answer, last] = [before(3), before(2), before(1)];
        self.wire.now = syn;
        if self.wire.transport == Transport::Tcp {
            self.segment(syn, Direction::ToServer, TcpFlags::SYN, &[]);
            self.segment(answer, Direction::ToClient, TcpFlags::SYN | TcpFlags::ACK, &[]);
            self.segment(last, Direction::ToServer, TcpFlags::ACK, &[]);
        }
    }

    fn event(&mut self, event: &'a Event) {
        match event {
            Event::Bytes { direction, now_ns, data } => {
                let at = self.at(*now_ns);
                for piece in data.chunks(MAX_PAYLOAD) {
                    self.segment(at, *direction, TcpFlags::ACK, piece);
                }
            }
            Event::End { direction, now_ns, how: End::Reset } => {
                let at = self.at(*now_ns);
                self.segment(at, *direction, TcpFlags::RST | TcpFlags::ACK, &[]);
                self.is_over = [true; 2];
            }
            Event::End { direction, now_ns, .. } => {
                let at = self.at(*now_ns);
                self.fin(at, *direction);
            }
            Event::Close { now_ns } => {
                self.wire.now = self.at(*now_ns);
                self.close();
            }
            Event::Gap { .. } | Event::Abandon => {}
        }
    }

    /// Ends what has not ended yet.
    fn close(&mut self) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.fin(self.wire.now, direction);
        }
    }

    fn fin(&mut self, at: Timestamp, direction: Direction) {
        if self.wire.transport == Transport::Tcp && !self.is_over[usize::from(direction == Direction::ToClient)] {
            self.is_over[usize::from(direction == Direction::ToClient)] = true;
            self.segment(at, direction, TcpFlags::FIN | TcpFlags::ACK, &[]);
        }
    }

    fn at(&self, now_ns: u64) -> Timestamp {
        self.began.plus_ns(now_ns)
    }

    fn segment(&mut self, at: Timestamp, direction: Direction, flags: TcpFlags, captured: &'a [u8]) {
        let server = self.wire.server;
        let [to_server, to_client] = &mut self.next;
        let (source, destination, next, ack) = match direction {
            Direction::ToServer => (self.client, server, to_server, *to_client),
            Direction::ToClient => (server, self.client, to_client, *to_server),
        };
        let ack = if flags.contains(TcpFlags::ACK) { ack } else { 0 };
        let payload_len = u32::try_from(captured.len()).unwrap_or(u32::MAX);
        let header = TcpHeader { seq: *next, ack, flags };
        // SYN and FIN take a place in the sequence, as a byte does (RFC 9293 section 3.4).
        let takes_place = flags.contains(TcpFlags::SYN) || flags.contains(TcpFlags::FIN);
        *next = next.wrapping_add(payload_len).wrapping_add(takes_place.into());
        self.wire.now = self.wire.now.max(at);
        self.wire.packets.push(Packet {
            at,
            side: Side::Tap,
            netns: NetNs::default(),
            cookie: None,
            source,
            destination,
            tcp: (self.wire.transport == Transport::Tcp).then_some(header),
            payload_len,
            captured_offset: 0,
            captured,
            cut: Cut::Whole,
        });
    }
}
