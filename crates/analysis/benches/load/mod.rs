//! Connections over the loopback device that call one after another, endlessly, as the bytes that the kernel hands over.

use geophone_analysis::{Analysis, Config};
use geophone_model::{
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_pipeline::NoPolicy;
use geophone_probe::{Clock, Item, decode};
use geophone_probe_common::{
    packet::{PacketHead, side},
    record::{Kind, cut, family},
};

const REQUEST: &[u8] =
    b"GET /api/v1/items/4711 HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";

const NETNS: u32 = 4_026_531_840;
const SERVER_PORT: u16 = 8080;
const LOOPBACK: u32 = u32::from_ne_bytes([127, 0, 0, 1]);
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A record in the ring whose counting fields change from call to call.
struct Record(Vec<u8>);

impl Record {
    fn new(head: &PacketHead, payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(size_of::<PacketHead>() + payload.len());
        // In the order of the structure, which has no padding that is not written out.
        bytes.extend(head.kind.to_ne_bytes());
        bytes.extend(head.captured_len.to_ne_bytes());
        bytes.extend(head.at_ns.to_ne_bytes());
        bytes.extend(head.cookie.to_ne_bytes());
        for word in [head.netns, head.payload_len, head.captured_offset, head.seq, head.ack] {
            bytes.extend(word.to_ne_bytes());
        }
        for word in head.source.into_iter().chain(head.destination) {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(head.source_port.to_ne_bytes());
        bytes.extend(head.destination_port.to_ne_bytes());
        bytes.extend([head.side, head.family, head.transport, head.tcp_flags, head.cut, 0, 0, 0]);
        assert_eq!(bytes.len(), size_of::<PacketHead>());
        bytes.extend_from_slice(payload);
        Self(bytes)
    }

    fn at(&mut self, at_ns: u64, seq: u32, ack: u32) -> &[u8] {
        const AT: usize = std::mem::offset_of!(PacketHead, at_ns);
        const SEQ: usize = std::mem::offset_of!(PacketHead, seq);
        const ACK: usize = std::mem::offset_of!(PacketHead, ack);
        self.0[AT..AT + 8].copy_from_slice(&at_ns.to_ne_bytes());
        self.0[SEQ..SEQ + 4].copy_from_slice(&seq.to_ne_bytes());
        self.0[ACK..ACK + 4].copy_from_slice(&ack.to_ne_bytes());
        &self.0
    }
}

/// One connection's progress.
struct Caller {
    request: Record,
    response: Record,
    sent: u32,
    received: u32,
}

pub(crate) struct Load {
    pub(crate) analysis: Analysis,
    callers: Vec<Caller>,
    next: usize,
    now_ns: u64,
}

impl Load {
    pub(crate) fn new(connections: usize) -> Self {
        let mut load =
            Self { analysis: Analysis::new(Config::default()), callers: Vec::new(), next: 0, now_ns: 1_000_000_000 };
        load.learn(connections);
        for index in 0..connections {
            let port = 20_000 + index as u16;
            let cookies = [1 + 2 * index as u64, 2 + 2 * index as u64];
            let (to_server, to_client) = ([port, SERVER_PORT], [SERVER_PORT, port]);
            // The handshake's answer is sent in the name of the listener, which names no connection.
            let syn = Record::new(&head(cookies[0], to_server, SYN, 0), b"").at(1_000, 0, 0).to_vec();
            let answer = Record::new(&head(0, to_client, SYN | ACK, 0), b"").at(1_001, 0, 1).to_vec();
            load.take(&syn);
            load.take(&answer);
            load.callers.push(Caller {
                request: Record::new(&head(cookies[0], to_server, ACK, REQUEST.len()), REQUEST),
                response: Record::new(&head(cookies[1], to_client, ACK, RESPONSE.len()), RESPONSE),
                sent: 1,
                received: 1,
            });
        }
        // Until no fact about these connections is waited for any more.
        while load.now_ns < 3_000_000_000 {
            load.call();
        }
        load
    }

    /// The next connection's request and response; how many exchanges were named.
    pub(crate) fn call(&mut self) -> u64 {
        let Self { analysis, callers, next, now_ns } = self;
        *now_ns += 10_000;
        *next = (*next + 1) % callers.len();
        let caller = &mut callers[*next];
        let after = caller.sent.wrapping_add(REQUEST.len() as u32);
        let asked = take(analysis, caller.request.at(*now_ns, caller.sent, caller.received));
        let answered = take(analysis, caller.response.at(*now_ns + 5_000, caller.received, after));
        caller.sent = after;
        caller.received = caller.received.wrapping_add(RESPONSE.len() as u32);
        // As a live capture does, every second.
        if *now_ns % 1_000_000_000 < 10_000 {
            analysis.tick(Timestamp::from_ns(*now_ns), &mut NoPolicy, &mut |_| ());
            drop(analysis.take_windows());
        }
        asked + answered
    }

    fn take(&mut self, record: &[u8]) {
        take(&mut self.analysis, record);
    }

    /// Who listens and who has connected.
    fn learn(&mut self, connections: usize) {
        let (at, netns) = (Timestamp::from_ns(1), NetNs(NETNS));
        for (pid, name) in [(Pid(10), "client"), (Pid(20), "server")] {
            let (comm, executable) = (name.to_owned(), name.to_owned());
            let process = ProcessFact {
                at,
                pid,
                parent: Pid(1),
                comm,
                executable,
                script: None,
                cgroup: "/".to_owned(),
                container: None,
                unit: None,
                netns,
            };
            self.analysis.fact(&Fact::Process(process));
        }
        let server = format!("127.0.0.1:{SERVER_PORT}").parse().unwrap();
        let listener = SocketFact {
            at,
            netns,
            cookie: None,
            transport: Transport::Tcp,
            local: server,
            remote: None,
            pid: Pid(20),
            source: OwnerSource::Descriptor,
        };
        self.analysis.fact(&Fact::Socket(listener.clone()));
        for index in 0..connections {
            self.analysis.fact(&Fact::Socket(SocketFact {
                cookie: SocketCookie::new(1 + 2 * index as u64),
                local: format!("127.0.0.1:{}", 20_000 + index).parse().unwrap(),
                remote: Some(server),
                pid: Pid(10),
                source: OwnerSource::Connect,
                ..listener.clone()
            }));
        }
    }
}

fn take(analysis: &mut Analysis, record: &[u8]) -> u64 {
    let mut named = 0;
    match decode(record, Clock::with_offset_ns(0)) {
        Ok(Item::Event(event)) => analysis.event(&event, &mut NoPolicy, &mut |_| named += 1),
        other => panic!("no event: {other:?}"),
    }
    named
}

fn head(cookie: u64, ports: [u16; 2], tcp_flags: u8, payload_len: usize) -> PacketHead {
    let address = [LOOPBACK, 0, 0, 0];
    PacketHead {
        kind: Kind::Packet as u32,
        captured_len: payload_len as u32,
        cookie,
        netns: NETNS,
        payload_len: payload_len as u32,
        source: address,
        destination: address,
        source_port: ports[0],
        destination_port: ports[1],
        side: side::LOOPBACK,
        family: family::V4,
        transport: 6,
        tcp_flags,
        cut: cut::WHOLE,
        ..PacketHead::default()
    }
}
