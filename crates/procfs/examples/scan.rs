//! Looks once at this machine, and prints what was found and what it has cost.
//!
//! ```sh
//! cargo run --release -p geophone-procfs --example scan
//! ```
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print")]
#![expect(clippy::disallowed_methods, reason = "the edge: here the clocks are read")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use geophone_model::time::Timestamp;
use geophone_procfs::{Config, Machine, Unreadable};

fn main() -> Result<(), Unreadable> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime: f64 = uptime.split(' ').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    let nanoseconds = |duration: Duration| Timestamp::from_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    let machine = Machine::new(Config::new(nanoseconds(now.saturating_sub(Duration::from_secs_f64(uptime)))));

    let begin = Instant::now();
    let processes = machine.processes()?;
    let processes_took = begin.elapsed();
    let begin = Instant::now();
    let sockets = machine.sockets(nanoseconds(now))?;
    let sockets_took = begin.elapsed();
    let begin = Instant::now();
    let addresses = machine.addresses(nanoseconds(now))?;
    let addresses_took = begin.elapsed();

    for process in processes.facts.iter().take(20) {
        println!(
            "{:>7} {:<15} {:<20} {:?} {}",
            process.pid.0, process.comm, process.executable, process.script, process.cgroup
        );
    }
    for socket in sockets.facts.iter().take(20) {
        println!("{:>7} {:?} {} {:?} {:?}", socket.pid.0, socket.transport, socket.local, socket.remote, socket.cookie);
    }
    let counts = (processes.kernel_threads, processes.in_part, processes.gone, processes.failed);
    println!(
        "{} processes in {processes_took:?}, kernel, in part, gone, failed {counts:?}, {:?}",
        processes.facts.len(),
        processes.cost
    );
    let counts = (sockets.without_holder, sockets.unbound, sockets.processes_denied.len(), &sockets.skipped);
    println!(
        "{} sockets in {sockets_took:?}, without holder, unbound, denied, skipped {counts:?}, {:?}",
        sockets.facts.len(),
        sockets.cost
    );
    println!(
        "{} addresses in {addresses_took:?}, skipped {:?}, {:?}",
        addresses.facts.len(),
        addresses.skipped,
        addresses.cost
    );
    Ok(())
}
