//! What a request costs while it is watched.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, ensure};

use super::{CONNECTIONS, RATE, ROUNDS, SECONDS};
use crate::bench::{
    figures::{list, median},
    geophone::Geophone,
    load::paced,
    nginx::{Log, Nginx},
    process::busy_during,
};

/// CPU time in user space and in the kernel.
pub(super) fn of_a_request() -> Result<()> {
    per_request()?;
    in_the_kernel()
}

/// CPU time of the whole machine for a request at a fixed rate, with less without; and geophone's own.
fn per_request() -> Result<()> {
    let nginx = Nginx::start(Log::Nothing)?;
    let (mut totals, mut own) = (Vec::new(), Vec::new());
    let (mut asked, mut reported, mut lost) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let (bare, requests) = busy_during(|| paced(&nginx.url(), CONNECTIONS, RATE, SECONDS))?;
        let bare_us = bare / requests as f64;
        let geophone = Geophone::start(&[])?;
        // What it looks up at its start is not the cost of a request.
        std::thread::sleep(Duration::from_secs(1));
        let before = geophone.process.cpu_us()?;
        let (watched, requests) = busy_during(|| paced(&nginx.url(), CONNECTIONS, RATE, SECONDS))?;
        let spent = geophone.process.cpu_us()? - before;
        let seen = geophone.reported(&nginx.service(), Some(requests));
        // That a quiet machine loses none is what `exactness` checks; here others may be at work.
        lost += geophone.end()?.withheld("hook packets", "ring_full")?;
        asked += requests;
        reported += seen;
        totals.push(watched / requests as f64 - bare_us);
        own.push(spent / requests as f64);
    }
    println!(
        "| CPU per request at {RATE} requests/s, kernel and user together (whole machine, with less without) | {:.1} µs (rounds {}) |",
        median(&totals),
        list(&totals)
    );
    println!("| of it, geophone's own process | {:.1} µs (rounds {}) |", median(&own), list(&own));
    println!(
        "| requests reported of those that the client counted, in all of these rounds | {:.3} % ({reported} of {asked}; {lost} packets found the ring full) |",
        reported as f64 / asked as f64 * 100.0
    );
    Ok(())
}

/// Time in the packet programs, as the kernel measures it.
fn in_the_kernel() -> Result<()> {
    const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";
    let nginx = Nginx::start(Log::Nothing)?;
    let geophone = Geophone::start(&[])?;
    let before = fs::read_to_string(SWITCH).context("the kernel does not measure programs")?;
    fs::write(SWITCH, "1")?;
    let loaded = paced(&nginx.url(), CONNECTIONS, RATE, SECONDS);
    let times = program_times(geophone.process.pid());
    fs::write(SWITCH, before)?;
    let requests = loaded?;
    let (runs, ns) = times?;
    println!(
        "| packet programs, ring submit included, with the kernel's own measuring | {:.0} ns a run, {:.1} runs and {:.2} µs a request |",
        ns as f64 / runs as f64,
        runs as f64 / requests as f64,
        ns as f64 / 1e3 / requests as f64
    );
    Ok(())
}

/// Runs and nanoseconds of all programs of a process. A program has two descriptors (itself and its link); only one has these.
fn program_times(pid: u32) -> Result<(u64, u64)> {
    let (mut runs, mut ns) = (0, 0);
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        // Descriptors come and go while they are listed.
        let Ok(text) = fs::read_to_string(entry?.path()) else { continue };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        if let (Some(time), Some(count)) = (field("run_time_ns:"), field("run_cnt:")) {
            ns += time;
            runs += count;
        }
    }
    ensure!(runs > 0, "no program ran");
    Ok((runs, ns))
}
