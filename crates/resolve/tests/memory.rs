//! Full tables stay within the budget, and under churn they stay as they are.

use std::net::{IpAddr, Ipv4Addr};

use geophone_model::{
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_resolve::{Config, Resolver};

/// A new process with a socket, an address of its own and a host name that it has asked for; the process execs once, the
/// socket is handed over once, and nothing is ever closed.
fn learn(resolver: &mut Resolver, n: u64) {
    let (at, netns) = (Timestamp::from_ns(n * 1_000_000), NetNs(1));
    let pid = Pid(n as u32 + 2);
    let ip = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + n as u32));
    for (step, kind) in ["shell", "service"].into_iter().enumerate() {
        let at = at.plus_ns(step as u64);
        resolver.learn(&Fact::Process(ProcessFact {
            at,
            pid,
            parent: Pid(1),
            comm: "service".into(),
            executable: format!("{kind}-with-a-name-of-its-own-{n}"),
            script: None,
            cgroup: "/".into(),
            container: None,
            unit: None,
            netns,
        }));
        resolver.learn(&Fact::Socket(SocketFact {
            at,
            netns,
            cookie: SocketCookie::new(n + 1),
            transport: Transport::Tcp,
            local: Endpoint::new(ip, 80),
            remote: Some(Endpoint::new(ip, 40_000)),
            pid: Pid(pid.0 + step as u32),
            source: OwnerSource::Descriptor,
        }));
    }
    resolver.learn(&Fact::LocalAddress { at, netns, ip });
    resolver.learn(&Fact::HostName { at, ip, name: format!("host-{n}.some.longer.domain.example.com") });
    resolver.advance(at);
}

#[test]
fn the_budget_holds_by_estimate_and_by_the_allocator() {
    let budget = 8 << 20;
    let config = Config::within_memory(budget);
    let rounds = 4 * config.max_sockets as u64;
    let mut estimate = 0;
    let measured = allocation_counter::measure(|| {
        let mut resolver = Resolver::new(&config);
        for n in 0..rounds {
            learn(&mut resolver, n);
        }
        estimate = resolver.memory_bytes();
        let counters = resolver.counters();
        assert!(counters.sockets_evicted > 0 && counters.processes_evicted > 0 && counters.host_names_evicted > 0);
        assert!(counters.addresses_refused > 0);
    });
    assert!(estimate <= budget, "estimated {estimate} of {budget}");
    assert!(measured.bytes_max as usize <= budget, "allocated {} of {budget}", measured.bytes_max);
    let off = estimate as f64 / measured.bytes_max as f64;
    assert!((0.5..1.5).contains(&off), "estimated {estimate}, allocated {}", measured.bytes_max);
}

#[test]
fn churn_leaves_the_size_as_it_is() {
    let config = Config::within_memory(4 << 20);
    let mut resolver = Resolver::new(&config);
    let full = 2 * config.max_sockets as u64;
    (0..full).for_each(|n| learn(&mut resolver, n));
    let before = resolver.memory_bytes();
    (full..5 * full).for_each(|n| learn(&mut resolver, n));
    assert!(resolver.memory_bytes() <= before + before / 4, "{before} became {}", resolver.memory_bytes());
}

#[test]
fn what_has_ended_is_forgotten_after_the_retention() {
    let mut resolver = Resolver::new(&Config::default());
    for n in 0..100 {
        learn(&mut resolver, n);
        let at = Timestamp::from_ns(n * 1_000_000 + 10);
        resolver.learn(&Fact::ProcessExit { at, pid: Pid(n as u32 + 2) });
        resolver.learn(&Fact::SocketClosed { at, netns: NetNs(1), cookie: SocketCookie::new(n + 1).unwrap() });
    }
    resolver.advance(Timestamp::from_ns(50_000_000_000));
    assert_eq!(resolver.counters().expired, 0);
    resolver.advance(Timestamp::from_ns(200_000_000_000));
    assert_eq!(resolver.counters().expired, 200);
}
