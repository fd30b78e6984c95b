//! Who is it: facts about processes, sockets and names in, the identity of an endpoint at a time out.
//!
//! A [`Resolver`] learns [`Fact`](geophone_model::fact::Fact)s and answers [`Query`]s about either end of a connection. It
//! looks in this order, and the answer says what it rests on ([`Basis`]):
//!
//! 1. the **socket** by its cookie, and who holds it;
//! 2. the socket by its **two endpoints**: in the namespace where the exchange was seen, then in every other namespace of
//!    this machine that has the address (containers, veth pairs);
//! 3. for a server, the **listener** at the endpoint, on that address or on all;
//! 4. a [`Source`] that knows the **address**;
//! 5. what the **traffic** says: an address of this machine is `unknown`; any other client is external and named by its
//!    address; any other service is external and named by the host that the client asked for, else by what DNS said of its
//!    address, else it is the `unknown external service`.
//!
//! A process is called after its container, else its systemd service, else the script that it interprets, else its
//! executable ([`KernelNames`]).
//!
//! **Time.** Whatever is learned holds from its own time on, and every question carries one. So a reused port, a reused
//! process id and an exec lead each exchange to whom they belonged to at that time, also when the fact comes late.
//!
//! **Belief.** Of several owners of one socket the surest source is believed
//! ([`OwnerSource`](geophone_model::fact::OwnerSource)): a descriptor and a `connect()` are knowledge, what is inherited from
//! a listener is a guess and gives way. Process 1 holds the listeners of others (socket activation), so anybody else who holds
//! such a socket is believed over it.
//!
//! **Late facts.** An answer that may still become a better one is not `settled`: one that rests on a guess, and one about a
//! process whose cgroup is not known yet, since that may be a container's. [`Pending`] holds exchanges for a short grace until
//! both their ends are.
//!
//! **Bounds.** Every table has a limit in [`Config`], forgets what was not used for longest, and counts that in
//! [`Counters`]. Names that a peer can make up (client addresses, host names) are capped, and the rest share one.
//!
//! ```
//! use geophone_model::{
//!     exchange::Party,
//!     fact::{Fact, OwnerSource, Pid, ProcessFact, SocketFact},
//!     net::{NetNs, Transport},
//!     time::Timestamp,
//! };
//! use geophone_resolve::{Basis, Config, Query, Resolver, Role};
//!
//! let (netns, at) = (NetNs(4_026_531_840), Timestamp::from_ns(1_000));
//! let mut resolver = Resolver::new(&Config::default());
//! resolver.learn(&Fact::Process(ProcessFact {
//!     at,
//!     pid: Pid(812),
//!     parent: Pid(1),
//!     comm: "nginx".into(),
//!     executable: "nginx".into(),
//!     script: None,
//!     cgroup: "/system.slice/nginx.service".into(),
//!     container: None,
//!     unit: Some("nginx.service".into()),
//!     netns,
//! }));
//! resolver.learn(&Fact::Socket(SocketFact {
//!     at,
//!     netns,
//!     cookie: None,
//!     transport: Transport::Tcp,
//!     local: "[::]:80".parse().unwrap(),
//!     remote: None,
//!     pid: Pid(812),
//!     source: OwnerSource::Descriptor,
//! }));
//! resolver.learn(&Fact::LocalAddress { at, netns, ip: "192.0.2.10".parse().unwrap() });
//!
//! let party = |endpoint: &str| Party { endpoint: endpoint.parse().unwrap(), dialled: None, cookie: None };
//! let (client, server) = (party("203.0.113.9:51000"), party("192.0.2.10:80"));
//! let query = Query {
//!     netns,
//!     transport: Transport::Tcp,
//!     party: &server,
//!     peer: &client,
//!     role: Role::Server,
//!     authority: "www.example.com",
//!     at: Timestamp::from_ns(2_000),
//! };
//! let answer = resolver.identity(&query);
//! assert_eq!(answer.identity.id().as_str(), "unit~nginx.service");
//! assert_eq!(answer.basis, Basis::Listener(OwnerSource::Descriptor));
//!
//! let query = Query { party: &client, peer: &server, role: Role::Client, ..query };
//! assert_eq!(resolver.identity(&query).identity.id().as_str(), "external-client~203.0.113.9");
//! ```

#![forbid(unsafe_code)]

mod config;
mod host;
mod local;
mod memo;
mod names;
mod owner;
mod pending;
mod process;
mod query;
mod resolver;
mod socket;
mod source;
mod table;

pub use config::{Config, Counters};
pub use pending::{Full, Pending, PendingConfig, PendingCounters};
pub use query::{Basis, Query, Resolution, Role};
pub use resolver::Resolver;
pub use source::{KernelNames, Source};
