//! The machine that the shop runs on: processes, sockets, addresses and names.

use std::net::IpAddr;

use geophone_capture_file::synthetic::Traffic;
use geophone_model::{
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

/// 2026-01-15T10:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_ns(1_768_471_200_000_000_000);

/// The machine's own namespace, with the number that the kernel gives the first one, and the container's.
pub(crate) const HOST: NetNs = NetNs(4_026_531_840);
pub(crate) const CONTAINER: NetNs = NetNs(4_026_532_301);

/// The container's id, as its cgroup says.
const CONTAINER_ID: &str = "7c0f2a9be1d84356a8f0c3b2d19e6475f0a1b2c3d4e5f60718293a4b5c6d7e8f";

/// Something that runs on the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) pid: Pid,
    pub(crate) netns: NetNs,
    /// Where it listens.
    pub(crate) listener: Listener,
    comm: &'static str,
    executable: &'static str,
    script: Option<&'static str>,
    cgroup_path: &'static str,
    container: Option<&'static str>,
    unit: Option<&'static str>,
}

/// A listening socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener {
    ip: [u8; 4],
    pub(crate) port: u16,
    cookie: u64,
}

pub(crate) const FRONTEND: Program = Program {
    pid: Pid(812),
    netns: HOST,
    listener: Listener { ip: [0, 0, 0, 0], port: 80, cookie: 1 },
    comm: "nginx",
    executable: "nginx",
    script: None,
    cgroup_path: "/system.slice/frontend.service",
    container: None,
    unit: Some("frontend.service"),
};

pub(crate) const CATALOG: Program = Program {
    pid: Pid(2210),
    netns: HOST,
    listener: Listener { ip: [127, 0, 0, 1], port: 3000, cookie: 2 },
    comm: "node",
    executable: "node",
    script: Some("catalog.js"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const CART: Program = Program {
    pid: Pid(2251),
    netns: HOST,
    listener: Listener { ip: [127, 0, 0, 1], port: 8000, cookie: 3 },
    comm: "python3",
    executable: "python3.13",
    script: Some("cart.py"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const PAYMENTS: Program = Program {
    pid: Pid(2302),
    netns: HOST,
    listener: Listener { ip: [127, 0, 0, 1], port: 8080, cookie: 4 },
    comm: "java",
    executable: "java",
    script: Some("payments.jar"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const INVENTORY: Program = Program {
    pid: Pid(2544),
    netns: CONTAINER,
    listener: Listener { ip: [0, 0, 0, 0], port: 9000, cookie: 5 },
    comm: "inventory",
    executable: "inventory",
    script: None,
    cgroup_path: "/system.slice/docker-7c0f2a9be1d84356a8f0c3b2d19e6475f0a1b2c3d4e5f60718293a4b5c6d7e8f.scope",
    container: Some(CONTAINER_ID),
    unit: None,
};

/// States what an agent finds when it starts: who runs, who listens, which addresses are the machine's own.
pub(crate) fn introduce(traffic: &mut Traffic) {
    for (netns, ip) in
        [(HOST, [127, 0, 0, 1]), (HOST, [10, 0, 0, 5]), (HOST, [172, 17, 0, 1]), (CONTAINER, [172, 17, 0, 2])]
    {
        traffic.fact(Fact::LocalAddress { at: START, netns, ip: ip.into() });
    }
    for program in [FRONTEND, CATALOG, CART, PAYMENTS, INVENTORY] {
        traffic.fact(program.process());
        traffic.fact(program.listening());
    }
}

/// States that `ip` was learned to be `name`.
pub(crate) fn name(traffic: &mut Traffic, at: Timestamp, ip: IpAddr, name: &str) {
    traffic.fact(Fact::HostName { at, ip, name: name.to_owned() });
}

impl Program {
    fn process(self) -> Fact {
        Fact::Process(ProcessFact {
            at: START.minus_ns(3_600_000_000_000),
            pid: self.pid,
            parent: Pid(1),
            comm: self.comm.to_owned(),
            executable: self.executable.to_owned(),
            script: self.script.map(str::to_owned),
            cgroup: self.cgroup_path.to_owned(),
            container: self.container.map(str::to_owned),
            unit: self.unit.map(str::to_owned),
            netns: self.netns,
        })
    }

    fn listening(self) -> Fact {
        let Listener { ip, port, cookie } = self.listener;
        self.owns(START, cookie, Endpoint::new(ip.into(), port), None, OwnerSource::Descriptor)
    }

    /// States that the program called `connect()`.
    pub(crate) fn connected(self, at: Timestamp, cookie: u64, local: Endpoint, remote: Endpoint) -> Fact {
        self.owns(at, cookie, local, Some(remote), OwnerSource::Connect)
    }

    fn owns(self, at: Timestamp, cookie: u64, local: Endpoint, remote: Option<Endpoint>, source: OwnerSource) -> Fact {
        let cookie = SocketCookie::new(cookie);
        let (netns, transport, pid) = (self.netns, Transport::Tcp, self.pid);
        Fact::Socket(SocketFact { at, netns, cookie, transport, local, remote, pid, source })
    }
}
