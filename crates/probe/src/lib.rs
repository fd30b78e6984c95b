//! Captures packets, sockets and processes of a Linux machine with eBPF, as one stream of events.
//!
//! [`Capture::open`] checks what the machine offers, loads the kernel programs and attaches them; [`Capture::drain`] hands
//! over what has gathered since the last call. Nothing wakes the reader: it drains on a timer whose [`Pace`] follows the
//! load. Dropping the capture takes the hooks away.
//!
//! ```no_run
//! use geophone_probe::{Capture, Config, Item, Pace};
//!
//! let mut capture = Capture::open(&Config::default())?;
//! for hook in capture.hooks() {
//!     println!("{hook}");
//! }
//! let mut pace = Pace::new(capture.ring_bytes());
//! for _ in 0..100 {
//!     let drained = capture.drain(|item| match item {
//!         Item::Event(event) => println!("{event:?}"),
//!         Item::Exec(exec) => println!("{} runs {}", exec.pid.0, exec.path),
//!         Item::Exit(exit) => println!("{} is gone", exit.pid.0),
//!         _ => {}
//!     })?;
//!     std::thread::sleep(pace.after(drained));
//! }
//! for row in capture.ledger()? {
//!     println!("{row}");
//! }
//! # Ok::<(), geophone_probe::ProbeError>(())
//! ```
//!
//! # What it needs
//!
//! | for | capability | without it |
//! |---|---|---|
//! | loading programs, maps | `CAP_BPF` | error |
//! | reading the kernel's sockets, tracepoints | `CAP_PERFMON` | error |
//! | packets (`cgroup_skb`) | `CAP_NET_ADMIN` | error |
//!
//! Linux 5.8 or newer for the ring buffer and these capabilities; kernels 6.1, 6.12 and 6.18 are tested. BTF
//! (`CONFIG_DEBUG_INFO_BTF`) gives the network namespace of a packet and the socket and process events; without it
//! [`Capture::hooks`] says what is missing and packets are captured all the same.
//!
//! # Where things are
//!
//! [`btf`] reads the kernel's type information, [`requirements`] finds the cgroup and says what is missing, `decode` turns
//! records into events. `unsafe` is confined to the reading of records and clocks.

pub mod btf;
mod capture;
mod clock;
mod counters;
mod decode;
mod error;
mod hook;
mod kernel;
mod object;
mod pace;
pub mod requirements;

pub use capture::{Capture, Config, Drained, Flow, Skip};
pub use clock::Clock;
pub use decode::{DecodeError, Exec, Exit, Item, decode};
pub use error::ProbeError;
pub use hook::{Hook, HookState};
pub use pace::Pace;
