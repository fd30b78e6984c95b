//! What is known and what is asked, as text: facts line by line, then questions with the answers that they must give.
//!
//! ```text
//! process 812 at=10 name=nginx unit=nginx.service
//! exit 812 at=20
//! socket 812 at=10 cookie=5 local=0.0.0.0:80 remote=… by=listen
//! closed 5 at=20
//! address 10.0.0.1
//! host 192.0.2.1 at=5 name=api.example.com
//! server 10.0.0.1:80 at=15 peer=… cookie=… dialled=… peer-dialled=… authority=… => unit~nginx.service by listener?
//! ```
//!
//! `ns=` is 1 and `at=` is 0 unless said otherwise. A question mark stands behind an answer that is not settled.

use std::collections::HashMap;

use geophone_model::{
    exchange::Party,
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_resolve::{Basis, Config, Query, Resolver, Role};

/// Learns and asks, line by line.
fn check(script: &str) {
    check_with(Resolver::new(&Config::default()), script);
}

fn check_with(mut resolver: Resolver, script: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(" => ") {
            Some((question, expected)) => assert_eq!(answer(&mut resolver, question), expected.trim(), "{line}"),
            None => resolver.learn(&fact(line)),
        }
    }
}

struct Line<'a> {
    verb: &'a str,
    subject: &'a str,
    fields: HashMap<&'a str, &'a str>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let mut words = line.split_whitespace();
        let (verb, subject) = (words.next().unwrap(), words.next().unwrap());
        Self { verb, subject, fields: words.map(|word| word.split_once('=').unwrap()).collect() }
    }

    fn number(&self, field: &str, default: u64) -> u64 {
        self.fields.get(field).map_or(default, |number| number.parse().unwrap())
    }

    fn text(&self, field: &str) -> Option<String> {
        self.fields.get(field).map(|&text| text.to_owned())
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_ns(self.number("at", 0))
    }

    fn netns(&self) -> NetNs {
        NetNs(self.number("ns", 1) as u32)
    }

    fn endpoint(&self, field: &str) -> Option<geophone_model::net::Endpoint> {
        self.fields.get(field).map(|endpoint| endpoint.parse().unwrap())
    }
}

fn fact(line: &str) -> Fact {
    let line = Line::parse(line);
    let (at, netns) = (line.at(), line.netns());
    let pid = || Pid(line.subject.parse().unwrap());
    match line.verb {
        "process" => Fact::Process(ProcessFact {
            at,
            pid: pid(),
            parent: Pid(0),
            comm: String::new(),
            executable: line.text("name").unwrap_or_default(),
            script: line.text("script"),
            cgroup: line.text("cgroup").unwrap_or_else(|| "/".into()),
            container: line.text("container"),
            unit: line.text("unit"),
            netns,
        }),
        "exit" => Fact::ProcessExit { at, pid: pid() },
        "socket" => Fact::Socket(SocketFact {
            at,
            netns,
            cookie: SocketCookie::new(line.number("cookie", 0)),
            transport: if line.fields.contains_key("udp") { Transport::Udp } else { Transport::Tcp },
            local: line.endpoint("local").unwrap(),
            remote: line.endpoint("remote"),
            pid: pid(),
            source: match line.fields.get("by").copied().unwrap_or("descriptor") {
                "descriptor" => OwnerSource::Descriptor,
                "connect" => OwnerSource::Connect,
                "listen" => OwnerSource::Listen,
                other => panic!("by={other}"),
            },
        }),
        "closed" => Fact::SocketClosed { at, netns, cookie: SocketCookie::new(line.subject.parse().unwrap()).unwrap() },
        "address" => Fact::LocalAddress { at, netns, ip: line.subject.parse().unwrap() },
        "host" => Fact::HostName { at, ip: line.subject.parse().unwrap(), name: line.text("name").unwrap() },
        other => panic!("no fact is called {other}"),
    }
}

fn answer(resolver: &mut Resolver, question: &str) -> String {
    let line = Line::parse(question);
    let party = Party {
        endpoint: line.subject.parse().unwrap(),
        dialled: line.endpoint("dialled"),
        cookie: SocketCookie::new(line.number("cookie", 0)),
    };
    let peer = Party {
        endpoint: line.endpoint("peer").unwrap_or_else(|| "203.0.113.99:50000".parse().unwrap()),
        dialled: line.endpoint("peer-dialled"),
        cookie: None,
    };
    let resolution = resolver.identity(&Query {
        netns: line.netns(),
        transport: if line.fields.contains_key("udp") { Transport::Udp } else { Transport::Tcp },
        party: &party,
        peer: &peer,
        role: match line.verb {
            "client" => Role::Client,
            "server" => Role::Server,
            other => panic!("no role is called {other}"),
        },
        authority: line.fields.get("authority").copied().unwrap_or_default(),
        at: line.at(),
    });
    let basis = match resolution.basis {
        Basis::Cookie(_) => "cookie",
        Basis::Tuple(_) => "tuple",
        Basis::Listener(_) => "listener",
        Basis::Source => "source",
        Basis::Outside => "outside",
        Basis::Nothing => "nothing",
        other => panic!("{other:?}"),
    };
    format!("{} by {basis}{}", resolution.identity.id(), if resolution.settled { "" } else { "?" })
}

#[test]
fn a_client_and_a_server_of_this_machine() {
    check(
        "process 812 name=nginx unit=nginx.service
         process 900 name=curl
         address 10.0.0.1
         socket 900 cookie=7 local=10.0.0.1:40000 remote=10.0.0.1:80 by=connect
         socket 812 cookie=5 local=0.0.0.0:80
         socket 812 cookie=8 local=10.0.0.1:80 remote=10.0.0.1:40000
         client 10.0.0.1:40000 cookie=7 peer=10.0.0.1:80   => process~curl by cookie
         client 10.0.0.1:40000 peer=10.0.0.1:80            => process~curl by tuple
         server 10.0.0.1:80 cookie=8 peer=10.0.0.1:40000   => unit~nginx.service by cookie
         server 10.0.0.1:80 peer=10.0.0.1:40000            => unit~nginx.service by tuple
         server 10.0.0.1:80 peer=10.0.0.1:41111            => unit~nginx.service by listener?
         server 10.0.0.1:80 cookie=9999 peer=10.0.0.1:41111 => unit~nginx.service by listener?
         client 10.0.0.1:41111 peer=10.0.0.1:80            => unknown~unknown by nothing?
         server 10.0.0.1:81 peer=10.0.0.1:41111            => unknown~port_2081 by nothing?",
    );
}

#[test]
fn both_ends_on_the_loopback_device() {
    check(
        "process 812 name=redis-server
         process 900 name=python3.11 script=worker.py
         socket 812 cookie=5 local=127.0.0.1:6379
         socket 900 cookie=7 local=[::1]:40000 remote=[::1]:6379 by=connect
         socket 812 ns=2 local=[::]:9000
         client [::1]:40000 cookie=7 peer=[::1]:6379      => process~worker.py by cookie
         server 127.0.0.1:6379                            => process~redis-server by listener?
         server 127.0.0.1:6379 ns=2                       => unknown~port_206379 by nothing?
         server 127.0.0.1:9000 ns=2                       => process~redis-server by listener?
         server 127.0.0.1:9000                            => unknown~port_209000 by nothing?",
    );
}

#[test]
fn listeners_on_all_addresses() {
    check(
        "process 10 name=four
         process 20 name=six
         process 30 name=one
         address 10.0.0.1
         address 2001:db8::1
         socket 10 local=0.0.0.0:80
         socket 20 local=[::]:80
         socket 20 local=[::]:90
         socket 30 local=10.0.0.1:90
         server 10.0.0.1:80       => process~four by listener?
         server [2001:db8::1]:80  => process~six by listener?
         server 10.0.0.1:90       => process~one by listener?
         server 127.0.0.1:90      => process~six by listener?
         server [::ffff:10.0.0.1]:80 => process~four by listener?
         server 192.0.2.9:80      => external-service~unknown_20external_20service by outside?
         server 192.0.2.9:80 cookie=77 => process~four by listener?",
    );
}

#[test]
fn a_reused_process_id_is_another_process() {
    check(
        "process 812 at=10 name=old
         socket 812 at=11 cookie=5 local=10.0.0.1:40000 remote=10.0.0.2:80 by=connect
         exit 812 at=20
         process 812 at=30 name=new
         socket 812 at=31 cookie=6 local=10.0.0.1:40001 remote=10.0.0.2:80 by=connect
         client 10.0.0.1:40000 at=15 cookie=5 => process~old by cookie
         client 10.0.0.1:40000 at=45 cookie=5 => process~old by cookie
         client 10.0.0.1:40001 at=45 cookie=6 => process~new by cookie
         client 10.0.0.1:40001 at=15 cookie=6 => process~new by cookie",
    );
}

#[test]
fn an_exec_keeps_the_socket() {
    check(
        "process 812 at=10 name=sh
         socket 812 at=11 cookie=5 local=10.0.0.1:40000 remote=10.0.0.2:80 by=connect
         process 812 at=20 name=nginx unit=nginx.service
         client 10.0.0.1:40000 at=15 cookie=5 => process~sh by cookie
         client 10.0.0.1:40000 at=20 cookie=5 => unit~nginx.service by cookie",
    );
}

#[test]
fn a_tuple_of_another_socket_is_not_believed() {
    check(
        "process 10 name=old
         process 20 name=new
         socket 10 at=10 cookie=5 local=10.0.0.1:40000 remote=10.0.0.2:80
         client 10.0.0.1:40000 at=30 cookie=6 peer=10.0.0.2:80 => unknown~unknown by nothing?
         socket 20 at=31 cookie=6 local=10.0.0.1:40000 remote=10.0.0.2:80
         client 10.0.0.1:40000 at=30 cookie=6 peer=10.0.0.2:80 => process~new by cookie",
    );
}

#[test]
fn a_reused_port_follows_the_time() {
    check(
        "process 10 name=blue
         process 20 name=green
         address 10.0.0.1
         socket 10 at=10 cookie=5 local=0.0.0.0:80
         closed 5 at=20
         socket 20 at=25 cookie=6 local=0.0.0.0:80
         socket 10 at=10 cookie=7 local=10.0.0.1:40000 remote=10.0.0.2:80
         closed 7 at=20
         socket 20 at=25 cookie=8 local=10.0.0.1:40000 remote=10.0.0.2:80
         server 10.0.0.1:80 at=15 => process~blue by listener?
         server 10.0.0.1:80 at=30 => process~green by listener?
         client 10.0.0.1:40000 at=15 peer=10.0.0.2:80 => process~blue by tuple
         client 10.0.0.1:40000 at=30 peer=10.0.0.2:80 => process~green by tuple",
    );
}

#[test]
fn a_preforked_worker_owns_what_it_accepts() {
    check(
        "process 700 name=master
         process 701 name=worker
         socket 700 cookie=5 local=10.0.0.1:80 by=listen
         socket 700 at=10 cookie=6 local=10.0.0.1:80 remote=203.0.113.9:5000 by=listen
         server 10.0.0.1:80 at=10 cookie=6 peer=203.0.113.9:5000 => process~master by cookie?
         socket 701 at=12 cookie=6 local=10.0.0.1:80 remote=203.0.113.9:5000
         server 10.0.0.1:80 at=10 cookie=6 peer=203.0.113.9:5000 => process~worker by cookie
         server 10.0.0.1:80 at=10 peer=203.0.113.9:5000 => process~worker by tuple
         server 10.0.0.1:80 at=10 peer=203.0.113.9:6000 => process~master by listener?",
    );
}

#[test]
fn socket_activation() {
    check(
        "process 1 name=systemd
         process 812 at=20 name=cupsd unit=cups.service
         socket 1 at=5 cookie=5 local=10.0.0.1:631
         server 10.0.0.1:631 at=6 => process~systemd by listener?
         socket 1 at=20 cookie=6 local=10.0.0.1:631 remote=10.0.0.9:5000 by=listen
         server 10.0.0.1:631 at=20 cookie=6 => process~systemd by cookie?
         socket 812 at=25 cookie=5 local=10.0.0.1:631
         socket 1 at=26 cookie=5 local=10.0.0.1:631
         socket 812 at=25 cookie=6 local=10.0.0.1:631 remote=10.0.0.9:5000
         server 10.0.0.1:631 at=30 => unit~cups.service by listener?
         server 10.0.0.1:631 at=20 cookie=6 => unit~cups.service by cookie",
    );
}

#[test]
fn translated_addresses() {
    check(
        "process 900 name=curl
         process 812 ns=2 name=app container=4f9c2b7de01a4f9c
         address 10.0.0.1
         address 172.17.0.2 ns=2
         socket 900 cookie=7 local=10.0.0.1:40000 remote=10.96.0.1:80 by=connect
         socket 812 ns=2 cookie=8 local=0.0.0.0:8080
         client 10.0.0.1:40000 peer=172.17.0.2:8080 peer-dialled=10.96.0.1:80 => process~curl by tuple
         server 172.17.0.2:8080 dialled=10.96.0.1:80 peer=10.0.0.1:40000 => container~4f9c2b7de01a by listener?
         host 10.96.0.9 name=api.example.com
         server 192.0.2.7:8080 dialled=10.96.0.9:80 => external-service~api.example.com by outside",
    );
}

#[test]
fn other_namespaces_of_this_machine() {
    check(
        "process 10 ns=1 name=nginx
         process 20 ns=2 name=app container=aaaaaaaaaaaabbbb
         process 30 ns=3 name=db container=ccccccccccccdddd
         address 10.0.0.1 ns=1
         address 172.17.0.2 ns=2
         address 172.17.0.3 ns=3
         socket 10 ns=1 local=0.0.0.0:80
         socket 20 ns=2 local=0.0.0.0:80
         socket 30 ns=3 local=172.17.0.3:5432
         socket 20 ns=2 local=172.17.0.2:40000 remote=172.17.0.3:5432 by=connect
         server 172.17.0.2:80 ns=1                       => container~aaaaaaaaaaaa by listener?
         server 10.0.0.1:80 ns=2                         => process~nginx by listener?
         server 172.17.0.3:5432 ns=2                     => container~cccccccccccc by listener?
         client 172.17.0.2:40000 ns=3 peer=172.17.0.3:5432 => container~aaaaaaaaaaaa by tuple
         server 172.17.0.2:80 ns=0                       => container~aaaaaaaaaaaa by listener?
         address 172.17.0.2 ns=3 at=50
         process 31 ns=3 name=late
         socket 31 ns=3 local=172.17.0.2:80 at=50
         server 172.17.0.2:80 ns=1 at=60                 => process~late by listener?",
    );
}

#[test]
fn those_outside() {
    check(
        "address 10.0.0.1
         host 192.0.2.1 at=5 name=old.example.com
         host 192.0.2.1 at=20 name=api.example.com
         client 203.0.113.9:5000                              => external-client~203.0.113.9 by outside
         client [2001:db8::9]:5000                            => external-client~2001_3adb8_3a_3a9 by outside
         server 192.0.2.1:443 at=30 authority=www.example.com:443 => external-service~www.example.com by outside
         server 192.0.2.1:8443 at=30 authority=www.example.com:8443 => external-service~www.example.com_3a8443 by outside
         server 192.0.2.1:443 at=10                           => external-service~old.example.com by outside
         server 192.0.2.1:443 at=30 authority=192.0.2.1       => external-service~api.example.com by outside
         server 192.0.2.2:443 authority=192.0.2.2             => external-service~unknown_20external_20service by outside?
         server 192.0.2.2:443                                 => external-service~unknown_20external_20service by outside?",
    );
}

#[test]
fn datagrams_without_a_connection() {
    check(
        "process 10 name=resolver
         address 10.0.0.1
         socket 10 udp=yes local=0.0.0.0:40000
         client 10.0.0.1:40000 udp=yes peer=192.0.2.53:53 => process~resolver by listener?
         client 10.0.0.1:40000 peer=192.0.2.53:53 => unknown~unknown by nothing?",
    );
}

#[test]
fn facts_that_come_late_change_the_answer() {
    check(
        "socket 900 at=10 cookie=7 local=10.0.0.1:40000 remote=192.0.2.1:80 by=connect
         client 10.0.0.1:40000 at=10 cookie=7 => unknown~unknown by nothing?
         process 900 at=5 name=curl
         client 10.0.0.1:40000 at=10 cookie=7 => process~curl by cookie
         client 10.0.0.7:40000 at=10 => external-client~10.0.0.7 by outside
         address 10.0.0.7 at=20
         client 10.0.0.7:40000 at=10 => unknown~unknown by nothing?",
    );
}

#[test]
fn an_exec_is_known_in_part_until_it_was_looked_at() {
    check(
        "socket 900 at=10 cookie=7 local=10.0.0.1:40000 remote=192.0.2.1:80 by=connect
         process 900 at=5 name=curl cgroup=
         client 10.0.0.1:40000 at=10 cookie=7 => process~curl by cookie?
         client 10.0.0.1:40000 at=10 peer=192.0.2.1:80 => process~curl by tuple?
         process 900 at=5 name=curl container=4f9c2b7de01a4f9c cgroup=/docker/4f9c2b7de01a4f9c
         client 10.0.0.1:40000 at=10 cookie=7 => container~4f9c2b7de01a by cookie
         client 10.0.0.1:40000 at=10 peer=192.0.2.1:80 => container~4f9c2b7de01a by tuple",
    );
}

#[test]
fn more_outsiders_than_places() {
    let mut config = Config::default();
    (config.max_external_clients, config.max_external_services, config.max_unknown_ports) = (2, 1, 1);
    check_with(
        Resolver::new(&config),
        "client 203.0.113.1:1 => external-client~203.0.113.1 by outside
         client 203.0.113.2:1 => external-client~203.0.113.2 by outside
         client 203.0.113.3:1 => external-client~other_20external_20clients by outside
         client 203.0.113.1:2 => external-client~203.0.113.1 by outside
         server 192.0.2.1:80 authority=a.example => external-service~a.example by outside
         server 192.0.2.1:80 authority=b.example => external-service~other_20external_20services by outside
         server 127.0.0.1:80 => unknown~port_2080 by nothing?
         server 127.0.0.1:81 => unknown~unknown by nothing?",
    );
}
