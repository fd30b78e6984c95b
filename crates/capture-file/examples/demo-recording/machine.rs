//! The machine that the shop runs on: processes, sockets, addresses and names.

use geophone_capture_file::synthetic::{Peer, Traffic};
use geophone_model::{
    fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

use crate::programs::ALL;

/// 2026-01-15T10:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_ns(1_768_471_200_000_000_000);

/// The machine's own namespace, with the number that the kernel gives the first one, and the container's.
pub(crate) const HOST: NetNs = NetNs(4_026_531_840);
pub(crate) const CONTAINER: NetNs = NetNs(4_026_532_301);

/// The container's id, as its cgroup says.
pub(crate) const CONTAINER_ID: &str = "7c0f2a9be1d84356a8f0c3b2d19e6475f0a1b2c3d4e5f60718293a4b5c6d7e8f";

/// Something that runs on the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) pid: Pid,
    pub(crate) netns: NetNs,
    /// Where it listens, if it serves anybody.
    pub(crate) listener: Option<Listener>,
    pub(crate) comm: &'static str,
    pub(crate) executable: &'static str,
    pub(crate) script: Option<&'static str>,
    pub(crate) cgroup_path: &'static str,
    pub(crate) container: Option<&'static str>,
    pub(crate) unit: Option<&'static str>,
}

/// A socket that clients find.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener {
    pub(crate) transport: Transport,
    pub(crate) ip: [u8; 4],
    pub(crate) port: u16,
    pub(crate) cookie: u64,
}

/// States what an agent finds when it starts: who runs, who listens, which addresses are the machine's own.
pub(crate) fn introduce(traffic: &mut Traffic) {
    for (netns, ip) in [
        (HOST, [127, 0, 0, 1]),
        (HOST, [127, 0, 0, 53]),
        (HOST, [10, 0, 0, 5]),
        (HOST, [172, 17, 0, 1]),
        (CONTAINER, [172, 17, 0, 2]),
    ] {
        traffic.fact(Fact::LocalAddress { at: START, netns, ip: ip.into() });
    }
    for program in ALL {
        traffic.fact(program.process());
        if let Some(listener) = program.listener {
            traffic.fact(program.listening(listener));
        }
    }
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

    fn listening(self, listener: Listener) -> Fact {
        let Listener { transport, ip, port, cookie } = listener;
        self.owns(START, transport, cookie, Endpoint::new(ip.into(), port), None, OwnerSource::Descriptor)
    }

    /// States that the program called `connect()`.
    pub(crate) fn connected(
        self,
        at: Timestamp,
        transport: Transport,
        cookie: u64,
        local: Endpoint,
        remote: Endpoint,
    ) -> Fact {
        self.owns(at, transport, cookie, local, Some(remote), OwnerSource::Connect)
    }

    fn owns(
        self,
        at: Timestamp,
        transport: Transport,
        cookie: u64,
        local: Endpoint,
        remote: Option<Endpoint>,
        source: OwnerSource,
    ) -> Fact {
        let (netns, cookie, pid) = (self.netns, SocketCookie::new(cookie), self.pid);
        Fact::Socket(SocketFact { at, netns, cookie, transport, local, remote, pid, source })
    }

    /// Where it listens; zero for who serves nobody.
    pub(crate) const fn port(self) -> u16 {
        match self.listener {
            Some(listener) => listener.port,
            None => 0,
        }
    }

    /// One end of what the program says to others.
    pub(crate) const fn peer(self, endpoint: Endpoint, cookie: u64) -> Peer {
        Peer::new(endpoint, self.netns, cookie).with_pid(self.pid)
    }
}
