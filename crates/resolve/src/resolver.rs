//! The resolver: what it learns, in which order it looks, and how it names what it does not find.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use geophone_model::{
    exchange::Exchange,
    fact::{Fact, ProcessFact},
    identity::{Identity, IdentityKind},
    ledger::{LedgerRow, Stage, Unit},
    net::{Endpoint, NetNs, SocketCookie, Transport},
    time::Timestamp,
};

use crate::{
    config::{Config, Counters},
    host::{Authority, HostNames},
    local::LocalAddresses,
    memo::Memo,
    names::CappedNames,
    owner::Owner,
    process::{Processes, Program},
    query::{Basis, Query, Resolution, Role},
    socket::{Address, Sockets},
    source::{KernelNames, Source},
};

/// Knows who an endpoint was at a time, from the facts that it has learned. See the [crate's page](crate).
pub struct Resolver {
    sockets: Sockets,
    processes: Processes,
    local: LocalAddresses,
    host_names: HostNames,
    sources: Vec<Box<dyn Source>>,
    /// Each identity once, so that equal ones are one allocation.
    identities: HashSet<Arc<Identity>>,
    identities_after_clearing: usize,
    clients: CappedNames<IpAddr>,
    services: CappedNames<String>,
    ports: CappedNames<u16>,
    unnamed_service: Arc<Identity>,
    unknown: Arc<Identity>,
    retention_ns: u64,
    next_expiry: Timestamp,
    memo: Memo,
    /// Counts what was learned, so that a waiting question knows whether asking again makes sense.
    facts: u64,
    /// The latest time of all facts: of any time from here on, what is known is all the same.
    latest_fact: Timestamp,
    facts_ignored: u64,
    sockets_expired: u64,
    processes_expired: u64,
}

impl Resolver {
    /// A resolver that knows nothing.
    pub fn new(config: &Config) -> Self {
        let &Config {
            max_sockets,
            max_processes,
            max_versions,
            max_local_addresses,
            max_host_names,
            max_external_clients,
            max_external_services,
            max_unknown_ports,
            retention_ns,
            idle_ns,
        } = config;
        let named = |kind, name| Arc::new(Identity::new(kind, None, name));
        let (client, service) = (IdentityKind::ExternalClient, IdentityKind::ExternalService);
        Self {
            sockets: Sockets::new(max_sockets, max_versions),
            processes: Processes::new(max_processes, max_versions),
            local: LocalAddresses::new(max_local_addresses, retention_ns),
            host_names: HostNames::new(max_host_names, max_versions),
            sources: vec![Box::new(KernelNames)],
            identities: HashSet::new(),
            identities_after_clearing: 0,
            clients: CappedNames::new(client, max_external_clients, idle_ns, "other external clients"),
            services: CappedNames::new(service, max_external_services, idle_ns, "other external services"),
            ports: CappedNames::new(IdentityKind::Unknown, max_unknown_ports, idle_ns, "unknown"),
            unnamed_service: named(service, "unknown external service"),
            unknown: named(IdentityKind::Unknown, "unknown"),
            retention_ns,
            next_expiry: Timestamp::MIN,
            memo: Memo::default(),
            facts: 0,
            latest_fact: Timestamp::MIN,
            facts_ignored: 0,
            sockets_expired: 0,
            processes_expired: 0,
        }
    }

    /// Adds a source of names, to be asked after those added before and before the built-in [`KernelNames`]. It gives names
    /// to the processes that are learned from now on.
    #[must_use]
    pub fn with_source(mut self, source: Box<dyn Source>) -> Self {
        self.sources.insert(self.sources.len() - 1, source);
        self
    }

    /// Takes a fact. Facts may come late and in any order; each is put at its own time.
    pub fn learn(&mut self, fact: &Fact) {
        self.facts += 1;
        self.latest_fact = self.latest_fact.max(fact.at());
        match fact {
            Fact::Process(process) => self.learn_process(process),
            Fact::ProcessExit { at, pid } => self.processes.exits(*pid, *at),
            Fact::Socket(socket) => self.sockets.held(socket),
            &Fact::SocketAddress { netns, cookie, local, remote, at: _ } => {
                self.sockets
                    .connected(cookie, Address { netns, transport: Transport::Tcp, local, remote: Some(remote) });
            }
            Fact::SocketClosed { at, cookie, netns: _ } => self.sockets.closed(*cookie, *at),
            Fact::HostName { at, ip, name } => self.host_names.learned(*ip, name, *at),
            Fact::LocalAddress { at, netns, ip } => self.local.seen(*netns, *ip, *at),
            _ => self.facts_ignored += 1,
        }
    }

    /// Who both ends of an exchange were when its request began: client, server.
    pub fn resolve(&mut self, exchange: &Exchange) -> (Resolution, Resolution) {
        let (client, server) = self.ends_of_connection(exchange);
        if exchange.delivery { (server, client) } else { (client, server) }
    }

    fn ends_of_connection(&mut self, exchange: &Exchange) -> (Resolution, Resolution) {
        let generation = self.generation();
        if let Some(answer) = self.memo.recall(exchange, generation) {
            return answer;
        }
        let client = self.identity(&Query::of(exchange, Role::Client));
        let server = self.identity(&Query::of(exchange, Role::Server));
        // At the very time of a fact the one before it may still hold.
        let holds = (exchange.request.first > self.latest_fact).then_some(generation);
        self.memo.remember(exchange, holds, &client, &server);
        (client, server)
    }

    /// When the connection of this exchange was first asked about, as far as is remembered.
    pub(crate) fn first_asked(&self, exchange: &Exchange) -> Timestamp {
        self.memo.first_asked(exchange)
    }

    /// Who an end of a connection was at a time. There is always an answer; how good it is stands beside it.
    pub fn identity(&mut self, query: &Query<'_>) -> Resolution {
        if let Some(cookie) = query.party.cookie
            && let Some(owner) = self.sockets.owner_by_cookie(cookie, query.at)
            && let Some(Program { identity, is_whole }) = self.program(owner, query.at)
        {
            return Resolution { identity, basis: Basis::Cookie(owner.source), settled: owner.is_sure() && is_whole };
        }
        self.by_address(query).unwrap_or_else(|| self.by_traffic(query))
    }

    /// Event time has come to `watermark`: forgets what ended before the retention. Cheap when called often.
    pub fn advance(&mut self, watermark: Timestamp) {
        if watermark < self.next_expiry {
            return;
        }
        self.next_expiry = watermark.plus_ns(self.retention_ns / 4);
        let before = watermark.minus_ns(self.retention_ns);
        self.sockets_expired += self.sockets.expire(before);
        self.processes_expired += self.processes.expire(before);
    }

    /// What the limits have cost so far.
    pub fn counters(&self) -> Counters {
        Counters {
            facts: self.facts,
            facts_ignored: self.facts_ignored,
            expired: self.sockets_expired + self.processes_expired,
            sockets_evicted: self.sockets.evicted,
            processes_evicted: self.processes.evicted,
            versions_dropped: self.sockets.versions_dropped
                + self.processes.versions_dropped
                + self.host_names.versions_dropped,
            addresses_refused: self.local.refused,
            host_names_evicted: self.host_names.evicted,
            clients_folded: self.clients.folded,
            services_folded: self.services.folded,
            ports_folded: self.ports.folded,
        }
    }

    /// The accounts of the tables of sockets and of processes since the start: *heard of = known now + expired + evicted*. One that
    /// was evicted while it was still of use leaves an end without its name.
    pub fn ledger(&self) -> [LedgerRow; 2] {
        let row = |unit, heard_of, known: usize, expired, evicted| {
            let withheld = [("expired", expired), ("evicted", evicted)];
            LedgerRow::new(Stage::Resolve, unit, heard_of, known as u64, &withheld)
        };
        let Self { sockets, processes, .. } = self;
        [
            row(Unit::Sockets, sockets.heard_of, sockets.len(), self.sockets_expired, sockets.evicted),
            row(Unit::Processes, processes.heard_of, processes.len(), self.processes_expired, processes.evicted),
        ]
    }

    /// An estimate of the bytes that the tables hold, from their capacities. It walks the tables: once in a while, not per
    /// exchange.
    pub fn memory_bytes(&self) -> usize {
        let names: usize = self.identities.iter().map(|identity| identity.name.capacity()).sum();
        let interned = self.identities.capacity() * (size_of::<Arc<Identity>>() + 1)
            + self.identities.len() * (size_of::<Identity>() + 2 * size_of::<usize>())
            + names;
        self.sockets.memory_bytes()
            + self.processes.memory_bytes()
            + self.local.memory_bytes()
            + self.host_names.memory_bytes()
            + self.memo.memory_bytes()
            + self.clients.memory_bytes()
            + self.services.memory_bytes()
            + self.ports.memory_bytes()
            + interned
    }

    /// How much was learned and forgotten: as long as it stays the same, so does every answer.
    pub(crate) const fn generation(&self) -> u64 {
        self.facts + self.sockets_expired + self.processes_expired
    }

    fn learn_process(&mut self, process: &ProcessFact) {
        let Some(identity) = self.sources.iter().find_map(|source| source.process(process)) else { return };
        let identity = self.interned(identity);
        // Every process that was looked at has a cgroup, if only `/`.
        let is_whole = !process.cgroup.is_empty();
        self.processes.runs(process.pid, process.at, Program { identity, is_whole });
    }

    /// The one allocation of an identity. Those that no process has any more go when their number has doubled.
    fn interned(&mut self, identity: Arc<Identity>) -> Arc<Identity> {
        const CLEARING_FLOOR: usize = 1_024;
        if let Some(known) = self.identities.get(&identity) {
            return Arc::clone(known);
        }
        if self.identities.len() >= (2 * self.identities_after_clearing).max(CLEARING_FLOOR) {
            self.identities.retain(|identity| Arc::strong_count(identity) > 1);
            self.identities_after_clearing = self.identities.len();
        }
        self.identities.insert(Arc::clone(&identity));
        identity
    }

    /// What the owner of a socket ran at a time.
    fn program(&mut self, owner: Owner, at: Timestamp) -> Option<Program> {
        self.processes.program(owner.pid, owner.from, at).cloned()
    }

    /// By the endpoints: the very socket, else who listens there, in the namespace of the observation first and then in
    /// every other that has the address.
    fn by_address(&mut self, query: &Query<'_>) -> Option<Resolution> {
        let ip = query.party.endpoint.ip();
        let mut answer = self.by_address_in(query.netns, query);
        let mut next = 0;
        while answer.is_none()
            && let Some(netns) = self.local.home(ip, next)
        {
            next += 1;
            if netns != query.netns {
                answer = self.by_address_in(netns, query);
            }
        }
        answer
    }

    fn by_address_in(&mut self, netns: NetNs, query: &Query<'_>) -> Option<Resolution> {
        let (transport, local) = (query.transport, query.party.endpoint);
        // A socket knows its peer by what it dialled; translation on the way is none of its business.
        for remote in query.peer.dialled.into_iter().chain([query.peer.endpoint]) {
            let address = Address { netns, transport, local, remote: Some(remote) };
            if let Some(answer) = self.tuple(&address, query) {
                return Some(answer);
            }
        }
        // Translated on the way in another namespace, where nobody at this end knows what was dialled.
        if query.role == Role::Client {
            let address = Address::of_client(netns, transport, local);
            if let Some(answer) = self.tuple(&address, query) {
                return Some(answer);
            }
        }
        // A datagram socket that was never connected serves both roles; a listener is only ever a server.
        if query.role == Role::Client && transport == Transport::Tcp {
            return None;
        }
        // A listener on all addresses listens on those that its own namespace has, and on no other's.
        let is_here = self.local.has(netns, local.ip()) || (query.party.cookie.is_some() && netns == query.netns);
        let wildcards = if is_here { wildcards(local) } else { [None; 2] };
        for local in [Some(local)].into_iter().chain(wildcards).flatten() {
            let address = Address { netns, transport, local, remote: None };
            if let Some((owner, Program { identity, .. })) = self.owner_of(&address, None, query.at) {
                // Who listens need not be who serves: workers accept from a listener that they inherited.
                return Some(Resolution { identity, basis: Basis::Listener(owner.source), settled: false });
            }
        }
        None
    }

    /// The owner of the very socket at an address.
    fn tuple(&mut self, address: &Address, query: &Query<'_>) -> Option<Resolution> {
        let (owner, Program { identity, is_whole }) = self.owner_of(address, query.party.cookie, query.at)?;
        Some(Resolution { identity, basis: Basis::Tuple(owner.source), settled: owner.is_sure() && is_whole })
    }

    fn owner_of(&mut self, address: &Address, cookie: Option<SocketCookie>, at: Timestamp) -> Option<(Owner, Program)> {
        let owner = self.sockets.owner_by_address(address, cookie, at)?;
        self.program(owner, at).map(|program| (owner, program))
    }

    /// By what the traffic says, where no process is known.
    fn by_traffic(&mut self, query: &Query<'_>) -> Resolution {
        let (ip, at) = (query.party.endpoint.ip(), query.at);
        if let Some(identity) = self.sources.iter().find_map(|source| source.address(ip, at)) {
            return Resolution { identity, basis: Basis::Source, settled: true };
        }
        if query.party.cookie.is_some() || self.local.contains(ip) {
            let identity = match query.role {
                // The port of a client is of no meaning, and there are many of them.
                Role::Client => Arc::clone(&self.unknown),
                Role::Server => self.ports.identity(&query.party.endpoint.port(), at, |port| format!("port {port}")),
            };
            return Resolution { identity, basis: Basis::Nothing, settled: false };
        }
        match query.role {
            Role::Client => {
                let identity = self.clients.identity(&ip, at, IpAddr::to_string);
                Resolution { identity, basis: Basis::Outside, settled: true }
            }
            Role::Server => self.external_service(query),
        }
    }

    fn external_service(&mut self, query: &Query<'_>) -> Resolution {
        if let Authority::Name(host) = Authority::parse(query.authority) {
            let identity = self.services.identity(host, query.at, str::to_owned);
            return Resolution { identity, basis: Basis::Outside, settled: true };
        }
        // What was dialled is what DNS gave; the packets may carry another address.
        for endpoint in query.party.dialled.into_iter().chain([query.party.endpoint]) {
            if let Some(host) = self.host_names.name(endpoint.ip(), query.at) {
                let identity = self.services.identity(host, query.at, str::to_owned);
                return Resolution { identity, basis: Basis::Outside, settled: true };
            }
        }
        Resolution { identity: Arc::clone(&self.unnamed_service), basis: Basis::Outside, settled: false }
    }
}

/// The endpoints of listeners on all addresses that an endpoint may belong to. A listener on `::` takes IPv4 too, unless it
/// is told not to (`IPV6_V6ONLY`); then nobody but one on `0.0.0.0` could have answered, and that one is asked first.
fn wildcards(endpoint: Endpoint) -> [Option<Endpoint>; 2] {
    let v6 = Endpoint::new(Ipv6Addr::UNSPECIFIED.into(), endpoint.port());
    match endpoint.ip() {
        IpAddr::V4(_) => [Some(Endpoint::new(Ipv4Addr::UNSPECIFIED.into(), endpoint.port())), Some(v6)],
        IpAddr::V6(_) => [Some(v6), None],
    }
}
