//! The kit of the kernel tests: real programs in rooms of their own, observed by the real probe, counted at both ends.
//!
//! A test opens a [`Room`]: a cgroup that the probe is attached to, a network namespace, a folder, and the machine's
//! undivided attention, since rooms are used one at a time. In its [`Place`]s it runs others' programs ([`Nginx`],
//! [`client`]) and the kit's own ([`peer`]), which say exactly what they have done. Meanwhile an [`Observation`] joins
//! capture, pipeline, resolver and aggregation as the binary does, and gives what was [`Observed`], and a [`Loss`]
//! may throw packets away. In the end three [`Tally`]s are equal: what the client counted, what the server logged and what
//! was observed.
//!
//! ```no_run
//! use geophone_model::exchange::Observed;
//! use geophone_testkit::{Nginx, Observation, Room, client::H2loadRun};
//!
//! # let peer = "geophone-testkit-peer";
//! let Some(room) = Room::open(peer, &["nginx", "h2load"]) else { return };
//! let nginx = Nginx::start(&room, room.place(), "127.0.0.1:80", 1);
//! let observation = Observation::begin(&room);
//! let load = H2loadRun { requests: 1_000, connections: 4, pipelined: 1, urls: &["http://127.0.0.1/ok"] };
//! let counted = load.run(room.place());
//! let logged = nginx.end();
//! let observed = observation.end();
//!
//! observed.assert_complete();
//! assert_eq!(observed.tally(Observed::SamePoint), logged);
//! assert_eq!(counted.classes[2], logged.total());
//! ```
//!
//! Protocols that have servers of their own come with scripts in `workloads/`, which run both ends and say what passed: a
//! [`Workload`].
//!
//! Everything that a test makes is taken away when its handle is dropped, also by a panic: processes are killed, cgroups
//! removed, namespaces with their devices and tables forgotten. What a killed run leaves behind, the next one removes.
//!
//! Without root, or without a program that a test needs, [`Room::open`] says what to install and gives `None`; with
//! `CI=true` that is a failure.

mod bpf;
mod cgroup;
pub mod client;
pub mod clock;
mod listening;
mod loss;
mod netlink;
mod netns;
mod nginx;
mod observe;
mod observed;
pub mod peer;
mod process;
mod room;
mod tally;
pub mod tap;
mod tools;
mod workload;

pub use bpf::Direction;
pub use cgroup::Cgroup;
pub use loss::Loss;
pub use netns::NetNs;
pub use nginx::Nginx;
pub use observe::Observation;
pub use observed::{HandedOver, Named, Observed};
pub use process::Place;
pub use room::Room;
pub use tally::Tally;
pub use workload::Workload;
