//! The connections of a capture, each with its bytes in order.

use std::{fmt, io::Read};

use anyhow::{Result, bail};
use geophone_capture_file::pcap::Reader;
use geophone_model::{
    capture::{CaptureEvent, Packet, TcpFlags},
    net::{Endpoint, Transport},
    time::Timestamp,
};
use geophone_proto_parse::{Direction, End};

use crate::script::{Event, Script};

/// A connection, or the datagrams between two endpoints.
#[derive(Debug)]
pub(crate) struct Stream {
    client: Endpoint,
    server: Endpoint,
    began: Timestamp,
    script: Script,
    to_server: Half,
    to_client: Half,
    /// Why it cannot be told what passed: the first reason.
    damage: Option<String>,
}

/// The place in one direction of a TCP connection.
#[derive(Debug, Default)]
struct Half {
    /// The sequence number of SYN.
    initial: Option<u32>,
    /// The sequence number that comes next.
    next: Option<u32>,
    is_over: bool,
}

/// Reads the connections with a server on a port, in order of their first packets.
pub(crate) fn read(capture: impl Read, port: u16, transport: Transport) -> Result<Vec<Stream>> {
    let mut reader = Reader::new(capture)?;
    let mut streams: Vec<Stream> = Vec::new();
    while let Some(event) = reader.next()? {
        let packet = match event {
            CaptureEvent::Packet(packet) if packet.transport() == transport => packet,
            CaptureEvent::Loss(loss) => bail!("the capture lost {} packets", loss.records),
            _ => continue,
        };
        let (client, server) = match () {
            () if packet.destination.port() == port => (packet.source, packet.destination),
            () if packet.source.port() == port => (packet.destination, packet.source),
            () => continue,
        };
        // A port is used again, for a new connection, after some time.
        let known = streams.iter_mut().rfind(|stream| (stream.client, stream.server) == (client, server));
        match known.filter(|stream| !stream.is_followed_by(&packet)) {
            Some(stream) => stream.packet(&packet),
            None => {
                let mut stream = Stream::new(client, server, &packet);
                stream.packet(&packet);
                streams.push(stream);
            }
        }
    }
    Ok(streams)
}

impl Stream {
    fn new(client: Endpoint, server: Endpoint, first: &Packet<'_>) -> Self {
        let mut script = Script { default_limits: true, ..Script::default() };
        script.joined_late = first.tcp.is_some_and(|tcp| !tcp.flags.contains(TcpFlags::SYN));
        Self {
            client,
            server,
            began: first.at,
            script,
            to_server: Half::default(),
            to_client: Half::default(),
            damage: None,
        }
    }

    /// What passed, if all of it is there.
    pub(crate) fn script(self) -> Result<Script> {
        match self.damage {
            Some(damage) => bail!("{damage}"),
            None => Ok(self.script),
        }
    }

    /// Whether this packet opens another connection between the same endpoints.
    fn is_followed_by(&self, packet: &Packet<'_>) -> bool {
        packet.tcp.is_some_and(|tcp| {
            let opens = tcp.flags.contains(TcpFlags::SYN) && !tcp.flags.contains(TcpFlags::ACK);
            opens && self.to_server.initial != Some(tcp.seq)
        })
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        let to_server = packet.destination == self.server;
        let direction = if to_server { Direction::ToServer } else { Direction::ToClient };
        let now_ns = packet.at.ns_since(self.began);
        if packet.captured.len() as u64 != u64::from(packet.payload_len) {
            self.damage(now_ns, "the snapshot length of the capture cut a packet");
        }
        let Some(tcp) = packet.tcp else {
            self.push(Event::Bytes { direction, now_ns, data: packet.captured.to_vec() });
            return;
        };
        let half = self.half(direction);
        let mut seq = tcp.seq;
        if tcp.flags.contains(TcpFlags::SYN) {
            // SYN takes a place in the sequence, and so does FIN (RFC 9293 section 3.4).
            seq = seq.wrapping_add(1);
            half.initial = Some(tcp.seq);
            half.next.get_or_insert(seq);
        }
        if tcp.flags.contains(TcpFlags::RST) {
            self.reset(now_ns, direction);
            return;
        }
        let fin = tcp.flags.contains(TcpFlags::FIN);
        if packet.payload_len == 0 && !fin {
            // An acknowledgement, or a question whether the other end is still there.
            return;
        }
        let next = half.next.unwrap_or(seq);
        // Sequence numbers are compared within a half of their range: ahead of `next` are the small differences.
        match seq.wrapping_sub(next) {
            0 => half.next = Some(seq.wrapping_add(packet.payload_len).wrapping_add(fin.into())),
            missing @ 1..0x8000_0000 => {
                self.damage(now_ns, &format!("{missing} bytes before a packet are missing, or come later"));
            }
            _ => self.damage(now_ns, "bytes were sent again, or captured on two interfaces"),
        }
        if !packet.captured.is_empty() {
            self.push(Event::Bytes { direction, now_ns, data: packet.captured.to_vec() });
        }
        if fin {
            self.fin(now_ns, direction);
        }
    }

    fn fin(&mut self, now_ns: u64, direction: Direction) {
        let half = self.half(direction);
        half.is_over = true;
        self.push(Event::End { direction, now_ns, how: End::Fin });
        if self.is_over() {
            self.push(Event::Close { now_ns });
        }
    }

    fn reset(&mut self, now_ns: u64, direction: Direction) {
        // What comes to a closed socket is answered with a reset, too.
        if !self.is_over() {
            (self.to_server.is_over, self.to_client.is_over) = (true, true);
            self.push(Event::End { direction, now_ns, how: End::Reset });
            self.push(Event::Close { now_ns });
        }
    }

    const fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    const fn is_over(&self) -> bool {
        self.to_server.is_over && self.to_client.is_over
    }

    fn push(&mut self, event: Event) {
        self.script.events.push(event);
    }

    fn damage(&mut self, now_ns: u64, what: &str) {
        self.damage.get_or_insert_with(|| format!("at {now_ns} ns: {what}"));
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, server, script: Script { joined_late, events, .. }, damage, .. } = self;
        let bytes = |to: Direction| -> usize {
            let bytes = events.iter().map(|event| match event {
                Event::Bytes { direction, data, .. } if *direction == to => data.len(),
                _ => 0,
            });
            bytes.sum()
        };
        let [to_server, to_client] = [Direction::ToServer, Direction::ToClient].map(bytes);
        write!(f, "{client} → {server}, {to_server} bytes to the server, {to_client} to the client")?;
        if *joined_late {
            f.write_str(", joined late")?;
        }
        match damage {
            Some(damage) => write!(f, ", unusable: {damage}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use geophone_capture_file::{
        dissect::LinkType,
        synthetic::{Call, Observed, Peer, Traffic},
    };
    use geophone_model::net::NetNs;

    use super::*;

    const SERVER: &str = "127.0.0.1:6379";

    fn call(at_ns: u64) -> Call<'static> {
        Call { at: Timestamp::from_ns(at_ns), duration_ns: 500, request: b"PING", response: b"+PONG", unwanted_len: 0 }
    }

    /// Two connections from one port, one after the other, with a call each.
    fn traffic() -> Traffic {
        let peer = |endpoint: &str| Peer::new(endpoint.parse().unwrap(), NetNs(0), 0);
        let mut traffic = Traffic::new();
        for (began, port) in [(1_000_000, 40_000), (2_000_000, 40_001)] {
            let client = peer(&format!("127.0.0.1:{port}"));
            let mut connection = traffic.connect(Timestamp::from_ns(began), client, peer(SERVER), Observed::Tap);
            traffic.call(&mut connection, &call(began + 100_000));
            traffic.close(connection, Timestamp::from_ns(began + 200_000));
        }
        traffic
    }

    fn pcap() -> Vec<u8> {
        traffic().write_pcap(Vec::new(), LinkType::ETHERNET).unwrap()
    }

    /// Where the records of a pcap file begin, behind its header of 24 bytes: each has one of 16 with its length at 8.
    fn records(pcap: &[u8]) -> Vec<std::ops::Range<usize>> {
        let mut records = Vec::new();
        let mut at = 24;
        while let Some(len) = pcap.get(at + 8..at + 12) {
            let end = at + 16 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
            records.push(at..end);
            at = end;
        }
        records
    }

    #[test]
    fn each_packet_is_an_event() {
        let streams = read(&pcap()[..], 6379, Transport::Tcp).unwrap();
        assert_eq!(streams.len(), 2);
        let (to_server, to_client) = (Direction::ToServer, Direction::ToClient);
        let bytes = |now_ns, direction, text: &str| Event::Bytes { direction, now_ns, data: text.into() };
        let fin = |now_ns, direction| Event::End { direction, now_ns, how: End::Fin };
        for stream in streams {
            let script = stream.script().unwrap();
            assert!(script.default_limits && !script.joined_late);
            assert_eq!(
                script.events,
                [
                    bytes(100_000, to_server, "PING"),
                    bytes(100_500, to_client, "+PONG"),
                    fin(200_000, to_server),
                    fin(220_000, to_client),
                    Event::Close { now_ns: 220_000 },
                ]
            );
        }
    }

    #[test]
    fn other_ports_and_transports_are_left_out() {
        assert!(read(&pcap()[..], 6380, Transport::Tcp).unwrap().is_empty());
        assert!(read(&pcap()[..], 6379, Transport::Udp).unwrap().is_empty());
    }

    /// The packets of a connection are: SYN, SYN and ACK, ACK, the request, the response, and two FINs.
    #[test]
    fn what_is_not_whole_is_refused() {
        let pcap = pcap();
        let records = records(&pcap);
        let with = |chosen: &[usize]| {
            let records = chosen.iter().map(|record| &pcap[records[*record].clone()]);
            let file = [&pcap[..24]].into_iter().chain(records).collect::<Vec<_>>().concat();
            let stream = read(&file[..], 6379, Transport::Tcp).unwrap().remove(0);
            stream.script().map_err(|error| error.to_string())
        };
        assert_eq!(with(&[0, 1, 2, 3, 4, 5, 6]).unwrap().events.len(), 5);
        let error = with(&[0, 1, 2, 4, 5, 6]).unwrap_err();
        assert!(error.contains("4 bytes before a packet are missing"), "{error}");
        let error = with(&[0, 1, 2, 3, 3, 4]).unwrap_err();
        assert!(error.contains("sent again"), "{error}");
        assert!(with(&[3, 4, 5]).unwrap().joined_late);
        // A handshake is sent again where its answer got lost.
        assert_eq!(with(&[0, 0, 1, 1, 2, 3, 4]).unwrap().events.len(), 2);
    }

    #[test]
    fn a_port_that_is_used_again_is_another_connection() {
        let mut pcap = pcap();
        // The second connection's client port, behind 16 bytes of the record, 14 of Ethernet, 20 of IPv4.
        for record in records(&pcap).into_iter().skip(7) {
            for port in [record.start + 50, record.start + 52] {
                if pcap[port..port + 2] == 40_001_u16.to_be_bytes() {
                    pcap[port..port + 2].copy_from_slice(&40_000_u16.to_be_bytes());
                }
            }
        }
        let streams = read(&pcap[..], 6379, Transport::Tcp).unwrap();
        assert_eq!(streams.len(), 2);
        assert_eq!(streams[0].to_string(), streams[1].to_string());
    }
}
