//! Names from elsewhere: sources are asked in order, and before what the kernel says.

use std::{net::IpAddr, sync::Arc};

use geophone_model::{
    exchange::Party,
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    identity::{Identity, IdentityKind},
    net::{NetNs, Transport},
    time::Timestamp,
};
use geophone_resolve::{Basis, Config, Query, Resolver, Role, Source};

/// Knows one container and one address.
struct Cluster {
    container: &'static str,
    ip: IpAddr,
    workload: Arc<Identity>,
}

impl Cluster {
    fn new(container: &'static str, ip: &str, workload: &str) -> Self {
        let workload = Arc::new(Identity::new(IdentityKind::Container, Some("shop"), workload));
        Self { container, ip: ip.parse().unwrap(), workload }
    }
}

impl Source for Cluster {
    fn process(&self, process: &ProcessFact) -> Option<Arc<Identity>> {
        (process.container.as_deref() == Some(self.container)).then(|| Arc::clone(&self.workload))
    }

    fn address(&self, ip: IpAddr, _: Timestamp) -> Option<Arc<Identity>> {
        (ip == self.ip).then(|| Arc::clone(&self.workload))
    }
}

fn learn(resolver: &mut Resolver, pid: u32, container: &str, port: u16) {
    let (at, netns, pid) = (Timestamp::MIN, NetNs(1), Pid(pid));
    resolver.learn(&Fact::Process(ProcessFact {
        at,
        pid,
        parent: Pid(0),
        comm: "x".into(),
        executable: "x".into(),
        script: None,
        cgroup: "/".into(),
        container: Some(container.into()),
        unit: None,
        netns,
    }));
    let local = format!("127.0.0.1:{port}").parse().unwrap();
    let (transport, source) = (Transport::Tcp, OwnerSource::Descriptor);
    resolver.learn(&Fact::Socket(SocketFact { at, netns, cookie: None, transport, local, remote: None, pid, source }));
}

fn server(resolver: &mut Resolver, endpoint: &str) -> (String, Basis) {
    let party = |endpoint: &str| Party { endpoint: endpoint.parse().unwrap(), dialled: None, cookie: None };
    let answer = resolver.identity(&Query {
        netns: NetNs(1),
        transport: Transport::Tcp,
        party: &party(endpoint),
        peer: &party("127.0.0.1:40000"),
        role: Role::Server,
        authority: "",
        at: Timestamp::MIN,
    });
    (answer.identity.to_string(), answer.basis)
}

#[test]
fn sources_are_asked_in_order() {
    let mut resolver = Resolver::new(&Config::default())
        .with_source(Box::new(Cluster::new("aaaa", "10.244.0.7", "cart")))
        .with_source(Box::new(Cluster::new("aaaa", "10.244.0.8", "never")))
        .with_source(Box::new(Cluster::new("bbbb", "10.244.0.7", "checkout")));
    for (pid, container) in [(10, "aaaa"), (20, "bbbb"), (30, "cccc")] {
        learn(&mut resolver, pid, container, pid as u16);
    }
    let listener = Basis::Listener(OwnerSource::Descriptor);
    assert_eq!(server(&mut resolver, "127.0.0.1:10"), ("shop/cart".into(), listener));
    assert_eq!(server(&mut resolver, "127.0.0.1:20"), ("shop/checkout".into(), listener));
    assert_eq!(server(&mut resolver, "127.0.0.1:30"), ("cccc".into(), listener));
    assert_eq!(server(&mut resolver, "10.244.0.7:80"), ("shop/cart".into(), Basis::Source));
    assert_eq!(server(&mut resolver, "10.244.0.9:80"), ("unknown external service".into(), Basis::Outside));
}
