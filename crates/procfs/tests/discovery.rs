//! Who serves a listener, asked in the background, on the running kernel. The test states the events that a probe would.

use std::{
    net::{TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    time::Duration,
};

use geophone_model::{
    capture::{SocketChange, SocketState},
    fact::{Fact, OwnerSource, Pid, SocketFact},
    net::{Endpoint, NetNs, Transport},
    time::Timestamp,
};
use geophone_procfs::{Config, Discovery, Machine, Sighting};

/// The times of events: the first, and so many seconds later.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_ns((1_700_000_000 + seconds) * 1_000_000_000)
}

fn machine() -> Machine {
    Machine::new(Config::new(Timestamp::MIN))
}

fn own_pid() -> Pid {
    Pid(std::process::id())
}

fn own_netns() -> NetNs {
    match machine().process(own_pid()).0 {
        Sighting::Process(fact) => fact.netns,
        other => panic!("{other:?}"),
    }
}

fn discovery() -> Discovery {
    Discovery::start(machine(), || at(0)).unwrap()
}

/// What the kernel says of a socket.
fn change(at: Timestamp, change: SocketState, local: Endpoint, remote: Option<Endpoint>) -> SocketChange {
    let (socket, _) = machine().find_socket(own_pid(), Transport::Tcp, local, remote).unwrap();
    let pid = (change == SocketState::Listening).then(own_pid);
    SocketChange { at, change, netns: own_netns(), cookie: socket.cookie.unwrap(), local, remote, pid }
}

fn accepted(at: Timestamp, client: &TcpStream) -> SocketChange {
    let [local, remote] = [client.peer_addr(), client.local_addr()].map(|address| Endpoint::from(address.unwrap()));
    change(at, SocketState::Accepted, local, Some(remote))
}

/// A listener of this process, of which `discovery` has seen the event.
fn listener(discovery: &mut Discovery) -> (TcpListener, SocketChange) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listening = change(at(0), SocketState::Listening, listener.local_addr().unwrap().into(), None);
    discovery.socket(&listening);
    (listener, listening)
}

/// A child that is killed with the value.
struct Reaped(Child);

impl Reaped {
    /// A process that does nothing but hold a listener.
    fn holding(listener: &TcpListener) -> Self {
        let stdin = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
        Self(Command::new("sleep").arg("60").stdin(stdin).spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid(self.0.id())
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Waits for the answer to a question about a listener.
fn answer(discovery: &mut Discovery, listening: &SocketChange) -> SocketFact {
    for _ in 0..1_000 {
        while let Some(fact) = discovery.found() {
            if let Fact::Socket(socket) = fact
                && socket.cookie == Some(listening.cookie)
            {
                assert_eq!((socket.local, socket.remote), (listening.local, None));
                assert_eq!((socket.netns, socket.source), (listening.netns, OwnerSource::Descriptor));
                return socket;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("nobody was found to hold {}", listening.local);
}

/// The answers to all questions about listeners.
fn last_answers(discovery: &mut Discovery) -> Vec<Pid> {
    let of = |fact: Fact| match fact {
        Fact::Socket(socket) => Some(socket.pid),
        _ => None,
    };
    discovery.finish().into_iter().filter_map(of).collect()
}

#[test]
fn a_listener_without_connections_is_not_looked_for() {
    let mut discovery = discovery();
    let (_listener, _) = listener(&mut discovery);
    assert_eq!(last_answers(&mut discovery), []);
}

#[test]
fn its_maker_serves_a_listener_that_nobody_else_has() {
    let mut discovery = discovery();
    let (listener, listening) = listener(&mut discovery);
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _taken = listener.accept().unwrap();
    discovery.socket(&accepted(at(1), &client));
    let found = answer(&mut discovery, &listening);
    assert_eq!((found.pid, found.at), (own_pid(), at(1)));
}

#[test]
fn a_child_serves_what_its_parent_has_closed() {
    let mut discovery = discovery();
    let (listener, listening) = listener(&mut discovery);
    let child = Reaped::holding(&listener);
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = accepted(at(1), &client);
    drop(listener.accept().unwrap());
    drop(listener);
    discovery.socket(&accepted);
    assert_eq!(answer(&mut discovery, &listening).pid, child.pid());
}

/// The child is not known to descend from anybody: all processes are looked at.
#[test]
fn an_heir_is_found_when_the_holder_has_ended() {
    let mut discovery = discovery();
    let (listener, listening) = listener(&mut discovery);
    let child = Reaped::holding(&listener);
    drop(listener);
    discovery.exit(own_pid(), at(5));
    let found = answer(&mut discovery, &listening);
    assert_eq!((found.pid, found.at), (child.pid(), at(5)));
}

#[test]
fn who_accepts_serves_once_it_does() {
    let mut discovery = discovery();
    let (listener, listening) = listener(&mut discovery);
    let _child = Reaped::holding(&listener);
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    discovery.socket(&accepted(at(1), &client));
    std::thread::sleep(Duration::from_millis(100));
    let is_answered = std::iter::from_fn(|| discovery.found()).any(|fact| matches!(fact, Fact::Socket(_)));
    assert!(!is_answered, "it waits in the listener's queue, and nobody can tell who will take it");
    let _taken = listener.accept().unwrap();
    assert_eq!(answer(&mut discovery, &listening).pid, own_pid());
}

#[test]
fn another_one_who_accepts_is_noticed() {
    let mut discovery = discovery();
    let (listener, listening) = listener(&mut discovery);
    let child = Reaped::holding(&listener);
    let short = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let gone = accepted(at(1), &short);
    drop(listener.accept().unwrap());
    discovery.socket(&gone);
    assert_eq!(answer(&mut discovery, &listening).pid, child.pid(), "a connection that is gone tells nothing");

    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _taken = listener.accept().unwrap();
    discovery.socket(&accepted(at(2), &client));
    discovery.socket(&accepted(at(20), &client));
    let found = answer(&mut discovery, &listening);
    assert_eq!((found.pid, found.at), (own_pid(), at(20)), "ten seconds after the first look");
}

#[test]
fn a_listener_that_is_closed_has_no_holder() {
    let mut discovery = discovery();
    let (listener, _) = listener(&mut discovery);
    drop(listener);
    discovery.exit(own_pid(), at(5));
    assert_eq!(last_answers(&mut discovery), []);
}

/// What is left out to keep a limit is said in a sentence each: for processes, for sockets, for addresses.
#[test]
fn a_survey_that_a_limit_has_cut_says_so() {
    let _listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let cut = |change: fn(&mut Config)| {
        let mut config = Config::new(Timestamp::MIN);
        change(&mut config);
        let limits = Discovery::start(Machine::new(config), || at(0)).unwrap().survey().limits;
        ["Processes are", "Sockets older than this run are", "The addresses of this machine are"].map(|what| {
            let said = limits.iter().filter(|limit| limit.starts_with(&format!("{what} known in part only: ")));
            said.count()
        })
    };
    assert_eq!(cut(|_| {}), [0, 0, 0]);
    assert_eq!(cut(|config| config.max_processes = 1), [1, 1, 1]);
    assert_eq!(cut(|config| config.max_descriptors = 1), [0, 1, 0]);
    assert_eq!(cut(|config| config.max_sockets = 1), [0, 1, 0]);
    assert_eq!(cut(|config| config.max_addresses = 0), [0, 0, 1]);
}

/// A survey knows the holders of listeners that are older.
#[test]
fn a_listener_from_before_changes_hands() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listening = change(at(0), SocketState::Listening, listener.local_addr().unwrap().into(), None);
    let mut discovery = discovery();
    let survey = discovery.survey();
    let is_it = |fact: &&Fact| matches!(fact, Fact::Socket(socket) if socket.cookie == Some(listening.cookie));
    let Some(Fact::Socket(before)) = survey.facts.iter().find(is_it) else { panic!("it is not in the survey") };
    assert_eq!(before.pid, own_pid());

    let child = Reaped::holding(&listener);
    drop(listener);
    discovery.exec(own_pid(), at(5));
    let found = answer(&mut discovery, &listening);
    assert_eq!((found.pid, found.at), (child.pid(), at(5)));
}
