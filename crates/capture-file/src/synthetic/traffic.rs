//! Connections and datagrams, and what passes over them.

use std::io::{self, Write};

use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    fact::{Fact, Pid},
    net::{Endpoint, NetNs, SocketCookie},
    time::Timestamp,
};

use super::pcap::write_pcap;
use crate::{
    dissect::LinkType,
    item::Item,
    recording::{Header, WriteError, Writer},
};

/// How long a packet is on the way where both ends are observed.
const TRANSIT_NS: u64 = 20_000;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its address and port.
    pub endpoint: Endpoint,
    /// The namespace of its socket.
    pub netns: NetNs,
    /// Its socket; `None` for a number of zero.
    pub cookie: Option<SocketCookie>,
    /// The process, as `connect()` shows it.
    pub pid: Option<Pid>,
}

impl Peer {
    /// An end without a known process; a cookie of zero stands for none.
    pub const fn new(endpoint: Endpoint, netns: NetNs, cookie: u64) -> Self {
        Self { endpoint, netns, cookie: SocketCookie::new(cookie), pid: None }
    }

    /// With its process.
    #[must_use]
    pub const fn with_pid(self, pid: Pid) -> Self {
        Self { pid: Some(pid), ..self }
    }
}

/// Where a connection's packets are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observed {
    /// On the loopback device, once for both ends.
    Loopback,
    /// At the client's socket.
    AtClient,
    /// At the server's socket.
    AtServer,
    /// At both sockets, twice each.
    AtBoth,
    /// By a third party, once for both ends.
    Tap,
}

/// Who of the two ends of a connection sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender {
    /// The one that opened it, or that asks.
    Client,
    /// The other one.
    Server,
}

/// A request and its response.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// When the request is sent.
    pub at: Timestamp,
    /// Time from the request to the response, in nanoseconds, as the server has it.
    pub duration_ns: u64,
    /// Bytes of the request.
    pub request: &'a [u8],
    /// Bytes of the response, as far as they are captured.
    pub response: &'a [u8],
    /// Bytes of the response behind those, which no parser wanted.
    pub unwanted_len: u32,
}

/// An open connection, as [`Traffic::connect`] makes it, or two sockets of UDP ([`Connection::datagrams`]).
#[derive(Clone, Debug)]
pub struct Connection {
    client: Peer,
    server: Peer,
    observed: Observed,
    /// How far the streams are; datagrams have none.
    streams: Option<Streams>,
}

/// The sequence numbers of the next bytes.
#[derive(Clone, Debug)]
struct Streams {
    client_next: u32,
    server_next: u32,
}

impl Connection {
    /// Two sockets that send each other datagrams. No record tells of them: the kernel has no states of theirs to report.
    pub const fn datagrams(client: Peer, server: Peer, observed: Observed) -> Self {
        Self { client, server, observed, streams: None }
    }
}

/// Events and facts, to be written in order of time.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
enum Record {
    Packet {
        /// Without its bytes.
        packet: Packet<'static>,
        captured: Vec<u8>,
        /// Whether this is the second sighting of a packet.
        again: bool,
    },
    Change(SocketChange),
    Fact(Fact),
}

impl Traffic {
    /// No traffic yet.
    pub const fn new() -> Self {
        Self { records: Vec::new() }
    }

    /// States a fact.
    pub fn fact(&mut self, fact: Fact) {
        self.records.push(Record::Fact(fact));
    }

    /// Opens a connection: what the observed sockets go through, and a handshake.
    pub fn connect(&mut self, at: Timestamp, client: Peer, server: Peer, observed: Observed) -> Connection {
        let mut connection = Connection {
            client,
            server,
            observed,
            // Any number will do, as long as it differs between connections and directions and is the same every time.
            streams: Some(Streams {
                client_next: u32::from(client.endpoint.port()).wrapping_mul(0x9e37_79b1),
                server_next: u32::from(client.endpoint.port()).wrapping_mul(0x85eb_ca77),
            }),
        };
        self.change(&connection, at, true, SocketState::Connecting);
        self.segment(&mut connection, at, true, TcpFlags::SYN, &[], 0);
        self.segment(&mut connection, at.plus_ns(TRANSIT_NS), false, TcpFlags::SYN | TcpFlags::ACK, &[], 0);
        let established = at.plus_ns(3 * TRANSIT_NS);
        self.change(&connection, established, true, SocketState::Connected);
        self.segment(&mut connection, established, true, TcpFlags::ACK, &[], 0);
        self.change(&connection, established.plus_ns(TRANSIT_NS), false, SocketState::Accepted);
        connection
    }

    /// Sends bytes from one end, as one segment or datagram.
    pub fn send(&mut self, connection: &mut Connection, at: Timestamp, sender: Sender, bytes: &[u8]) {
        self.segment(connection, at, sender == Sender::Client, TcpFlags::ACK, bytes, 0);
    }

    /// Sends a request and its response, each as one segment or datagram.
    pub fn call(&mut self, connection: &mut Connection, call: &Call<'_>) {
        let Call { at, duration_ns, request, response, unwanted_len } = *call;
        self.segment(connection, at, true, TcpFlags::ACK, request, 0);
        let answered = match connection.observed {
            Observed::AtClient => at.plus_ns(duration_ns).plus_ns(TRANSIT_NS),
            _ => at.plus_ns(duration_ns),
        };
        self.segment(connection, answered, false, TcpFlags::ACK, response, unwanted_len);
    }

    /// Closes a connection from the client's side. Of datagrams there is nothing to be seen of that.
    pub fn close(&mut self, mut connection: Connection, at: Timestamp) {
        if connection.streams.is_none() {
            return;
        }
        self.segment(&mut connection, at, true, TcpFlags::FIN | TcpFlags::ACK, &[], 0);
        let answered = at.plus_ns(TRANSIT_NS);
        self.segment(&mut connection, answered, false, TcpFlags::FIN | TcpFlags::ACK, &[], 0);
        let closed = answered.plus_ns(2 * TRANSIT_NS);
        self.change(&connection, closed, true, SocketState::Closed);
        self.change(&connection, closed, false, SocketState::Closed);
    }

    /// Everything, in order of time; what has the same time stays in the order in which it was added.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.sorted().into_iter().map(|(_, record)| match record {
            Record::Packet { packet, captured, .. } => {
                Item::Event(CaptureEvent::Packet(Packet { captured, ..*packet }))
            }
            Record::Change(change) => Item::Event(CaptureEvent::Socket(*change)),
            Record::Fact(fact) => Item::Fact(fact.clone()),
        })
    }

    /// Writes a recording.
    ///
    /// # Errors
    ///
    /// Where `out` does not take it, or a packet or fact is longer than the format allows.
    pub fn write_recording<W: Write>(&self, out: W, header: &Header) -> Result<W, WriteError> {
        let mut writer = Writer::new(out, header)?;
        for item in self.items() {
            writer.item(&item)?;
        }
        writer.finish().map(|(out, _)| out)
    }

    /// Writes the packets as a pcap file of a third party, each of them once; the rest has no place there.
    ///
    /// # Errors
    ///
    /// Where `out` does not take it, or a packet has no form on such a link (see [`frame`](super::frame)).
    pub fn write_pcap<W: Write>(&self, out: W, link: LinkType) -> io::Result<W> {
        let packets = self.sorted().into_iter().filter_map(|(_, record)| match record {
            Record::Packet { packet, captured, again: false } => Some(Packet { captured, ..*packet }),
            _ => None,
        });
        write_pcap(out, link, packets)
    }

    fn sorted(&self) -> Vec<(Timestamp, &Record)> {
        let mut sorted: Vec<_> = self.records.iter().map(|record| (record.at(), record)).collect();
        sorted.sort_by_key(|&(at, _)| at);
        sorted
    }

    /// Sends a segment or a datagram from one end; `at` is when it leaves.
    fn segment(
        &mut self,
        connection: &mut Connection,
        at: Timestamp,
        from_client: bool,
        flags: TcpFlags,
        captured: &[u8],
        unwanted_len: u32,
    ) {
        let Connection { client, server, observed, streams } = connection;
        let (sender, receiver) = if from_client { (*client, *server) } else { (*server, *client) };
        let payload_len = u32::try_from(captured.len()).unwrap_or(u32::MAX).saturating_add(unwanted_len);
        let tcp = streams.as_mut().map(|streams| streams.advance(from_client, flags, payload_len));
        let packet = Packet {
            at,
            side: Side::Tap,
            netns: NetNs::default(),
            cookie: None,
            source: sender.endpoint,
            destination: receiver.endpoint,
            tcp,
            payload_len,
            captured_offset: 0,
            captured: &[],
            cut: if unwanted_len == 0 { Cut::Whole } else { Cut::Unwanted },
        };
        let at_sender = |side| Packet { side, netns: sender.netns, cookie: sender.cookie, ..packet };
        let at_receiver = Packet {
            at: at.plus_ns(TRANSIT_NS),
            side: Side::Ingress,
            netns: receiver.netns,
            cookie: receiver.cookie,
            ..packet
        };
        let sender_is_observed = match observed {
            Observed::AtClient => from_client,
            Observed::AtServer => !from_client,
            _ => true,
        };
        let (first, second) = match observed {
            Observed::Loopback => (at_sender(Side::Loopback), None),
            Observed::Tap => (packet, None),
            Observed::AtBoth => (at_sender(Side::Egress), Some(at_receiver)),
            Observed::AtClient | Observed::AtServer if sender_is_observed => (at_sender(Side::Egress), None),
            Observed::AtClient | Observed::AtServer => (at_receiver, None),
        };
        self.records.push(Record::Packet { packet: first, captured: captured.to_vec(), again: false });
        if let Some(packet) = second {
            self.records.push(Record::Packet { packet, captured: captured.to_vec(), again: true });
        }
    }

    /// A change in the life of one end's socket, where that is observed and has a name.
    fn change(&mut self, connection: &Connection, at: Timestamp, of_client: bool, change: SocketState) {
        let (own, other) =
            if of_client { (connection.client, connection.server) } else { (connection.server, connection.client) };
        let observed = match connection.observed {
            Observed::Loopback | Observed::AtBoth => true,
            Observed::AtClient => of_client,
            Observed::AtServer => !of_client,
            Observed::Tap => false,
        };
        let Some(cookie) = own.cookie.filter(|_| observed) else { return };
        // Only in the call of connect() is the running process known to be the owner.
        let pid = own.pid.filter(|_| change == SocketState::Connecting);
        let (local, remote) = (own.endpoint, Some(other.endpoint));
        self.records.push(Record::Change(SocketChange { at, change, netns: own.netns, cookie, local, remote, pid }));
    }
}

impl Streams {
    /// The header of a segment of one end, behind which its stream goes on.
    fn advance(&mut self, from_client: bool, flags: TcpFlags, payload_len: u32) -> TcpHeader {
        let (next, acknowledged) = if from_client {
            (&mut self.client_next, self.server_next)
        } else {
            (&mut self.server_next, self.client_next)
        };
        let ack = if flags.contains(TcpFlags::ACK) { acknowledged } else { 0 };
        let header = TcpHeader { seq: *next, ack, flags };
        // SYN and FIN take a place in the sequence, as a byte does (RFC 9293 section 3.4).
        let takes_place = flags.contains(TcpFlags::SYN) || flags.contains(TcpFlags::FIN);
        *next = next.wrapping_add(payload_len).wrapping_add(takes_place.into());
        header
    }
}

impl Record {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Packet { packet, .. } => packet.at,
            Self::Change(change) => change.at,
            Self::Fact(fact) => fact.at(),
        }
    }
}
