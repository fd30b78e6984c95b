//! Captures packets or system calls, sockets and processes of a Linux machine with eBPF, as one stream of events.
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
//! | packets (`cgroup_skb`) | `CAP_NET_ADMIN` | error; [`Family::Syscalls`] does not need it |
//!
//! Linux 5.8 or newer for the ring buffer and these capabilities; kernels 6.1, 6.12 and 6.18 are tested. BTF
//! (`CONFIG_DEBUG_INFO_BTF`) gives the network namespace of a packet and the socket and process events; without it
//! [`Capture::hooks`] says what is missing and packets are captured all the same, while system calls are not.
//!
//! # Packets or system calls
//!
//! [`Family::Packets`] is the first choice: it sees every byte that passes a socket, whoever sent it and how. Where there is
//! no cgroup2, or no right to attach to it, [`Family::Syscalls`] looks at what programs read and write: `read`, `write`,
//! `readv`, `writev`, `preadv2`, `pwritev2`, `recvfrom`, `sendto`, `recvmsg`, `sendmsg`, `recvmmsg` and `sendmmsg`. Of
//! `sendfile` and `splice` it knows the length only, and reports a gap. It sees nothing of io_uring, of 32-bit programs and
//! of memory that `TCP_ZEROCOPY_RECEIVE` maps.
//!
//! # Where things are
//!
//! `attach` loads and attaches the programs, `kernel` and `calls` tell them what they must know of the running kernel, [`btf`]
//! reads the kernel's type information, [`requirements`] finds the cgroup and says what is missing, `decode` turns
//! records into events. `unsafe` is confined to the reading of records and clocks.

mod attach;
pub mod btf;
mod calls;
mod capture;
mod clock;
mod config;
mod counters;
mod decode;
mod error;
mod hook;
mod kernel;
mod object;
mod pace;
pub mod requirements;

pub use capture::{Capture, Drained, Flow, Skip};
pub use clock::Clock;
pub use config::{Config, Family};
pub use decode::{DecodeError, Exec, Exit, Item, decode};
pub use error::ProbeError;
pub use hook::{Hook, HookState};
pub use pace::Pace;
