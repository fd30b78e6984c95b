//! The kit's own servers and clients, which know the truth: each is a process that says what it has done.

use std::net::SocketAddr;

use crate::{
    process::{Dialogue, Place},
    room::Room,
    tally::Tally,
};

/// What one end measured of its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Operation with status, and nanoseconds: in a server from the request that was read to the answer that is about to
    /// be written, in a client from the request that is about to be written to the answer that was read.
    pub requests: Vec<(String, u64)>,
    /// Bytes of requests and answers, heads and bodies: `GET /cart 200 request` and `GET /cart 200 response`.
    pub bytes: Tally,
}

impl Account {
    /// From lines like `GET /cart 200 12345 66 102`: operation, nanoseconds, bytes of the request and of the answer.
    ///
    /// # Panics
    /// If a line is of another kind.
    fn parse(lines: &str) -> Self {
        let mut account = Self::default();
        for line in lines.lines() {
            let mut fields = line.rsplitn(4, ' ');
            let mut number =
                || fields.next().and_then(|field| field.parse().ok()).expect("an account's line ends with numbers");
            let (response_bytes, request_bytes, duration_ns) = (number(), number(), number());
            let operation = fields.next().expect("an account's line begins with an operation");
            account.requests.push((operation.to_owned(), duration_ns));
            account.bytes.add(&format!("{operation} request"), request_bytes);
            account.bytes.add(&format!("{operation} response"), response_bytes);
        }
        account
    }

    /// How many there were, by operation and status.
    pub fn tally(&self) -> Tally {
        self.requests.iter().map(|(operation, _)| operation.as_str()).collect()
    }
}

/// How a server of the kit does its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Reads and writes, in a thread for each connection.
    #[default]
    Threads,
    /// Sends bodies with `sendfile`, so that they are never in its memory.
    Sendfile,
    /// Accepts a connection only when its first data is there (`TCP_DEFER_ACCEPT`).
    Deferred,
    /// Accepts in four processes, forked after `listen`.
    Prefork,
    /// Accepts, reads and writes by io_uring, without a system call for each.
    Uring,
    /// Takes a listener over from the process that made it, as a socket-activated service does.
    Activated(Maker),
    /// Answers datagrams of UDP with themselves.
    Udp,
}

impl Kind {
    const fn argument(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Sendfile => "sendfile",
            Self::Deferred => "deferred",
            Self::Prefork => "prefork",
            Self::Uring => "uring",
            Self::Activated(_) => "activated",
            Self::Udp => "udp",
        }
    }
}

/// What the maker of a listener does once it has handed it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Maker {
    /// Stays, and closes its own descriptor.
    Closes,
    /// Stays, and keeps its own descriptor without use for it, as supervisors do.
    Keeps,
    /// Ends.
    Ends,
}

impl Maker {
    const fn argument(self) -> &'static str {
        match self {
            Self::Closes => "closes",
            Self::Keeps => "keeps",
            Self::Ends => "ends",
        }
    }
}

/// A server of the kit. It does what the path says:
///
/// * `/status/CODE/…` answers with that code and no body;
/// * `/sleep/MICROSECONDS/…` sleeps before it answers;
/// * `/bytes/N/…` has a body of N bytes, `/chunked/N/…` one of unknown length in N chunks of a thousand bytes;
/// * anything else is 200 with three bytes.
#[derive(Debug)]
pub struct Server {
    dialogue: Dialogue,
    address: SocketAddr,
}

impl Server {
    /// Starts a server, known as `name`, and waits until it listens.
    ///
    /// # Panics
    /// If it does not.
    pub fn start(room: &Room, place: Place<'_>, name: &str, kind: Kind, listen: &str) -> Self {
        let mut command = place.command(room.peer(name));
        command.args(["serve", kind.argument(), listen]);
        if let Kind::Activated(maker) = kind {
            // The one that listens has another name than the one that serves.
            command = place.command(room.peer("activator"));
            command.args(["activate", maker.argument(), listen]).arg(room.peer(name));
        }
        let mut dialogue = Dialogue::begin(command);
        let address = dialogue.hear().strip_prefix("listening ").and_then(|address| address.parse().ok());
        Self { dialogue, address: address.expect("a server says where it listens") }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.dialogue.id()
    }

    /// Ends it and returns what it has served.
    ///
    /// # Panics
    /// If it fails.
    pub fn end(self) -> Account {
        Account::parse(&self.dialogue.end())
    }
}

/// By which system calls a client of the kit moves its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calls {
    /// `recv` and `send`, as the standard library does.
    #[default]
    Plain,
    /// `readv` and `writev`, in two parts.
    Vectors,
    /// `recvmsg` and `sendmsg`, in two parts.
    Message,
    /// `recvmmsg` and `sendmmsg`, with two messages of two parts.
    Messages,
    /// None: it uses io_uring.
    Uring,
}

impl Calls {
    const fn argument(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Vectors => "vectors",
            Self::Message => "message",
            Self::Messages => "messages",
            Self::Uring => "uring",
        }
    }
}

/// What a client of the kit does.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// What it is known as.
    pub name: &'a str,
    /// Where it connects to.
    pub connect: SocketAddr,
    /// How many connections it holds at a time, each in a thread.
    pub connections: u32,
    /// Requests on each connection and in each phase.
    pub requests: u32,
    /// The paths that are asked for in turns. `{}` is replaced by a number that no other request has.
    pub paths: &'a [&'a str],
    /// Nanoseconds between the beginnings of two requests of a connection; zero for as fast as it gets answers.
    pub interval_ns: u64,
    /// Requests that are written at once before the first answer is read.
    pub pipelined: u32,
    /// Bytes of a body that each request has. With a body it is a POST, without a GET.
    pub body_bytes: u32,
    /// Whether it closes after each answer and connects again.
    pub reconnect: bool,
    /// How it reads and writes.
    pub calls: Calls,
}

impl<'a> Client<'a> {
    /// One connection with one request for `path` after the other.
    pub const fn new(connect: SocketAddr, requests: u32, paths: &'a [&'a str]) -> Self {
        Self {
            name: "client",
            connect,
            connections: 1,
            requests,
            paths,
            interval_ns: 0,
            pipelined: 1,
            body_bytes: 0,
            reconnect: false,
            calls: Calls::Plain,
        }
    }

    /// Starts it. It connects and waits.
    ///
    /// # Panics
    /// If it cannot connect.
    pub fn start(&self, room: &Room, place: Place<'_>) -> RunningClient {
        let mut command = place.command(room.peer(self.name));
        let Self { connections, requests, interval_ns, pipelined, body_bytes, reconnect, .. } = self;
        command.args(["client-by", self.calls.argument(), &self.connect.to_string()]);
        let numbers = [
            u64::from(*connections),
            u64::from(*requests),
            *interval_ns,
            u64::from(*pipelined),
            u64::from(*body_bytes),
            u64::from(*reconnect),
        ];
        command.args(numbers.map(|number| number.to_string())).args(self.paths);
        let mut dialogue = Dialogue::begin(command);
        assert_eq!(dialogue.hear(), "connected");
        RunningClient { dialogue }
    }

    /// Runs one phase and ends it.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, room: &Room, place: Place<'_>) -> Account {
        let mut client = self.start(room, place);
        client.phase();
        client.end()
    }
}

/// A client whose connections are open.
#[derive(Debug)]
pub struct RunningClient {
    dialogue: Dialogue,
}

impl RunningClient {
    /// Lets each connection make its requests, and waits for their answers.
    ///
    /// # Panics
    /// If it fails.
    pub fn phase(&mut self) {
        self.dialogue.say("go");
        assert_eq!(self.dialogue.hear(), "done");
    }

    /// Closes the connections and returns what the client has counted.
    ///
    /// # Panics
    /// If it fails.
    pub fn end(self) -> Account {
        Account::parse(&self.dialogue.end())
    }
}

/// Sends `count` datagrams of UDP, one after the other, and waits for the answer to each. Returns how many were answered.
///
/// # Panics
/// If it fails.
pub fn udp(room: &Room, place: Place<'_>, server: SocketAddr, count: u32) -> u64 {
    let said = place.run(room.peer("udp-client"), &["udp", &server.to_string(), &count.to_string()]);
    said.trim().parse().expect("the client prints a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_line_by_line() {
        let account = Account::parse("GET /a 200 15 60 90\nGET /a 200 17 61 90\nPOST /b 503 1 70 80\n");
        assert_eq!(account.requests[1], ("GET /a 200".to_owned(), 17));
        assert_eq!(account.tally(), Tally::of(&[("GET /a 200", 2), ("POST /b 503", 1)]));
        assert_eq!((account.bytes.count("GET /a 200 request"), account.bytes.count("GET /a 200 response")), (121, 180));
    }
}
