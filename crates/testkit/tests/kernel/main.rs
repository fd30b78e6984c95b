//! Real programs under the real probe on the running kernel, counted at both ends.
//!
//! Every test has a room of its own (cgroup, network namespace) and asserts exact counts: of each operation with each
//! status as many exchanges as the client counted and the server logged, and a ledger that balances. Rooms are used one at
//! a time, so the order and the number of threads of the test harness do not matter. Without root or a program, a test says
//! so in a line that begins with `skipped: `; with `CI=true` it fails instead.

mod big_tcp;
mod capabilities;
mod exactness;
mod latency;
mod loss;
mod network;
mod sockets;
mod syscalls;
mod workloads;

use geophone_testkit::Room;

/// A room for a test that uses these programs beside the kit's own.
fn room(programs: &[&str]) -> Option<Room> {
    Room::open(env!("CARGO_BIN_EXE_geophone-testkit-peer"), programs)
}
