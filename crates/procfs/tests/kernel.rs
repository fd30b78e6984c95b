//! The running kernel: this very process, its children, and a network namespace of the test's own.
#![expect(clippy::print_stderr, reason = "a test that is skipped has to say so")]

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::{fd::OwnedFd, unix::fs::symlink},
    process::{Child, Command, Stdio},
};

use geophone_model::{
    fact::{Fact, Pid, ProcessFact, SocketFact},
    net::{Endpoint, Transport},
    time::Timestamp,
};
use geophone_procfs::{Config, Machine, Sighting, Unreadable};

const NOW: Timestamp = Timestamp::from_ns(1_700_000_000_000_000_000);

fn machine() -> Machine {
    Machine::new(Config::new(Timestamp::MIN))
}

fn own_pid() -> Pid {
    Pid(std::process::id())
}

fn process(pid: Pid) -> ProcessFact {
    match machine().process(pid).0 {
        Sighting::Process(fact) => *fact,
        other => panic!("{other:?}"),
    }
}

/// A child that is killed with the value.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn held(facts: &[SocketFact], transport: Transport, local: Endpoint, remote: Option<Endpoint>) -> &SocketFact {
    let is_wanted = |fact: &&SocketFact| (fact.transport, fact.local, fact.remote) == (transport, local, remote);
    facts.iter().find(is_wanted).unwrap_or_else(|| panic!("no {transport:?} {local} {remote:?}"))
}

#[test]
fn own_sockets_are_found_with_their_holder() {
    let netns = process(own_pid()).netns;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let dual = TcpListener::bind("[::]:0").unwrap();
    let mapped = TcpStream::connect(("127.0.0.1", dual.local_addr().unwrap().port())).unwrap();
    let unconnected = UdpSocket::bind("127.0.0.1:0").unwrap();
    let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
    connected.connect(unconnected.local_addr().unwrap()).unwrap();

    let scan = machine().sockets(NOW).unwrap();
    let [listens, asks, answers, dual_listens, maps] = [
        (listener.local_addr(), None),
        (client.local_addr(), Some(client.peer_addr())),
        (server.local_addr(), Some(server.peer_addr())),
        (dual.local_addr(), None),
        (mapped.local_addr(), Some(mapped.peer_addr())),
    ]
    .map(|(local, remote)| (Endpoint::from(local.unwrap()), remote.map(|remote| Endpoint::from(remote.unwrap()))));
    let udp = |socket: &UdpSocket| Endpoint::from(socket.local_addr().unwrap());

    let mut cookies = Vec::new();
    for (transport, (local, remote)) in
        [listens, asks, answers, dual_listens, maps].map(|ends| (Transport::Tcp, ends)).into_iter().chain(
            [(udp(&unconnected), None), (udp(&connected), Some(udp(&unconnected)))].map(|ends| (Transport::Udp, ends)),
        )
    {
        let fact = held(&scan.facts, transport, local, remote);
        assert_eq!((fact.pid, fact.netns, fact.at), (own_pid(), netns, NOW), "{local} {remote:?}");
        cookies.push(fact.cookie.unwrap());

        let (found, _) = machine().find_socket(own_pid(), transport, local, remote).unwrap();
        assert_eq!((found.cookie, found.local, found.remote), (fact.cookie, local, remote));
        assert!(machine().descriptors(own_pid()).unwrap().inodes.contains(&found.inode));
        let quick = machine().holder(found.inode, &[own_pid()]).unwrap();
        let slow = machine().holder(found.inode, &[]).unwrap();
        assert_eq!((quick.pid, slow.pid), (Some(own_pid()), Some(own_pid())));
        assert!(quick.cost.opened < slow.cost.opened);
    }
    cookies.sort_unstable();
    cookies.dedup();
    assert_eq!(cookies.len(), 7, "every socket has a cookie of its own");
    assert_eq!(dual_listens.0.to_string().split_once("]:").unwrap().0, "[::");

    // The end that nobody has accepted yet belongs to no descriptor.
    let waiting = scan.facts.iter().find(|fact| fact.local == maps.1.unwrap() && fact.remote == Some(maps.0));
    assert_eq!(waiting, None);
    assert!(scan.without_holder >= 1);
}

#[test]
fn the_limit_of_sockets_is_kept_and_said() {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let mut config = Config::new(Timestamp::MIN);
    (config.max_sockets, config.max_namespaces) = (2, 1);
    let scan = Machine::new(config).sockets(NOW).unwrap();
    assert!(scan.is_truncated);
    assert!(
        scan.facts.len() as u64 + scan.without_holder + scan.unbound <= 2,
        "{} listeners: {scan:?}",
        listeners.len()
    );
}

#[test]
fn a_closed_socket_is_not_found() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = Endpoint::from(listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(machine().find_socket(own_pid(), Transport::Tcp, local, None).unwrap_err(), Unreadable::Gone);
}

#[test]
fn a_listener_is_served_by_who_takes_its_connections_else_by_who_was_given_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let inherited = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let child = Reaped(Command::new("sleep").arg("60").stdin(inherited).spawn().unwrap());
    let server = || held(&machine().sockets(NOW).unwrap().facts, Transport::Tcp, address.into(), None).pid;

    assert_eq!(server(), Pid(child.0.id()), "a child of another program was given it");
    let client = TcpStream::connect(address).unwrap();
    let (taken, _) = listener.accept().unwrap();
    assert_eq!(server(), own_pid(), "but this process takes the connections");
    drop((client, taken, listener));
    assert_eq!(server(), Pid(child.0.id()), "nobody else has it any more");
}

#[test]
fn a_script_is_named_and_its_arguments_are_not() {
    let script = std::env::temp_dir().join(format!("geophone-procfs-{}-serve.sh", std::process::id()));
    std::fs::write(&script, "echo ready; read -r line\n").unwrap();
    let mut command = Command::new("sh");
    command.arg(&script).arg("secret-argument").env("SECRET_VARIABLE", "secret-value");
    let mut child = Reaped(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    std::fs::remove_file(&script).unwrap();

    let fact = process(Pid(child.0.id()));
    assert_eq!(fact.script.as_deref(), script.file_name().and_then(|name| name.to_str()));
    assert_eq!((fact.parent, fact.netns), (own_pid(), process(own_pid()).netns));
    assert!(fact.at > process(own_pid()).at || fact.at == process(own_pid()).at);
    assert!(!format!("{fact:?}").contains("secret"), "{fact:?}");
}

#[test]
fn a_process_that_has_ended_is_gone() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = Pid(child.id());
    child.wait().unwrap();
    assert_eq!(machine().process(pid).0, Sighting::Unreadable(Unreadable::Gone));
    assert_eq!(machine().descriptors(pid), Err(Unreadable::Gone));
}

#[test]
fn own_addresses_are_found() {
    let netns = process(own_pid()).netns;
    let scan = machine().addresses(NOW).unwrap();
    let loopback = Fact::LocalAddress { at: NOW, netns, ip: "127.0.0.1".parse().unwrap() };
    assert!(scan.facts.contains(&loopback), "{scan:?}");
}

/// Run again by itself inside the namespace, the test serves there until its input ends.
#[test]
fn another_network_namespace_is_looked_into() {
    const SERVE: &str = "GEOPHONE_TEST_SERVE";
    const TEST: &str = "another_network_namespace_is_looked_into";
    if std::env::var_os(SERVE).is_some() {
        let held = (TcpListener::bind("192.0.2.77:8080").unwrap(), UdpSocket::bind("192.0.2.77:8080").unwrap());
        std::io::stdout().write_all(b"\nready\n").unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
        drop(held);
        return;
    }
    if !can_make_namespaces() {
        return;
    }
    let enter = "ip addr add 192.0.2.77/32 dev lo && ip link set lo up && exec \"$0\" --exact \"$1\" --nocapture";
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", enter]).arg(std::env::current_exe().unwrap()).arg(TEST).env(SERVE, "1");
    let mut child = Reaped(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap() == "ready"), "the child could not serve");

    let here = process(own_pid()).netns;
    let there = process(Pid(child.0.id())).netns;
    assert_ne!(here, there);
    let local: Endpoint = "192.0.2.77:8080".parse().unwrap();

    let scan = machine().sockets(NOW).unwrap();
    assert_eq!(scan.skipped, []);
    assert!(scan.cost.namespaces_entered >= 1);
    let fact = held(&scan.facts, Transport::Tcp, local, None);
    assert_eq!((fact.pid, fact.netns), (Pid(child.0.id()), there));
    let (found, _) = machine().find_socket(Pid(child.0.id()), Transport::Tcp, local, None).unwrap();
    assert_eq!(found.cookie, fact.cookie);

    // Seen through a procfs that has this one process only, there are two sockets, of two dumps of the kernel's.
    let root = std::env::temp_dir().join(format!("geophone-procfs-{}-one", child.0.id()));
    std::fs::create_dir(&root).unwrap();
    symlink(format!("/proc/{}", child.0.id()), root.join(child.0.id().to_string())).unwrap();
    let within = |max_sockets| {
        let mut config = Config::new(Timestamp::MIN);
        (config.root, config.max_sockets) = (root.clone(), max_sockets);
        let scan = Machine::new(config).sockets(NOW).unwrap();
        (scan.facts.len(), scan.skipped, scan.is_truncated)
    };
    let scans = [0, 1, 2].map(within);
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(scans, [(0, vec![], true), (1, vec![], true), (2, vec![], false)]);

    let addresses = machine().addresses(NOW).unwrap();
    assert!(addresses.facts.contains(&Fact::LocalAddress { at: NOW, netns: there, ip: local.ip() }));
    assert!(!addresses.facts.contains(&Fact::LocalAddress { at: NOW, netns: here, ip: local.ip() }));
    assert_eq!(process(own_pid()).netns, here, "the caller has not moved");
    let mine = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(machine().find_socket(own_pid(), Transport::Tcp, mine.local_addr().unwrap().into(), None).is_ok());
}

/// Whether this is root with the tools at hand. Otherwise the test is skipped and says why, except where `CI=true`.
fn can_make_namespaces() -> bool {
    let probe = Command::new("unshare").args(["--net", "ip", "link", "set", "lo", "up"]).output();
    let reason = match probe {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("unshare: {error}"),
    };
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "needs root, util-linux and iproute2: {reason}");
    eprintln!("skipped, needs root, util-linux and iproute2: {reason}");
    false
}
