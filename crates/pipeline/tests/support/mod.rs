//! Scripts of capture events: text in, exchanges text out.
//!
//! A script is a line an event, each at the time with which it begins, in nanoseconds:
//!
//! ```text
//! 1 c syn                   a SYN of the client, or of the server: then with ACK, unless `alone`
//! 2 c "GET / HTTP/1.1\r\n"  a segment with data, at the speaker's next offset
//! 3 c @7 "GET"              the same at offset 7
//! 4 s unwanted 1000         1,000 bytes that were left out, of which only the packet is reported
//! 5 s passes 1000           1,000 bytes of which nothing is reported
//! 6 s uncopied 10           10 bytes that could not be copied
//! 7 c ack                   a packet without data, which acknowledges what the other end has sent
//! 8 c fin                   also: rst
//! 9 c socket connected      what the kernel says of the client's socket: listening, connecting, connected, accepted, closed
//! 9 loss 3                  three records were lost
//! 9 tick                    nothing has happened
//! 9 finish                  the observation stops
//! ```

#![allow(dead_code, clippy::allow_attributes, reason = "each test takes what it needs of it")]

use std::fmt::Write as _;

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut, Loss, Packet, Side, SocketChange, SocketState, TcpFlags, TcpHeader},
    exchange::Exchange,
    fact::Pid,
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_pipeline::{Config, NoPolicy, Pipeline, Policy, PolicyKey, SkipUntil};

/// Where a script's packets are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Loopback,
    Tap,
    /// At the client's socket.
    Client,
    /// At the server's socket.
    Server,
    /// By the client's system calls.
    ClientCalls,
}

/// An event with the payload that it borrows.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) event: CaptureEvent<'static>,
    pub(crate) payload: Vec<u8>,
}

impl Recorded {
    /// The event as a source delivers it.
    pub(crate) fn event(&self) -> CaptureEvent<'_> {
        match self.event {
            CaptureEvent::Packet(packet) => CaptureEvent::Packet(Packet { captured: &self.payload, ..packet }),
            CaptureEvent::Chunk(chunk) => CaptureEvent::Chunk(Chunk { captured: &self.payload, ..chunk }),
            other => other,
        }
    }
}

/// The addresses of both ends and where they are seen from.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) view: View,
    pub(crate) netns: NetNs,
    pub(crate) client: Endpoint,
    pub(crate) server: Endpoint,
    pub(crate) client_cookie: u64,
    pub(crate) server_cookie: u64,
    pub(crate) client_isn: u32,
    pub(crate) server_isn: u32,
}

impl Scene {
    pub(crate) fn new(view: View) -> Self {
        Self {
            view,
            netns: NetNs(7),
            client: "10.0.0.1:40000".parse().unwrap(),
            server: "10.0.0.2:80".parse().unwrap(),
            client_cookie: 11,
            server_cookie: 22,
            // Both wrap soon.
            client_isn: u32::MAX - 20,
            server_isn: u32::MAX - 200,
        }
    }
}

/// A speaker's progress through its stream.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    next: u32,
    syn: bool,
    fin: bool,
}

/// Makes events of a script's lines.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) scene: Scene,
    client: Progress,
    server: Progress,
}

impl Script {
    pub(crate) fn new(scene: Scene) -> Self {
        Self { scene, client: Progress::default(), server: Progress::default() }
    }

    /// A speaker has sent so many bytes at offsets of the caller's.
    pub(crate) fn advance(&mut self, by_client: bool, len: u32) {
        let speaker = if by_client { &mut self.client } else { &mut self.server };
        speaker.next += len;
    }

    pub(crate) fn packet(
        &mut self,
        at: u64,
        by_client: bool,
        flags: TcpFlags,
        offset: Option<u32>,
        payload: &[u8],
    ) -> Recorded {
        self.cut_packet(at, by_client, flags, offset, payload, payload.len() as u32, Cut::Whole)
    }

    #[expect(clippy::too_many_arguments, reason = "a packet has many fields")]
    pub(crate) fn cut_packet(
        &mut self,
        at: u64,
        by_client: bool,
        flags: TcpFlags,
        offset: Option<u32>,
        payload: &[u8],
        payload_len: u32,
        cut: Cut,
    ) -> Recorded {
        let scene = self.scene.clone();
        let (mine, other) = if by_client { (&mut self.client, self.server) } else { (&mut self.server, self.client) };
        let (my_isn, other_isn) =
            if by_client { (scene.client_isn, scene.server_isn) } else { (scene.server_isn, scene.client_isn) };
        let start = offset.unwrap_or(mine.next);
        if offset.is_none() {
            mine.next += payload_len;
        }
        let is_syn = flags.contains(TcpFlags::SYN);
        let ack_bit = if is_syn && !other.syn { TcpFlags::default() } else { TcpFlags::ACK };
        mine.syn |= is_syn;
        let header = TcpHeader {
            seq: my_isn.wrapping_add(u32::from(!is_syn)).wrapping_add(start).wrapping_add(u32::from(mine.fin)),
            ack: other_isn.wrapping_add(1).wrapping_add(other.next).wrapping_add(u32::from(other.fin)),
            flags: flags | ack_bit,
        };
        mine.fin |= flags.contains(TcpFlags::FIN);
        let (source, destination) = if by_client { (scene.client, scene.server) } else { (scene.server, scene.client) };
        let (client, server) = (scene.client_cookie, scene.server_cookie);
        let sender = if by_client { client } else { server };
        let (side, cookie) = match (scene.view, by_client) {
            (View::Loopback, _) => (Side::Loopback, sender),
            (View::Tap, _) => (Side::Tap, 0),
            (View::Client, true) => (Side::Egress, client),
            (View::Client, false) => (Side::Ingress, client),
            (View::Server, true) => (Side::Ingress, server),
            (View::Server, false) => (Side::Egress, server),
            (View::ClientCalls, _) => return self.chunk(at, by_client, start, payload, payload_len, cut),
        };
        let packet = Packet {
            at: Timestamp::from_ns(at),
            side,
            netns: scene.netns,
            cookie: SocketCookie::new(cookie),
            source,
            destination,
            tcp: Some(header),
            payload_len,
            captured_offset: 0,
            captured: &[],
            cut,
        };
        Recorded { event: CaptureEvent::Packet(packet), payload: payload.to_vec() }
    }

    fn chunk(&self, at: u64, outgoing: bool, offset: u32, payload: &[u8], len: u32, cut: Cut) -> Recorded {
        let chunk = Chunk {
            at: Timestamp::from_ns(at),
            pid: Pid(1),
            netns: self.scene.netns,
            cookie: SocketCookie::new(self.scene.client_cookie).unwrap(),
            local: self.scene.client,
            remote: self.scene.server,
            transport: Transport::Tcp,
            outgoing,
            offset: u64::from(offset),
            len: u64::from(len),
            captured: &[],
            cut,
        };
        Recorded { event: CaptureEvent::Chunk(chunk), payload: payload.to_vec() }
    }

    pub(crate) fn socket(&self, at: u64, of_client: bool, change: SocketState) -> Recorded {
        let Scene { netns, client, server, client_cookie, server_cookie, .. } = self.scene;
        let (cookie, local, remote) =
            if of_client { (client_cookie, client, server) } else { (server_cookie, server, client) };
        let event = CaptureEvent::Socket(SocketChange {
            at: Timestamp::from_ns(at),
            change,
            netns,
            cookie: SocketCookie::new(cookie).unwrap(),
            local,
            remote: (change != SocketState::Listening).then_some(remote),
            pid: None,
        });
        Recorded { event, payload: Vec::new() }
    }

    /// The event of a line, or `None` for `tick` and `finish`.
    pub(crate) fn event(&mut self, line: &str) -> Option<Recorded> {
        let (at, rest) = line.split_once(' ').unwrap_or_else(|| panic!("no time: {line}"));
        let at: u64 = at.parse().unwrap_or_else(|_| panic!("no time: {line}"));
        let (speaker, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let by_client = match speaker {
            "c" => true,
            "s" => false,
            "loss" => {
                let loss = Loss { at: Timestamp::from_ns(at), records: rest.parse().unwrap() };
                return Some(Recorded { event: CaptureEvent::Loss(loss), payload: Vec::new() });
            }
            _ => return None,
        };
        let (offset, rest) = match rest.strip_prefix('@') {
            Some(rest) => {
                let (offset, rest) = rest.split_once(' ').unwrap();
                (Some(offset.parse().unwrap()), rest)
            }
            None => (None, rest),
        };
        let none = TcpFlags::default();
        if let Some(text) = rest.strip_prefix('"') {
            let payload = unescape(text.strip_suffix('"').unwrap_or_else(|| panic!("no closing quote: {line}")));
            return Some(self.packet(at, by_client, none, offset, &payload));
        }
        let (word, argument) = rest.split_once(' ').unwrap_or((rest, ""));
        let len = argument.parse().unwrap_or(0);
        Some(match word {
            "syn" if argument == "alone" => {
                let mut recorded = self.packet(at, by_client, TcpFlags::SYN, offset, &[]);
                if let CaptureEvent::Packet(Packet { tcp: Some(header), .. }) = &mut recorded.event {
                    header.flags = TcpFlags::SYN;
                }
                recorded
            }
            "syn" => self.packet(at, by_client, TcpFlags::SYN, offset, &[]),
            "ack" => self.packet(at, by_client, none, offset, &[]),
            "fin" => self.packet(at, by_client, TcpFlags::FIN, offset, &[]),
            "rst" => self.packet(at, by_client, TcpFlags::RST, offset, &[]),
            "unwanted" => self.cut_packet(at, by_client, none, offset, &[], len, Cut::Unwanted),
            "uncopied" => self.cut_packet(at, by_client, none, offset, &[], len, Cut::Lost),
            "passes" => {
                self.cut_packet(at, by_client, none, offset, &[], len, Cut::Whole);
                return None;
            }
            "socket" => self.socket(at, by_client, state(argument)),
            _ => panic!("no such event: {line}"),
        })
    }
}

fn state(word: &str) -> SocketState {
    match word {
        "listening" => SocketState::Listening,
        "connecting" => SocketState::Connecting,
        "connected" => SocketState::Connected,
        "accepted" => SocketState::Accepted,
        "closed" => SocketState::Closed,
        _ => panic!("no such state: {word}"),
    }
}

fn unescape(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").into_bytes()
}

/// A pipeline with what it said.
pub(crate) struct Run {
    pub(crate) pipeline: Pipeline,
    pub(crate) said: String,
}

/// Writes wishes down.
struct Said<'a>(&'a mut String);

impl Policy for Said<'_> {
    fn skip(&mut self, key: PolicyKey, until: SkipUntil) {
        writeln!(self.0, "skip {} {:?} {until:?}", key.socket.as_u64(), key.way).unwrap();
    }

    fn forget(&mut self, socket: SocketCookie) {
        writeln!(self.0, "forget {}", socket.as_u64()).unwrap();
    }
}

impl Run {
    pub(crate) fn new(config: Config) -> Self {
        Self { pipeline: Pipeline::new(config), said: String::new() }
    }

    /// Takes an event and writes down what follows; the books must balance then.
    pub(crate) fn event(&mut self, recorded: &Recorded) {
        self.pipeline.event(&recorded.event(), &mut Said(&mut self.said));
        self.drain();
    }

    pub(crate) fn tick(&mut self, at: u64) {
        self.pipeline.tick(Timestamp::from_ns(at), &mut Said(&mut self.said));
        self.drain();
    }

    pub(crate) fn finish(&mut self) {
        self.pipeline.finish();
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(exchange) = self.pipeline.poll() {
            assert_times(exchange);
            writeln!(self.said, "{}", line(exchange)).unwrap();
        }
        assert_balanced(&self.pipeline);
    }

    pub(crate) fn script(&mut self, script: &mut Script, text: &str) -> &mut Self {
        for text in text.lines().map(str::trim).filter(|text| !text.is_empty()) {
            match script.event(text) {
                Some(recorded) => self.event(&recorded),
                None if text.ends_with("tick") => self.tick(text.split_once(' ').unwrap().0.parse().unwrap()),
                None if text.ends_with("finish") => self.finish(),
                None => {}
            }
        }
        self
    }
}

#[track_caller]
pub(crate) fn assert_balanced(pipeline: &Pipeline) {
    for row in pipeline.ledger() {
        assert_eq!(row.imbalance(), 0, "{row}");
    }
    let known = pipeline.connections();
    let gone = known.closed + known.replaced + known.expired + known.evicted + known.abandoned;
    assert_eq!(known.opened, known.open + gone, "{known:?}");
}

/// Runs a script and compares what the pipeline said of it.
#[track_caller]
pub(crate) fn check(view: View, script: &str, expected: &str) {
    check_with(Config::default(), Scene::new(view), script, expected);
}

#[track_caller]
pub(crate) fn check_with(config: Config, scene: Scene, script: &str, expected: &str) {
    let mut run = Run::new(config);
    run.script(&mut Script::new(scene), script);
    let trimmed =
        |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&run.said), trimmed(expected));
}

/// An exchange as a line: `#0 client GET x/ 200 request 1-2/20 response 3-4/40`.
pub(crate) fn line(exchange: &Exchange) -> String {
    let mut line = format!(
        "#{} {} {} {}{} {}",
        exchange.connection.0,
        match exchange.observed {
            geophone_model::exchange::Observed::Client => "client",
            geophone_model::exchange::Observed::Server => "server",
            geophone_model::exchange::Observed::SamePoint => "same_point",
        },
        exchange.verb,
        exchange.authority,
        exchange.resource,
        exchange.status,
    );
    let message = |message: &geophone_model::exchange::Message| {
        format!("{}-{}/{}", message.first.as_ns(), message.last.as_ns(), message.bytes)
    };
    write!(line, " request {}", message(&exchange.request)).unwrap();
    match &exchange.response {
        Some(response) => write!(line, " response {}", message(response)).unwrap(),
        None => write!(line, " end {}", exchange.end.as_ns()).unwrap(),
    }
    for name in exchange.flags.names() {
        write!(line, " {name}").unwrap();
    }
    line
}

/// However late its bytes came: no message is over before its first byte was there.
pub(crate) fn assert_times(exchange: &Exchange) {
    assert!(exchange.request.first <= exchange.request.last, "{exchange:?}");
    assert!(exchange.response.is_none_or(|response| response.first <= response.last), "{exchange:?}");
    assert!(exchange.first_byte_ns() <= exchange.duration_ns(), "{exchange:?}");
}

/// The two parties of an exchange: `10.0.0.1:40000 (11) -> 10.0.0.2:80 (22)`.
pub(crate) fn parties(exchange: &Exchange) -> String {
    let cookie =
        |cookie: Option<SocketCookie>| cookie.map_or_else(|| "?".to_owned(), |cookie| cookie.as_u64().to_string());
    let dialled = exchange.server.dialled.map_or_else(String::new, |dialled| format!(" dialled {dialled}"));
    format!(
        "{} ({}) -> {} ({}){dialled}",
        exchange.client.endpoint,
        cookie(exchange.client.cookie),
        exchange.server.endpoint,
        cookie(exchange.server.cookie),
    )
}

/// Runs events through a fresh pipeline without a policy and gives the exchanges' lines.
pub(crate) fn exchanges<'a>(config: Config, events: impl IntoIterator<Item = &'a Recorded>) -> Vec<String> {
    let mut pipeline = Pipeline::new(config);
    let mut lines = Vec::new();
    for recorded in events {
        pipeline.event(&recorded.event(), &mut NoPolicy);
        while let Some(exchange) = pipeline.poll() {
            assert_times(exchange);
            lines.push(format!("{} {}", line(exchange), parties(exchange)));
        }
        assert_balanced(&pipeline);
    }
    lines
}
