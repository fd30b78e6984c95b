//! The resolver against a list that is searched from its beginning, over random lives of processes and sockets that are
//! told in random order.

use std::net::Ipv4Addr;

use geophone_model::{
    exchange::{Exchange, Party},
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{ConnectionId, Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_resolve::{Basis, Config, Query, Resolver, Role};
use proptest::{prelude::*, sample::Index};

const NETNS: NetNs = NetNs(1);
const PROCESS_IDS: u32 = 3;

/// One life under a process id: programs by their start, and its end.
#[derive(Clone, Debug)]
struct Life {
    pid: u32,
    programs: Vec<(u64, String)>,
    end: u64,
}

/// A socket of one life, on a port that others have before and after it.
#[derive(Clone, Debug)]
struct Socket {
    cookie: u64,
    port: u16,
    life: usize,
    born: u64,
    closed: u64,
}

impl Life {
    fn program(&self, at: u64) -> &str {
        let in_force = self.programs.iter().rev().find(|(from, _)| *from <= at);
        &in_force.unwrap_or(&self.programs[0]).1
    }
}

prop_compose! {
    /// Lives that follow each other under few process ids: (pid, gap before, length of each program, …).
    fn lives()(plans in prop::collection::vec(
        (0..PROCESS_IDS, 1..20_u64, prop::collection::vec(1..20_u64, 1..4)), 1..8,
    )) -> Vec<Life> {
        let mut free_from = [0; PROCESS_IDS as usize];
        plans.into_iter().enumerate().map(|(number, (pid, gap, lengths))| {
            let mut now = free_from[pid as usize] + gap;
            let mut programs = Vec::new();
            for (exec, length) in lengths.into_iter().enumerate() {
                programs.push((now, format!("program-{number}-{exec}")));
                now += length;
            }
            free_from[pid as usize] = now;
            // Process 1 is not like others.
            Life { pid: pid + 100, programs, end: now }
        }).collect()
    }
}

prop_compose! {
    fn machine()(lives in lives())(
        sockets in prop::collection::vec((any::<Index>(), any::<Index>(), any::<Index>()), 1..8),
        order in any::<u64>(),
        lives in Just(lives),
    ) -> (Vec<Life>, Vec<Socket>, u64) {
        let sockets = sockets.into_iter().enumerate().map(|(number, (life, born, closed))| {
            let life = life.index(lives.len());
            let (start, end) = (lives[life].programs[0].0, lives[life].end);
            let born = start + born.index((end - start) as usize) as u64;
            let closed = born + closed.index((end - born + 1) as usize) as u64;
            Socket { cookie: number as u64 + 1, port: 80 + number as u16 % 3, life, born, closed }
        }).collect();
        (lives, sockets, order)
    }
}

fn facts(lives: &[Life], sockets: &[Socket]) -> Vec<Fact> {
    let at = Timestamp::from_ns;
    let mut facts = Vec::new();
    for life in lives {
        let pid = Pid(life.pid);
        facts.extend(life.programs.iter().map(|(from, program)| {
            Fact::Process(ProcessFact {
                at: at(*from),
                pid,
                parent: Pid(0),
                comm: program.clone(),
                executable: program.clone(),
                script: None,
                cgroup: "/".into(),
                container: None,
                unit: None,
                netns: NETNS,
            })
        }));
        facts.push(Fact::ProcessExit { at: at(life.end), pid });
    }
    facts.extend(sockets.iter().map(|socket| {
        Fact::Socket(SocketFact {
            at: at(socket.born),
            netns: NETNS,
            cookie: SocketCookie::new(socket.cookie),
            transport: Transport::Tcp,
            local: endpoint(socket.port),
            remote: None,
            pid: Pid(lives[socket.life].pid),
            source: OwnerSource::Descriptor,
        })
    }));
    facts
}

fn closings(sockets: &[Socket]) -> impl Iterator<Item = Fact> + '_ {
    sockets.iter().map(|socket| Fact::SocketClosed {
        at: Timestamp::from_ns(socket.closed),
        netns: NETNS,
        cookie: SocketCookie::new(socket.cookie).unwrap(),
    })
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::new(Ipv4Addr::LOCALHOST.into(), port)
}

fn ask(resolver: &mut Resolver, port: u16, cookie: u64, at: u64) -> (String, Basis) {
    let party = Party { endpoint: endpoint(port), dialled: None, cookie: SocketCookie::new(cookie) };
    let peer = Party { endpoint: endpoint(40_000), dialled: None, cookie: None };
    let answer = resolver.identity(&Query {
        netns: NETNS,
        transport: Transport::Tcp,
        party: &party,
        peer: &peer,
        role: Role::Server,
        authority: "",
        at: Timestamp::from_ns(at),
    });
    (answer.identity.name.clone(), answer.basis)
}

/// An exchange on a connection of its own whose server has this socket.
fn exchange(connection: u64, socket: &Socket, at: u64) -> Exchange {
    let mut exchange = Exchange::blank();
    exchange.connection = ConnectionId(connection);
    exchange.netns = NETNS;
    exchange.client.endpoint = endpoint(40_000);
    exchange.server.endpoint = endpoint(socket.port);
    exchange.server.cookie = SocketCookie::new(socket.cookie);
    exchange.request.first = Timestamp::from_ns(at);
    exchange.end = Timestamp::from_ns(at + 1);
    exchange
}

/// Fisher and Yates, with a generator of Knuth's.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for last in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (seed >> 33) as usize % (last + 1));
    }
}

proptest! {
    #[test]
    fn the_order_of_telling_does_not_matter((lives, sockets, order) in machine()) {
        let mut facts = facts(&lives, &sockets);
        shuffle(&mut facts, order);
        let mut config = Config::default();
        config.max_versions = 64;
        let mut resolver = Resolver::new(&config);
        facts.iter().for_each(|fact| resolver.learn(fact));
        closings(&sockets).for_each(|fact| resolver.learn(&fact));

        for socket in &sockets {
            let life = &lives[socket.life];
            for at in socket.born..=socket.closed.min(life.end.saturating_sub(1)) {
                let (name, basis) = ask(&mut resolver, socket.port, socket.cookie, at);
                prop_assert_eq!(&name, life.program(at), "cookie {} at {}", socket.cookie, at);
                prop_assert_eq!(basis, Basis::Cookie(OwnerSource::Descriptor));

                // By the endpoint it is one of those that were open there, the one that was opened last.
                let open = |other: &&Socket| other.port == socket.port && other.born <= at && at <= other.closed;
                let youngest = sockets.iter().filter(open).map(|other| other.born).max().unwrap();
                let candidates: Vec<&str> = sockets.iter().filter(open).filter(|other| other.born == youngest)
                    .map(|other| lives[other.life].program(at)).collect();
                let (name, _) = ask(&mut resolver, socket.port, 0, at);
                prop_assert!(candidates.contains(&name.as_str()), "port {} at {at}: {name}, not {candidates:?}", socket.port);
            }
        }
    }

    /// Between any two facts, whatever was asked and remembered before.
    #[test]
    fn what_is_remembered_is_what_the_tables_say(
        (lives, sockets, order) in machine(),
        times in prop::collection::vec(0..100_u64, 1..4),
    ) {
        let mut facts = facts(&lives, &sockets);
        facts.extend(closings(&sockets));
        shuffle(&mut facts, order);
        let mut resolver = Resolver::new(&Config::default());
        for fact in &facts {
            resolver.learn(fact);
            for (number, socket) in sockets.iter().enumerate() {
                for at in &times {
                    // The second time it is remembered, if it may be.
                    for _ in 0..2 {
                        let (_, server) = resolver.resolve(&exchange(number as u64, socket, *at));
                        let asked = ask(&mut resolver, socket.port, socket.cookie, *at);
                        prop_assert_eq!((server.identity.name.clone(), server.basis), asked);
                    }
                }
            }
        }
    }

    #[test]
    fn small_tables_forget_and_never_lie((lives, sockets, order) in machine(), limit in 1..4_usize) {
        let mut config = Config::default();
        (config.max_sockets, config.max_processes, config.max_versions) = (limit, limit, 2);
        let mut facts = facts(&lives, &sockets);
        shuffle(&mut facts, order);
        let mut resolver = Resolver::new(&config);
        facts.iter().for_each(|fact| resolver.learn(fact));
        for socket in &sockets {
            let (name, basis) = ask(&mut resolver, socket.port, socket.cookie, socket.born);
            if matches!(basis, Basis::Cookie(_)) {
                let own = lives.iter().filter(|life| life.pid == lives[socket.life].pid);
                let known: Vec<&String> = own.flat_map(|life| &life.programs).map(|(_, program)| program).collect();
                prop_assert!(known.contains(&&name), "{name} never ran as process {}", lives[socket.life].pid);
            }
        }
        let counters = resolver.counters();
        prop_assert!(counters.sockets_evicted as usize >= sockets.len().saturating_sub(limit));
        prop_assert_eq!(counters.facts as usize, facts.len());
    }
}
