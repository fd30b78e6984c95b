//! Events that own their bytes, strategies for arbitrary ones, and what reading a file gives.

#![allow(dead_code, unreachable_pub, reason = "every test binary compiles this module and uses a part of it")]

use std::io::Read;

use geophone_capture_file::{Item, ReadError, Source};
use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Loss, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use proptest::{option, prelude::*, sample::select};

/// An item with its bytes beside it.
#[derive(Clone, Debug)]
pub enum Owned {
    Packet(Packet<'static>, Vec<u8>),
    Chunk(Chunk<'static>, Vec<u8>),
    Socket(SocketChange),
    Loss(Loss),
    Fact(Fact),
}

impl Owned {
    pub fn item(&self) -> Item<'_> {
        match self {
            Self::Packet(packet, captured) => Item::Event(CaptureEvent::Packet(Packet { captured, ..*packet })),
            Self::Chunk(chunk, captured) => Item::Event(CaptureEvent::Chunk(Chunk { captured, ..*chunk })),
            Self::Socket(change) => Item::Event(CaptureEvent::Socket(*change)),
            Self::Loss(loss) => Item::Event(CaptureEvent::Loss(*loss)),
            Self::Fact(fact) => Item::Fact(fact.clone()),
        }
    }
}

/// Reads to the end and checks that what comes out is the beginning of `expected`; how much it was, and the error.
pub fn read_prefix(source: &mut Source<impl Read>, expected: &[Owned]) -> (usize, Option<ReadError>) {
    let mut count = 0;
    loop {
        match source.next() {
            Ok(Some(item)) => {
                assert_eq!(item, expected[count].item(), "item {count}");
                count += 1;
            }
            Ok(None) => return (count, None),
            Err(error) => {
                assert_eq!(error.records, count as u64, "the error says how much was read: {error}");
                assert!(matches!(source.next(), Ok(None)), "an error is reported once");
                return (count, Some(error));
            }
        }
    }
}

pub fn at() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<u64>(), 1_768_000_000_000_000_000_u64..1_768_000_001_000_000_000].prop_map(Timestamp::from_ns)
}

pub fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![
        (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| Endpoint::new(ip.into(), port)),
        (any::<[u8; 16]>(), any::<u16>()).prop_map(|(ip, port)| Endpoint::new(ip.into(), port)),
    ]
}

pub fn cookie() -> impl Strategy<Value = SocketCookie> {
    (1..=u64::MAX).prop_map(|cookie| SocketCookie::new(cookie).unwrap())
}

pub fn netns() -> impl Strategy<Value = NetNs> {
    prop_oneof![Just(NetNs(4_026_531_840)), any::<u32>().prop_map(NetNs)]
}

pub fn tcp() -> impl Strategy<Value = TcpHeader> {
    any::<(u32, u32, u8)>().prop_map(|(seq, ack, flags)| TcpHeader { seq, ack, flags: TcpFlags(flags) })
}

fn cut() -> impl Strategy<Value = Cut> {
    select(vec![Cut::Whole, Cut::Unwanted, Cut::Lost])
}

fn pid() -> impl Strategy<Value = Pid> {
    any::<u32>().prop_map(Pid)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

fn transport() -> impl Strategy<Value = Transport> {
    select(vec![Transport::Tcp, Transport::Udp])
}

fn packet() -> impl Strategy<Value = Owned> {
    let side = select(vec![Side::Egress, Side::Ingress, Side::Loopback, Side::Tap]);
    let seen = (at(), side, netns(), option::of(cookie()));
    let header = (endpoint(), endpoint(), option::of(tcp()));
    let payload = (bytes(), option::of(any::<(u32, u32)>()), cut());
    (seen, header, payload).prop_map(
        |((at, side, netns, cookie), (source, destination, tcp), (captured, lengths, cut))| {
            let whole = captured.len() as u32;
            let (payload_len, captured_offset) = lengths.map_or((whole, 0), |(before, behind): (u32, u32)| {
                let offset = before.min(u32::MAX - whole);
                ((offset + whole).saturating_add(behind), offset)
            });
            let packet = Packet {
                at,
                side,
                netns,
                cookie,
                source,
                destination,
                tcp,
                payload_len,
                captured_offset,
                captured: &[],
                cut,
            };
            Owned::Packet(packet, captured)
        },
    )
}

fn chunk() -> impl Strategy<Value = Owned> {
    let who = (at(), pid(), netns(), cookie(), endpoint(), endpoint());
    let what = (transport(), any::<bool>(), any::<u64>(), bytes(), option::of(any::<u64>()), cut());
    (who, what).prop_map(
        |((at, pid, netns, cookie, local, remote), (transport, outgoing, offset, captured, len, cut))| {
            let whole = captured.len() as u64;
            let len = len.map_or(whole, |behind: u64| whole.saturating_add(behind));
            let chunk =
                Chunk { at, pid, netns, cookie, local, remote, transport, outgoing, offset, len, captured: &[], cut };
            Owned::Chunk(chunk, captured)
        },
    )
}

fn socket() -> impl Strategy<Value = Owned> {
    use SocketState::{Accepted, Closed, Connected, Connecting, Listening};
    let change = select(vec![Listening, Connecting, Connected, Accepted, Closed]);
    (at(), change, netns(), cookie(), endpoint(), option::of(endpoint()), option::of(pid())).prop_map(
        |(at, change, netns, cookie, local, remote, pid)| {
            Owned::Socket(SocketChange { at, change, netns, cookie, local, remote, pid })
        },
    )
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..20).prop_map(String::from_iter)
}

fn fact() -> impl Strategy<Value = Fact> {
    let process = (at(), pid(), pid(), [text(), text(), text()], option::of(text()), option::of(text()), netns());
    let process = process.prop_map(|(at, pid, parent, [comm, executable, cgroup], script, unit, netns)| {
        let container = unit.as_ref().map(|_| "a".repeat(64));
        Fact::Process(ProcessFact { at, pid, parent, comm, executable, script, cgroup, container, unit, netns })
    });
    use OwnerSource::{Connect, Descriptor, Listen};
    let source = select(vec![Descriptor, Connect, Listen]);
    let socket = (at(), netns(), option::of(cookie()), transport(), endpoint(), option::of(endpoint()), pid(), source);
    let socket = socket.prop_map(|(at, netns, cookie, transport, local, remote, pid, source)| {
        Fact::Socket(SocketFact { at, netns, cookie, transport, local, remote, pid, source })
    });
    prop_oneof![
        process,
        socket,
        (at(), pid()).prop_map(|(at, pid)| Fact::ProcessExit { at, pid }),
        (at(), netns(), cookie()).prop_map(|(at, netns, cookie)| Fact::SocketClosed { at, netns, cookie }),
        (at(), endpoint(), text()).prop_map(|(at, end, name)| Fact::HostName { at, ip: end.ip(), name }),
        (at(), netns(), endpoint()).prop_map(|(at, netns, end)| Fact::LocalAddress { at, netns, ip: end.ip() }),
    ]
}

/// Any event or fact.
pub fn owned() -> impl Strategy<Value = Owned> {
    prop_oneof![
        4 => packet(),
        2 => chunk(),
        2 => socket(),
        1 => (at(), any::<u64>()).prop_map(|(at, records)| Owned::Loss(Loss { at, records })),
        2 => fact().prop_map(Owned::Fact),
    ]
}

/// One of each kind, the same in every run: what the files in `testdata/` hold.
pub fn sample() -> Vec<Owned> {
    let at = |n: u64| Timestamp::from_ns(1_768_471_200_000_000_000 + n * 1_000_000);
    let (client, server): (Endpoint, Endpoint) =
        ("127.0.0.1:40000".parse().unwrap(), "[2001:db8::7]:80".parse().unwrap());
    let cookie = SocketCookie::new(77).unwrap();
    let packet = Packet {
        at: at(1),
        side: Side::Loopback,
        netns: NetNs(4_026_531_840),
        cookie: Some(cookie),
        source: client,
        destination: server,
        tcp: Some(TcpHeader { seq: u32::MAX, ack: 5, flags: TcpFlags::ACK }),
        payload_len: 18,
        captured_offset: 0,
        captured: &[],
        cut: Cut::Whole,
    };
    let cut = Packet { at: at(0), side: Side::Tap, cookie: None, tcp: None, ..packet };
    let cut = Packet { payload_len: 1400, captured_offset: 1390, cut: Cut::Unwanted, ..cut };
    let chunk = Chunk {
        at: at(2),
        pid: Pid(812),
        netns: NetNs(1),
        cookie,
        local: server,
        remote: client,
        transport: Transport::Tcp,
        outgoing: true,
        offset: 1 << 40,
        len: 4096,
        captured: &[],
        cut: Cut::Lost,
    };
    vec![
        Owned::Fact(Fact::HostName { at: at(0), ip: server.ip(), name: "shop.example".to_owned() }),
        Owned::Socket(SocketChange {
            at: at(0),
            change: SocketState::Connecting,
            netns: NetNs(4_026_531_840),
            cookie,
            local: client,
            remote: Some(server),
            pid: Some(Pid(812)),
        }),
        Owned::Packet(packet, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        Owned::Packet(cut, b"0123456789".to_vec()),
        Owned::Chunk(chunk, b"HTTP/1.1 200 OK\r\n".to_vec()),
        Owned::Loss(Loss { at: at(3), records: 9 }),
        Owned::Fact(Fact::ProcessExit { at: at(4), pid: Pid(812) }),
    ]
}
