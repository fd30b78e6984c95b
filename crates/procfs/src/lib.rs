//! What `/proc` and the kernel's netlink sockets say of processes, sockets and addresses, as facts for a resolver.
//!
//! A [`Machine`] is looked at from user space, without privileges as far as they go, and never changed:
//!
//! * [`Machine::processes`] and [`Machine::process`]: name, executable, script of an interpreter ([`command`]), container and
//!   systemd service ([`cgroup`]), network namespace and start;
//! * [`Machine::sockets`]: every TCP and UDP socket of every network namespace (socket diagnosis over netlink) with the
//!   process that holds a descriptor of it;
//! * [`Machine::addresses`]: the addresses of all interfaces of every network namespace;
//! * [`Machine::find_socket`], [`Machine::holder`] and [`Machine::descriptors`]: the same for one socket or process, fast.
//!
//! Beside a capture, a [`Discovery`] asks in the background for what events are about: processes that act, addresses of new
//! network namespaces, and who holds the listeners that are in use.
//!
//! **What is not read.** The environment of a process never; its arguments only where its executable is an interpreter, and
//! only the base name of the script leaves the function that reads them.
//!
//! **What goes wrong is a value.** Processes end while they are looked at and other users' may be closed to us: results say
//! how many were left out and why ([`Unreadable`]). Every result says what it has cost ([`Cost`]), and every table has a limit
//! ([`Config`]).
//!
//! **What the kernel sends** is read by pure functions that take any bytes ([`netlink`], [`DiagnosedSocket::parse`]).
//!
//! **Other namespaces** are entered by a short-lived thread of their own (setns(2)), which opens a netlink socket there and
//! ends. No calling thread is ever moved.
//!
//! The crate reads no clock: the time of boot, the time of a scan and the clock of a [`Discovery`] are arguments.
//!
//! ```
//! use geophone_model::{fact::Pid, time::Timestamp};
//! use geophone_procfs::{Config, Machine, Sighting};
//!
//! // The time of boot is the difference of CLOCK_REALTIME and CLOCK_BOOTTIME; the caller reads the clocks.
//! let boot = Timestamp::from_ns(1_700_000_000_000_000_000);
//! let machine = Machine::new(Config::new(boot));
//!
//! let (sighting, cost) = machine.process(Pid(std::process::id()));
//! let Sighting::Process(me) = sighting else { panic!("this very process can be read: {sighting:?}") };
//! assert!(me.at >= boot && !me.executable.is_empty());
//! assert!(cost.opened > 0);
//! ```

#![forbid(unsafe_code)]

mod address;
pub mod cgroup;
pub mod command;
mod config;
mod diag;
mod discovery;
mod grammar;
mod holder;
mod machine;
mod namespace;
pub mod netlink;
mod procdir;
mod process;
mod server;
mod socket;
mod stat;

pub use config::{Config, Cost, Unreadable};
pub use diag::DiagnosedSocket;
pub use discovery::{Discovery, DiscoveryCounters, Survey};
pub use holder::{Descriptors, Holder};
pub use machine::Machine;
pub use namespace::Skipped;
pub use process::{ProcessScan, Sighting};
pub use socket::{AddressScan, SocketScan};
