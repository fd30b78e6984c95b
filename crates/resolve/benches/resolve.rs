//! What it takes to name one end of an exchange, on a machine with 10,000 sockets of 1,000 processes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use geophone_model::{
    exchange::Party,
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};
use geophone_resolve::{Config, Query, Resolver, Role};

const SOCKETS: u32 = 10_000;
const PROCESSES: u32 = 1_000;
const NETNS: NetNs = NetNs(4_026_531_840);

fn at(n: u64) -> Timestamp {
    Timestamp::from_ns(1_700_000_000_000_000_000 + n)
}

fn remote(n: u32) -> Endpoint {
    Endpoint::new([203, 0, 113, (n % 250) as u8].into(), 10_000 + (n % 50_000) as u16)
}

fn local() -> Endpoint {
    Endpoint::new([10, 0, 0, 1].into(), 80)
}

fn process(pid: u32) -> Fact {
    Fact::Process(ProcessFact {
        at: at(0),
        pid: Pid(pid),
        parent: Pid(1),
        comm: format!("worker-{pid}"),
        executable: format!("worker-{pid}"),
        script: None,
        cgroup: "/system.slice/worker.service".into(),
        container: None,
        unit: None,
        netns: NETNS,
    })
}

fn socket(n: u32, remote: Option<Endpoint>) -> Fact {
    Fact::Socket(SocketFact {
        at: at(1),
        netns: NETNS,
        cookie: SocketCookie::new(u64::from(n) + 1),
        transport: Transport::Tcp,
        local: local(),
        remote,
        pid: Pid(100 + n % PROCESSES),
        source: OwnerSource::Descriptor,
    })
}

fn resolver() -> Resolver {
    let mut resolver = Resolver::new(&Config::default());
    (0..PROCESSES).for_each(|n| resolver.learn(&process(100 + n)));
    (0..SOCKETS).for_each(|n| resolver.learn(&socket(n, Some(remote(n)))));
    resolver.learn(&socket(SOCKETS, None));
    resolver.learn(&Fact::LocalAddress { at: at(0), netns: NETNS, ip: local().ip() });
    resolver
}

fn look_ups(criterion: &mut Criterion) {
    let mut resolver = resolver();
    let mut group = criterion.benchmark_group("identity");
    let party = |endpoint, cookie| Party { endpoint, dialled: None, cookie: SocketCookie::new(cookie) };
    let mut n = 0_u32;
    let mut ask = |name: &str, role: Role, ends: &dyn Fn(u32) -> (Party, Party)| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                n = (n + 7_919) % SOCKETS;
                let (party, peer) = ends(n);
                let query = Query {
                    netns: NETNS,
                    transport: Transport::Tcp,
                    party: &party,
                    peer: &peer,
                    role,
                    authority: "www.example.com",
                    at: at(100),
                };
                black_box(resolver.identity(black_box(&query)))
            });
        });
    };
    ask("by cookie", Role::Server, &|n| (party(local(), u64::from(n) + 1), party(remote(n), 0)));
    ask("by tuple", Role::Server, &|n| (party(local(), 0), party(remote(n), 0)));
    ask("by listener", Role::Server, &|n| {
        (party(local(), 0), party(Endpoint::new([192, 0, 2, 1].into(), n as u16), 0))
    });
    ask("external client", Role::Client, &|n| {
        (party(Endpoint::new([198, 51, 100, (n % 90) as u8].into(), n as u16), 0), party(local(), 1))
    });
    ask("external service", Role::Server, &|n| {
        (party(Endpoint::new([198, 51, 100, 1].into(), 443), 0), party(local(), u64::from(n) + 1))
    });
    group.finish();
}

fn facts(criterion: &mut Criterion) {
    let mut resolver = resolver();
    let mut n = 0_u32;
    criterion.bench_function("learn a new socket in a full table", |bencher| {
        bencher.iter(|| {
            n = n.wrapping_add(1);
            resolver.learn(&socket(SOCKETS + n, Some(remote(n))));
        });
    });
}

criterion_group!(benches, look_ups, facts);
criterion_main!(benches);
