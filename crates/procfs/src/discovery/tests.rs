use geophone_model::net::SocketCookie;

use super::*;
use crate::{config::Config, process::Sighting};

const NOW: Timestamp = Timestamp::from_ns(1_700_000_000_000_000_000);

fn discovery(limits: Limits) -> Discovery {
    booted_at(Timestamp::MIN, limits)
}

fn booted_at(boot: Timestamp, limits: Limits) -> Discovery {
    Discovery::within(limits, Machine::new(Config::new(boot)), Now::new(|| NOW)).unwrap()
}

fn own_pid() -> Pid {
    Pid(std::process::id())
}

fn own_netns() -> NetNs {
    match Machine::new(Config::new(Timestamp::MIN)).process(own_pid()).0 {
        Sighting::Process(fact) => fact.netns,
        other => panic!("{other:?}"),
    }
}

fn pids(facts: &[Fact]) -> Vec<Pid> {
    let of = |fact: &Fact| match fact {
        Fact::Process(process) => Some(process.pid),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

#[test]
fn a_process_is_looked_up_once_and_again_after_an_exec() {
    let mut discovery = discovery(LIMITS);
    discovery.saw(own_pid());
    discovery.saw(own_pid());
    discovery.exec(own_pid(), NOW);
    let facts = discovery.finish();
    assert_eq!(pids(&facts), [own_pid(); 2]);
    assert_ne!(facts[0].at(), NOW, "since it started");
    assert_eq!(facts[1].at(), NOW, "since the exec");
}

#[test]
fn no_process_was_started_later_than_now() {
    // As after a suspend, which counts for the starts of processes and not for the clock of events.
    let mut discovery = booted_at(NOW, LIMITS);
    discovery.saw(own_pid());
    assert_eq!(discovery.finish()[0].at(), NOW);
}

#[test]
fn a_process_that_is_gone_gives_no_fact() {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let mut discovery = discovery(LIMITS);
    discovery.saw(Pid(child.id()));
    discovery.saw(own_pid());
    assert_eq!(pids(&discovery.finish()), [own_pid()]);
    assert_eq!(discovery.counters(), DiscoveryCounters::default());
}

#[test]
fn a_number_that_was_given_anew_is_looked_up_anew() {
    let mut discovery = discovery(LIMITS);
    discovery.saw(own_pid());
    discovery.exit(own_pid(), NOW);
    discovery.saw(own_pid());
    assert_eq!(pids(&discovery.finish()).len(), 2);
}

#[test]
fn the_memory_of_who_was_asked_for_begins_anew() {
    let mut discovery = discovery(Limits { asked: 4, namespaces: 4, ..LIMITS });
    for other in 0..100 {
        // Numbers that no process has (PID_MAX_LIMIT is 4,194,304).
        discovery.saw(Pid(5_000_000 + other));
        discovery.exec(Pid(6_000_000 + other), NOW);
        discovery.saw_namespace(NetNs(other));
        assert!(discovery.asked.len() <= 4 && discovery.namespaces.len() <= 4);
    }
    discovery.saw(Pid(5_000_000));
    assert_eq!(discovery.counters().questions_dropped, 0);
    assert!(discovery.asked.contains(&Pid(5_000_000)), "forgotten, and so asked for again");
}

#[test]
fn questions_that_do_not_fit_are_dropped_and_counted() {
    const ASKED: u64 = 50;
    // One answer waits to be taken, one to be told, and one question to be answered.
    let mut discovery = discovery(Limits { questions: 1, facts: 1, ..LIMITS });
    for _ in 0..ASKED {
        discovery.exec(own_pid(), NOW);
    }
    let dropped = discovery.counters().questions_dropped;
    assert!((ASKED - 3..ASKED).contains(&dropped), "{dropped}");
    assert_eq!(discovery.finish().len() as u64, ASKED - dropped);
}

#[test]
fn a_namespace_that_is_new_is_asked_for_its_addresses_once() {
    let mut discovery = discovery(LIMITS);
    discovery.saw_namespace(own_netns());
    discovery.saw_namespace(own_netns());
    let facts = discovery.finish();
    let loopback = Fact::LocalAddress { at: NOW, netns: own_netns(), ip: "127.0.0.1".parse().unwrap() };
    assert_eq!(facts.iter().filter(|fact| **fact == loopback).count(), 1);
}

#[test]
fn nothing_is_asked_after_the_end() {
    let mut discovery = discovery(LIMITS);
    assert_eq!(discovery.finish(), []);
    discovery.saw(own_pid());
    assert_eq!((discovery.finish(), discovery.counters()), (vec![], DiscoveryCounters::default()));
}

#[test]
fn a_holder_that_nothing_else_is_known_of_is_looked_up() {
    let mut discovery = discovery(LIMITS);
    let fact = Fact::Socket(geophone_model::fact::SocketFact {
        at: NOW,
        netns: own_netns(),
        cookie: SocketCookie::new(1),
        transport: geophone_model::net::Transport::Tcp,
        local: "127.0.0.1:80".parse().unwrap(),
        remote: None,
        pid: own_pid(),
        source: geophone_model::fact::OwnerSource::Descriptor,
    });
    discovery.took(&fact);
    assert_eq!(pids(&discovery.finish()), [own_pid()]);
}
