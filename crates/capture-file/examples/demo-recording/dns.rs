//! DNS over UDP (RFC 1035): what programs ask the name server of the machine, and what it answers.

use std::collections::BTreeMap;

use geophone_capture_file::synthetic::{Call, Connection, Observed, Traffic};
use geophone_model::{
    fact::Pid,
    net::{Endpoint, Transport},
    time::Timestamp,
};

use crate::{
    machine::Program,
    pool::client_cookie,
    programs::{NAMES, NAMES_SOCKET},
    random::Random,
};

/// How long an answer holds.
const TTL_S: u32 = 20;
/// Types of records (RFC 1035 section 3.2.2, RFC 3596 section 2.1).
const A: u16 = 1;
const MX: u16 = 15;
const AAAA: u16 = 28;
/// The internet's class (section 3.2.4).
const INTERNET: u16 = 1;

/// What the name server answers from, and what programs remember of it.
#[derive(Debug)]
pub(crate) struct Names {
    next_client_port: u16,
    /// Until when a program knows the addresses of a name.
    known: BTreeMap<(Pid, &'static str), Timestamp>,
    random: Random,
}

/// What is known of a name.
enum Record {
    Address([u8; 4]),
    /// Its mail goes to another name.
    Mail(&'static str),
    /// It exists, and has no record of the type.
    Nothing,
    /// There is no such name.
    Unknown,
}

impl Names {
    /// Ports of clients are given out from `first_port` on.
    pub(crate) const fn new(first_port: u16, random: Random) -> Self {
        Self { next_client_port: first_port, known: BTreeMap::new(), random }
    }

    /// A program needs the address of a name; it asks if it does not know it any more. Says when it knows it.
    pub(crate) fn address(
        &mut self,
        traffic: &mut Traffic,
        program: Program,
        at: Timestamp,
        name: &'static str,
        ip: [u8; 4],
    ) -> Timestamp {
        if self.known.get(&(program.pid, name)).is_some_and(|until| at < *until) {
            return at;
        }
        // As getaddrinfo() does: for both kinds of addresses at once, over one socket.
        let mut socket = self.socket(traffic, program, at);
        let v4 = self.ask(traffic, &mut socket, at, name, A, &Record::Address(ip));
        let v6 = self.ask(traffic, &mut socket, at.plus_ns(30_000), name, AAAA, &Record::Nothing);
        let until = at.plus_ns(u64::from(TTL_S) * 1_000_000_000);
        self.known.insert((program.pid, name), until);
        v4.max(v6)
    }

    /// A program asks who takes the mail of a domain, if the domain exists. Says when it knows.
    pub(crate) fn mail(
        &mut self,
        traffic: &mut Traffic,
        program: Program,
        at: Timestamp,
        domain: &str,
        exchange: Option<&'static str>,
    ) -> Timestamp {
        let mut socket = self.socket(traffic, program, at);
        let record = exchange.map_or(Record::Unknown, Record::Mail);
        self.ask(traffic, &mut socket, at, domain, MX, &record)
    }

    /// A socket for one question, and its owner.
    fn socket(&mut self, traffic: &mut Traffic, program: Program, at: Timestamp) -> Connection {
        let port = self.next_client_port;
        self.next_client_port += 1;
        let local = Endpoint::new([127, 0, 0, 1].into(), port);
        let remote = Endpoint::new(NAMES_SOCKET.ip.into(), NAMES_SOCKET.port);
        let cookie = client_cookie(port);
        traffic.fact(program.connected(at, Transport::Udp, cookie, local, remote));
        Connection::datagrams(program.peer(local, cookie), NAMES.peer(remote, NAMES_SOCKET.cookie), Observed::Loopback)
    }

    fn ask(
        &mut self,
        traffic: &mut Traffic,
        socket: &mut Connection,
        at: Timestamp,
        name: &str,
        kind: u16,
        record: &Record,
    ) -> Timestamp {
        // From its own memory, or, now and then, from the servers of the domain.
        let typical_us = if self.random.percent(15) { 9_000 } else { 250 };
        let duration_ns = self.random.latency_ns(typical_us);
        let id = self.random.below(1 << 16) as u16;
        let question = [&encoded_name(name)[..], &kind.to_be_bytes(), &INTERNET.to_be_bytes()].concat();
        let (code, data) = match record {
            Record::Address(ip) => (0, Some(ip.to_vec())),
            Record::Mail(exchange) => (0, Some([&[0, 10], &encoded_name(exchange)[..]].concat())),
            Record::Nothing => (0, None),
            Record::Unknown => (3, None),
        };
        // Section 4.1.1: a query that wants recursion; a response that has it.
        let request = [&header(id, [0x01, 0x00], 0)[..], &question].concat();
        let answer = data.as_ref().map(|data| answer(kind, data)).unwrap_or_default();
        let response = [&header(id, [0x81, 0x80 | code], data.is_some().into())[..], &question, &answer].concat();
        let (request, response) = (&request[..], &response[..]);
        traffic.call(socket, &Call { at, duration_ns, request, response, unwanted_len: 0 });
        at.plus_ns(duration_ns)
    }
}

/// Section 4.1.1: identifier, flags, one question and so many answers.
fn header(id: u16, flags: [u8; 2], answers: u8) -> [u8; 12] {
    let [high, low] = id.to_be_bytes();
    [high, low, flags[0], flags[1], 0, 1, 0, answers, 0, 0, 0, 0]
}

/// Section 4.1.3: a record of the name that was asked for, which stands behind the header (section 4.1.4).
fn answer(kind: u16, data: &[u8]) -> Vec<u8> {
    let (kind, class, ttl) = (kind.to_be_bytes(), INTERNET.to_be_bytes(), TTL_S.to_be_bytes());
    [&[0xc0, 12], &kind[..], &class, &ttl, &(data.len() as u16).to_be_bytes(), data].concat()
}

/// Section 3.1: each label behind its length, and the root.
fn encoded_name(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[label.len() as u8], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}
