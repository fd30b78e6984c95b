//! A capture, a conversation under it, and what was captured of it.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use geophone_model::{
    capture::{CaptureEvent, Chunk, Cut},
    ledger::LedgerRow,
    net::{Endpoint, SocketCookie},
};
use geophone_probe::{Capture, Config, Flow, Item, Skip};

use crate::conversation;

/// Both directions of one socket, as it was captured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) sent: Vec<Piece>,
    pub(crate) received: Vec<Piece>,
}

/// A part of a stream. Neighbours are never of the same kind.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    Gap(u64),
}

/// Thousands of bytes help nobody to see what is wrong.
impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes from {:02x?}", bytes.len(), &bytes[..bytes.len().min(8)]),
            Self::Gap(len) => write!(f, "gap of {len}"),
        }
    }
}

/// What was captured while a conversation was held.
pub(crate) struct Observed {
    /// Streams by local and remote end and whether the bytes were sent.
    streams: BTreeMap<(Endpoint, Endpoint, bool), Vec<Piece>>,
    /// Client and server, by the conversation's name.
    ends: BTreeMap<String, [SocketAddr; 2]>,
    ledger: Vec<LedgerRow>,
    /// Records that the capture said were lost.
    pub(crate) lost: u64,
}

impl Observed {
    /// Captures while a child holds the conversation.
    pub(crate) fn conversation(config: &Config, name: &str) -> Self {
        let mut gathering = Gathering::begin(config);
        let mut child = hold(name);
        let ends = ends_said_by(&mut child);
        while child.try_wait().unwrap().is_none() {
            gathering.drain();
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(child.wait().unwrap().success());
        gathering.end(BTreeMap::from([(name.to_owned(), ends)]))
    }

    /// Captures, but looks at the ring only when the conversation is over.
    pub(crate) fn without_draining(config: &Config, name: &str) -> Self {
        let gathering = Gathering::begin(config);
        let mut child = hold(name);
        let ends = ends_said_by(&mut child);
        assert!(child.wait().unwrap().success());
        gathering.end(BTreeMap::from([(name.to_owned(), ends)]))
    }

    /// Captures, and wants nothing more of what the client sends once it has said something; then it may go on.
    pub(crate) fn with_policy(config: &Config, name: &str) -> Self {
        let mut gathering = Gathering::begin(config);
        let mut child = hold(name);
        let ends = ends_said_by(&mut child);
        let [client, _] = ends.map(endpoint);
        let cookie = loop {
            gathering.drain();
            // Both ends of the first question are there.
            if gathering.streams.len() == 2 {
                break gathering.cookies[&client];
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        gathering.capture.skip(cookie, Flow::Egress, Skip::Forever).unwrap();
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
        gathering.end(BTreeMap::from([(name.to_owned(), ends)]))
    }

    /// Captures while this very process does something.
    pub(crate) fn of(config: &Config, does: impl FnOnce() -> BTreeMap<String, [SocketAddr; 2]>) -> Self {
        let gathering = Gathering::begin(config);
        let ends = does();
        gathering.end(ends)
    }

    /// The client's and the server's end of a conversation.
    pub(crate) fn ends(&self, name: &str) -> [Stream; 2] {
        let [client, server] = self.ends[name].map(endpoint);
        let pieces = |local, remote, sent| self.streams.get(&(local, remote, sent)).cloned().unwrap_or_default();
        [(client, server), (server, client)]
            .map(|(local, remote)| Stream { sent: pieces(local, remote, true), received: pieces(local, remote, false) })
    }

    /// Whether nothing was captured of it.
    pub(crate) fn is_silent(&self, name: &str) -> bool {
        self.ends(name).iter().all(|end| end.sent.is_empty() && end.received.is_empty())
    }

    pub(crate) fn assert_balanced(&self) {
        for row in &self.ledger {
            assert_eq!(row.imbalance(), 0, "{row}");
        }
    }

    /// The account of the calls.
    pub(crate) fn calls(&self) -> &LedgerRow {
        &self.ledger[0]
    }

    /// The account of the bytes.
    pub(crate) fn bytes(&self) -> &LedgerRow {
        &self.ledger[1]
    }

    /// How many calls were not passed on for a reason.
    pub(crate) fn withheld(&self, reason: &str) -> u64 {
        let withheld = self.calls().withheld.iter().find(|withheld| withheld.reason == reason);
        withheld.unwrap_or_else(|| panic!("no such reason: {reason}")).count
    }
}

/// A capture that goes on.
struct Gathering {
    capture: Capture,
    streams: BTreeMap<(Endpoint, Endpoint, bool), Vec<Piece>>,
    next: BTreeMap<(Endpoint, Endpoint, bool), u64>,
    cookies: BTreeMap<Endpoint, SocketCookie>,
    lost: u64,
}

impl Gathering {
    fn begin(config: &Config) -> Self {
        let capture = Capture::open(config).unwrap_or_else(|error| panic!("{error}"));
        let (streams, next, cookies) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { capture, streams, next, cookies, lost: 0 }
    }

    fn drain(&mut self) -> u64 {
        let Self { capture, streams, next, cookies, lost } = self;
        let drained = capture.drain(|item| match item {
            Item::Event(CaptureEvent::Chunk(chunk)) => {
                cookies.insert(chunk.local, chunk.cookie);
                let key = (chunk.local, chunk.remote, chunk.outgoing);
                let expected = next.entry(key).or_default();
                assert!(chunk.offset >= *expected, "{chunk:?} goes back behind {expected}");
                let pieces = streams.entry(key).or_default();
                append(pieces, Piece::Gap(chunk.offset - *expected));
                *expected = chunk.offset + chunk.len;
                append_chunk(pieces, &chunk);
            }
            Item::Event(CaptureEvent::Loss(loss)) => *lost += loss.records,
            _ => {}
        });
        let drained = drained.unwrap();
        assert_eq!(drained.malformed, 0);
        drained.records
    }

    fn end(mut self, ends: BTreeMap<String, [SocketAddr; 2]>) -> Observed {
        self.capture.detach();
        while self.drain() > 0 {}
        let ledger = self.capture.ledger().unwrap();
        Observed { streams: self.streams, ends, ledger, lost: self.lost }
    }
}

fn append_chunk(pieces: &mut Vec<Piece>, chunk: &Chunk<'_>) {
    let missing = chunk.len - chunk.captured.len() as u64;
    assert_eq!(missing > 0, chunk.cut == Cut::Lost, "{} of {}", chunk.captured.len(), chunk.len);
    append(pieces, Piece::Bytes(chunk.captured.to_vec()));
    append(pieces, Piece::Gap(missing));
}

fn append(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (_, Piece::Gap(0)) => {}
        (_, Piece::Bytes(bytes)) if bytes.is_empty() => {}
        (Some(Piece::Bytes(before)), Piece::Bytes(bytes)) => before.extend(bytes),
        (Some(Piece::Gap(before)), Piece::Gap(len)) => *before += len,
        (_, piece) => pieces.push(piece),
    }
}

fn hold(name: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([conversation::ROLE, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ends_said_by(child: &mut Child) -> [SocketAddr; 2] {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let (client, server) = line.trim().split_once(' ').expect("the child says between whom it talks");
    [client.parse().unwrap(), server.parse().unwrap()]
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::new(address.ip(), address.port())
}
